"""The log folder of one Delta table: how far it goes, how far it is durable, what a crash left.

The Delta library syncs nothing. So every commit file is synced here before anything is said to be
published, also those of others: a version is worth nothing if the one before it is lost. A note
beside the log says how far that was done. It is only ever written afterwards, so a lost or torn
note means that more is done again.

After a power loss the newest commit file may be empty or cut, because it was linked whole but never
synced. The library then refuses the table, or takes an empty file for a version and numbers the
history wrongly. Nobody was told that such a commit happened. It is renamed, not removed, and only
at the end of the log: a torn commit with others after it is left to people. A checkpoint is only a
shortcut, so one that was never noted as synced is set aside as long as every commit file is there.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from meshgate.adapters import durable
from meshgate.errors import StageError

CHECKPOINT_EVERY = 32
FILES = "meshgate.files"
"""Every commit of ours says how many files it adds, so that a part of one is noticed."""
_COMMIT = re.compile(r"\d{20}\.json\Z")
_CHECKPOINT = re.compile(r"\d{20}\.checkpoint\b.*\.parquet\Z")


class Log:
    """The log of the table in `root`; it need not exist yet."""

    def __init__(self, root: Path, locks: Path) -> None:
        self.folder = root / "_delta_log"
        self._root, self._locks = root, locks
        self._note = root / durable.PRIVATE / "durable"
        self._checkpoint_note = root / durable.PRIVATE / "checkpoint"

    def commits(self) -> list[Path]:
        """The commit files, oldest first."""
        return self._files(_COMMIT)

    @property
    def exists(self) -> bool:
        """Whether there is a commit or a checkpoint; an empty log is no table."""
        return bool(self.commits() or self._files(_CHECKPOINT))

    @property
    def newest(self) -> int:
        """The newest version; -1 without any. Cheaper than a handle, and as fresh."""
        return max((int(path.name[:20]) for path in self.commits()), default=-1)

    def lock(self, timeout_s: float = durable.CLAIM_TIMEOUT_S) -> durable.Lock:
        """Held while the table is created, evolved or mended."""
        return durable.locked(self._locks, f"create/{self._root.name}", timeout_s)

    def settle(self) -> None:
        """Every commit file so far would survive a power loss, and so would its entry.

        Raises:
            StageError: ``stage.io``.
        """
        try:
            done = self._durable()
            new = [path for path in self.commits() if int(path.stem) > done]
            for path in new:
                durable.sync_file(path)
            durable.sync_folder(self.folder)
            durable.sync_folder(self._root)
            if new:
                self._write(self._note, f"{self._origin()} {int(new[-1].stem)}\n")
        except OSError as error:
            durable.storage_failed(error, "making a commit durable")

    def checkpoint(self, make: Callable[[], None]) -> None:
        """There is a durable checkpoint of the present version, if it is time for one.

        Without one, opening a table costs a quarter of a millisecond per commit. Nothing depends on
        it: when another process is at it, or it fails, a later publication does it.
        """
        with suppress(StageError, OSError), self.lock(timeout_s=0):
            known = _number(self._checkpoint_note)
            if self.newest - max(known, 0) < CHECKPOINT_EVERY:
                return
            try:
                make()
            except Exception:  # a library's error; what it left is set aside below
                self._set_aside(self._suspects(known))
                return
            made = self._suspects(known)
            for path in made:
                durable.sync_file(path)
            durable.sync_folder(self.folder)
            versions = [int(path.name[:20]) for path in made if path.name[0].isdigit()]
            self._write(self._checkpoint_note, f"{max(versions)}\n")

    def mend(self) -> None:
        """The log ends with a complete commit, and its checkpoints are durable.

        Raises:
            StageError: ``stage.io``, ``stage.busy``.
        """
        try:
            if self._suspects(_number(self._checkpoint_note)):
                self._drop_checkpoints()
            done = self._durable()
            while (path := self._torn(done)) is not None:
                with self.lock():
                    if self._torn(done) == path:
                        self._set_aside([path])
        except OSError as error:
            durable.storage_failed(error, "looking at the end of a log")

    def _suspects(self, known: int) -> list[Path]:
        """Checkpoints that nobody has noted as synced, and the hint that leads to them."""
        found = [path for path in self._files(_CHECKPOINT) if int(path.name[:20]) > known]
        hint = self.folder / "_last_checkpoint"
        try:
            led = json.loads(hint.read_text())["version"] <= known
        except FileNotFoundError:
            led = True
        except (ValueError, KeyError, TypeError):
            led = False
        return found if led else [*found, hint]

    def _drop_checkpoints(self) -> None:
        try:
            with self.lock(timeout_s=0):
                suspects = self._suspects(_number(self._checkpoint_note))
                commits = [int(path.stem) for path in self.commits()]
                if commits == list(range(len(commits))):
                    self._set_aside(suspects)
        except StageError as error:
            if error.code != "stage.busy":  # else a living process is making one just now
                raise

    def _set_aside(self, paths: list[Path]) -> None:
        for path in paths:
            path.rename(self.folder / f".torn-{path.name}-{os.urandom(4).hex()}")
        durable.sync_folder(self.folder)

    def _torn(self, done: int) -> Path | None:
        commits = self.commits()
        if not commits or int(commits[-1].stem) <= done or _whole(commits[-1]):
            return None
        return commits[-1]

    def _durable(self) -> int:
        """The version up to which the log is known to be durable; -1 when nothing is known."""
        with suppress(OSError, ValueError):
            origin, version = self._note.read_text().split()
            if origin == self._origin():
                return int(version)
        return -1

    def _write(self, note: Path, text: str) -> None:
        durable.make_folder(note.parent)
        temporary = note.with_name(f".{os.urandom(8).hex()}.tmp")
        temporary.write_text(text)
        temporary.replace(note)

    def _origin(self) -> str:
        """Tells this log from another one that stood at the same place before."""
        facts = self.commits()[0].stat()
        return f"{facts.st_ino}-{facts.st_mtime_ns}"

    def _files(self, names: re.Pattern[str]) -> list[Path]:
        try:
            with os.scandir(self.folder) as entries:
                found = sorted(entry.name for entry in entries if names.match(entry.name))
            return [self.folder / name for name in found]
        except FileNotFoundError:
            return []


def _number(note: Path) -> int:
    try:
        return int(note.read_text())
    except (OSError, ValueError):
        return -1


def _whole(path: Path) -> bool:
    actions: list[dict[str, Any]] = []
    try:
        actions.extend(json.loads(line) for line in path.read_bytes().splitlines())
        kinds = [kind for action in actions for kind in action]
        infos = [action["commitInfo"] for action in actions if "commitInfo" in action]
        files = infos[0].get(FILES) if infos else None
    except (ValueError, TypeError, AttributeError):
        return False
    if files is not None and (kinds.count("add") != int(files) or "txn" not in kinds):
        return False  # one of ours, cut between two lines
    return bool(kinds) and (int(path.stem) > 0 or {"protocol", "metaData"} <= set(kinds))

"""Index files beside a table's data: durable before they have a name, invisible to its readers.

Delta ignores names that start with a dot. Only the owner can read the files: they hold keys as the
table holds them, and whoever may read the table may not read the keys alone.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection
from pathlib import Path

from meshgate.adapters import durable

_SUFFIX = ".keys"
_FOLDER = "keys"
_OLD_S = 7 * 86_400
"""Longer than any publication takes: one on its way may hold an older version of the table."""


class KeyFiles:
    """The files of one index.

    Args:
        root: the table's folder.
        identity: hexadecimal digits; another identity is another folder.
    """

    def __init__(self, root: Path, identity: str) -> None:
        self._folder = root / durable.PRIVATE / _FOLDER / identity

    def paths(self) -> list[Path]:
        """The files that are whole, in no order."""
        try:
            return [path for path in self._folder.iterdir() if path.suffix == _SUFFIX]
        except OSError:
            return []

    def new(self) -> Path:
        """Where the next file is to be written."""
        try:
            durable.make_folder(self._folder, 0o700)
        except OSError as error:
            durable.storage_failed(error, "making the folder of an index of keys")
        return self._folder / f"{os.urandom(16).hex()}.tmp"

    def keep(self, written: Path) -> Path:
        """The file is durable, under the name that is returned."""
        final = written.with_suffix(_SUFFIX)
        try:
            durable.sync_file(written)
            os.replace(written, final)  # noqa: PTH105  # the faults of the tests hook os
            durable.sync_folder(self._folder)
        except OSError as error:
            durable.storage_failed(error, "making an index of keys durable")
        return final

    def remove(self, path: Path) -> None:
        """The file is gone, if that can be had."""
        durable.remove(path)

    def clear(self, used: Collection[Path]) -> None:
        """Old files that are not used are gone: of dead publications, of replaced products."""
        limit = time.time() - _OLD_S
        for path in self._folder.iterdir() if self._folder.is_dir() else ():
            if path not in used and _age(path) < limit:
                durable.remove(path)


def forget(root: Path, older_than_s: float) -> list[str]:
    """Removes indexes that no publication has used for long; their names.

    A publication that uses an index writes a file there when it writes its data. So an index is out
    of use when its newest file is older, by so much, than the newest data file. What is removed is
    made again from the table if somebody asks for it.
    """
    newest = max((_age(path) for path in root.glob("*.parquet")), default=0.0)
    removed = []
    for folder in (root / durable.PRIVATE / _FOLDER).glob("*"):
        files = list(folder.iterdir())
        if max(map(_age, files), default=0.0) < newest - older_than_s:
            removed += [path.name for path in files if durable.remove(path)]
    return removed


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0

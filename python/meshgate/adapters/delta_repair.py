"""Sets aside a commit file that a power loss has torn.

The Delta library links complete files, so a living process never shows a torn one; but it does not
sync them, so after a power loss the newest may be empty or cut. The library then refuses the table,
or takes an empty file for a version and numbers the history wrongly. Nobody was told that such a
commit happened, because that is said after the sync. It is renamed, not removed, and only at the
end of the log: a torn commit with others after it is left to people.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from meshgate.adapters import durable


def mend(log: Path, done: int, locks: Path) -> None:
    """The log ends with a complete commit; `done` is the version up to which it is known.

    Raises:
        StageError: ``stage.io``, ``stage.busy``.
    """
    try:
        while (path := _torn_end(log, done)) is not None:
            with durable.locked(locks, f"create/{log.parent.name}"):
                if _torn_end(log, done) == path:
                    path.rename(log / f".torn-{path.stem}-{os.urandom(4).hex()}")
                    durable.sync_folder(log)
    except OSError as error:
        durable.storage_failed(error, "looking at the end of a log")


def _torn_end(log: Path, done: int) -> Path | None:
    last = max(
        (path for path in log.iterdir() if durable.COMMIT_FILE.match(path.name)),
        key=lambda path: path.name,
        default=None,
    )
    return None if last is None or int(last.stem) <= done or _whole(last) else last


def _whole(path: Path) -> bool:
    publish_id, applications, actions = None, set(), set()
    try:
        for line in path.read_bytes().splitlines():
            entry = json.loads(line)
            actions.update(entry)
            publish_id = entry.get("commitInfo", {}).get("meshgate.publish-id", publish_id)
            applications.add(entry.get("txn", {}).get("appId"))
    except (ValueError, AttributeError):
        return False
    if publish_id is not None and f"meshgate/{publish_id}" not in applications:
        return False  # cut between two lines: the transaction is the last of them
    return bool(actions) and (int(path.stem) > 0 or {"protocol", "metaData"} <= actions)

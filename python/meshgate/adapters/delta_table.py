"""One Delta table: look for a publish id, commit staged files once, describe, evolve.

The Delta library makes the commit but syncs nothing and does not remember publish ids by itself.
So the handle that looks is the handle that commits, the version is read from the log entry that
carries our id, and every commit file is synced before anything is said to be published.
Application ids are set without ``last_updated``: with it they would expire, and with them the
promise that a publish id is used once. The library's messages may hold values; none is passed on.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa
from deltalake import (
    CommitProperties,
    DeltaTable,
    PostCommitHookProperties,
    Schema,
    Transaction,
)
from deltalake.exceptions import CommitFailedError, TableNotFoundError
from deltalake.transaction import AddAction, RemoveAction

from meshgate.adapters.base import Committed, StagedFile
from meshgate.adapters.delta_fit import differences, extends, refuse_foreign
from meshgate.adapters.delta_holding import active
from meshgate.adapters.delta_log import FILES, Log
from meshgate.errors import CommitFailed, CommitUnknown, StageError

_ID, _RECEIPT = "meshgate.publish-id", "meshgate.receipt"
RACES = 100
NO_HOOKS = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)
_CONFIGURATION = {
    # Receipts live in commit files; they stay as long as anybody may ask for them.
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.enableExpiredLogCleanup": "false",
}


class _Threads:
    """Those of the `deltalake` package live in the process that used it first."""

    owner: int | None = None

    @classmethod
    def need(cls) -> None:
        """They are here; in a fork of their owner they are not, and calls would panic or hang."""
        cls.owner = cls.owner or os.getpid()
        if cls.owner != os.getpid():
            raise StageError(
                code="stage.forked",
                message="this process was forked from one that had used a table before",
                help="start processes by spawn or forkserver, or fork before the first use",
            )


class Table:
    """The table in one local folder; it need not exist yet."""

    def __init__(self, root: Path, locks: Path) -> None:
        self.root, self.log = root, Log(root, locks)

    def open(self, version: int | None = None) -> DeltaTable | None:
        """A fresh handle; None when there is no table.

        Raises:
            StageError: ``stage.unreadable``.
        """
        if not self.log.exists:
            return None
        _Threads.need()
        try:
            return DeltaTable(str(self.root), version=version)
        except TableNotFoundError:
            return None
        except Exception:
            _unreadable()

    def find(self, publish_id: str) -> Committed | None:
        """The commit that carries this publish id, durable by the time it is returned.

        Raises:
            StageError: ``stage.unreadable``, ``stage.io``.
        """
        self.log.mend()
        found = self._look(publish_id)
        if found is not None:
            self.log.settle()
        return found

    def _look(self, publish_id: str) -> Committed | None:
        for _ in range(RACES):
            table = self.open()
            if table is None:
                return None
            try:
                if table.transaction_version(f"meshgate/{publish_id}") is None:
                    return None
                for limit in (16, None):
                    entries = table.history(limit)  # newest first
                    if any(entry.get(_ID) == publish_id for entry in entries):
                        break
            except Exception:
                _unreadable()
            # history() counts down from the handle's version even if newer commits exist, so its
            # numbers are right only if nobody committed meanwhile.
            if self.log.newest == table.version():
                for entry in entries:
                    if entry.get(_ID) == publish_id:
                        return Committed(entry["version"], entry.get(_RECEIPT))
                return Committed(None, None)
        _unreadable()

    def history(self) -> Iterator[Committed]:
        """The commits that carry a receipt, oldest first."""
        for _ in range(RACES):
            table = self.open()
            if table is None:
                return
            try:
                entries = table.history()
            except Exception:
                _unreadable()
            if self.log.newest == table.version():
                for entry in reversed(entries):
                    if entry.get(_ID) is not None:
                        yield Committed(entry["version"], entry.get(_RECEIPT))
                return
        _unreadable()

    def create(self, name: str, schema: pa.Schema, description: Mapping[str, str]) -> None:
        """The table exists, durably; an existing one is left as it is.

        Raises:
            StageError: ``stage.*``.
        """
        with self.log.lock():
            if not self.log.exists:
                _Threads.need()
                try:
                    DeltaTable.create(
                        str(self.root),
                        schema=Schema.from_arrow(schema),
                        mode="error",
                        name=name,
                        description=description.get("description") or None,
                        configuration={**_CONFIGURATION, **properties(description)},
                        raise_if_key_not_exists=False,
                        commit_properties=CommitProperties(custom_metadata={"meshgate": "create"}),
                        post_commithook_properties=NO_HOOKS,
                    )
                except Exception:
                    if self.open() is None:  # else a publisher outside our lock was faster
                        raise StageError(
                            code="stage.no_table",
                            message="the table could not be created",
                            help="look at the storage's room and permissions",
                        ) from None
            self.log.settle()

    def joined(self, schema: pa.Schema, evolve: bool = False) -> pa.Schema:
        """The schema in the table's order of columns; new ones at the end, if they may join.

        Raises:
            StageError: as `check`.
        """
        table = self.open()
        if table is None:
            return schema
        held = [field.name for field in table.schema().fields]
        known = [name for name in held if name in schema.names]
        new = [name for name in schema.names if name not in held]
        joined = pa.schema([schema.field(name) for name in known + new], schema.metadata)
        refuse_foreign(table)
        if not (evolve and extends(table.schema(), joined)):
            self.check(joined, table)
        return joined

    def check(self, schema: pa.Schema, table: DeltaTable | None = None) -> None:
        """Files of this schema can join the table, if there is one.

        Raises:
            StageError: ``stage.table_constraints``, ``stage.table_foreign``,
                ``stage.schema_differs``.
        """
        table = table or self.open()
        if table is None:
            return
        refuse_foreign(table)
        differing = differences(table.schema(), schema)
        if differing:
            raise StageError(
                code="stage.schema_differs",
                message="the product's table has another schema than this publication",
                data="; ".join(differing[:8]),
                help="publish with evolve=True to add nullable columns at the end; "
                "anything else is a new product",
            )

    def commit(
        self,
        publish_id: str,
        files: Sequence[StagedFile],
        schema: pa.Schema,
        receipt: str,
        mode: str = "append",
        watermarks: Mapping[str, int] | None = None,
        base: frozenset[str] | None = None,
    ) -> Committed:
        """The files are part of the table, once, durably; or they were before.

        Raises:
            StageError: ``stage.*``; nothing became visible.
            CommitFailed: ``commit.failed``, ``commit.watermark``, ``commit.moved``; nothing became
                visible.
            CommitUnknown: ``commit.unknown``.
        """
        application = f"meshgate/{publish_id}"
        marks = dict(watermarks or {})
        for race in range(RACES):
            table = self.open()
            if table is None:
                failed("the table is gone")
            if table.transaction_version(application) is not None:
                break
            self.check(schema, table)
            self.unmoved(base, table)
            for source, version in marks.items():
                if (table.transaction_version(source) or -1) >= version:
                    raise CommitFailed(
                        code="commit.watermark",
                        message="another run has followed the source at least as far",
                        help="read the product again; there may be nothing left to do",
                    )
            actions: list[AddAction | RemoveAction] = [_action(self.root, file) for file in files]
            try:
                table.create_write_transaction(
                    actions,
                    mode="overwrite" if mode == "replace" else "append",
                    schema=table.schema(),
                    commit_properties=CommitProperties(
                        custom_metadata={
                            _ID: publish_id,
                            _RECEIPT: receipt,
                            FILES: str(len(actions)),
                        },
                        app_transactions=[
                            Transaction(application, 1),
                            *(Transaction(source, v) for source, v in marks.items()),
                        ],
                        # Left alone, the library moves the commit behind those of others.
                        max_commit_retries=None if base is None else 0,
                    ),
                    post_commithook_properties=NO_HOOKS,
                )
                break
            except CommitFailedError:  # for certain; the table has moved on, so look again
                time.sleep(random.uniform(0, min(0.002 * 2**race, 0.2)))  # noqa: S311
            except Exception:  # anything else says nothing about the outcome: look
                break
        else:
            failed("too many others committed at the same time")
        try:
            found = self.find(publish_id)
        except StageError:
            raise CommitUnknown(
                code="commit.unknown",
                message="the commit was sent, but whether it is durable cannot be seen",
                help="publish again with the same publish_id once the storage answers; "
                "nothing was removed",
            ) from None
        if found is None:
            failed("the destination refused the commit")
        self.log.checkpoint(lambda: DeltaTable(str(self.root)).create_checkpoint())
        return found

    def unmoved(self, base: frozenset[str] | None, table: DeltaTable | None = None) -> None:
        """The table still holds exactly these data files; nothing is asked of None.

        Raises:
            CommitFailed: ``commit.moved``.
        """
        if base is not None and active(table or self.open()) != base:
            raise CommitFailed(
                code="commit.moved",
                message="the product has changed since the keys were compared with it",
                help="nothing became visible; publish again, and the keys are compared anew",
            )

    def evolve(self, schema: pa.Schema) -> bool:
        """The table has the new nullable columns at its end; False when it had them.

        Raises:
            StageError: ``stage.schema_differs``, ``stage.*``.
        """
        with self.log.lock():
            table = self.open()
            if table is None or not differences(table.schema(), schema):
                return False
            if not extends(table.schema(), schema):
                self.check(schema, table)
            new = Schema.from_arrow(schema).fields[len(table.schema().fields) :]
            try:
                table.alter.add_columns(new, post_commithook_properties=NO_HOOKS)
            except Exception:
                fresh = self.open()
                if fresh is None or differences(fresh.schema(), schema):
                    failed("the destination refused the new columns")
            self.log.settle()
            return True

    def bypassed(self) -> list[int]:
        """Versions that add or remove files without carrying a publish id and a receipt.

        Raises:
            StageError: ``stage.unreadable``.
        """
        found = []
        try:
            for path in self.log.commits():
                actions = [json.loads(line) for line in path.read_bytes().splitlines()]
                info: dict[str, Any] = {}
                for action in actions:
                    info.update(action.get("commitInfo", {}))
                changes = any("add" in action or "remove" in action for action in actions)
                if changes and not (_ID in info and _RECEIPT in info):
                    found.append(int(path.stem))
        except (OSError, ValueError, TypeError):
            _unreadable()
        return found

    def referenced(self) -> frozenset[str]:
        """The names of all files that any version in the log holds.

        Raises:
            StageError: ``stage.unreadable``: then nobody can say that a file is not needed.
        """
        table = self.open()
        if table is None:
            return frozenset()
        try:
            names = {Path(uri).name for uri in table.file_uris()}
            for path in self.log.commits():
                for line in path.read_text().splitlines():
                    if line.startswith('{"add"'):
                        names.add(Path(json.loads(line)["add"]["path"]).name)
        except Exception:
            _unreadable()
        return frozenset(names)


def _action(root: Path, file: StagedFile) -> AddAction:
    try:
        size = (root / file.name).stat().st_size
    except OSError:
        size = -1
    if size != file.bytes:  # the log accepts it all the same, and then nobody can read the table
        raise StageError(
            code="stage.file_changed",
            message="a staged file is missing or has another size than when it was written",
            help="something else works in the table's folder; publish again",
        )
    statistics = json.dumps({"numRecords": file.rows})
    return AddAction(file.name, size, {}, time.time_ns() // 1_000_000, True, statistics)


def properties(description: Mapping[str, str]) -> dict[str, str]:
    """The part of a description that Delta keeps as table properties."""
    return {key: value for key, value in description.items() if key.startswith("meshgate.")}


def failed(why: str) -> NoReturn:
    """Raises CommitFailed: for certain, nothing became visible."""
    raise CommitFailed(
        code="commit.failed",
        message=f"the commit did not happen: {why}",
        help="nothing became visible; publish again",
    ) from None


def _unreadable() -> NoReturn:
    raise StageError(
        code="stage.unreadable",
        message="the table at the destination cannot be read",
        help="look at the storage; nothing was removed",
    ) from None

"""Operations that change the disk: watched, counted, broken; and what a power loss leaves."""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import contextmanager
from pathlib import Path

from tests.fault import world

CHANGES = ("fsync", "replace", "link", "write")


@contextmanager
def watched(before):
    """Calls `before(number, name, argument)` before each operation that changes the disk."""
    from deltalake import DeltaTable
    from meshgate.catalog.store import sa

    counter = iter(range(1, 10_000))
    owners = [(os, name) for name in CHANGES]
    owners += [(DeltaTable, "create"), (DeltaTable, "create_write_transaction")]
    saved = [(owner, name, owner.__dict__[name]) for owner, name in owners]

    def wrap(real, name):
        def call(*arguments, **named):
            before(next(counter), name, arguments[0] if arguments else None)
            return real(*arguments, **named)

        return call

    execute = sa.Connection.exec_driver_sql

    def sql(connection, statement, *arguments, **named):
        if statement == "COMMIT":
            before(next(counter), "COMMIT", None)
        return execute(connection, statement, *arguments, **named)

    for owner, name, _ in saved:
        setattr(owner, name, wrap(getattr(owner, name), name))
    sa.Connection.exec_driver_sql = sql
    try:
        yield
    finally:
        for owner, name, real in saved:
            setattr(owner, name, real)
        sa.Connection.exec_driver_sql = execute


def small(seed):
    return world.data(seed, rows=20, bad=2)


def publish_until(folder, publish_id, seed, last):
    def before(number, *_):
        if number == last:
            world.die()

    with watched(before):
        world.gate(folder).publish(small(seed), publish_id=publish_id)


def publish_counting(folder, target):
    seen = []
    with watched(lambda _, name, __: seen.append(name)):
        world.gate(folder).publish(small(0), publish_id="p")
    Path(target).write_text(" ".join(seen))


def publish_failing(folder, publish_id, seed, last, number, sticky):
    from meshgate.errors import MeshgateError

    def before(count, name, _):
        if name == "COMMIT":
            return
        if count == last or (sticky and count > last):
            raise OSError(number, "secret@example.com")

    try:
        with watched(before):
            receipt = world.gate(folder).publish(small(seed), publish_id=publish_id)
    except MeshgateError as error:
        os._exit(4 if "secret" in str(error) else 3)
    assert receipt.version is not None


def whole(folder, rows=18, bad=2):
    found = world.state(folder)
    assert found["main"] in (0, rows)
    assert found["ids"] == found["main"]
    assert found["unfinished"] == 0
    assert found["versions"] == (["p"] if found["main"] else [])
    assert found["quarantine"] in (0, bad)
    return found["main"] == rows


class Disk:
    """What of a folder is on stable storage: contents by inode, and entries of folders."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.contents = {}
        self.entries = {}

    def settle(self):
        """All that is there now is on stable storage."""
        for path in (self.folder, *self.folder.rglob("*")):
            facts = path.stat()
            if path.is_dir():
                self.entries[facts.st_ino] = {p.name: p.lstat().st_ino for p in path.iterdir()}
            else:
                self.contents[facts.st_ino] = facts.st_size

    def synced(self, descriptor):
        facts = os.fstat(descriptor)
        if stat.S_ISDIR(facts.st_mode):
            path = Path(f"/proc/self/fd/{descriptor}").readlink()
            self.entries[facts.st_ino] = {p.name: p.lstat().st_ino for p in path.iterdir()}
        else:
            self.contents[facts.st_ino] = facts.st_size

    def survives(self, path):
        """Whether the entry of this path is durable, up to the mesh's folder."""
        while path != self.folder:
            entries = self.entries.get(path.parent.stat().st_ino, {})
            if entries.get(path.name) != path.lstat().st_ino:
                return False
            path = path.parent
        return True

    def durable(self, path):
        facts = path.stat()
        return self.contents.get(facts.st_ino) == facts.st_size

    def lose_power(self, target, mode):
        """Copies the folder as it may look after a power loss.

        `drop`: entries that were not synced are gone, and so is content. `torn`: the entries are
        there, content that was not synced is cut in the middle. `empty`: it is empty.
        """
        shutil.copytree(self.folder, target)
        for path in sorted(self.folder.rglob("*"), reverse=True):
            if path.suffix.startswith(".db") or path.suffix in (".toml", ".key"):
                continue  # the database syncs by itself; the mesh was there before
            if path.is_dir() or path.name in ("warehouse", "keys", "governance"):
                continue
            copy = target / path.relative_to(self.folder)
            if mode == "drop" and not self.survives(path):
                copy.unlink()
            elif not self.durable(path):
                content = path.read_bytes()
                copy.write_bytes(content[: len(content) // 2] if mode == "torn" else b"")

"""The catalog in a SQLite file, durable: a write-ahead log with a sync at every commit.

The settings are made and read back on every connection. The log needs one host, so a network file
system is refused.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from meshgate.errors import CatalogError

BUSY_TIMEOUT_MS = 30_000
_NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ceph", "glusterfs"}


class SQLite:
    """One file; it is created, for its owner alone, when it does not exist.

    Raises:
        CatalogError: ``catalog.network_file_system``, ``catalog.unavailable``.
    """

    def __init__(self, path: Path) -> None:
        refuse_network(path.parent)
        self._path = path
        if not path.exists():
            self._create()

    def engine(self) -> sa.Engine:
        """New connections to the file."""
        engine = sa.create_engine(
            f"sqlite:///{self._path}",
            pool_size=1,
            isolation_level="AUTOCOMMIT",  # BEGIN and COMMIT are ours
            connect_args={"timeout": BUSY_TIMEOUT_MS / 1000},
        )
        sa.event.listen(engine, "connect", _durable)
        return engine

    def begin(self, connection: sa.Connection, *, write: bool, first: bool) -> None:
        """A transaction; one that writes takes the lock now, so what it reads cannot change."""
        del first  # the write lock also keeps others from creating the tables
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    def commit(self, connection: sa.Connection) -> None:
        """The transaction is on disk."""
        connection.exec_driver_sql("COMMIT")

    def rollback(self, connection: sa.Connection) -> None:
        """The transaction never was."""
        connection.rollback()
        try:
            connection.exec_driver_sql("ROLLBACK")
        except SQLAlchemyError:
            return  # it is over already

    def is_damage(self, error: BaseException) -> bool:
        """Whether the database says that its file is not what it wrote."""
        text = str(error).lower()
        return "malformed" in text or "not a database" in text

    def _create(self) -> None:
        try:
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError:
            raise CatalogError(
                code="catalog.unavailable",
                message="the catalog's database cannot be created",
                help="look at the folder's permissions and room",
            ) from None


def refuse_network(folder: Path) -> None:
    """The folder is on a local file system, as far as the system tells.

    Raises:
        CatalogError: ``catalog.network_file_system``.
    """
    try:
        mounts = Path("/proc/self/mounts").read_text(errors="replace").splitlines()
    except OSError:
        return
    best, kind = "", ""
    target = str(folder.resolve())
    for line in mounts:
        parts = line.split()
        if len(parts) < 3:
            continue
        point = parts[1].replace("\\040", " ")
        if (target + "/").startswith(point.rstrip("/") + "/") and len(point) >= len(best):
            best, kind = point, parts[2]
    if kind in _NETWORK:
        raise CatalogError(
            code="catalog.network_file_system",
            message=f"the catalog's database would be on a network file system ({kind})",
            help="keep it on a local disk of one host, or use PostgreSQL",
        )


def _durable(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    journal = cursor.fetchone()
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA trusted_schema=OFF")
    cursor.execute("PRAGMA cell_size_check=ON")
    cursor.execute("PRAGMA synchronous")
    synchronous = cursor.fetchone()
    cursor.close()
    if journal != ("wal",) or synchronous != (2,):
        raise CatalogError(
            code="catalog.not_durable",
            message="the database refuses to be durable",
            help="keep the catalog on a local file system that supports shared memory",
        )

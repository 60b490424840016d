"""The connection to the catalog's database, with the settings that make it durable.

SQLite: a write-ahead log with a sync at every commit, set and read back on every connection;
transactions take the write lock when they begin, so what they read cannot change under them. The
log needs one host, so a network file system is refused. Other databases go through SQLAlchemy with
serialisable transactions.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from meshgate.catalog import tables
from meshgate.errors import CatalogError

BUSY_TIMEOUT_MS = 30_000
_NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ceph", "glusterfs"}


class Store:
    """One catalog database; connections are made per process and per use.

    Args:
        database: a path of a SQLite file, or a SQLAlchemy URL.

    Raises:
        CatalogError: ``catalog.network_file_system``, ``catalog.unavailable``,
            ``catalog.format``.
    """

    def __init__(self, database: Path | str) -> None:
        text = str(database)
        self.path = None if "://" in text else Path(text).absolute()
        self._url = text if self.path is None else f"sqlite:///{self.path}"
        self._engine: sa.Engine | None = None
        self._pid = -1
        if self.path is not None:
            refuse_network(self.path.parent)
        self._prepare()

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """One transaction that holds the write lock; durable when the block ends.

        Raises:
            CatalogError: ``catalog.unavailable``, ``catalog.corrupt``.
        """
        with self._transaction() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """One consistent view.

        Raises:
            CatalogError: ``catalog.unavailable``, ``catalog.corrupt``.
        """
        with self._transaction(write=False) as connection:
            yield connection

    def close(self) -> None:
        """No connection is open; the next use opens one."""
        if self._engine is not None and self._pid == os.getpid():
            self._engine.dispose()
        self._engine = None

    @contextmanager
    def _transaction(self, write: bool = True) -> Iterator[sa.Connection]:
        try:
            with self._connect() as connection:
                if self.path is not None:
                    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
                try:
                    yield connection
                except BaseException:
                    connection.rollback()
                    if self.path is not None:
                        _quietly(connection, "ROLLBACK")
                    raise
                if self.path is not None:
                    connection.exec_driver_sql("COMMIT")
                else:
                    connection.commit()
        except SQLAlchemyError as error:
            raise unavailable(error) from None

    def _connect(self) -> sa.Connection:
        if self._engine is None or self._pid != os.getpid():  # a connection never crosses a fork
            if self._engine is not None:
                self._engine.dispose(close=False)
            self._engine = self._make()
            self._pid = os.getpid()
        return self._engine.connect()

    def _make(self) -> sa.Engine:
        if self.path is None:
            return sa.create_engine(self._url, isolation_level="SERIALIZABLE")
        engine = sa.create_engine(
            self._url,
            pool_size=1,
            isolation_level="AUTOCOMMIT",  # BEGIN and COMMIT are ours
            connect_args={"timeout": BUSY_TIMEOUT_MS / 1000},
        )
        sa.event.listen(engine, "connect", _durable)
        weakref.finalize(self, _dispose, engine, os.getpid())
        return engine

    def _prepare(self) -> None:
        if self.path is not None and not self.path.exists():
            try:
                os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
                folder = os.open(self.path.parent, os.O_RDONLY)
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
        with self.writing() as connection:
            tables.METADATA.create_all(connection)
            held = connection.execute(sa.select(tables.catalog.c.format)).scalar()
            if held is None:
                connection.execute(tables.catalog.insert().values(format=tables.FORMAT))
            elif held != tables.FORMAT:
                raise CatalogError(
                    code="catalog.format",
                    message=f"the catalog has format {held}, this meshgate writes {tables.FORMAT}",
                    help="use the meshgate version that wrote it, or rebuild the catalog",
                )


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


def unavailable(error: SQLAlchemyError) -> CatalogError:
    """What to raise for a database error; its text may hold values and is not passed on."""
    cause = str(getattr(error, "orig", "")).lower()
    if isinstance(error, DBAPIError) and ("malformed" in cause or "not a database" in cause):
        return CatalogError(
            code="catalog.corrupt",
            message="the catalog's database is damaged",
            help="move it away and call Mesh.rebuild(): the commits carry the receipts",
        )
    return CatalogError(
        code="catalog.unavailable",
        message="the catalog's database did not answer",
        help="another process may hold it, or the disk is full; nothing was lost",
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


def _dispose(engine: sa.Engine, pid: int) -> None:
    if pid == os.getpid():
        engine.dispose()


def _quietly(connection: sa.Connection, statement: str) -> None:
    try:
        connection.exec_driver_sql(statement)
    except SQLAlchemyError:
        return

"""The catalog's database: transactions that are durable when they end.

SQLite is one file of one host; PostgreSQL is for a team. Either way a transaction that writes keeps
other writers out from its beginning, so what it has read cannot change under it.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from meshgate.catalog import tables
from meshgate.catalog.postgres import PostgreSQL
from meshgate.catalog.sqlite import SQLite
from meshgate.errors import CatalogError


class Database(Protocol):
    """One kind of database."""

    def engine(self) -> sa.Engine:
        """New connections, each of them durable."""

    def begin(self, connection: sa.Connection, *, write: bool, first: bool) -> None:
        """A transaction begins; `first` is the one that creates the tables."""

    def commit(self, connection: sa.Connection) -> None:
        """It is durable."""

    def rollback(self, connection: sa.Connection) -> None:
        """It never was."""

    def is_damage(self, error: BaseException) -> bool:
        """Whether the error says that the database's files are damaged."""


class Store:
    """One catalog database; connections are made per process and per use.

    Args:
        database: a path of a SQLite file, or a SQLAlchemy URL of PostgreSQL.

    Raises:
        CatalogError: ``catalog.network_file_system``, ``catalog.unavailable``,
            ``catalog.format``, ``catalog.not_durable``. UsageError: ``usage.catalog_url``,
            ``usage.extra_missing``.
    """

    def __init__(self, database: Path | str) -> None:
        text = str(database)
        self._database: Database = (
            PostgreSQL(text) if "://" in text else SQLite(Path(text).absolute())
        )
        self._engine: sa.Engine | None = None
        self._pid = -1
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
    def _transaction(self, write: bool = True, first: bool = False) -> Iterator[sa.Connection]:
        database = self._database
        try:
            with self._connect() as connection:
                try:
                    database.begin(connection, write=write, first=first)
                    yield connection
                except BaseException:
                    database.rollback(connection)
                    raise
                database.commit(connection)
        except SQLAlchemyError as error:
            raise self._unavailable(error) from None

    def _connect(self) -> sa.Connection:
        if self._engine is None or self._pid != os.getpid():  # a connection never crosses a fork
            if self._engine is not None:
                self._engine.dispose(close=False)
            self._engine = self._database.engine()
            self._pid = os.getpid()
            weakref.finalize(self, _dispose, self._engine, self._pid)
        return self._engine.connect()

    def _prepare(self) -> None:
        with self._transaction(first=True) as connection:
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

    def _unavailable(self, error: SQLAlchemyError) -> CatalogError:
        """What to raise for a database error; its text may hold values and is not passed on."""
        if isinstance(error, DBAPIError) and self._database.is_damage(error.orig or error):
            return CatalogError(
                code="catalog.corrupt",
                message="the catalog's database is damaged",
                help="move it away and call Mesh.rebuild(): the commits carry the receipts",
            )
        return CatalogError(
            code="catalog.unavailable",
            message="the catalog's database did not answer",
            help="it may be down, held by another process, or without room; nothing was lost",
        )


def _dispose(engine: sa.Engine, pid: int) -> None:
    if pid == os.getpid():
        engine.dispose()

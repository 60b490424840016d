"""The catalog in PostgreSQL, for a team: many hosts, one ledger.

Writers take turns: each locks one table before it reads, so no transaction is ever refused for what
another did meanwhile, and events keep the order of their publications. Readers see one snapshot and
wait for nobody. A server that does not sync its commits is refused.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError

from meshgate.catalog import tables
from meshgate.errors import CatalogError, UsageError

LOCK_TIMEOUT_S = 30
CONNECT_TIMEOUT_S = 10
_FIRST = 0x6D657368  # the advisory lock under which tables are created; "mesh" in ASCII
_DAMAGE = {"XX001", "XX002"}  # SQLSTATE data_corrupted, index_corrupted


class PostgreSQL:
    """One database, by its SQLAlchemy URL.

    Raises:
        UsageError: ``usage.catalog_url``, ``usage.extra_missing``.
    """

    def __init__(self, url: str) -> None:
        try:
            parsed = sa.make_url(url)
        except (ArgumentError, ValueError):
            raise _unknown() from None
        if parsed.drivername not in ("postgresql", "postgresql+psycopg"):
            raise _unknown()
        self._url = parsed.set(drivername="postgresql+psycopg")
        self.engine().dispose()

    def engine(self) -> sa.Engine:
        """New connections to the server."""
        try:
            engine = sa.create_engine(
                self._url,
                isolation_level="REPEATABLE READ",
                pool_pre_ping=True,  # a server may have been restarted meanwhile
                connect_args={
                    "connect_timeout": CONNECT_TIMEOUT_S,
                    "application_name": "meshgate",
                },
            )
        except ImportError:
            raise UsageError(
                code="usage.extra_missing",
                message="the package of postgres is not installed",
                help="pip install 'meshgate[postgres]'",
            ) from None
        sa.event.listen(engine, "connect", _durable)
        return engine

    def begin(self, connection: sa.Connection, *, write: bool, first: bool) -> None:
        """A transaction; one that writes waits for its turn before it sees anything."""
        if first:  # the tables may not exist, and two may want to create them
            connection.execution_options(isolation_level="READ COMMITTED")
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_FIRST)))
        elif write:  # locking takes no snapshot, so the one that is taken next is the newest
            connection.exec_driver_sql(f"LOCK TABLE {tables.catalog.name} IN EXCLUSIVE MODE")

    def commit(self, connection: sa.Connection) -> None:
        """The transaction is on the server's disk."""
        connection.commit()

    def rollback(self, connection: sa.Connection) -> None:
        """The transaction never was."""
        connection.rollback()

    def is_damage(self, error: BaseException) -> bool:
        """Whether the server says that its files are not what it wrote."""
        return getattr(error, "sqlstate", None) in _DAMAGE


def _durable(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO on")
        cursor.execute(f"SET lock_timeout TO '{LOCK_TIMEOUT_S}s'")
        cursor.execute("SHOW fsync")
        [fsync] = cursor.fetchone()
    connection.commit()
    if fsync != "on":
        connection.close()
        raise CatalogError(
            code="catalog.not_durable",
            message="the database server does not sync its commits to disk (fsync is off)",
            help="set fsync = on in postgresql.conf",
        )


def _unknown() -> UsageError:
    return UsageError(
        code="usage.catalog_url",
        message="the catalog's database is neither a file nor PostgreSQL",
        help="catalog.db, or postgresql+psycopg://user@host/database",
    )

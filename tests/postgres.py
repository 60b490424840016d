"""A PostgreSQL server of the tests' own: in a temporary folder, reached by a socket inside it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.needs import need

ACCOUNT = "postgres"  # the server refuses to run as root


def _programs() -> Path:
    """The folder of the newest server that is installed; Debian keeps it off the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: p.parts[-3])
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        need("initdb")
    return found[-1].parent if found else Path(on_path).parent


@dataclass(frozen=True)
class Server:
    """A running server; nobody else can reach its socket."""

    folder: Path
    programs: Path

    def url(self, database: str = "postgres") -> str:
        return f"postgresql+psycopg://{ACCOUNT}@/{database}?host={self.folder}"

    def create(self, database: str) -> str:
        """A new, empty database; its URL."""
        import psycopg

        with psycopg.connect(
            user=ACCOUNT, dbname="postgres", host=str(self.folder), autocommit=True
        ) as connection:
            connection.execute(f'CREATE DATABASE "{database}"')
        return self.url(database)

    def start(self, **settings: str) -> None:
        options = {"listen_addresses": "", "unix_socket_directories": str(self.folder)}
        words = " ".join(f"-c {name}='{value}'" for name, value in (options | settings).items())
        log = str(self.folder / "log")
        self._run("pg_ctl", "-w", "-D", str(self.folder / "data"), "-l", log, "-o", words, "start")

    def stop(self, mode: str = "fast") -> None:
        """`immediate` is a crash: the server recovers from its log when it starts again."""
        self._run("pg_ctl", "-w", "-D", str(self.folder / "data"), "-m", mode, "stop")

    def initialise(self) -> None:
        self._run(
            *("initdb", "-D", str(self.folder / "data"), "-U", ACCOUNT, "-A", "trust"),
            *("-E", "UTF8", "--no-locale"),
        )

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), *arguments]
        if os.geteuid() == 0:
            account = [f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--clear-groups"]
            command = ["setpriv", *account, *command]
        subprocess.run(
            command,
            cwd="/",
            check=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@contextmanager
def server() -> Iterator[Server]:
    """Skips, or fails in continuous integration, where PostgreSQL is not installed."""
    need("psycopg", *(["setpriv"] if os.geteuid() == 0 else []))
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="meshgate-postgres-"))
    if os.geteuid() == 0:
        shutil.chown(folder, ACCOUNT, ACCOUNT)
    running = Server(folder, programs)
    try:
        running.initialise()
        running.start()
        try:
            yield running
        finally:
            running.stop("immediate")
    finally:
        shutil.rmtree(folder)

"""Processes that die: forked from one server that has imported everything and opened nothing."""

from __future__ import annotations

import multiprocessing
import sys
from pathlib import Path

import pytest
from meshgate.mesh import Mesh

ROOT = str(Path(__file__).resolve().parents[2])


@pytest.fixture(scope="session")
def processes():
    if ROOT not in sys.path:
        sys.path.insert(0, ROOT)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.fault.world", "deltalake", "meshgate.adapters.delta"])
    return context


@pytest.fixture
def run(processes):
    """Calls a function in a process of its own; its exit code, -9 when it was killed."""

    def call(target, *arguments):
        process = processes.Process(target=target, args=arguments)
        process.start()
        process.join(60)
        return process.exitcode

    return call


@pytest.fixture(params=["sqlite", "postgresql"])
def folder(request, tmp_path):
    """Where a mesh is to be, with its catalog in either kind of database."""
    place = tmp_path / "mesh"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
        Mesh.embedded(place).close()
        file = place / "mesh.toml"
        file.write_text(file.read_text().replace('"catalog.db"', f'"{url}"'))
        (place / "catalog.db").unlink()
    return place

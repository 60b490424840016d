"""The databases that a catalog can be in."""

from __future__ import annotations

import pytest
from meshgate.catalog.ledger import Ledger
from meshgate.catalog.store import Store


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    """The path or URL of an empty database."""
    if request.param == "sqlite":
        return str(tmp_path / "catalog.db")
    return request.getfixturevalue("postgres_url")


@pytest.fixture
def opened(database):
    made = Store(database)
    yield made
    made.close()


@pytest.fixture
def ledger(opened):
    return Ledger(opened)

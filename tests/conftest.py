"""What tests of several folders share: servers that are started once."""

from __future__ import annotations

import itertools

import pytest

from tests.postgres import server

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def postgres():
    """A running PostgreSQL server."""
    with server() as running:
        yield running


@pytest.fixture
def postgres_url(postgres):
    """The URL of an empty database."""
    return postgres.create(f"catalog{next(_NUMBERS)}")

"""What tests of several folders share: servers that are started once, and a deep search.

The profile: `make test ARGS="--hypothesis-profile=deep --timeout=0 tests/differential"`.
"""

from __future__ import annotations

import itertools

import pytest
from hypothesis import settings

from tests.postgres import server

settings.register_profile("deep", max_examples=2_000, deadline=None)

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

"""Hypothesis strategies for columns: few distinct values, in patterns that real columns have."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from .kinds import Kind
from .layouts import Given, layouts

EXAMPLES = settings(deadline=None, max_examples=max(1, settings().max_examples // 5))
"""A fifth of the profile's examples, for tests that are repeated for every type."""

PATIENT = settings(deadline=None)
"""All of them: another library and a small machine take their time."""

SEEDS = st.integers(0, 2**32 - 1)
CUTS = st.lists(st.integers(0, 300), max_size=3)
ROWS = st.one_of(st.integers(0, 9), st.integers(10, 300))


@st.composite
def values(draw: st.DrawFn, kind: Kind, rows: int) -> list[Any]:
    """So many values of the kind: scattered or in long runs, with no, some or only nulls."""
    pool = draw(st.lists(st.sampled_from(kind.values), min_size=1, max_size=6))
    nulls = draw(st.sampled_from((0.0, 0.1, 0.5, 1.0)))
    longest = draw(st.sampled_from((1, 7, 90)))
    rng = Random(draw(SEEDS))
    found: list[Any] = []
    while len(found) < rows:
        value = None if rng.random() < nulls else rng.choice(pool)
        found += [value] * rng.randint(1, longest)
    return found[:rows]


@st.composite
def column(draw: st.DrawFn, kind: Kind, rows: int, name: str = "a") -> Given:
    """A column of the kind in any layout."""
    return Given(name, kind, draw(values(kind, rows)), draw(layouts(kind)))

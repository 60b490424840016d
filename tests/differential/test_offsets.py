"""Rows are found where they lie: at all 64 bit offsets, around words of bits, across morsels."""

from __future__ import annotations

from random import Random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from . import oracles
from .drawn import SEEDS
from .judging import Clause, Expected, agree, contract, not_null
from .kinds import ALL, BOOLEAN, NUMBERS, ORDERED, TEXT, Kind
from .layouts import Given, Layout, table

WAYS = {
    "plain": {},
    "dictionary": {"index": pa.uint8()},
    "runs": {"ends": pa.int32()},
    "field": {"nested": True},
}


def clauses(kind: Kind, values: list[Any]) -> tuple[list[Clause], list[Expected]]:
    """Whether there is a value, and whether it is the second of its kind."""
    nulls = [row for row, value in enumerate(values) if value is None]
    if kind not in (*ORDERED, BOOLEAN):
        return [Clause("not_null", {})], [Expected(nulls)]
    other = kind.values[1]
    held = oracles.exactly(kind, values, ("eq", [other]))
    failed = [row for row, holds in enumerate(held) if holds is False]
    nan = sum(value != value for value in values)
    is_other = Clause("eq", {"value": kind.literal(other)})
    member = Clause("in_set", {"values": (kind.literal(other),)})
    found = Expected(failed, len(nulls), nan)
    return [Clause("not_null", {}), is_other, member], [Expected(nulls), found, found]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ALL, ids=repr)
def test_all_bit_offsets(kind: Kind, way: str) -> None:
    rng = Random(f"{kind.name} {way}")
    pool = [*kind.values[:3], None]
    for offset in range(64):
        rows = rng.choice((1, 2, 63, 64, 65, 127, 129))
        layout = Layout(rng.choice(kind.layouts), **WAYS[way])
        column = Given("a", kind, rng.choices(pool, k=rows), layout)
        checks, expected = clauses(kind, column.values)
        data = table([column], [], offset, offset)
        expected[0] = not_null(data, expected[0].failed)
        agree(contract([column], checks), data, expected)


PLANTED = [kind for kind in (*NUMBERS, TEXT) if kind.name in ("int8", "int64", "float64", "string")]


@pytest.mark.parametrize("kind", PLANTED, ids=repr)
@pytest.mark.parametrize("way", ["plain", "dictionary", "runs"])
@settings(deadline=None, max_examples=4)
@given(data=st.data(), offset=st.integers(0, 63), seed=SEEDS)
def test_planted_rows(kind: Kind, way: str, data: st.DataObject, offset: int, seed: int) -> None:
    rows = data.draw(st.sampled_from((70_000, 140_001)))
    planted = sorted(data.draw(st.sets(st.integers(0, rows - 1), max_size=30)))
    empty = set(data.draw(st.sets(st.integers(0, rows - 1), max_size=30))).difference(planted)
    good, bad = kind.values[-1], kind.values[0]
    values = [good] * rows
    for row in planted:
        values[row] = bad
    for row in empty:
        values[row] = None
    column = Given("a", kind, values, Layout(data.draw(st.sampled_from(kind.layouts)), **WAYS[way]))
    promised = contract([column], [Clause("ne", {"value": kind.literal(bad)})])
    cuts = data.draw(st.lists(st.integers(0, rows), max_size=3))
    threads = data.draw(st.sampled_from((1, 2, 8)))
    given_table = table([column], cuts, seed, offset)
    agree(promised, given_table, [Expected(planted, len(empty))], threads=threads)

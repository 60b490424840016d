"""Two columns of a row compare as exact arithmetic says, also across types."""

from __future__ import annotations

import math
import operator
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from . import oracles
from .drawn import CUTS, EXAMPLES, PATIENT, ROWS, SEEDS, column
from .judging import Clause, Expected, agree, contract
from .kinds import ALL, NUMBERS, TIMES, Kind
from .layouts import Given, table

OPS = st.sampled_from(("eq", "ne", "lt", "le", "gt", "ge"))
CLOCKS = tuple(kind for kind in TIMES if kind.promise != "date")


def moment(kind: Kind, value: Any) -> Any:
    """Something exact that kinds of one family share."""
    if kind in CLOCKS:
        return Fraction(value, {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[kind.type.unit])
    return kind.exact(value)


def expected(left: Given, right: Given, op: str) -> Expected:
    """A row with a null passes (D10); one with a NaN fails whatever is asked (D11)."""
    failed, skipped, nan = [], 0, 0
    for row, (a, b) in enumerate(zip(left.values, right.values, strict=True)):
        if a is None or b is None:
            skipped += 1
            continue
        a, b = moment(left.kind, a), moment(right.kind, b)
        if a != a or b != b:
            nan += 1
            failed.append(row)
        elif not getattr(operator, op)(a, b):
            failed.append(row)
    return Expected(failed, skipped, nan)


def hold(left: Given, right: Given, op: str, cuts: list[int], seed: int) -> None:
    promised = contract([left, right], [Clause("compare", {"op": op}, (0, 1))])
    agree(promised, table([left, right], cuts, seed), [expected(left, right, op)])


@pytest.mark.parametrize("kind", ALL, ids=repr)
@EXAMPLES
@given(data=st.data(), op=OPS, rows=ROWS, cuts=CUTS, seed=SEEDS)
def test_one_type(
    kind: Kind, data: st.DataObject, op: str, rows: int, cuts: list[int], seed: int
) -> None:
    left, right = (data.draw(column(kind, rows, name)) for name in "ab")
    hold(left, right, op, cuts, seed)
    if not oracles.libraries(kind):
        return
    plain = [kind.array(c.values, kind.type, Random(seed)) for c in (left, right)]
    said = oracles.ARROW[op](*plain).to_pylist()
    nan = [isinstance(v, float) and math.isnan(v) for c in (left, right) for v in c.values]
    failed = [
        row
        for row, holds in enumerate(said)
        if holds is False or (holds is not None and (nan[row] or nan[rows + row]))
    ]
    assert failed == expected(left, right, op).failed


@PATIENT
@given(data=st.data(), op=OPS, rows=ROWS, cuts=CUTS, seed=SEEDS)
def test_numbers_of_any_two_types(
    data: st.DataObject, op: str, rows: int, cuts: list[int], seed: int
) -> None:
    """The libraries go through float64 here, where 2**53 + 1 is 2**53: only arithmetic judges."""
    kinds = data.draw(st.tuples(st.sampled_from(NUMBERS), st.sampled_from(NUMBERS)))
    left, right = (data.draw(column(k, rows, n)) for k, n in zip(kinds, "ab", strict=True))
    hold(left, right, op, cuts, seed)


@PATIENT
@given(data=st.data(), op=OPS, rows=ROWS, cuts=CUTS, seed=SEEDS)
def test_times_of_any_two_units(
    data: st.DataObject, op: str, rows: int, cuts: list[int], seed: int
) -> None:
    first = data.draw(st.sampled_from(CLOCKS))

    def alike(kind: Kind) -> bool:
        zones = [getattr(k.type, "tz", None) is None for k in (kind, first)]
        return kind.promise == first.promise and zones[0] is zones[1]

    second = data.draw(st.sampled_from([kind for kind in CLOCKS if alike(kind)]))
    left, right = data.draw(column(first, rows, "a")), data.draw(column(second, rows, "b"))
    hold(left, right, op, cuts, seed)

"""Checks of single values agree with pyarrow, Polars, DuckDB and exact arithmetic."""

from __future__ import annotations

import math
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meshgate.errors import PlanError

from . import oracles
from .drawn import CUTS, EXAMPLES, ROWS, SEEDS, column
from .judging import Clause, Expected, agree, contract, not_null
from .kinds import ALL, BOOLEAN, ORDERED, Kind
from .layouts import table

Judged = tuple[Clause, list[oracles.Condition], bool]
"""A clause, the conditions that must all hold, and whether they must be false instead."""


@st.composite
def clause(draw: st.DrawFn, kind: Kind) -> Judged:
    """A check of one column with literals of the kind; NaN cannot be written."""
    writable = [v for v in kind.values if not (kind.is_float and not math.isfinite(v))]
    literal = st.sampled_from(writable)
    orders = ("between", "lt", "le", "gt", "ge") if kind is not BOOLEAN else ()
    check = draw(st.sampled_from((*orders, "eq", "ne", "in_set", "not_in_set")))
    if check in ("in_set", "not_in_set"):
        members = draw(st.lists(literal, min_size=1, max_size=5))
        args = {"values": tuple(kind.literal(v) for v in members)}
        return Clause(check, args), [("in", members)], check == "not_in_set"
    if check == "between":
        low, high = sorted((draw(literal), draw(literal)), key=kind.exact)
        side = draw(st.sampled_from(("both", "neither", "left", "right")))
        args = {"min": kind.literal(low), "max": kind.literal(high), "inclusive": side}
        above = "ge" if side in ("both", "left") else "gt"
        below = "le" if side in ("both", "right") else "lt"
        return Clause(check, args), [(above, [low]), (below, [high])], False
    value = draw(literal)
    return Clause(check, {"value": kind.literal(value)}), [(check, [value])], False


def expected(kind: Kind, values: list[Any], held: list[list[bool | None]], no: bool) -> Expected:
    """Nulls pass (D10), NaN fails whatever is asked (D11): Polars and DuckDB sort it above all."""
    nan = [kind.is_float and value is not None and math.isnan(value) for value in values]
    holds = [all(marks) is not no for marks in zip(*held, strict=True)] or [True] * len(values)
    failed = [
        row
        for row, value in enumerate(values)
        if value is not None and (nan[row] or not holds[row])
    ]
    return Expected(failed, sum(value is None for value in values), sum(nan))


def is_empty(kind: Kind, conditions: list[oracles.Condition]) -> bool:
    """Whether no value that a column of the test can hold satisfies all conditions."""
    held = [oracles.exactly(kind, list(kind.values), condition) for condition in conditions]
    return not any(all(marks) for marks in zip(*held, strict=True))


@pytest.mark.parametrize("kind", [*ORDERED, BOOLEAN], ids=repr)
@EXAMPLES
@given(data=st.data(), rows=ROWS, cuts=CUTS, seed=SEEDS)
def test_comparisons_and_sets(
    kind: Kind, data: st.DataObject, rows: int, cuts: list[int], seed: int
) -> None:
    drawn = data.draw(column(kind, rows))
    judged = data.draw(st.lists(clause(kind), min_size=1, max_size=4))
    promised = contract([drawn], [check for check, _, _ in judged])
    given_table = table([drawn], cuts, seed)
    opinions: list[list[Expected]] = []
    plain = kind.array(drawn.values, kind.type, Random(seed))
    for library in (None, *oracles.libraries(kind)):
        opinion = []
        for _, conditions, no in judged:
            held = [
                oracles.exactly(kind, drawn.values, (op, literals))
                if library is None
                else library(plain, kind.array(literals, kind.type, Random(0)), op)
                for op, literals in conditions
            ]
            opinion.append(expected(kind, drawn.values, held, no))
        opinions.append(opinion)
    assert all(opinion == opinions[0] for opinion in opinions)
    try:
        agree(promised, given_table, opinions[0])
    except PlanError:
        # A range without any value is refused when it is compiled.
        empty = [j for j in judged if j[0].check == "between" and is_empty(kind, j[1])]
        assert empty


@pytest.mark.parametrize("kind", [k for k in ORDERED if k.has_gaps], ids=repr)
@EXAMPLES
@given(data=st.data(), rows=ROWS, seed=SEEDS)
def test_a_bound_between_two_values(kind: Kind, data: st.DataObject, rows: int, seed: int) -> None:
    drawn = data.draw(column(kind, rows))
    low = min(value for value in kind.values if value > -(10**6))
    fraction = Fraction(data.draw(st.integers(low * 10 + 1, 99)), 10)
    op = data.draw(st.sampled_from(("lt", "le", "gt", "ge")))
    check = Clause(op, {"value": kind.literal(fraction)})
    held = oracles.exactly(kind, drawn.values, (op, [fraction]))
    agree(
        contract([drawn], [check]),
        table([drawn], [], seed),
        [expected(kind, drawn.values, [held], False)],
    )


@pytest.mark.parametrize("kind", ALL, ids=repr)
@EXAMPLES
@given(data=st.data(), rows=ROWS, cuts=CUTS, seed=SEEDS)
def test_not_null(kind: Kind, data: st.DataObject, rows: int, cuts: list[int], seed: int) -> None:
    drawn = data.draw(column(kind, rows))
    promised = contract([drawn], [Clause("not_null", {})])
    plain = kind.array(drawn.values, kind.type, Random(seed))
    # NaN is a value (D11).
    failed = [row for row, null in enumerate(plain.is_null().to_pylist()) if null]
    rows_of = table([drawn], cuts, seed)
    agree(promised, rows_of, [not_null(rows_of, failed)])

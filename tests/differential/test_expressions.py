"""Expressions and `when` give the counts that DuckDB gives, on random tables with nulls and NaN.

An expression is written twice, once for each of the two. They differ where meshgate means to
differ from DuckDB, and only there:

- NaN: DuckDB takes it for the greatest number, equal to itself. Here every comparison with it is
  false, also `<>`, NOT BETWEEN and NOT IN.
- A float against a decimal column: DuckDB rounds the decimal to a double. Here they compare
  exactly; these tables hold quarters, which both can represent.
- Overflow: DuckDB fails the query. Here it is the row's fault and the clause ends in `error`; these
  numbers are small.
- LOWER and UPPER: DuckDB maps code points one by one, here the full mapping of Unicode applies;
  these texts have no characters for which the two differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meshgate.canonical import Frozen
from meshgate.contract import Check, Column, Contract
from meshgate.engine import Plan
from meshgate.report import CheckOutcome

COLUMNS = (
    Column("a", "int64"),
    Column("b", "int16"),
    Column("d", "decimal(7,2)"),
    Column("f", "float64"),
    Column("s", "string"),
    Column("u", "string"),
    Column("p", "boolean"),
    Column("day", "date"),
    Column("n", "struct", columns=(Column("x", "int64"),)),
)
TYPES = {
    "a": pa.int64(),
    "b": pa.int16(),
    "d": pa.decimal128(7, 2),
    "f": pa.float64(),
    "s": pa.string(),
    "u": pa.string(),
    "p": pa.bool_(),
    "day": pa.date32(),
    "n": pa.struct([("x", pa.int64())]),
}
TEXTS = ("", "a", "ab", "AB", "é", "Éa", "100%", "it's")


@dataclass(frozen=True)
class Both:
    """One expression for meshgate and for DuckDB; `real` when its value is a float."""

    here: str
    duck: str
    real: bool = False

    @classmethod
    def same(cls, text: str, real: bool = False) -> Both:
        return cls(text, text, real)

    def within(self, form: str, *others: Both, real: bool | None = None) -> Both:
        """The form with this and the others in the places of its braces."""
        parts = (self, *others)
        return Both(
            form.format(*(part.here for part in parts)),
            form.format(*(part.duck for part in parts)),
            any(part.real for part in parts) if real is None else real,
        )


def compared(left: Both, op: str, right: Both) -> Both:
    """A comparison; for DuckDB it is false where a float is NaN."""
    duck = f"({left.duck} {op} {right.duck})"
    nan = [f"isnan({side.duck}::double)" for side in (left, right) if side.real]
    if nan:
        # Null stays null: nobody knows whether a missing number is NaN.
        missing = f"{left.duck} is null or {right.duck} is null"
        duck = f"(case when {missing} then null when {' or '.join(nan)} then false else {duck} end)"
    return Both(f"{left.here} {op} {right.here}", duck)


def literal_number() -> st.SearchStrategy[Both]:
    return st.integers(-12, 12).map(lambda n: Both.same(f"{Decimal(n) / 4:f}"))


def literal_text() -> st.SearchStrategy[Both]:
    return st.sampled_from(TEXTS).map(lambda text: Both.same("'" + text.replace("'", "''") + "'"))


OPS = ("=", "<>", "<", "<=", ">", ">=")
NOT = ("", "NOT ")


def form(text: str, *parts: st.SearchStrategy[Both], real: bool | None = None):
    """The text with one of each of the parts in the places of its braces."""
    return st.builds(lambda first, *rest: first.within(text, *rest, real=real), *parts)


def numbers(depth: int) -> st.SearchStrategy[Both]:
    leaf = st.sampled_from(
        [*(Both.same(name) for name in ("a", "b", "d", "n.x")), Both.same("f", real=True)]
    )
    if depth == 0:
        return leaf
    inner, other = numbers(depth - 1), st.one_of(numbers(depth - 1), literal_number())
    return st.one_of(
        leaf,
        *(form(f"({{}} {sign} {{}})", inner, other) for sign in "+-*"),
        form("(-{})", inner),
        form("LENGTH({})", texts(0), real=False),
        form("COALESCE({}, {})", inner, other),
        form("(CASE WHEN {} THEN {} ELSE {} END)", conditions(depth - 1), inner, other),
    )


def texts(depth: int) -> st.SearchStrategy[Both]:
    leaf = st.sampled_from([Both.same("s"), Both.same("u")])
    if depth == 0:
        return leaf
    inner = texts(depth - 1)
    return st.one_of(
        leaf,
        form("LOWER({})", inner),
        form("UPPER({})", inner),
        form("COALESCE({}, {})", inner, st.one_of(inner, literal_text())),
    )


def ranged(value: Both, low: Both, high: Both, negated: bool) -> Both:
    word, ops, link = (
        ("NOT BETWEEN", ("<", ">"), "or") if negated else ("BETWEEN", (">=", "<="), "and")
    )
    lower, upper = compared(value, ops[0], low), compared(value, ops[1], high)
    duck = f"({lower.duck} {link} {upper.duck})"
    return Both(f"{value.here} {word} {low.here} AND {high.here}", duck)


def listed(value: Both, members: list[Both], negated: bool) -> Both:
    op, link = ("<>", " and ") if negated else ("=", " or ")
    duck = link.join(compared(value, op, member).duck for member in members)
    word = "NOT IN" if negated else "IN"
    return Both(f"{value.here} {word} ({', '.join(m.here for m in members)})", f"({duck})")


def conditions(depth: int) -> st.SearchStrategy[Both]:
    number, other = numbers(depth), st.one_of(numbers(depth), literal_number())
    text = texts(min(depth, 1))
    op, negated = st.sampled_from(OPS), st.booleans()
    patterns = ("a%", "%b", "%", "_", "_a%", "%é%", "1__!%")
    leaf = st.one_of(
        st.just(Both.same("p")),
        st.builds(compared, number, op, other),
        st.builds(compared, text, op, st.one_of(text, literal_text())),
        st.builds(ranged, number, other, other, negated),
        st.builds(listed, number, st.lists(literal_number(), min_size=1, max_size=9), negated),
        st.builds(listed, text, st.lists(literal_text(), min_size=1, max_size=4), negated),
        *(form(f"{{}} {word}LIKE '{p}' ESCAPE '!'", text) for p in patterns for word in NOT),
        *(form(f"({{}} IS {word}NULL)", st.one_of(number, text), real=False) for word in NOT),
        *(st.just(Both.same(f"day {op} DATE '2025-01-03'")) for op in OPS),
        *(form(f"({{}} IS {word}DISTINCT FROM {{}})", number, other, real=False) for word in NOT),
    )
    if depth == 0:
        return leaf
    inner = conditions(depth - 1)
    truths = ("TRUE", "FALSE", "NULL")
    return st.one_of(
        leaf,
        form("(NOT {})", inner),
        form("({} AND {})", inner, inner),
        form("({} OR {})", inner, inner),
        *(form(f"(({{}}) {op} ({{}}))", inner, inner) for op in OPS),
        *(form(f"(({{}}) IS {word}{truth})", inner) for word in NOT for truth in truths),
        form("COALESCE({}, {})", inner, inner),
    )


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), values)


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "a": maybe(st.integers(-3, 3)),
            "b": maybe(st.integers(-3, 3)),
            "d": maybe(st.integers(-12, 12).map(lambda n: Decimal(n) / 4)),
            "f": maybe(st.sampled_from([float("nan"), float("inf"), -0.0, 0.25, 1.0, -2.5])),
            "s": maybe(st.sampled_from(TEXTS)),
            "u": maybe(st.sampled_from(TEXTS)),
            "p": maybe(st.booleans()),
            "day": maybe(st.integers(20088, 20093)),
            "n": maybe(st.fixed_dictionaries({"x": maybe(st.integers(-2, 2))})),
        }
    ),
    max_size=25,
)


def table(rows: list[dict[str, Any]]) -> pa.Table:
    arrays = {name: pa.array([row[name] for row in rows], kind) for name, kind in TYPES.items()}
    return pa.table(arrays)


def judged(rows: pa.Table, check: Check) -> CheckOutcome:
    contract = Contract("t", "t", "1.0.0", columns=COLUMNS, checks=(check,))
    encoded = rows.set_column(5, "u", rows["u"].combine_chunks().dictionary_encode())
    report = Plan.compile(contract, rows).check(rows)
    assert Plan.compile(contract, encoded).check(encoded).to_json() == report.to_json()
    return report.checks[-1]


@pytest.fixture(scope="module")
def duck() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def counted(duck: duckdb.DuckDBPyConnection, rows: pa.Table, *counts: str) -> tuple[int, ...]:
    duck.register("t", rows)
    (found,) = duck.execute(f"SELECT {', '.join(counts)} FROM t").fetchall()
    return tuple(int(value or 0) for value in found)


@settings(max_examples=400, deadline=None)
@given(condition=conditions(2), rows=ROWS)
def test_an_expression_fails_where_duckdb_finds_it_false(
    duck: duckdb.DuckDBPyConnection, condition: Both, rows: list[dict[str, Any]]
) -> None:
    expression = Frozen({"expression": condition.here})
    outcome = judged(table(rows), Check("e", "row_expression", (), expression))
    expected = counted(
        duck,
        table(rows),
        f"count(*) FILTER (WHERE NOT ({condition.duck}))",
        f"count(*) FILTER (WHERE ({condition.duck}) IS NULL)",
        f"count(*) FILTER (WHERE ({condition.duck}) IS NOT NULL)",
    )
    assert (outcome.failed_rows, outcome.skipped_null, outcome.tested) == expected


@settings(max_examples=200, deadline=None)
@given(condition=conditions(1), rows=ROWS)
def test_when_is_a_where(
    duck: duckdb.DuckDBPyConnection, condition: Both, rows: list[dict[str, Any]]
) -> None:
    data, when = table(rows), condition.here
    inside = f"FILTER (WHERE {condition.duck})"
    outside = f"count(*) - count(*) {inside}"
    found = judged(data, Check("c", "not_null", ("a",), when=when))
    expected = counted(duck, data, f"count(*) {inside} - count(a) {inside}", outside)
    assert (found.failed_rows, found.skipped_when) == expected
    found = judged(data, Check("c", "between", ("b",), Frozen({"min": -1, "max": 1}), when=when))
    expected = counted(
        duck,
        data,
        f"count(*) FILTER (WHERE ({condition.duck}) AND b NOT BETWEEN -1 AND 1)",
        outside,
        f"count(*) {inside} - count(b) {inside}",
    )
    assert (found.failed_rows, found.skipped_when, found.skipped_null) == expected
    found = judged(data, Check("c", "unique", ("s",), when=when))
    expected = counted(duck, data, f"count(s) {inside} - count(DISTINCT s) {inside}", outside)
    assert (found.failed_rows, found.skipped_when) == expected

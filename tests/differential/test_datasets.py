"""Numbers of whole datasets and of groups agree with DuckDB, Polars and Python's own arithmetic.

Deviations are the documented ones: a NaN fails, sums of floats are exact, a dataset without a value
passes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meshgate.canonical import Frozen, freeze
from meshgate.contract import Check, Column, Contract
from meshgate.engine import Plan
from meshgate.report import CheckOutcome

INTEGERS = st.one_of(
    st.integers(-3, 3),
    st.sampled_from([-(2**63), 2**63 - 1, -(2**53) - 1, 2**53 + 1]),
    st.integers(-(2**63), 2**63 - 1),
)
DECIMALS = st.decimals(
    min_value=Decimal("-9e33"), max_value=Decimal("9e33"), places=3, allow_nan=False
)
FLOATS = st.one_of(
    st.sampled_from([0.0, -0.0, 1e308, -1e308, 5e-324, 0.1, 1e16, 1.0]),
    st.floats(allow_nan=False, allow_infinity=False),
)
KEYS = st.one_of(st.none(), st.sampled_from(["", "a", "b", "aaaaaaaaaaaaaaaaaaaa"]))
KINDS: dict[str, tuple[str, pa.DataType, st.SearchStrategy[Any]]] = {
    "int64": ("int64", pa.int64(), INTEGERS),
    "decimal": ("decimal(38,3)", pa.decimal128(38, 3), DECIMALS),
    "float64": ("float64", pa.float64(), FLOATS),
    "float32": ("float32", pa.float32(), st.floats(width=32, allow_nan=False)),
}


def judged(
    types: dict[str, str], table: pa.Table, check: str, columns: tuple[str, ...], **args: Any
) -> CheckOutcome:
    frozen = freeze(args)
    assert isinstance(frozen, Frozen)
    contract = Contract(
        id="d",
        dataset="d",
        version="1.0.0",
        columns=tuple(Column(name, kind) for name, kind in types.items()),
        checks=(Check("it", check, columns, frozen),),
    )
    return Plan.compile(contract, table).check(table, threads=1).checks[-1]


def literal(value: Any) -> Any:
    return Decimal(repr(value)) if isinstance(value, float) else value


def nearest(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


@settings(deadline=None, max_examples=60)
@given(kind=st.sampled_from(sorted(KINDS)), data=st.data())
def test_sums_and_means_are_exact(kind: str, data: st.DataObject) -> None:
    promised, arrow, values = KINDS[kind]
    if kind == "float32":
        values = values.filter(math.isfinite)
    rows = data.draw(st.lists(st.one_of(st.none(), values), min_size=1, max_size=30))
    table = pa.table({"v": pa.array(rows, arrow)})

    def judge(table: pa.Table, function: str, op: str, bound: Any) -> CheckOutcome:
        args = {"fn": function, "op": op, "bound": bound}
        return judged({"v": promised}, table, "aggregate", ("v",), **args)

    present = [v for v in table["v"].to_pylist() if v is not None]
    total = sum(map(Fraction, present), Fraction(0))
    for function, expected in (
        ("sum", total),
        ("mean", total / len(present) if present else Fraction(0)),
    ):
        if kind.startswith("float"):
            bound = nearest(expected)
            found = judge(table, function, "eq", literal(bound) if math.isfinite(bound) else 0)
            assert (found.status == "pass") is math.isfinite(bound), (found, bound)
            assert not present or float(found.observed or "nan") == bound
            continue
        # Decimals on either side of the exact number, as close as their digits say.
        ticks = math.floor(expected * 10**9)
        found = judge(table, function, "le", Decimal(f"{ticks}e-9"))
        assert (found.status == "pass") is (Fraction(ticks, 10**9) == expected or not present)
        found = judge(table, function, "lt", Decimal(f"{ticks + 1}e-9"))
        assert found.status == "pass"


@settings(deadline=None, max_examples=60)
@given(kind=st.sampled_from(sorted(KINDS)), data=st.data())
def test_extremes_agree_with_polars(kind: str, data: st.DataObject) -> None:
    promised, arrow, values = KINDS[kind]
    rows = data.draw(st.lists(st.one_of(st.none(), values), max_size=30))
    table = pa.table({"v": pa.array(rows, arrow)})
    series = pl.from_arrow(table)["v"]
    for function, expected in (("min", series.min()), ("max", series.max())):
        if expected is None or (isinstance(expected, float) and math.isinf(expected)):
            continue
        found = judged({"v": promised}, table, "aggregate", ("v",), fn=function, op="eq",
                       bound=literal(expected))  # fmt: skip
        assert found.status == "pass", (found, expected)


@settings(deadline=None, max_examples=60)
@given(
    rows=st.lists(
        st.tuples(
            st.one_of(st.none(), st.integers(-(2**40), 2**40)),
            KEYS,
            st.one_of(st.none(), st.integers(0, 2)),
        ),
        max_size=40,
    ),
    function=st.sampled_from(["sum", "mean", "min", "max", "distinct_count", "null_fraction"]),
    wide=st.booleans(),
    bound=st.integers(-3, 3),
)
def test_groups_agree_with_duckdb(
    rows: list[tuple[int | None, str | None, int | None]], function: str, wide: bool, bound: int
) -> None:
    if function in ("distinct_count", "null_fraction"):
        bound = abs(bound) if function == "distinct_count" else min(abs(bound), 1)
    table = pa.table(
        {
            "v": pa.array([r[0] for r in rows], pa.int64()),
            "g": pa.array([r[1] for r in rows], pa.string()),
            "h": pa.array([r[2] for r in rows], pa.int8()),
        }
    )
    by = ["g", "h"] if wide else ["g"]
    number = {
        "sum": "sum(v)::hugeint <= {b}",
        "mean": "sum(v)::hugeint <= {b} * count(v)",
        "min": "min(v) <= {b}",
        "max": "max(v) <= {b}",
        "distinct_count": "count(distinct v) <= {b}",
        "null_fraction": "count(*) - count(v) <= {b} * count(*)",
    }[function].format(b=bound)
    # A group without a value passes, and is not counted.
    having = "true" if function == "null_fraction" else "count(v) > 0"
    query = f"select {number} as ok from t group by {', '.join(by)} having {having}"
    expected = [row[0] for row in duckdb.from_arrow(table).query("t", query).fetchall()]
    types = {"v": "int64", "g": "string", "h": "int8"}
    found = judged(types, table, "aggregate", ("v",), fn=function, group_by=tuple(by), op="le",
                   bound=bound)  # fmt: skip
    assert found.failed_groups == expected.count(False)
    assert found.observed == f"{expected.count(False)} of {len(expected)} groups beyond"
    assert (found.status == "fail") is (False in expected)


@settings(deadline=None, max_examples=60)
@given(
    rows=st.lists(st.tuples(KEYS, st.one_of(st.none(), st.floats(width=16))), max_size=40),
    encode=st.booleans(),
)
def test_keys_are_counted_as_duckdb_does(
    rows: list[tuple[str | None, float | None]], encode: bool
) -> None:
    text = pa.array([r[0] for r in rows], pa.string())
    number = pa.array([r[1] for r in rows], pa.float32())
    table = pa.table({"t": text.dictionary_encode() if encode else text, "n": number})
    types = {"t": "string", "n": "float32"}
    plain = pa.table({"t": text, "n": number})
    for columns in (("t",), ("n",), ("t", "n")):
        present = " and ".join(f"{c} is not null" for c in columns)
        names = ", ".join(columns)
        query = (
            f"select count(*), coalesce(sum(n), 0) from (select count(*) as n from p "
            f"where {present} group by {names})"
        )
        distinct, tested = duckdb.from_arrow(plain).query("p", query).fetchall()[0]
        found = judged(types, table, "distinct_count", columns, op="eq", bound=distinct)
        assert (found.status, found.tested) == ("pass", tested)
        assert not tested or found.observed == str(distinct)
        surplus = int(tested) - distinct
        found = judged(types, table, "duplicate_count", columns, op="eq", bound=surplus)
        assert (found.status, found.surplus) == ("pass", surplus)
        if tested:
            # In percent, on either side of the exact share.
            percent = Fraction(surplus * 100, int(tested))
            below = Decimal(f"{math.floor(percent * 10**6)}e-6")
            found = judged(types, table, "duplicate_count", columns, op="gt", bound=below,
                           unit="percent")  # fmt: skip
            assert (found.status == "pass") is (Fraction(below) < percent)


LAYOUTS: dict[str, Callable[[pa.Array], pa.Array]] = {
    "plain": lambda a: a,
    "large": lambda a: a.cast(pa.large_string()),
    "view": lambda a: a.cast(pa.string_view()),
    "dictionary": lambda a: a.dictionary_encode(),
}


@settings(deadline=None, max_examples=80)
@given(
    rows=st.lists(st.tuples(KEYS, st.one_of(st.none(), st.integers(-2, 2))), max_size=30),
    known=st.lists(st.tuples(KEYS, st.one_of(st.none(), st.integers(-2, 2))), max_size=12),
    here=st.sampled_from(sorted(LAYOUTS)),
    there=st.sampled_from(sorted(LAYOUTS)),
    types=st.tuples(
        st.sampled_from(["int8", "int64", "decimal(10,0)"]),
        st.sampled_from([pa.int16(), pa.int64(), pa.decimal128(20, 0), pa.decimal256(40, 0)]),
    ),
    wide=st.booleans(),
)
def test_foreign_keys_agree_with_duckdb(
    rows: list[tuple[str | None, int | None]],
    known: list[tuple[str | None, int | None]],
    here: str,
    there: str,
    types: tuple[str, pa.DataType],
    wide: bool,
) -> None:
    arrow = {"int8": pa.int8(), "int64": pa.int64(), "decimal(10,0)": pa.decimal128(10, 0)}
    numbers = pa.array([r[1] for r in rows], arrow[types[0]])
    other_numbers = pa.array([r[1] for r in known], types[1])
    comparable = pa.decimal128(20, 0)
    texts = pa.array([r[0] for r in rows], pa.string())
    other_texts = pa.array([r[0] for r in known], pa.string())
    left = {"i": range(len(rows)), "t": texts, "n": pa.array([r[1] for r in rows], comparable)}
    right = {"t": other_texts, "n": pa.array([r[1] for r in known], comparable)}
    columns = ("t", "n") if wide else ("t",)
    present = " and ".join(f"l.{c} is not null" for c in columns)
    same = " and ".join(f"l.{c} = r.{c}" for c in columns)
    query = (
        f"select i from l where {present} and not exists (select 1 from r where {same}) order by i"
    )
    with duckdb.connect() as db:
        db.register("l", pa.table(left))
        db.register("r", pa.table(right))
        expected = [row[0] for row in db.sql(query).fetchall()]
    table = pa.table({"t": LAYOUTS[here](texts), "n": numbers})
    reference = pa.table({"n": other_numbers, "t": LAYOUTS[there](other_texts)})
    contract = Contract(
        id="d",
        dataset="d",
        version="1.0.0",
        columns=(Column("t", "string"), Column("n", types[0])),
        checks=(Check("it", "foreign_key", columns, Frozen({"ref": "r", "columns": columns})),),
    )
    run = Plan.compile(contract, table).run(table, references={"r": reference})
    rejected = [row for split in run if split.rejected is not None
                for row in split.rejected["_mg_row"].to_pylist()]  # fmt: skip
    found = run.report.checks[-1]
    assert rejected == expected
    assert (found.failed_rows, list(found.first_rows)) == (len(expected), expected[:10])
    assert found.skipped_null == sum(any(c is None for c in r[: len(columns)]) for r in rows)


@settings(deadline=None, max_examples=80)
@given(
    rows=st.lists(
        st.one_of(st.none(), st.integers(-4, 4), st.sampled_from([math.nan, 0.5, -0.0])),
        max_size=40,
    ),
    strict=st.booleans(),
    up=st.booleans(),
)
def test_the_order_of_rows_is_that_of_a_running_maximum(
    rows: list[float | None], strict: bool, up: bool
) -> None:
    expected, reached = [], None
    for row, value in enumerate(rows):
        if value is None:
            continue
        signed = value if up else -value
        if math.isnan(value) or (
            reached is not None and (signed <= reached if strict else signed < reached)
        ):
            expected.append(row)
        elif not math.isnan(value):
            reached = signed if reached is None else max(reached, signed)
    table = pa.table({"v": pa.array([None if v is None else float(v) for v in rows], pa.float64())})
    check = "increasing" if up else "decreasing"
    found = judged({"v": "float64"}, table, check, ("v",), strict=strict)
    assert (found.failed_rows, list(found.first_rows)) == (len(expected), expected[:10])
    assert found.nan_rows == sum(v is not None and math.isnan(v) for v in rows)


@pytest.mark.parametrize("function", ["sum", "mean", "min", "max"])
def test_an_infinity_is_a_value(function: str) -> None:
    table = pa.table({"v": pa.array([1.0, math.inf])})
    found = judged({"v": "float64"}, table, "aggregate", ("v",), fn=function, op="gt", bound=0)
    assert found.status == "pass"
    assert found.observed == ("1" if function == "min" else "inf")

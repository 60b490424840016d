"""Checks of datasets, groups, orders and references: same rows, same report, however they come."""

from __future__ import annotations

import itertools
import math

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given, settings
from hypothesis import strategies as st
from meshgate.canonical import Frozen
from meshgate.contract import Check, Column, Contract, Mask
from meshgate.engine import Plan, Run

KEYS = {"default": bytes(range(32))}
NUMBERS = {"fn": "sum", "op": "ge", "bound": 0}
CONTRACT = Contract(
    id="p",
    dataset="p",
    version="1.0.0",
    columns=(
        Column("k", "string"),
        Column("n", "int64"),
        Column("x", "float64"),
        Column("s", "int64", pii="salary", mask=Mask("nullify", "p.s")),
    ),
    checks=(
        Check("ref", "foreign_key", ("k",), Frozen({"ref": "r", "columns": ("id",)})),
        Check("up", "increasing", ("n",)),
        Check("down", "decreasing", ("x",), Frozen({"strict": True}), "warning"),
        Check("nulls", "null_fraction", ("k",), Frozen({"op": "le", "bound": 0})),
        Check("sum.n", "aggregate", ("n",), Frozen(NUMBERS)),
        Check("sum.x", "aggregate", ("x",), Frozen(NUMBERS)),
        Check("mean.x", "aggregate", ("x",), Frozen({**NUMBERS, "fn": "mean"})),
        Check("min.x", "aggregate", ("x",), Frozen({**NUMBERS, "fn": "min"})),
        Check("sums", "aggregate", ("x",), Frozen({**NUMBERS, "group_by": ("k",)})),
        Check("most", "aggregate", ("n",), Frozen({"fn": "max", "max": 2, "group_by": ("k", "x")})),
        Check(
            "values",
            "aggregate",
            ("n",),
            Frozen({"fn": "distinct_count", "max": 1, "group_by": ("k",)}),
        ),
        Check("distinct", "distinct_count", ("k", "n"), Frozen({"max": 3})),
        Check("repeats", "duplicate_count", ("k",), Frozen({"max": 0})),
        Check("salaries", "aggregate", ("s",), Frozen({"fn": "max", "op": "lt", "bound": 5})),
    ),
)
FLOATS = st.one_of(
    st.none(), st.sampled_from([0.0, -0.0, 1e308, -1e308, 0.1, 5e-324, math.nan, math.inf])
)
ROW = st.tuples(
    st.one_of(st.none(), st.sampled_from(["", "a", "b", "long enough to be wide"])),
    st.one_of(st.none(), st.integers(-2, 3)),
    FLOATS,
    st.one_of(st.none(), st.integers(0, 9)),
)
LAYOUTS = ("plain", "large", "view", "dictionary", "runs")
REFERENCE = pa.table({"id": ["a", "long enough to be wide", None]})


def lay_out(values: pa.Array, layout: str) -> pa.Array:
    if layout == "dictionary" and not pa.types.is_floating(values.type):
        return values.dictionary_encode()
    if layout == "runs" and not pa.types.is_floating(values.type):
        return pc.run_end_encode(values)
    if pa.types.is_string(values.type) and layout in ("large", "view"):
        return values.cast(pa.large_string() if layout == "large" else pa.string_view())
    return values


def table(rows: list[tuple[object, ...]], layout: str = "plain") -> pa.Table:
    kinds = (pa.string(), pa.int64(), pa.float64(), pa.int64())
    columns = [
        lay_out(pa.array([row[i] for row in rows], kind), layout) for i, kind in enumerate(kinds)
    ]
    return pa.table(columns, ["k", "n", "x", "s"])


def finished(
    data: object, threads: int = 1, reference: object = REFERENCE
) -> tuple[Run, list[tuple[int, list[str]]]]:
    run = Plan.compile(CONTRACT, data, KEYS).run(
        data, now=0, threads=threads, references={"r": reference}
    )
    rejected: list[tuple[int, list[str]]] = []
    for split in run:
        if split.rejected is not None:
            columns = (split.rejected[c].to_pylist() for c in ("_mg_row", "_mg_checks"))
            rejected += zip(*columns, strict=True)
    return run, rejected


@settings(max_examples=120, deadline=None)
@given(
    rows=st.lists(ROW, max_size=40),
    layout=st.sampled_from(LAYOUTS),
    cuts=st.lists(st.integers(0, 40), max_size=5),
    ahead=st.integers(0, 9),
    threads=st.sampled_from((1, 2, 8)),
)
def test_equal_rows_give_equal_reports(
    rows: list[tuple[object, ...]], layout: str, cuts: list[int], ahead: int, threads: int
) -> None:
    run, rejected = finished(table(rows))
    filler = [("zz", 9, 9.0, 9)] * ahead
    other = table(filler + rows + filler, layout).slice(ahead, len(rows))
    places = sorted({0, len(rows), *(c for c in cuts if c < len(rows))})
    pieces = [other.slice(a, b - a) for a, b in itertools.pairwise(places)]
    batches = [batch for piece in pieces for batch in piece.to_batches()]
    reader = pa.RecordBatchReader.from_batches(other.schema, batches)
    reference = pa.table({"id": lay_out(REFERENCE["id"].combine_chunks(), layout)})
    again, again_rejected = finished(reader, threads, reference)
    assert again.report.to_json() == run.report.to_json()
    assert again_rejected == rejected


@settings(max_examples=80, deadline=None)
@given(rows=st.lists(ROW, max_size=30), data=st.data())
def test_the_order_of_rows_matters_only_where_it_is_judged(
    rows: list[tuple[object, ...]], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(rows))))
    first = finished(table(rows))[0].report
    second = finished(table([rows[i] for i in order]))[0].report
    for a, b in zip(first.checks, second.checks, strict=True):
        if a.id not in ("up", "down"):
            assert (a.status, a.failed_rows, a.tested, a.observed, a.failed_groups) == (
                b.status, b.failed_rows, b.tested, b.observed, b.failed_groups
            )  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(rows=st.lists(ROW, max_size=30))
def test_what_was_accepted_holds(rows: list[tuple[object, ...]]) -> None:
    run, rejected = finished(table(rows))
    bad = {row for row, _ in rejected}
    closed = finished(table([row for i, row in enumerate(rows) if i not in bad]))[0].report
    assert closed.rejected_rows == 0
    found = {c.id: c.status for c in closed.checks}
    assert found["ref"] == found["up"] == "pass"
    assert run.report.accepted_rows == len(rows) - len(bad)


def test_windows_and_threads_do_not_matter() -> None:
    """Enough rows for several pieces in several windows, with the greatest value first."""
    count = 700_000
    numbers = pa.array(range(count), pa.int64())
    falling = pc.if_else(pc.less(numbers, 1), count - 5, numbers)
    data = pa.table(
        {
            "k": pc.if_else(pc.equal(pc.bit_wise_and(numbers, 1), 0), "a", "b"),
            "n": falling,
            "x": pc.multiply(numbers.cast(pa.float64()), 0.1),
            "s": numbers,
        }
    )
    reports = [finished(data, threads)[0].report for threads in (1, 2, 8)]
    assert len({report.to_json() for report in reports}) == 1
    up = next(c for c in reports[0].checks if c.id == "up")
    assert (up.failed_rows, up.first_rows[:2]) == (count - 6, (1, 2))
    assert next(c for c in reports[0].checks if c.id == "ref").failed_rows == count // 2


def test_no_number_is_made_of_personal_values() -> None:
    run, _ = finished(table([("a", 1, 1.0, 123_456_789)]))
    found = next(c for c in run.report.checks if c.id == "salaries")
    assert (found.status, found.observed) == ("fail", "withheld")
    assert "123456789" not in run.report.to_json()

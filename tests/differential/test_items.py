"""Checks inside of lists agree with loops over `to_pylist`, in every layout and however cut."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from meshgate.canonical import freeze
from meshgate.contract import Check, Column, Contract
from meshgate.engine import Plan

from .drawn import CUTS, PATIENT, SEEDS
from .judging import FIRST_ROWS
from .kinds import FLOATS, INTEGERS, TEXT, Kind
from .layouts import Layout, laid_out, layouts
from .lists import FORMS, Rows, fitted, listed

HIDDEN = object()
"""A field of a null struct: there is nothing to judge."""

LONG = next(kind for kind in INTEGERS if kind.name == "int64")
DOUBLE = next(kind for kind in FLOATS if kind.name == "float64")
SOME = {
    LONG: ((0, 1, 5, 11, -1), [("between", {"min": 0, "max": 10}, lambda v: 0 <= v <= 10)]),
    DOUBLE: ((0.5, 3.0, -2.0, math.nan), [("ge", {"value": 0}, lambda v: v >= 0)]),
    TEXT: (
        ("a", "ab", "", "é", "a text that no view holds inline"),
        [
            ("in_set", {"values": ("a", "é")}, lambda v: v in {"a", "é"}),
            ("length", {"min": 1, "max": 2}, lambda v: 1 <= len(v) <= 2),
            ("regex_match", {"pattern": "^a"}, lambda v: v.startswith("a")),
            ("missing_values", {"values": ("a",)}, lambda v: v != "a"),
        ],
    ),
}
SHAPES: dict[str, Callable[[Column], Column]] = {
    "c[]": lambda leaf: Column("c", "list", items=leaf),
    "c[].v": lambda leaf: Column("c", "list", items=_struct("item", leaf)),
    "c[][]": lambda leaf: Column("c", "list", items=Column("item", "list", items=leaf)),
    "c.l[]": lambda leaf: Column("c", "struct", columns=(Column("l", "list", items=leaf),)),
}


def _struct(name: str, leaf: Column) -> Column:
    return Column(name, "struct", columns=(Column("v", leaf.type),))


def promised(path: str, form: str, kind: Kind) -> tuple[str, Column]:
    """The path of the values and the column that they are in; those of a map are its values."""
    leaf = Column("item", kind.promise)
    if form == "map":
        pair = (Column("key", "string"), Column("value", kind.promise))
        return "c[].value", Column("c", "map", items=Column("item", "struct", columns=pair))
    return path, SHAPES[path](leaf)


def built(path: str, form: str, rows: Rows, kind: Kind, layout: Layout, seed: int) -> pa.Array:
    """The rows as a column of that shape. Every third null is the struct's where there is one."""
    rng = Random(seed)
    spare = list(SOME[kind][0])

    def leaf(values: list[Any]) -> pa.Array:
        return laid_out(kind, values, layout, rng)

    def structs(values: list[Any]) -> pa.Array:
        gone = [value is None and at % 3 == 0 for at, value in enumerate(values)]
        filled = [rng.choice(spare) if no else v for no, v in zip(gone, values, strict=True)]
        return pa.StructArray.from_arrays([leaf(filled)], ["v"], mask=pa.array(gone, pa.bool_()))

    def lists(values: list[Any]) -> pa.Array:
        return listed(fitted(values, form), form, leaf, spare, rng)

    if form == "map" or path == "c[]":
        return lists(rows)
    if path == "c[].v":
        return listed(fitted(rows, form), form, structs, spare, rng)
    if path == "c[][]":
        pairs = [None if row is None else [row[:1], None, row[1:]] for row in rows]
        return listed(pairs, "list", lists, [[], None, spare[:2]], rng)
    gone = [row is None and at % 3 == 0 for at, row in enumerate(rows)]
    inner = lists([spare[:1] if no else row for no, row in zip(gone, rows, strict=True)])
    return pa.StructArray.from_arrays([inner], ["l"], mask=pa.array(gone, pa.bool_()))


def values_of(path: str, row: Any) -> list[Any]:
    """The values of a row of `to_pylist`, `HIDDEN` for those of null structs."""
    if row is None:
        return []
    if path == "c[].value":
        return [value for _, value in row]
    if path == "c[].v":
        return [HIDDEN if item is None else item["v"] for item in row]
    if path == "c[][]":
        return [value for item in row for value in item or ()]
    if path == "c.l[]":
        return list(row["l"] or ())
    return list(row)


def cut(column: pa.Array, cuts: list[int]) -> pa.Table:
    rows = len(column)
    places = [0, *sorted(at % (rows + 1) for at in cuts), rows]
    pieces = [column.slice(start, end - start) for start, end in pairwise(places)]
    order = pa.array([at % 3 for at in range(rows)], pa.int32())
    starts = [order.slice(start, end - start) for start, end in pairwise(places)]
    return pa.table({"c": pa.chunked_array(pieces), "k": pa.chunked_array(starts)})


def contract(path: str, column: Column, kind: Kind) -> Contract:
    checks = [Check("not_null", "not_null", (path,))]
    for name, args, _ in SOME[kind][1]:
        checks.append(Check(name, name, (path,), freeze(args)))
        checks.append(Check(f"{name}.when", name, (path,), freeze(args), when="k > 0"))
    columns = (column, Column("k", "integer"))
    return Contract(id="d", dataset="d", version="1.0.0", columns=columns, checks=tuple(checks))


def assert_counts(found: Any, rows: list[tuple[bool, bool]], outside: int = 0) -> None:
    """`rows` says of each row whether it is tested and whether it fails."""
    failed = [at for at, (tested, fails) in enumerate(rows) if tested and fails]
    assert found.skipped_when == outside, found
    assert found.tested == sum(tested for tested, _ in rows), found
    assert found.skipped_null == len(rows) - outside - found.tested, found
    assert found.failed_rows == len(failed), found
    assert list(found.first_rows) == failed[:FIRST_ROWS], found


ITEMS = st.integers(0, 5)
LISTS = st.lists(st.none() | st.lists(ITEMS, max_size=4), min_size=1, max_size=24)


@PATIENT
@given(
    data=st.data(),
    rows=LISTS,
    path=st.sampled_from([*SHAPES]),
    form=st.sampled_from(FORMS),
    kind=st.sampled_from([*SOME]),
    cuts=CUTS,
    seed=SEEDS,
)
def test_checks_of_items(
    data: st.DataObject,
    rows: Any,
    path: str,
    form: str,
    kind: Kind,
    cuts: list[int],
    seed: int,
) -> None:
    layout = data.draw(layouts(kind))
    some = (None, *SOME[kind][0])
    drawn = [None if row is None else [some[at % len(some)] for at in row] for row in rows]
    column = built(path, form, drawn, kind, layout, seed)
    path, promise = promised(path, form, kind)
    table = cut(column, cuts)
    plan = Plan.compile(contract(path, promise, kind), table)
    report = plan.check(table, now=0)
    found = {outcome.id: outcome for outcome in report.checks}
    judged = [values_of(path, row) for row in column.to_pylist()]

    nulls = [[v is None for v in row if v is not HIDDEN] for row in judged]
    assert_counts(found["not_null"], [(bool(row), any(row)) for row in nulls])
    for name, _, holds in SOME[kind][1]:
        present = [[v for v in row if v is not HIDDEN and v is not None] for row in judged]
        if name == "missing_values":  # judges nulls: they are there, and hold
            present = [[v for v in row if v is not HIDDEN] for row in judged]
        expected = [(bool(row), not all(map(holds, row))) for row in present]
        assert_counts(found[name], expected)
        inside = [at % 3 > 0 for at in range(len(rows))]
        within = [(tested and i, f) for (tested, f), i in zip(expected, inside, strict=True)]
        assert_counts(found[f"{name}.when"], within, inside.count(False))
        if kind is DOUBLE:
            nan = [any(map(math.isnan, row)) for row in present]
            assert found[name].nan_rows == sum(nan)
    whole = cut(column, [])
    assert plan.check(whole, now=0).to_json() == report.to_json()


def key(value: Any) -> Any:
    """Equal keys mean equal values: NaN is NaN, and zero has no sign."""
    if isinstance(value, float):
        return "nan" if math.isnan(value) else value + 0.0
    if isinstance(value, list):
        return tuple(map(key, value))
    if isinstance(value, dict):
        return tuple((name, key(field)) for name, field in value.items())
    return value


@PATIENT
@given(
    data=st.data(),
    rows=LISTS,
    path=st.sampled_from(["c[]", "c[].v", "c[][]"]),
    form=st.sampled_from(FORMS),
    kind=st.sampled_from([*SOME]),
    cuts=CUTS,
    seed=SEEDS,
)
def test_counts_and_repetitions_of_items(
    data: st.DataObject,
    rows: Any,
    path: str,
    form: str,
    kind: Kind,
    cuts: list[int],
    seed: int,
) -> None:
    some = (None, *SOME[kind][0], -0.0) if kind is DOUBLE else (None, *SOME[kind][0])
    drawn = [None if row is None else [some[at % len(some)] for at in row] for row in rows]
    column = built(path, form, drawn, kind, data.draw(layouts(kind)), seed)
    _, promise = promised(path, form, kind)
    checks = [Check("length", "length", ("c",), freeze({"min": 1, "max": 2}))]
    if form != "map":
        checks.append(Check("unique", "unique_items", ("c",)))
    columns = (promise, Column("k", "integer"))
    made = Contract(id="d", dataset="d", version="1.0.0", columns=columns, checks=tuple(checks))
    table = cut(column, cuts)
    found = {o.id: o for o in Plan.compile(made, table).check(table, now=0).checks}
    judged = column.to_pylist()
    long = [(row is not None, not 1 <= len(row or ()) <= 2) for row in judged]
    assert_counts(found["length"], long)
    if form != "map":
        twice = [len({key(item) for item in row or ()}) < len(row or ()) for row in judged]
        assert_counts(
            found["unique"], [(row is not None, t) for row, t in zip(judged, twice, strict=True)]
        )


@pytest.mark.parametrize("form", FORMS)
def test_many_rows_on_any_number_of_threads(form: str) -> None:
    """More items than a morsel has and more rows than a piece; the report is one."""
    rng = Random(7)
    drawn = [
        None if rng.random() < 0.1 else [rng.choice((None, *range(-1, 400))) for _ in range(2)]
        for _ in range(70_000)
    ]
    column = built("c[]", form, drawn, LONG, Layout(pa.int64()), 3)
    path, promise = promised("c[]", form, LONG)
    table = cut(column, [10_000, 50_001])
    args = freeze({"min": 0, "max": 398})
    checks = (Check("it", "between", (path,), args), Check("nn", "not_null", (path,)))
    if form != "map":
        checks += (Check("unique", "unique_items", ("c",)),)
    columns = (promise, Column("k", "integer"))
    made = Contract(id="d", dataset="d", version="1.0.0", columns=columns, checks=checks)
    plan = Plan.compile(made, table)
    reports = [plan.check(table, now=0, threads=threads) for threads in (1, 2, 8)]
    reports.append(plan.check(cut(column, []), now=0, threads=8))
    assert len({report.to_json() for report in reports}) == 1
    found = {outcome.id: outcome for outcome in reports[0].checks}
    present = [[v for v in row or () if v is not None] for row in drawn]
    expected = [(bool(row), not all(0 <= v <= 398 for v in row)) for row in present]
    assert_counts(found["it"], expected)
    assert_counts(found["nn"], [(bool(row), None in (row or ())) for row in drawn])
    if form != "map":
        repeats = [(row is not None, len({*(row or ())}) < len(row or ())) for row in drawn]
        assert_counts(found["unique"], repeats)


@pytest.mark.parametrize("form", [form for form in FORMS if form != "map"])
def test_two_fields_of_one_item_are_compared(form: str) -> None:
    rng = Random(5)
    pairs = [(1, 2), (2, 1), (3, 3), (None, 1), (1, None), None]
    drawn = [
        None if rng.random() < 0.2 else [rng.choice(pairs) for _ in range(2)] for _ in range(300)
    ]

    def structs(values: list[Any]) -> pa.Array:
        gone = pa.array([value is None for value in values], pa.bool_())
        sides = [[(value or (9, 0))[side] for value in values] for side in (0, 1)]
        arrays = [pa.array(side, pa.int64()) for side in sides]
        return pa.StructArray.from_arrays(arrays, ["a", "b"], mask=gone)

    column = listed(fitted(drawn, form), form, structs, pairs, rng)
    fields = (Column("a", "integer"), Column("b", "integer"))
    promise = Column("c", "list", items=Column("item", "struct", columns=fields))
    check = Check("it", "compare", ("c[].a", "c[].b"), freeze({"op": "lt"}))
    made = Contract(id="d", dataset="d", version="1.0.0", columns=(promise,), checks=(check,))
    table = pa.table({"c": column})
    found = Plan.compile(made, table).check(table, now=0).checks[-1]
    full = [[pair for pair in row or () if pair and None not in pair] for row in drawn]
    assert_counts(found, [(bool(row), not all(a < b for a, b in row)) for row in full])

"""Same rows, same report, same masked bytes: however cut, encoded, offset or threaded."""

from __future__ import annotations

import itertools

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given, settings
from hypothesis import strategies as st
from meshgate.canonical import Frozen
from meshgate.contract import Check, Column, Contract, Mask
from meshgate.engine import Plan, Run

KEYS = {"default": bytes(range(32))}
CONTRACT = Contract(
    id="p",
    dataset="p",
    version="1.0.0",
    columns=(
        Column("k", "string"),
        Column("n", "integer"),
        Column("mail", "string", mask=Mask("hash", "p.mail")),
        Column("card", "string", mask=Mask("partial", "p.card", Frozen({"keep_last": 2}))),
    ),
    checks=(
        Check("k.unique", "unique", ("k",)),
        Check("kn.unique", "unique", ("k", "n"), severity="warning"),
        Check("n.not_null", "not_null", ("n",)),
        Check("n.between", "between", ("n",), Frozen({"min": -2, "max": 3})),
        Check("k.length", "length", ("k",), Frozen({"max": 2})),
        Check("mail.match", "regex_match", ("mail",), Frozen({"pattern": "^[a-z@]*$"})),
        Check("kn.when", "unique", ("k",), when="n >= 0 OR mail IS NULL"),
        Check("n.when", "between", ("n",), Frozen({"min": 0}), when="k IN ('a', 'ab')"),
        Check("e", "row_expression", (), Frozen({"expression": "LENGTH(k) > n - 1 OR mail < k"})),
        Check("k.in_set", "in_set", ("k",), Frozen({"values": ("a", "ab", "é", "")}), "warning"),
    ),
)
TEXT = st.one_of(st.none(), st.text("abé@\0", max_size=3))
ROWS = st.lists(st.tuples(TEXT, st.one_of(st.none(), st.integers(-4, 5)), TEXT, TEXT), max_size=40)
LAYOUTS = ("plain", "large", "view", "dictionary", "runs")


def lay_out(values: pa.Array, layout: str) -> pa.Array:
    if layout == "dictionary":
        return values.dictionary_encode()
    if layout == "runs":
        return pc.run_end_encode(values)
    if not pa.types.is_string(values.type) or layout == "plain":
        return values
    return values.cast(pa.large_string() if layout == "large" else pa.string_view())


def table(rows: list[tuple[object, ...]], layout: str = "plain") -> pa.Table:
    kinds = (pa.string(), pa.int64(), pa.string(), pa.string())
    columns = [
        lay_out(pa.array([row[i] for row in rows], kind), layout) for i, kind in enumerate(kinds)
    ]
    return pa.table(columns, ["k", "n", "mail", "card"])


def finished(data: object, threads: int = 1) -> tuple[Run, list[object], list[object]]:
    run = Plan.compile(CONTRACT, data, KEYS).run(data, now=0, threads=threads, digest_key=b"k" * 32)
    accepted: list[object] = []
    rejected: list[object] = []
    for split in run:
        if split.accepted is not None:
            accepted += split.accepted.to_pylist()
        if split.rejected is not None:
            rejected += split.rejected.to_pylist()
    return run, accepted, rejected


@settings(max_examples=150, deadline=None)
@given(
    rows=ROWS,
    layout=st.sampled_from(LAYOUTS),
    cuts=st.lists(st.integers(0, 40), max_size=5),
    ahead=st.integers(0, 9),
    threads=st.sampled_from((1, 2, 8)),
)
def test_equal_rows_give_equal_results(
    rows: list[tuple[object, ...]], layout: str, cuts: list[int], ahead: int, threads: int
) -> None:
    run, accepted, rejected = finished(table(rows))
    filler = [("zz", 9, "q", "q")] * ahead
    other = table(filler + rows + filler, layout).slice(ahead, len(rows))
    places = sorted({0, len(rows), *(c for c in cuts if c < len(rows))})
    pieces = [other.slice(a, b - a) for a, b in itertools.pairwise(places)]
    batches = [batch for piece in pieces for batch in piece.to_batches()]
    again = finished(pa.RecordBatchReader.from_batches(other.schema, batches), threads)
    assert (again[1], again[2]) == (accepted, rejected)
    assert again[0].report.to_json() == run.report.to_json()
    assert again[0].input_digest == run.input_digest
    assert run.report.accepted_rows + run.report.rejected_rows == len(rows)


@settings(max_examples=80, deadline=None)
@given(rows=ROWS)
def test_the_accepted_rows_satisfy_the_contract(rows: list[tuple[object, ...]]) -> None:
    _, _, rejected = finished(table(rows))
    bad = {row["_mg_row"] for row in rejected}  # type: ignore[index]  # rows are dictionaries
    good = [row for i, row in enumerate(rows) if i not in bad]
    closed = finished(table(good))[0].report
    assert closed.rejected_rows == 0
    assert closed.ok


@settings(max_examples=80, deadline=None)
@given(rows=ROWS, other=ROWS)
def test_the_digest_tells_other_rows_apart(
    rows: list[tuple[object, ...]], other: list[tuple[object, ...]]
) -> None:
    same = finished(table(rows))[0].input_digest == finished(table(other))[0].input_digest
    assert same is (rows == other)


def test_a_report_survives_its_json() -> None:
    from meshgate.report import Report

    report = finished(table([("a", None, "x", "y"), ("a", 9, "X", None)]))[0].report
    assert Report.from_json(report.to_json()) == report

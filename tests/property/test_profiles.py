"""Same rows, same profile, however cut, encoded or threaded; and nothing of hidden columns."""

from __future__ import annotations

import itertools

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meshgate.canonical import Frozen
from meshgate.contract import Column, Contract, Mask
from meshgate.engine import Plan
from meshgate.errors import EngineError, UsageError
from meshgate.profile import Profile

KEYS = {"default": bytes(range(32))}
CONTRACT = Contract(
    id="p",
    dataset="p",
    version="1.0.0",
    columns=(
        Column("k", "string"),
        Column("n", "integer"),
        Column("at", "timestamp"),
        Column("mail", "string", mask=Mask("hash", "p.mail")),
        Column("card", "string", mask=Mask("partial", "p.card", Frozen({"keep_last": 2}))),
        Column("tagged", "string", pii="unspecified"),
    ),
)
NAMES = [column.name for column in CONTRACT.columns]
TYPES = (pa.string(), pa.int64(), pa.timestamp("us", "UTC"), pa.string(), pa.string(), pa.string())
TEXT = st.one_of(st.none(), st.text("aB1é- ", max_size=3))
NUMBER = st.one_of(st.none(), st.integers(-4, 5))
ROWS = st.lists(st.tuples(TEXT, NUMBER, NUMBER, TEXT, TEXT, TEXT), max_size=40)
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
    columns = [lay_out(pa.array([row[i] for row in rows], t), layout) for i, t in enumerate(TYPES)]
    return pa.table(columns, NAMES)


def profiled(data: object, threads: int = 1) -> Profile:
    run = Plan.compile(CONTRACT, data, KEYS).run(
        data, now=0, threads=threads, outputs=False, profile=True
    )
    for _ in run:
        continue
    return run.profile


@settings(max_examples=150, deadline=None)
@given(
    rows=ROWS,
    layout=st.sampled_from(LAYOUTS),
    cuts=st.lists(st.integers(0, 40), max_size=5),
    ahead=st.integers(0, 9),
    threads=st.sampled_from((1, 2, 8)),
)
def test_equal_rows_give_equal_profiles(
    rows: list[tuple[object, ...]], layout: str, cuts: list[int], ahead: int, threads: int
) -> None:
    profile = profiled(table(rows))
    filler = [("zz", 9, 9, "q", "q", "q")] * ahead
    other = table(filler + rows + filler, layout).slice(ahead, len(rows))
    places = sorted({0, len(rows), *(c for c in cuts if c < len(rows))})
    pieces = [other.slice(a, b - a) for a, b in itertools.pairwise(places)]
    batches = [batch for piece in pieces for batch in piece.to_batches()]
    again = profiled(pa.RecordBatchReader.from_batches(other.schema, batches), threads)
    assert again == profile
    assert Profile.from_dict(profile.to_dict()) == profile


@settings(max_examples=80, deadline=None)
@given(rows=ROWS)
def test_a_small_profile_is_that_of_pyarrow(rows: list[tuple[object, ...]]) -> None:
    data, profile = table(rows), profiled(table(rows))
    for column in profile.columns:
        values = data[column.column].drop_null()
        assert column.nulls == len(rows) - len(values)
        assert column.distinct is not None
        assert (column.distinct.count, column.distinct.exact) == (len(values.unique()), True)
    number, ends = profile["n"], pc.min_max(data["n"]).as_py()
    shown = {end: None if value is None else str(value) for end, value in ends.items()}
    assert {"min": number.min, "max": number.max} == shown
    counts = {c["values"]: c["counts"] for c in data["k"].drop_null().value_counts().to_pylist()}
    assert profile["k"].values is not None
    assert {value.text: value.count for value in profile["k"].values} == counts


def test_threads_and_windows_leave_no_trace_on_a_large_table() -> None:
    rows = 300_000
    numbers = pa.array(((i * 7919) % 100_003 for i in range(rows)), pa.int64())
    words = pc.binary_join_element_wise("w", numbers.cast(pa.string()), "-")
    moments = numbers.cast(pa.timestamp("us", "UTC"))
    data = pa.table([words, numbers, moments, words, words, words], NAMES)
    profile = profiled(data, threads=1)
    assert profiled(data, threads=4) == profile
    small = pa.RecordBatchReader.from_batches(data.schema, data.to_batches(max_chunksize=977))
    assert profiled(small, threads=2) == profile
    assert profile["n"].distinct is not None
    assert abs(profile["n"].distinct.count - 100_003) < 8_000  # five standard errors
    for quantile in profile["n"].quantiles:
        assert abs(int(quantile.value) / 100_003 - quantile.percent / 100) < 0.03


SECRETS = ("ada@example.org", "4111-1111-1111-1111", "Lovelace")


@pytest.mark.parametrize("rows", [1, 40])
def test_hidden_columns_tell_of_no_value(rows: int) -> None:
    data = table([("k", 1, 1, *SECRETS)] * rows)
    profile = profiled(data)
    texts = [str(profile), repr(profile), repr(profile.columns), str(profile.to_dict())]
    for text in texts:
        assert not [s for s in (*SECRETS, "example", "4111", "a{3}", "9{4}", "Aa") if s in text]
    for name in ("mail", "card", "tagged"):
        found = profile[name]
        assert found.hidden
        assert (found.min, found.values, found.shapes, found.quantiles) == (None, None, (), ())
        assert (found.min_length, found.unique, found.sampled) == (None, None, 0)


def test_a_profile_exists_only_where_it_was_asked_for() -> None:
    data = table([("k", 1, 1, None, None, None)])
    run = Plan.compile(CONTRACT, data, KEYS).run(data)
    for _ in run:
        continue
    with pytest.raises(UsageError, match="profile=True"):
        _ = run.profile
    assert run.report.rows == 1


def test_an_altered_profile_is_refused() -> None:
    with pytest.raises(EngineError, match="profile_malformed"):
        Profile.from_dict({"rows": 1, "columns": [{"column": "a"}]})

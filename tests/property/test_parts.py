"""Parts of a stream, judged apart and put together, give the report of one run over all rows."""

from __future__ import annotations

from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meshgate import formats
from meshgate.engine import Plan
from meshgate.errors import EngineError, UsageError

CONTRACT = formats.load(
    b"""
dataset: bookings
version: 1.0.0
owner: finance@example.com
schema:
  - {name: id, type: int64}
  - {name: code, type: string}
  - {name: rate, type: float64}
  - {name: at, type: timestamp_tz}
  - {name: email, type: string, pii: email, masking: {method: hash, key: "env:K"}}
quality_rules:
  - {column: id, rule: primary_key, id: key}
  - {columns: [id, code], rule: unique, id: pair, args: {nulls_distinct: false}, max_pct: 20}
  - {column: rate, rule: unique, id: rates, severity: warning, args: {keep: none}}
  - {column: email, rule: unique, id: mails, max_rows: 2}
  - {column: at, rule: unique, id: moments, args: {nulls_distinct: false}, max_rows: 3}
  - {column: email, rule: unique, id: some_mails, when: "rate > 1", max_rows: 1}
  - {column: at, rule: unique, id: some_moments, args: {nulls_distinct: false}, when: "code = 'a'"}
  - {column: id, rule: primary_key, id: some_keys, when: "code <> 'a' OR rate IS NULL"}
  - {rule: expression, id: both, args: {expression: "id < 10 OR rate > 1"}, max_rows: 1}
  - {rule: row_count, id: some_rows, args: {min: 2}, when: "id IN (1, 2, 3)"}
  - {column: code, rule: allowed, id: codes, args: {values: [a, b]}, max_pct: 12.5}
  - {column: rate, rule: range, id: rate, args: {min: 0, max: 5}, severity: warning}
  - {rule: row_count, id: rows, args: {min: 4}}
  - {column: at, rule: freshness, id: fresh, args: {max_age: 10s}}
  - {column: at, rule: latency, id: late, args: {max_age: 12s}}
"""
)
KEYS = {"env:K": bytes(range(32))}
NOW = 20_000_000_000
ROW = st.tuples(
    st.one_of(st.none(), st.integers(0, 12)),
    st.one_of(st.none(), st.sampled_from("abc")),
    st.one_of(st.none(), st.sampled_from([0.0, -0.0, 1.5, 9.0, float("nan")])),
    st.one_of(st.none(), st.integers(0, 20)),
    st.one_of(st.none(), st.sampled_from(["x@example.org", "y@example.org", "z", ""])),
)


def table(rows) -> pa.Table:
    ids, codes, rates, ages, emails = list(zip(*rows, strict=True)) or [()] * 5
    moments = pa.array([None if a is None else a * 10**6 for a in ages], pa.int64())
    return pa.table(
        {
            "id": pa.array(ids, pa.int64()),
            "code": pa.array(codes, pa.string()),
            "rate": pa.array(rates, pa.float64()),
            "at": moments.cast(pa.timestamp("us", "UTC")),
            "email": pa.array(emails, pa.string()),
        }
    )


def cut(data: pa.Table, places) -> list[pa.Table]:
    ends = sorted({0, data.num_rows, *(place % (data.num_rows + 1) for place in places)})
    return [data.slice(a, b - a) for a, b in pairwise(ends)]


def apart(plan: Plan, parts, **options):
    """Every part in a run of its own, merged; the report, the digest and the rejected rows."""
    merge = plan.merge(now=NOW, digest_key=b"digest")
    rejected: dict[int, list[str]] = {}
    failed: dict[int, list[str]] = {}
    base = 0
    for data in parts:
        run = plan.run(data, now=NOW, digest_key=b"digest", part_key=b"part", **options)
        for split in run:
            for side in (split.accepted, split.rejected):
                for row in side.select(["_mg_row", "_mg_checks"]).to_pylist() if side else ():
                    failed[base + row["_mg_row"]] = row["_mg_checks"]
                    if side is split.rejected:
                        rejected[base + row["_mg_row"]] = row["_mg_checks"]
            repeated = merge.keys(split.keys)
            if repeated is not None:
                for row in repeated.to_pylist():
                    at = row["_mg_row"]
                    rejected[at] = failed.get(at, []) + row["_mg_checks"]
        merge.part(run.part)
        base += data.num_rows
    return *merge.finish(), rejected


def together(plan: Plan, data: pa.Table):
    run = plan.run(data, now=NOW)
    rejected = {}
    for split in run:
        if split.rejected is not None:
            for row in split.rejected.select(["_mg_row", "_mg_checks"]).to_pylist():
                rejected[row["_mg_row"]] = row["_mg_checks"]
    return run.report, rejected


@settings(deadline=None)
@given(st.lists(ROW, max_size=40), st.lists(st.integers(0, 40), max_size=4))
def test_any_cut_gives_the_report_of_one_run(rows, places):
    data = table(rows)
    plan = Plan.compile(CONTRACT, data, KEYS)
    report, rejected = together(plan, data)
    merged, _, apart_rejected = apart(plan, cut(data, places))
    assert merged.to_json() == report.to_json()
    order = {check.id: at for at, check in enumerate(report.checks)}
    found = {row: sorted(set(ids), key=order.get) for row, ids in apart_rejected.items()}
    assert found == rejected


@settings(deadline=None)
@given(
    st.lists(ROW, max_size=20), st.lists(st.integers(0, 20), max_size=3), st.permutations(range(4))
)
def test_the_digest_knows_the_rows_and_not_their_order(rows, places, order):
    data = table(rows)
    plan = Plan.compile(CONTRACT, data, KEYS)
    parts = cut(data, places)
    _, digest, _ = apart(plan, parts)
    turned = [parts[at] for at in order if at < len(parts)]
    assert apart(plan, turned)[1] == digest
    if rows:
        assert apart(plan, [*parts, data.slice(0, 1)])[1] != digest
        assert apart(plan, [data.slice(1)])[1] != digest


def test_a_check_without_outputs_counts_the_same():
    data = table([(1, "a", 1.0, 1, "x"), (1, "a", 1.0, 1, "x"), (2, "c", 9.0, 2, "y")] * 5)
    plan = Plan.compile(CONTRACT, data, KEYS)
    merged, _, _ = apart(plan, cut(data, [4, 9]), outputs=False)
    assert merged.to_json() == together(plan, data)[0].to_json()


def test_more_failing_rows_than_a_report_names():
    data = table([(7, "z", 9.0, 1, None)] * 100)
    plan = Plan.compile(CONTRACT, data, KEYS)
    merged, _, _ = apart(plan, cut(data, range(0, 100, 3)))
    assert merged.to_json() == together(plan, data)[0].to_json()
    assert merged.checks[-1].rows == 100


def test_missing_fingerprints_are_never_a_pass():
    data = table([(1, "a", 1.0, 1, "x")])
    plan = Plan.compile(CONTRACT, data, KEYS)
    merge = plan.merge(now=NOW)
    run = plan.run(data, now=NOW, part_key=b"part")
    for _ in run:
        pass
    merge.part(run.part)
    with pytest.raises(EngineError):
        merge.finish()


def test_a_part_has_no_report_and_a_stream_is_no_part():
    data = table([(1, "a", 1.0, 1, "x")])
    plan = Plan.compile(CONTRACT, data, KEYS)
    run = plan.run(data, now=NOW, part_key=b"part")
    list(run)
    with pytest.raises(UsageError):
        _ = run.report
    whole = plan.run(data, now=NOW)
    list(whole)
    assert whole.part is None


def test_a_part_of_another_plan_is_refused():
    data = table([(1, "a", 1.0, 1, "x")])
    plan = Plan.compile(CONTRACT, data, KEYS)
    run = plan.run(data, now=NOW, part_key=b"part")
    keys = [split.keys for split in run]
    other = Plan.compile(
        formats.load(b"dataset: d\nversion: 1.0.0\nschema: [{name: id, type: int64}]\n"),
        data.select(["id"]),
    )
    with pytest.raises(EngineError):
        other.merge(now=NOW).part(run.part)
    with pytest.raises(EngineError):
        other.merge(now=NOW).keys(keys[0])
    with pytest.raises(EngineError):
        plan.merge(now=NOW).part("{}")

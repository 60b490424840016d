"""Judged in parts by workers, a frame has the report and the sides of a run on this machine."""

from __future__ import annotations

import os
import pickle
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meshgate.distributed import envelope, parts
from meshgate.errors import EngineError, SourceError, UsageError
from meshgate.mesh import Mesh

CONTRACT = """
dataset: bookings
version: 1.0.0
owner: finance@example.com
schema:
  - {name: id, type: int64}
  - {name: code, type: string}
  - {name: email, type: string, pii: email, masking: hash}
quality_rules:
  - {column: code, rule: allowed, id: codes, args: {values: [a, b]}, severity: warning}
  - {column: id, rule: primary_key, id: key}
  - {columns: [id, email], rule: unique, id: pair, args: {nulls_distinct: false}, max_pct: 20}
  - {column: code, rule: length, id: short, args: {max: 1}}
  - {rule: row_count, id: rows, args: {min: 4}}
"""
WITHOUT_KEYS = "\n".join(line for line in CONTRACT.splitlines() if "id: key" not in line)
WITHOUT_KEYS = "\n".join(line for line in WITHOUT_KEYS.splitlines() if "id: pair" not in line)
NOW = 1_700_000_000_000_000_000
ROW = st.tuples(
    st.one_of(st.none(), st.integers(0, 9)),
    st.one_of(st.none(), st.sampled_from(["a", "b", "c", "dd"])),
    st.one_of(st.none(), st.sampled_from(["x@example.org", "y@example.org"])),
)
ROWS = st.lists(ROW, max_size=40)
CUTS = st.lists(st.integers(0, 40), max_size=4)


@pytest.fixture(scope="module")
def mesh(tmp_path_factory):
    opened = Mesh.embedded(tmp_path_factory.mktemp("parts") / "mesh")
    yield opened
    opened.close()


def table(rows) -> pa.Table:
    ids, codes, emails = list(zip(*rows, strict=True)) or [()] * 3
    return pa.table(
        {
            "id": pa.array(ids, pa.int64()),
            "code": pa.array(codes, pa.string()),
            "email": pa.array(emails, pa.string()),
        }
    )


def workers(task, data, places):
    """All envelopes, as an engine would hand them back from pickled tasks."""
    ends = sorted({0, data.num_rows, *(place % (data.num_rows + 1) for place in places)})
    carried = pickle.dumps(task)
    found = []
    for part, (start, end) in enumerate(pairwise(ends)):
        batches = data.slice(start, end - start).to_batches(max_chunksize=7)
        for batch in pickle.loads(carried).judge(2 * part, batches):
            found += envelope.rows(batch)

    def stream(*kinds):
        yield from (each for each in found if each.kind in kinds)

    return stream


def judged(gate, data, places, **options):
    task, plan = parts.task(gate, data.schema, NOW, **{"outputs": True} | options)
    stream = workers(task, data, places)
    return parts.merged(task, plan, stream), stream


def sorted_rows(table, *names):
    return table.sort_by([(name, "ascending") for name in names]).to_pylist()


@settings(deadline=None)
@given(ROWS, CUTS, st.sampled_from([CONTRACT, WITHOUT_KEYS]))
def test_parts_give_the_report_and_the_sides_of_one_run(mesh, rows, places, contract):
    gate = mesh.gate(contract.encode())
    data = table(rows)
    local = gate.validate_and_mask(data, NOW)
    merged, stream = judged(gate, data, places)
    assert merged.report.to_json() == local.report.to_json()
    split = list(parts.sides(merged.report, merged.places, stream))
    accepted = [s.accepted for s in split if s.accepted is not None]
    rejected = [s.rejected for s in split if s.rejected is not None]
    assert pa.Table.from_batches(accepted, local.accepted_schema) == local.accepted
    found = pa.Table.from_batches(rejected, local.quarantine_schema)
    assert sorted_rows(found, "_mg_row") == sorted_rows(local.quarantined, "_mg_row")


@settings(deadline=None)
@given(ROWS, CUTS)
def test_judging_without_rows_hands_none_back(mesh, rows, places):
    gate = mesh.gate(CONTRACT.encode())
    data = table(rows)
    merged, stream = judged(gate, data, places, outputs=False)
    assert merged.report.to_json() == gate.check(data, NOW).to_json()
    assert not list(stream(envelope.ACCEPTED, envelope.REJECTED))


def test_no_key_and_no_value_travels(mesh):
    gate = mesh.gate(CONTRACT.encode())
    data = table([(1, "a", "zq7planted@example.org"), (1, "dd", "zq7planted@example.org")])
    task, _ = parts.task(gate, data.schema, NOW, outputs=True)
    [key] = mesh.keys((None,)).values()
    task.judge(0, data.to_batches())  # what a worker has loaded stays there
    assert task.portable.plan(data.schema)
    for content in (pickle.dumps(task), repr(task).encode()):
        assert key not in content
        assert key.hex().encode() not in content
    handed_back = b"".join(each.content for each in workers(task, data, [1])(*envelope.KINDS))
    assert b"zq7planted" not in handed_back


def test_fingerprints_of_two_frames_cannot_be_compared(mesh):
    gate = mesh.gate(CONTRACT.encode())
    data = table([(1, "a", None)])
    prints = [list(judged(gate, data, [])[1](envelope.KEYS)) for _ in range(2)]
    assert prints[0] != prints[1]


def test_a_worker_with_another_key_is_refused(mesh, monkeypatch):
    gate = mesh.gate(CONTRACT.replace("masking: hash", 'masking: {method: hash, key: "env:K"}'))
    data = table([(1, "a", "x@example.org")])
    monkeypatch.setenv("K", os.urandom(32).hex())
    task, plan = parts.task(gate, data.schema, NOW, outputs=True)
    carried = pickle.dumps(task)
    for key, code in ((os.urandom(32).hex(), "usage.workers_differ"), (None, "usage.key_unset")):
        monkeypatch.delenv("K") if key is None else monkeypatch.setenv("K", key)
        found = [
            each
            for batch in pickle.loads(carried).judge(0, data.to_batches())
            for each in envelope.rows(batch)
        ]
        with pytest.raises(UsageError) as caught:
            parts.merged(task, plan, lambda *kinds, f=found: (e for e in f if e.kind in kinds))
        assert caught.value.code == code


def test_a_frame_that_breaks_is_raised_so_that_the_engine_tries_again(mesh):
    def broken():
        yield from table([(1, "a", "zq7planted")]).to_batches()
        raise RuntimeError("zq7planted")

    gate = mesh.gate(CONTRACT.encode())
    task, _ = parts.task(gate, table([]).schema, NOW, outputs=True)
    with pytest.raises(SourceError) as caught:
        list(task.judge(0, broken()))
    assert caught.value.code == "source.unreadable"
    assert "zq7planted" not in str(caught.value)


@pytest.mark.parametrize("lost", [envelope.ACCEPTED, envelope.REJECTED, envelope.KEYS])
def test_what_is_lost_is_never_published(mesh, lost):
    gate = mesh.gate(CONTRACT.encode())
    data = table([(1, "a", None), (2, "dd", None), (1, "a", None), (3, "a", None)])
    task, plan = parts.task(gate, data.schema, NOW, outputs=True)
    whole = workers(task, data, [2])

    def leaking(*kinds):
        gone = False
        for each in whole(*kinds):
            if each.kind == lost and not gone:
                gone = True
                continue
            yield each

    def put_together():
        merged = parts.merged(task, plan, leaking)
        return list(parts.sides(merged.report, merged.places, leaking))

    with pytest.raises(EngineError):
        put_together()


def test_a_part_that_comes_twice_is_refused(mesh):
    gate = mesh.gate(CONTRACT.encode())
    data = table([(1, "a", None)])
    task, plan = parts.task(gate, data.schema, NOW, outputs=True)
    once = workers(task, data, [])

    def twice(*kinds):
        yield from once(*kinds)
        yield from once(*kinds)

    with pytest.raises(EngineError) as caught:
        parts.merged(task, plan, twice)
    assert caught.value.code == "engine.parts_incomplete"


def test_a_part_that_is_missing_is_refused_where_the_engine_tells_how_many_there_are(mesh):
    gate = mesh.gate(WITHOUT_KEYS.encode())
    data = table([(1, "a", None), (2, "a", None)])
    task, plan = parts.task(gate, data.schema, NOW, outputs=True)
    whole = workers(task, data, [1])

    def first(*kinds):
        yield from (each for each in whole(*kinds) if each.part == 0)

    assert parts.merged(task, plan, whole, 2).report.rows == 2
    with pytest.raises(EngineError) as caught:
        parts.merged(task, plan, first, 2)
    assert caught.value.code == "engine.parts_incomplete"

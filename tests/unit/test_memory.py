"""Uniqueness within a memory budget: equal reports, two passes, and never a pass without room."""

from __future__ import annotations

import itertools
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from meshgate import Gate, Mesh
from meshgate.canonical import Frozen
from meshgate.contract import Check, Column, Contract
from meshgate.engine import Plan
from meshgate.errors import LimitError, SourceError, UsageError
from meshgate.limits import Limits

ROWS = 200_000
TIGHT = Limits(memory_bytes=1 << 19)
CONTRACT = Contract(
    id="m",
    dataset="m",
    version="1.0.0",
    columns=(Column("n", "integer"), Column("id", "string"), Column("text", "string")),
    checks=(
        Check("n.unique", "unique", ("n",)),
        Check("id.unique", "unique", ("id",), severity="warning"),
        Check("text.key", "primary_key", ("text",)),
        Check("both.unique", "unique", ("n", "text"), Frozen({"nulls_distinct": False})),
        Check("n.between", "between", ("n",), Frozen({"min": -(2**62), "max": 2**62})),
    ),
)


def table(rows: int = ROWS) -> pa.Table:
    """Random keys of several widths; some rows repeat an earlier one, some fail other checks."""
    rng = np.random.default_rng(5)
    n = rng.integers(-(2**63), 2**63 - 1, rows)
    n[rows // 2 :: 97] = n[: len(n[rows // 2 :: 97])]
    wide = [f"a key of more than fifteen bytes {value:x}" for value in n]
    wide[7::1013] = [wide[3]] * len(wide[7::1013])
    masked = np.zeros(rows, dtype=bool)
    masked[11::1009] = True
    return pa.table(
        {
            "n": pa.array(n),
            "id": [f"{value & 0xFFFFFF:x}" for value in n.tolist()],
            "text": pa.array(wide, mask=masked),
        }
    )


def stream(data: pa.Table, cut: int) -> pa.RecordBatchReader:
    return pa.RecordBatchReader.from_batches(data.schema, data.to_batches(max_chunksize=cut))


def run(data: object, **options: object):
    plan = Plan.compile(CONTRACT, data)
    started = plan.run(data, now=0, **options)
    accepted, rejected = [], []
    for split in started:
        if split.accepted is not None:
            accepted.append(split.accepted)
        if split.rejected is not None:
            rejected.append(split.rejected)
    return (
        started,
        pa.Table.from_batches(accepted, plan.accepted_schema),
        pa.Table.from_batches(rejected, plan.quarantine_schema),
    )


@pytest.fixture(scope="module")
def data() -> pa.Table:
    return table()


@pytest.fixture(scope="module")
def expected(data):
    return run(data, threads=1)


def test_the_data_has_something_to_find(expected):
    report = expected[0].report
    assert report.rejected_rows > 500
    assert [check.failed_groups for check in report.checks if check.failed_groups is not None] > [0]
    assert all(c.failed_rows > 0 for c in report.checks if c.check in ("unique", "primary_key"))


@pytest.mark.parametrize("limits", [None, TIGHT, Limits(memory_bytes=1 << 20)])
@pytest.mark.parametrize(("cut", "threads"), [(999, 1), (7_000, 2), (ROWS, 8)])
@pytest.mark.parametrize("one_shot", [False, True])
def test_only_judging_gives_the_same_report(data, expected, limits, cut, threads, one_shot):
    given = stream(data, cut) if one_shot else data
    found = run(given, outputs=False, limits=limits, threads=threads)[0]
    assert found.report.to_json() == expected[0].report.to_json()


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_outputs_within_a_budget_take_two_passes(data, expected, threads):
    found, accepted, rejected = run(data, limits=TIGHT, threads=threads, digest_key=b"k" * 32)
    assert found.report.to_json() == expected[0].report.to_json()
    assert accepted.equals(expected[1])
    assert rejected.equals(expected[2])


def test_a_path_is_read_twice(tmp_path, data, expected):
    import pyarrow.parquet as pq

    pq.write_table(data, tmp_path / "data.parquet", row_group_size=9_000)
    found, accepted, rejected = run(tmp_path / "data.parquet", limits=TIGHT)
    assert found.report.to_json() == expected[0].report.to_json()
    assert accepted.equals(expected[1])
    assert rejected.equals(expected[2])


def test_a_stream_cannot_be_read_twice(data):
    with pytest.raises(LimitError) as caught:
        run(stream(data, 5_000), limits=TIGHT)
    assert caught.value.code == "limit.memory"
    assert "opened again" in caught.value.help


class Changing:
    """Data that is another one each time it is read."""

    def __init__(self, *tables: pa.Table) -> None:
        self._tables = itertools.chain(tables, itertools.repeat(tables[-1]))

    def to_batches(self):
        return next(self._tables).to_batches(max_chunksize=5_000)

    def __iter__(self):
        return iter(self.to_batches())


@pytest.mark.parametrize("key", [None, b"k" * 32])
@pytest.mark.parametrize("change", ["fewer", "another", "swapped"])
def test_a_source_that_changes_between_two_passes_is_an_error(data, change, key):
    other = {
        "fewer": data.slice(0, ROWS - 1),
        "another": pa.concat_tables([data.slice(0, ROWS - 1), data.slice(1, 1)]),
        "swapped": pa.concat_tables([data.slice(1, 1), data.slice(0, 1), data.slice(2)]),
    }[change]
    plan = Plan.compile(CONTRACT, data)
    started = plan.run(Changing(data, other), limits=TIGHT, digest_key=key)
    with pytest.raises(SourceError) as caught:
        list(started)
    assert caught.value.code == "source.changed"


def test_wide_keys_are_compared_in_full_on_a_second_look_at_the_same_data():
    texts = [f"a key of more than fifteen bytes {n}" for n in (1, 2, 1)]
    good = pa.table({"n": [1, 2, 3], "id": ["a", "b", "c"], "text": texts})
    report = run(Changing(good), outputs=False)[0].report
    check = next(c for c in report.checks if c.id == "text.key")
    assert (check.failed_rows, check.first_rows, check.reason) == (1, (2,), None)
    with pytest.raises(SourceError) as caught:
        run(Changing(good, good, good.slice(0, 2)), outputs=False)
    assert caught.value.code == "source.changed"


@pytest.mark.parametrize(
    "limits",
    [
        Limits(memory_bytes=1 << 19, spill_bytes=0),
        Limits(memory_bytes=1 << 19, spill_bytes=1 << 20),
        Limits(memory_bytes=1 << 19, spill_folder="/nowhere/at/all"),
    ],
)
def test_no_room_on_disk_costs_the_check_its_verdict_and_no_other(data, expected, limits):
    report = run(data, outputs=False, limits=limits)[0].report
    assert report.status == "error"
    assert not report.ok
    other = [c for c in expected[0].report.checks if c.check not in ("unique", "primary_key")]
    assert [c for c in report.checks if c.check not in ("unique", "primary_key")] == other
    lost = [c for c in report.checks if c.status == "error"]
    assert {c.check for c in lost} <= {"unique", "primary_key"}
    assert lost
    assert all("limit.spill" in c.reason and "nowhere" not in c.reason for c in lost)
    assert not [c for c in report.checks if c.check == "unique" and c.status == "pass"]


def test_outputs_without_room_on_disk_are_an_error(data):
    with pytest.raises(LimitError) as caught:
        run(data, limits=Limits(memory_bytes=1 << 19, spill_bytes=0))
    assert caught.value.code == "limit.spill"


def test_nothing_stays_in_the_spill_folder(tmp_path, data):
    run(data, outputs=False, limits=Limits(memory_bytes=1 << 19, spill_folder=tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_where_limits_come_from(monkeypatch):
    own = Limits(spill_bytes=7)
    monkeypatch.setenv("MESHGATE_MEMORY", "1048576")
    monkeypatch.setenv("MESHGATE_SPILL", "/scratch")
    assert own.over(Limits.environment()) == Limits(1 << 20, "/scratch", 7)
    assert Limits(1, "/a").over(Limits.environment()) == Limits(1, "/a")
    assert Limits().spill is None
    assert Limits(5).spill == (tempfile.gettempdir(), 2**63)
    monkeypatch.setenv("MESHGATE_MEMORY", "plenty")
    with pytest.raises(UsageError) as caught:
        Limits.environment()
    assert caught.value.code == "usage.bad_setting"
    assert caught.value.help == "write bytes, such as 536870912 for 512 MiB"


def test_a_mesh_sets_limits_for_its_gates(tmp_path, data, expected):
    mesh = Mesh.embedded(tmp_path / "mesh")
    mesh.close()
    file = tmp_path / "mesh" / "mesh.toml"
    file.write_text(file.read_text() + "\n[limits]\nmemory_bytes = 524288\nspill_bytes = 0\n")
    mesh = Mesh(file)
    assert mesh.gate(CONTRACT).check(data, now=0).status == "error"
    roomy = Gate(CONTRACT, mesh, limits=Limits(spill_bytes=1 << 30))
    assert roomy.check(data, now=0).to_json() == expected[0].report.to_json()
    checked = roomy.validate_and_mask(data, now=0)
    assert checked.report.to_json() == expected[0].report.to_json()
    assert checked.accepted.num_rows == expected[1].num_rows
    tolerant = replace(
        CONTRACT, owner="a@b.c", checks=tuple(replace(c, max_pct=100) for c in CONTRACT.checks)
    )
    roomy = Gate(tolerant, mesh, limits=Limits(spill_bytes=1 << 30))
    receipt = roomy.publish(data, publish_id="one", now=0)
    assert receipt.report["rejected_rows"] == expected[2].num_rows
    # The same again: the digest of the data is all that is asked for.
    assert roomy.publish(data, publish_id="one", now=0) == receipt
    mesh.close()


_FLAT = """
import sys
import numpy as np, pyarrow as pa
from meshgate.contract import Check, Column, Contract
from meshgate.engine import Plan
from meshgate.limits import Limits

contract = Contract(
    id="m", dataset="m", version="1.0.0", columns=(Column("n", "integer"),),
    checks=(Check("n.unique", "unique", ("n",)),),
)
schema = pa.schema({"n": pa.int64()})
def high():
    return int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0])
def batches(rows, size=100_000):
    rng = np.random.default_rng(3)
    for start in range(0, rows, size):
        yield pa.record_batch([rng.integers(-2**63, 2**63 - 1, size)], schema)
def judge(rows):
    reader = pa.RecordBatchReader.from_batches(schema, batches(rows))
    plan = Plan.compile(contract, reader)
    report = plan.check(reader, limits=Limits(memory_bytes=4 << 20), threads=2)
    assert (report.rows, report.status) == (rows, "pass"), report
    return high()
few, many = judge(1_000_000), judge(int(sys.argv[1]))
assert many - few < 16 << 10, (few, many)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_memory_is_flat_however_long_the_stream():
    """Six million keys are 48 MB; what is remembered of them stays under a third of that."""
    subprocess.run([sys.executable, "-c", _FLAT, "6000000"], check=True)

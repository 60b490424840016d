"""Spark gives the report, the masked rows and the quarantine of a run on this machine."""

from __future__ import annotations

import os
import sys

import pyarrow as pa
import pytest
from meshgate import Denied
from meshgate.distributed import spark as on_spark
from meshgate.errors import PlanError, SourceError, UsageError
from meshgate.mesh import Mesh

from tests.needs import need

pytestmark = [
    pytest.mark.timeout(400),  # the JVM starts slowly where others work too
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
]

NOW = 1_700_000_000_000_000_000
CONTRACT = """
dataset: orders
version: 1.0.0
owner: sales@example.com
schema:
  - {name: id, type: int64}
  - {name: email, type: string, pii: email, masking: hash}
  - {name: price, type: "decimal(20,2)"}
  - {name: at, type: timestamp_tz}
  - {name: lines, type: list, items: {type: int64}}
  - {name: place, type: struct, columns: [{name: city, type: string, masking: redact}]}
quality_rules:
  - {column: id, rule: unique, id: one, max_pct: 10}
  - {columns: [email, price], rule: unique, id: pair, severity: warning}
  - {column: email, rule: not_null, id: mail, max_pct: 10}
  - {column: price, rule: range, id: price, args: {min: 0}, max_pct: 10}
  - {column: price, rule: range, id: cheap, args: {max: 250}, severity: warning}
  - {rule: row_count, id: rows, args: {min: 1}}
  - {column: at, rule: freshness, id: fresh, args: {max_age: 1h}}
"""
# Rows 0 to 299; some of them repeat an id of another partition, some lack a value.
COLUMNS = """
    case when id % 60 = 59 then id - 50 else id end as id,
    if(id % 37 = 5, null, concat('zq7planted', id % 250, '@example.org')) as email,
    cast(case when id % 41 = 3 then -1 else id end as decimal(20, 2)) as price,
    timestamp_seconds(1699999000 + id) as at,
    array(id, null, 1) as lines,
    named_struct('city', concat('zq7city', id)) as place
"""


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    need("pyspark", "pandas", "java")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    from pyspark.sql import SparkSession

    folder = tmp_path_factory.mktemp("spark")
    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.local.dir": str(folder / "local"),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.sql.shuffle.partitions": "2",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
    }
    builder = SparkSession.builder.master("local[2,3]")  # two cores, three attempts of a task
    for name, value in settings.items():
        builder = builder.config(name, value)
    opened = builder.getOrCreate()
    yield opened
    opened.stop()


@pytest.fixture(scope="module")
def frame(session):
    return session.range(0, 300, 1, 4).selectExpr(*COLUMNS.strip().split(",\n"))


@pytest.fixture
def mesh(tmp_path):
    opened = Mesh.embedded(tmp_path / "mesh")
    yield opened
    opened.close()


def test_the_frame_is_judged_as_on_one_machine(mesh, frame):
    gate = mesh.gate(CONTRACT.encode())
    local = gate.validate_and_mask(frame.toArrow(), NOW)
    checked = on_spark.validate_and_mask(gate, frame, NOW)
    assert checked.report.to_json() == local.report.to_json()
    assert checked.report.rejected_rows > 15
    assert any(check.surplus for check in checked.report.checks)
    accepted = checked.accepted.toArrow()
    assert accepted.cast(local.accepted_schema) == local.accepted
    quarantined = checked.quarantined.orderBy("_mg_row").toArrow()
    assert quarantined.to_pylist() == local.quarantined.sort_by("_mg_row").to_pylist()
    assert "zq7" not in str(accepted.to_pylist() + quarantined.to_pylist())


def test_what_was_judged_is_published_once_in_whatever_partitions(mesh, frame):
    gate = mesh.gate(CONTRACT.encode())
    checked = on_spark.validate_and_mask(gate, frame, NOW)
    receipt = gate.publish(checked, now=NOW)
    assert mesh.read("orders").read_all().num_rows == checked.report.accepted_rows
    assert mesh.read_quarantine("orders").read_all().num_rows == checked.report.rejected_rows
    again = on_spark.validate_and_mask(gate, frame.coalesce(1), NOW)
    assert gate.publish(again, now=NOW) == receipt


def test_checking_takes_no_rows_from_the_executors(mesh, frame):
    gate = mesh.gate(CONTRACT.encode())
    report = on_spark.check(gate, frame, NOW)
    assert report.to_json() == gate.check(frame.toArrow(), NOW).to_json()


def test_an_empty_frame_is_denied_for_its_row_count(mesh, frame):
    gate = mesh.gate(CONTRACT.encode())
    checked = on_spark.validate_and_mask(gate, frame.where("id < 0"), NOW)
    assert checked.report.rows == 0
    with pytest.raises(Denied):
        gate.publish(checked)


def test_an_attempt_that_is_repeated_counts_once(mesh, frame, tmp_path):
    def fails_at_first(batches):
        from pyspark import TaskContext

        context = TaskContext.get()
        yield from batches
        (tmp_path / f"{context.partitionId()}-{context.attemptNumber()}").touch()
        if context.attemptNumber() == 0:
            raise RuntimeError

    gate = mesh.gate(CONTRACT.encode())
    shaky = frame.mapInArrow(fails_at_first, frame.schema)
    checked = on_spark.validate_and_mask(gate, shaky, NOW)
    assert checked.report.to_json() == gate.check(frame.toArrow(), NOW).to_json()
    assert checked.accepted.count() == checked.report.accepted_rows
    assert {f"{part}-{attempt}" for part in range(4) for attempt in range(2)} <= {
        path.name for path in tmp_path.iterdir()
    }


def test_a_key_that_only_the_driver_has_is_an_error(mesh, frame, monkeypatch):
    monkeypatch.setenv("MESHGATE_TEST_KEY", os.urandom(32).hex())
    contract = CONTRACT.replace(
        "masking: hash", 'masking: {method: hash, key: "env:MESHGATE_TEST_KEY"}'
    )
    with pytest.raises(UsageError) as caught:
        on_spark.validate_and_mask(mesh.gate(contract.encode()), frame, NOW)
    assert caught.value.code == "usage.key_unset"


def test_a_failing_job_is_told_without_its_text(mesh, session):
    frame = session.range(1).selectExpr("cast(raise_error('zq7planted') as bigint) as id")
    with pytest.raises(SourceError) as caught:
        on_spark.check(mesh.gate(CONTRACT.encode()), frame, NOW)
    assert caught.value.code == "source.job_failed"
    assert "zq7" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_what_does_not_fit_is_said_before_the_job(mesh, session, frame):
    contract = CONTRACT.replace("{column: id, rule: unique", "{column: lines, rule: unique")
    with pytest.raises(PlanError):
        on_spark.check(mesh.gate(contract.encode()), frame, NOW)
    with pytest.raises(UsageError) as caught:
        on_spark.check(mesh.gate(CONTRACT.encode()), pa.table({"id": [1]}), NOW)
    assert caught.value.code == "usage.other_engine"

"""Ray gives the report, the masked rows and the quarantine of a run on this machine."""

from __future__ import annotations

import logging
import os

import pyarrow as pa
import pytest
from meshgate.distributed import ray as on_ray
from meshgate.errors import SourceError, UsageError
from meshgate.mesh import Mesh

from tests.needs import need

pytestmark = [
    pytest.mark.timeout(400),  # Ray starts slowly where others work too
    pytest.mark.filterwarnings("ignore::DeprecationWarning:ray.data.context"),
    pytest.mark.filterwarnings("ignore:Tip. In future versions of Ray:FutureWarning"),
]

NOW = 1_700_000_000_000_000_000
CONTRACT = """
dataset: orders
version: 1.0.0
owner: sales@example.com
schema:
  - {name: id, type: int64}
  - {name: email, type: string, pii: email, masking: hash}
  - {name: note, type: string}
quality_rules:
  - {column: id, rule: unique, id: one, max_pct: 10}
  - {column: email, rule: not_null, id: mail, max_pct: 10}
  - {rule: row_count, id: rows, args: {min: 1}}
"""


@pytest.fixture(scope="module")
def ray(tmp_path_factory):
    need("ray", "pandas")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray

    ray.init(
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
        object_store_memory=100 * 2**20,
    )
    ray.data.DataContext.get_current().print_on_execution_start = False
    yield ray
    ray.shutdown()


@pytest.fixture
def mesh(tmp_path):
    opened = Mesh.embedded(tmp_path / "mesh")
    yield opened
    opened.close()


def blocks() -> list[pa.Table]:
    """Three blocks; ids repeat across them, and a column is null in the whole of the first."""
    rows = range(90)
    whole = pa.table(
        {
            "id": [row - 40 if row % 30 == 29 else row for row in rows],
            "email": [None if row == 50 else f"zq7planted{row}@example.org" for row in rows],
            "note": [None if row < 30 else str(row) for row in rows],
        }
    )
    first = whole.slice(0, 30)
    return [
        first.set_column(2, "note", pa.nulls(30)),
        whole.slice(30, 45),
        whole.slice(75),
    ]


def test_the_dataset_is_judged_and_published_as_on_one_machine(mesh, ray):
    gate = mesh.gate(CONTRACT.encode())
    data = pa.concat_tables(blocks(), promote_options="default")
    local = gate.validate_and_mask(data, NOW)
    dataset = ray.data.from_arrow(blocks())
    checked = on_ray.validate_and_mask(gate, dataset, NOW)
    assert checked.report.to_json() == local.report.to_json()
    assert checked.report.rejected_rows == 3
    accepted = pa.concat_tables(ray.get(checked.accepted.to_arrow_refs()))
    assert accepted == local.accepted
    quarantined = pa.concat_tables(ray.get(checked.quarantined.to_arrow_refs()))
    assert quarantined.sort_by("_mg_row") == local.quarantined.sort_by("_mg_row")
    assert "zq7" not in str(accepted.to_pylist() + quarantined.to_pylist())
    receipt = gate.publish(checked, now=NOW)
    assert mesh.read("orders").read_all().num_rows == checked.report.accepted_rows
    turned = ray.data.from_arrow(list(reversed(blocks())))
    assert on_ray.check(gate, turned, NOW).rejected_rows == 3
    again = on_ray.validate_and_mask(gate, dataset, NOW)
    assert gate.publish(again, now=NOW) == receipt


def test_blocks_that_do_not_fit_each_other_are_refused(mesh, ray):
    dataset = ray.data.from_arrow([pa.table({"id": [1]}), pa.table({"id": ["a"]})])
    with pytest.raises(SourceError) as caught:
        on_ray.check(mesh.gate(CONTRACT.encode()), dataset, NOW)
    assert caught.value.code == "source.unreadable"


def test_a_failing_dataset_is_told_without_its_text(mesh, ray):
    def broken(block):
        raise ValueError("zq7planted")

    dataset = ray.data.from_arrow(blocks()).map_batches(broken, batch_format="pyarrow")
    with pytest.raises(SourceError) as caught:
        on_ray.check(mesh.gate(CONTRACT.encode()), dataset, NOW)
    assert caught.value.code == "source.job_failed"
    assert "zq7" not in str(caught.value)


def test_another_engines_frame_is_refused(mesh, ray):
    with pytest.raises(UsageError) as caught:
        on_ray.check(mesh.gate(CONTRACT.encode()), pa.table({"id": [1]}), NOW)
    assert caught.value.code == "usage.other_engine"

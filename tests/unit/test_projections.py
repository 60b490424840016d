"""Latest by key: late, repeated and reordered events, in any cut, give the same table."""

from __future__ import annotations

import datetime as dt
import importlib.util
import random
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meshgate.errors import CommitFailed, UsageError
from meshgate.mesh import Mesh
from meshgate.projections.latest import latest, publish_id

EVENTS = """\
dataset: order_events
version: 1.0.0
owner: sales@example.com
schema:
  - {name: event_id, type: int64}
  - {name: order_id, type: string}
  - {name: at, type: int64}
  - {name: email, type: string, pii: email, masking: hash}
"""
ORDERS = """\
dataset: orders
version: 1.0.0
owner: sales@example.com
schema:
  - {name: order_id, type: string, required: true}
  - {name: at, type: int64}
  - {name: event_id, type: int64}
  - {name: email, type: string}
quality_rules:
  - {column: order_id, rule: unique}
"""
KEY, ORDER = ["order_id"], ["at", "event_id"]


def events(*rows):
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    names = ("order_id", "at", "event_id")
    kinds = (pa.string(), pa.int64(), pa.int64())
    return pa.table(
        {name: pa.array(c, k) for name, c, k in zip(names, columns, kinds, strict=True)}
    )


def as_dict(table):
    return {row["order_id"]: (row["at"], row["event_id"]) for row in table.to_pylist()}


def test_the_newest_row_of_each_key_wins():
    found = latest(None, events(("a", 1, 1), ("b", 5, 2), ("a", 3, 3), ("a", 2, 4)), KEY, ORDER)
    assert as_dict(found) == {"a": (3, 3), "b": (5, 2)}


def test_a_late_event_does_not_win():
    assert as_dict(latest(events(("a", 9, 1)), events(("a", 3, 2)), KEY, ORDER)) == {"a": (9, 1)}


def test_null_is_a_key_and_loses_as_order():
    found = latest(None, events((None, 1, 1), (None, None, 2), ("a", None, 3)), KEY, ORDER)
    assert as_dict(found) == {None: (1, 1), "a": (None, 3)}


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 5)), max_size=20),
    st.randoms(use_true_random=False),
)
def test_no_cut_and_no_order_changes_the_result(rows, shuffle):  # J1, J2, J3
    numbered = [(key, at, number) for number, (key, at) in enumerate(rows)]
    whole = as_dict(latest(None, events(*numbered), KEY, ORDER))
    arriving = [*numbered, *numbered[::3]]
    shuffle.shuffle(arriving)
    stored = latest(None, events(), KEY, ORDER)
    while arriving:
        count = shuffle.randint(1, 5)
        now, arriving = arriving[:count], arriving[count:]
        stored = latest(stored, events(*now), KEY, ORDER)
    assert as_dict(stored) == whole


@pytest.mark.parametrize(("key", "order"), [(["x"], ORDER), (KEY, ["x"]), ([], ORDER), (KEY, [])])
def test_unknown_or_missing_columns_are_said(key, order):
    with pytest.raises(UsageError) as caught:
        latest(None, events(("a", 1, 1)), key, order)
    assert caught.value.code == "usage.projection_columns"


def test_a_long_source_makes_a_valid_id():
    assert publish_id("a.b", 3) == "projection-a.b-3"
    assert len(publish_id("x" * 240, 3)) < 128


@pytest.fixture
def mesh(tmp_path):
    opened = Mesh.embedded(tmp_path / "mesh")
    yield opened
    opened.close()


def publish_events(mesh, rows, **options):
    table = pa.table(
        {
            "event_id": [r[2] for r in rows],
            "order_id": [r[0] for r in rows],
            "at": [r[1] for r in rows],
            "email": [f"{r[0]}@secret.example" for r in rows],
        }
    )
    return mesh.gate(EVENTS).publish(table, **options)


def test_a_projection_follows_its_source(mesh):
    shuffle, truth, number = random.Random(7), {}, 0
    gate = mesh.gate(ORDERS)
    for _ in range(5):
        rows = []
        for _ in range(200):
            number += 1
            key, at = f"o{shuffle.randrange(40)}", number - shuffle.choice([0, 0, 0, 150])
            rows.append((key, at, number))
            truth[key] = max(truth.get(key, (-1, -1)), (at, number))
        publish_events(mesh, rows + rows[:10])
        receipt = mesh.project("order_events", gate, KEY, ORDER)
        assert receipt.publish_id == f"projection-order_events-{receipt.version}"
        assert mesh.project("order_events", gate, KEY, ORDER) is None
    found = mesh.read("orders").read_all()
    assert as_dict(found) == truth
    assert "secret" not in str(found.to_pylist())
    assert len(mesh.product("orders").versions) == 5


def test_a_replaced_source_is_read_whole(mesh):
    gate = mesh.gate(ORDERS)
    publish_events(mesh, [("a", 1, 1), ("b", 1, 2)])
    mesh.project("order_events", gate, KEY, ORDER)
    publish_events(mesh, [("a", 0, 3)], mode="replace")
    mesh.project("order_events", gate, KEY, ORDER)
    assert as_dict(mesh.read("orders").read_all()) == {"a": (0, 3)}


def test_a_run_that_was_overtaken_changes_nothing(mesh, monkeypatch):  # J4
    gate = mesh.gate(ORDERS)
    publish_events(mesh, [("a", 1, 1)])
    behind = mesh.product("order_events")
    publish_events(mesh, [("a", 2, 2)])
    mesh.project("order_events", gate, KEY, ORDER)
    with monkeypatch.context() as patch:
        patch.setattr(mesh, "product", lambda _: behind)
        patch.setattr(mesh.adapter, "watermark", lambda *_: None)
        with pytest.raises(CommitFailed) as caught:
            mesh.project("order_events", gate, KEY, ORDER)
    assert caught.value.code == "commit.watermark"
    assert as_dict(mesh.read("orders").read_all()) == {"a": (2, 2)}


def test_a_projection_that_would_mask_twice_is_refused(mesh):
    publish_events(mesh, [("a", 1, 1)])
    with pytest.raises(UsageError) as caught:
        mesh.project("order_events", mesh.gate(EVENTS), KEY, ORDER)
    assert caught.value.code == "usage.projection_masked"


def example():
    """projections/order_states.py, as a module."""
    folder = Path(__file__).resolve().parents[2] / "projections"
    spec = importlib.util.spec_from_file_location("order_states", folder / "order_states.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return folder, module


def test_the_example_knows_the_state_of_every_order(mesh):
    folder, order_states = example()
    gate = mesh.gate(folder / "order_events.yaml")

    def report(*rows):
        numbers, orders, states, days = zip(*rows, strict=True)
        columns = {
            "event_id": numbers,
            "order_id": orders,
            "state": states,
            "happened_on": [dt.date(1998, 1, day) for day in days],
            "clerk": ["Ana Planted"] * len(rows),
        }
        gate.publish(pa.table(columns))
        return order_states.project(mesh)

    report((1, 7, "placed", 1), (4, 7, "received", 9), (2, 8, "placed", 2))
    report((3, 7, "shipped", 4), (4, 7, "received", 9), (5, 8, "shipped", 5))
    assert order_states.project(mesh) is None
    found = mesh.read("sales.order_states").read_all()
    states = {row["order_id"]: row["state"] for row in found.to_pylist()}
    assert states == {7: "received", 8: "shipped"}
    assert found.column_names == ["order_id", "state", "happened_on", "event_id"]


def test_a_target_that_promises_what_no_event_has_is_refused(mesh):
    publish_events(mesh, [("a", 1, 1)])
    gate = mesh.gate(ORDERS.replace("{name: at, type: int64}", "{name: since, type: int64}"))
    with pytest.raises(UsageError) as caught:
        mesh.project("order_events", gate, KEY, ["event_id"])
    assert caught.value.code == "usage.projection_columns"

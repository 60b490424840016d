"""A publication that is killed at any step, and tried again: once, whole, recorded."""

from __future__ import annotations

import pytest

from tests.fault import world


def test_seven_kills_each_tried_twice_again(folder, run):
    for seed, step in enumerate(world.STEPS):
        assert run(world.publish, folder, f"p-{step}", seed, step) == -9, step
        for _ in range(2):
            assert run(world.publish, folder, f"p-{step}", seed) == 0, step
    found = world.state(folder)
    assert found["main"] == found["ids"] == 6965
    assert found["quarantine"] == 35
    assert sorted(found["versions"]) == sorted(f"p-{step}" for step in world.STEPS)
    assert found["unfinished"] == 0
    assert len(world.files(folder)) == 7
    assert len(world.files(folder, world.PRODUCT + "__quarantine")) == 7
    sent = world.events(folder)
    assert (len(sent), len(set(sent))) == (15, 14)


@pytest.mark.parametrize("step", world.STEPS)
def test_what_a_kill_leaves_is_all_or_nothing(folder, run, step):
    assert run(world.publish, folder, "p0", 0) == 0
    assert run(world.publish, folder, "p1", 1, step) == -9
    found = world.state(folder)  # opening the mesh asks the destination
    visible = step in ("main", "ledger", "outbox")
    assert found["main"] == (1990 if visible else 995)
    assert found["versions"] == (["p0", "p1"] if visible else ["p0"])
    assert found["unfinished"] == 0
    assert len(world.files(folder)) == (2 if visible else 1)  # what is not published is removed


def test_opening_a_mesh_leaves_a_living_publication_alone(tmp_path):
    folder = tmp_path / "mesh"
    gate = world.gate(folder)
    adapter, ledger = gate.mesh.adapter, gate.mesh.ledger
    with adapter.claim(world.PRODUCT, "p1"):
        ledger.begin(world.PRODUCT, "p1", gate.contract.digest)
        assert world.state(folder)["unfinished"] == 1
    assert world.state(folder)["unfinished"] == 0


def test_a_destination_that_cannot_be_asked_changes_nothing(tmp_path, monkeypatch):
    from meshgate.adapters.delta import Delta
    from meshgate.errors import StageError

    folder = tmp_path / "mesh"
    gate = world.gate(folder)
    gate.mesh.ledger.begin(world.PRODUCT, "p1", gate.contract.digest)

    def away(*_):
        raise StageError(code="stage.unreadable", message="away")

    with monkeypatch.context() as patch:
        patch.setattr(Delta, "find", away)
        assert world.Mesh(folder).ledger.unfinished()
    assert not world.Mesh(folder).ledger.unfinished()

"""Every operation that changes the disk, as the place of a kill, of an error, of a power loss.

The operations are counted in one publication that goes well. Then, for each of them, a process is
killed just before it (or just after the last), and the publication is tried twice again.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.fault import world
from tests.fault.operations import (
    CHANGES,
    Disk,
    publish_counting,
    publish_failing,
    publish_until,
    small,
    watched,
    whole,
)


@pytest.fixture
def operations(tmp_path, run):
    """The names of the operations of one publication into a new mesh."""
    assert run(publish_counting, tmp_path / "counted", tmp_path / "operations") == 0
    seen = (tmp_path / "operations").read_text().split()
    assert set(seen) == {*CHANGES, "create", "create_write_transaction", "COMMIT"}
    return seen


def test_a_kill_before_any_operation_leaves_all_or_nothing(tmp_path, run, operations):
    published = 0
    for last in range(1, len(operations) + 1):
        folder = tmp_path / f"mesh{last}"
        assert run(publish_until, folder, "p", 0, last) == -9, last
        if (folder / "mesh.toml").exists():
            published += whole(folder)
        assert run(publish_until, folder, "p", 0, None) == 0, last
        assert whole(folder), last
        assert len(world.files(folder)) == 1, last
        shutil.rmtree(folder)
    assert 0 < published < len(operations) / 2


@pytest.mark.parametrize(("number", "sticky", "every"), [(5, False, 1), (28, True, 3)])
def test_an_error_of_any_operation_is_typed_and_leaves_all_or_nothing(
    tmp_path, run, operations, number, sticky, every
):
    outcomes = set()
    for last in range(1, len(operations) + 1, every):
        if operations[last - 1] == "COMMIT":
            continue
        folder = tmp_path / f"mesh{last}"
        world.Mesh.embedded(folder).close()
        outcome = run(publish_failing, folder, "p", 0, last, number, sticky)
        assert outcome in (0, 3), (last, operations[last - 1])
        outcomes.add(outcome)
        whole(folder)
        assert run(publish_until, folder, "p", 0, None) == 0
        assert whole(folder)
        shutil.rmtree(folder)
    assert 3 in outcomes


# ---- power loss ----------------------------------------------------------------------------------


def test_a_power_loss_before_any_operation_loses_nothing_that_was_acknowledged(tmp_path):
    folder = tmp_path / "mesh"
    gate = world.gate(folder)
    disk = Disk(folder)
    # Made before the publication, and durable as far as this test is concerned.
    warehouse = folder / "warehouse"
    warehouse.mkdir(exist_ok=True)
    disk.entries[folder.stat().st_ino] = {p.name: p.lstat().st_ino for p in folder.iterdir()}
    copies = []

    def before(number, name, argument):
        for mode in ("drop", "torn" if number % 2 else "empty"):
            copies.append(tmp_path / f"{number:03d}-{name}-{mode}")
            disk.lose_power(copies[-1], mode)
        if name == "fsync":
            disk.synced(argument)

    with watched(before):
        receipt = gate.publish(small(0), publish_id="p")
    acknowledged = []
    for mode in ("drop", "torn", "empty"):
        acknowledged.append(tmp_path / f"acknowledged-{mode}")
        disk.lose_power(acknowledged[-1], mode)
    gate.mesh.close()

    outcomes = set()
    for copy in copies:
        outcomes.add(whole(copy))
        again = world.gate(copy).publish(small(0), publish_id="p")
        assert again.digest.startswith("sha256:")
        assert whole(copy), copy.name
    assert outcomes == {True, False}
    for copy in acknowledged:
        assert whole(copy), copy.name
        assert world.gate(copy).publish(small(0), publish_id="p") == receipt


def test_at_the_commit_every_referenced_file_and_folder_is_synced(tmp_path, monkeypatch):
    from deltalake import DeltaTable

    gate = world.gate(tmp_path / "mesh")
    disk = Disk(tmp_path / "mesh")
    warehouse = tmp_path / "mesh" / "warehouse"
    checked = []
    real = DeltaTable.create_write_transaction

    def commit(table, actions, *arguments, **named):
        folder = Path(table.table_uri.removeprefix("file://"))
        for action in actions:
            assert disk.durable(folder / action.path)
            assert disk.entries[folder.stat().st_ino][action.path]
        assert warehouse.stat().st_ino in disk.entries
        assert folder.name in disk.entries[warehouse.stat().st_ino]
        checked.append(folder.name)
        return real(table, actions, *arguments, **named)

    def before(_, name, argument):
        if name == "fsync":
            disk.synced(argument)

    with watched(before):
        monkeypatch.setattr(DeltaTable, "create_write_transaction", commit)
        receipt = gate.publish(small(0), publish_id="p")
    assert checked == [world.PRODUCT + "__quarantine", world.PRODUCT]
    for product in checked:
        log = warehouse / product / "_delta_log"
        assert all(disk.durable(path) for path in log.glob("*.json"))
        assert set(disk.entries[log.stat().st_ino]) >= {path.name for path in log.glob("*.json")}
    assert receipt.version == 1


def test_the_already_there_path_syncs_too(tmp_path, run):  # P1
    folder = tmp_path / "mesh"
    assert run(world.publish, folder, "p", 0, "main") == -9
    disk = Disk(folder)

    def before(_, name, argument):
        if name == "fsync":
            disk.synced(argument)

    with watched(before):
        world.state(folder)
    commit = folder / "warehouse" / world.PRODUCT / "_delta_log" / f"{1:020d}.json"
    assert disk.durable(commit)
    assert commit.name in disk.entries[commit.parent.stat().st_ino]

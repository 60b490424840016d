"""Keys of what is published, when publications die or meet: no key gets in twice, none is lost."""

from __future__ import annotations

import shutil

from tests.fault import scoped
from tests.fault.operations import Disk, watched


def test_a_kill_before_any_operation_leaves_nothing_wrong_to_believe(tmp_path, run):
    base = tmp_path / "base"
    scoped.publish(base, "p0", range(6))
    counted = tmp_path / "counted"
    shutil.copytree(base, counted)
    assert run(scoped.count, counted, "p1", range(4, 10), tmp_path / "operations") == 0
    operations = (tmp_path / "operations").read_text().split()
    assert "create_write_transaction" in operations
    expected = sorted(scoped.data(range(14))["k"].to_pylist())
    for last in range(1, len(operations) + 1, 2):
        folder = tmp_path / f"mesh{last}"
        shutil.copytree(base, folder)
        assert run(scoped.publish_until, folder, "p1", range(4, 10), last) == -9, last
        if last % 4 == 1:  # others first: the dead publication's keys must not count yet
            scoped.publish(folder, "p2", range(8, 14))
            scoped.publish(folder, "p1", range(4, 10))
        else:
            scoped.publish(folder, "p1", range(4, 10))
            scoped.publish(folder, "p2", range(8, 14))
        assert scoped.published(folder) == expected, (last, operations[last - 1])
        shutil.rmtree(folder)


def test_a_power_loss_before_any_operation_leaves_nothing_wrong_to_believe(tmp_path):
    folder = tmp_path / "mesh"
    scoped.publish(folder, "p0", range(6))
    disk = Disk(folder)
    disk.settle()
    copies = []

    def before(number, name, argument):
        mode = ("drop", "torn", "empty")[number % 3]
        copies.append(tmp_path / f"{number:03d}-{name}-{mode}")
        disk.lose_power(copies[-1], mode)
        if name == "fsync":
            disk.synced(argument)

    with watched(before):
        scoped.publish(folder, "p1", range(4, 10))
    for mode in ("drop", "torn", "empty"):
        copies.append(tmp_path / f"acknowledged-{mode}")
        disk.lose_power(copies[-1], mode)
    expected = sorted(scoped.data(range(14))["k"].to_pylist())
    for copy in copies:
        scoped.publish(copy, "p2", range(8, 14))
        scoped.publish(copy, "p1", range(4, 10))
        assert scoped.published(copy) == expected, copy.name
        shutil.rmtree(copy)
    assert len(copies) > 20


def test_publishers_at_once_let_every_key_in_once(tmp_path, processes):
    folder = tmp_path / "mesh"
    scoped.publish(folder, "first", [1000])
    barrier = processes.Barrier(3)
    running = [
        processes.Process(target=scoped.publish_several, args=(barrier, folder, own))
        for own in (3, 4, 5)
    ]
    for process in running:
        process.start()
    for process in running:
        process.join(120)
    assert [process.exitcode for process in running] == [0, 0, 0]
    numbers = [1000, *range(30), *(100 * own + step for own in (3, 4, 5) for step in range(3))]
    assert scoped.published(folder) == sorted(scoped.data(numbers)["k"].to_pylist())

"""Keys of what is published, when publications die or meet: no key gets in twice, none is lost."""

from __future__ import annotations

import shutil

from tests.fault import scoped


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

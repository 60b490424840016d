"""Several publishers at once, and readers beside them."""

from __future__ import annotations

import time

from meshgate.errors import MeshgateError

from tests.fault import world
from tests.fault.publishers import at_once, publish_many, without_locks


def start(processes, target, *arguments):
    process = processes.Process(target=target, args=arguments)
    process.start()
    return process


def test_four_publishers_of_one_id_make_one_version(folder, processes):
    world.gate(folder).mesh.close()
    for round_ in range(3):
        barrier = processes.Barrier(4)
        running = [start(processes, at_once, barrier, folder, f"p{round_}", 0) for _ in range(4)]
        for process in running:
            process.join(60)
        assert [process.exitcode for process in running] == [0] * 4
        found = world.state(folder)
        assert found["main"] == 995 * (round_ + 1)
        assert found["versions"] == [f"p{r}" for r in range(round_ + 1)]
        assert len(world.files(folder)) == round_ + 1


def test_without_locks_the_fence_still_lets_one_through(tmp_path, processes):
    folder = tmp_path / "mesh"
    world.publish(folder, "p", 0)
    for round_ in range(3):
        barrier = processes.Barrier(4)
        running = [
            start(processes, without_locks, barrier, folder, f"q{round_}", 0) for _ in range(4)
        ]
        for process in running:
            process.join(60)
        found = world.state(folder)
        assert found["main"] == 995 * (round_ + 2)
        assert len(found["versions"]) == round_ + 2


def test_publishers_of_different_ids_all_get_through(folder, processes):
    world.gate(folder).mesh.close()
    barrier = processes.Barrier(4)
    running = [start(processes, at_once, barrier, folder, f"p{i}", i) for i in range(4)]
    for process in running:
        process.join(60)
    assert [process.exitcode for process in running] == [0] * 4
    found = world.state(folder)
    assert found["main"] == found["ids"] == 4 * 995
    assert sorted(found["versions"]) == ["p0", "p1", "p2", "p3"]


def test_a_reader_sees_whole_versions_only(tmp_path, processes):
    folder = tmp_path / "mesh"
    world.gate(folder).mesh.close()
    process = start(processes, publish_many, folder, 12)
    seen, waiting = set(), set()
    deadline = time.monotonic() + 60
    mesh = world.Mesh(folder)
    while process.is_alive() and time.monotonic() < deadline:
        try:
            seen.add(mesh.read(world.PRODUCT).read_all().num_rows)
        except MeshgateError as error:
            waiting.add(error.code)
    process.join(10)
    assert process.exitcode == 0
    assert waiting <= {"catalog.unknown_product", "stage.no_table"}
    assert all(rows % 100 == 0 for rows in seen)
    assert mesh.read(world.PRODUCT).read_all().num_rows == 1200

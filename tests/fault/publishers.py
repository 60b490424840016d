"""What the processes of the concurrency tests do."""

from __future__ import annotations

from tests.fault import world


def at_once(barrier, folder, publish_id, seed):
    gate = world.gate(folder)
    table = world.data(seed)
    barrier.wait(30)
    gate.publish(table, publish_id=publish_id)


def without_locks(barrier, folder, publish_id, seed):
    """As processes on different hosts would be: only the fence in the commit is left."""
    from contextlib import nullcontext

    from meshgate.adapters.delta import Delta

    Delta.claim = lambda *_, **__: nullcontext()
    Delta.abandon = lambda *_: 0  # whoever cannot claim cannot know that the others are dead
    at_once(barrier, folder, publish_id, seed)


def publish_many(folder, count):
    gate = world.gate(folder)
    for seed in range(count):
        gate.publish(world.data(seed, rows=100, bad=0), publish_id=f"p{seed}")

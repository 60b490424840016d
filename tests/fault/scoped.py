"""What the processes of the tests of published keys do."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from meshgate.mesh import Mesh

from tests.fault import world
from tests.fault.operations import watched

PRODUCT = "shop.orders"
CONTRACT = """\
dataset: orders
version: 1.0.0
owner: shop@example.com
schema:
  - {name: k, type: string}
quality_rules:
  - {column: k, rule: unique, id: key, max_rows: 1000, args: {scope: dataset}}
"""
LONG = "a key that is too long to be packed into sixteen bytes: "


def data(numbers):
    return pa.table({"k": [f"{LONG}{n}" if n % 2 else str(n) for n in numbers]})


def gate(folder):
    return Mesh.embedded(folder).gate(CONTRACT, domain="shop")


def publish(folder, publish_id, numbers):
    gated = gate(folder)
    try:
        gated.publish(data(numbers), publish_id=publish_id)
    finally:
        gated.mesh.close()


def publish_until(folder, publish_id, numbers, last):
    def before(number, *_):
        if number == last:
            world.die()

    with watched(before):
        publish(folder, publish_id, numbers)


def count(folder, publish_id, numbers, target):
    seen = []
    with watched(lambda _, name, __: seen.append(name)):
        publish(folder, publish_id, numbers)
    Path(target).write_text(" ".join(seen))


def publish_several(barrier, folder, own):
    """Publications of keys that others publish too, each until it goes through."""
    from meshgate.errors import CommitFailed

    gated = gate(folder)
    barrier.wait(30)
    for step in range(3):
        numbers = [100 * own + step, *range(10 * step, 10 * step + 10)]
        for _ in range(50):
            try:
                gated.publish(data(numbers), publish_id=f"p{own}-{step}")
            except CommitFailed:
                continue
            break
    gated.mesh.close()


def published(folder):
    mesh = Mesh(folder)
    try:
        return sorted(mesh.adapter.read(PRODUCT).read_all()["k"].to_pylist())
    finally:
        mesh.close()

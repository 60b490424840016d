"""A small mesh, its contract and its data; what the fault tests publish and count."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pyarrow as pa
from meshgate.catalog.ledger import Ledger
from meshgate.mesh import Mesh

PRODUCT = "finance.ledger"
CONTRACT = """\
dataset: ledger
version: 1.0.0
owner: finance-team@example.com
schema:
  - name: id
    type: int64
  - name: email
    type: string
    pii: email
    masking: hash
quality_rules:
  - column: id
    rule: not_null
    max_rows: 100
service_levels:
  freshness: 24h
"""
ROWS, BAD = 1000, 5
STEPS = ("begin", "staged", "gate", "quarantine", "main", "ledger", "outbox")


def data(seed=0, rows=ROWS, bad=BAD):
    ids = [None if i < bad else seed * rows + i for i in range(rows)]
    emails = [f"person{i}@secret.example" for i in range(rows)]
    return pa.table({"id": pa.array(ids, pa.int64()), "email": emails})


def gate(folder):
    return Mesh.embedded(folder).gate(CONTRACT, domain="finance")


def state(folder):
    """What is visible, counted by reading."""
    mesh = Mesh(folder)
    try:
        main = mesh.adapter.read(PRODUCT).read_all() if mesh.adapter.products() else None
        aside = Path(folder) / "warehouse" / (PRODUCT + "__quarantine") / "_delta_log"
        there = any(aside.glob("0*.json"))
        quarantine = mesh.adapter.read_quarantine(PRODUCT).read_all() if there else None
        return {
            "main": 0 if main is None else main.num_rows,
            "ids": 0 if main is None else len(set(main["id"].to_pylist())),
            "quarantine": 0 if quarantine is None else quarantine.num_rows,
            "versions": [v.publish_id for p in mesh.products() for v in p.versions],
            "unfinished": len(mesh.ledger.unfinished()),
        }
    finally:
        mesh.close()


def files(folder, product=PRODUCT):
    return sorted(path.name for path in (Path(folder) / "warehouse" / product).glob("*.parquet"))


def events(folder):
    path = Path(folder) / "events.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def publish(folder, publish_id, seed, step=None, table=None):
    """One publication in this process, killed right after `step` was done."""
    arm(step)
    gated = gate(folder)
    receipt = gated.publish(data(seed) if table is None else table, publish_id=publish_id)

    def send(event):
        with (Path(folder) / "events.jsonl").open("a") as file:
            file.write(json.dumps(event.key) + "\n")
        if step == "outbox":
            die()

    gated.mesh.relay(send)
    return receipt


def arm(step):
    from meshgate.adapters.delta import Delta
    from meshgate.adapters.delta_table import DeltaTable, Table

    def after(owner, name, when=lambda *_: True):
        real = getattr(owner, name)

        def wrapped(*arguments, **named):
            done = real(*arguments, **named)
            if when(*arguments):
                die()
            return done

        setattr(owner, name, wrapped)

    if step == "begin":
        after(Ledger, "begin")
    elif step == "staged":
        after(Delta, "seal")
    elif step == "gate":
        after(Ledger, "allow")
    elif step == "quarantine":
        after(Table, "commit", lambda table, *_: table.root.name.endswith("__quarantine"))
    elif step == "main":  # committed, not yet synced
        after(
            DeltaTable,
            "create_write_transaction",
            lambda table, *_: "__quarantine" not in table.table_uri,
        )
    elif step == "ledger":
        after(Ledger, "publish")

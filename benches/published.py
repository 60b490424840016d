"""What it costs to know that no key is published twice: ``python -m benches.published``.

Publications of one size follow each other into a product. ``publication`` judges uniqueness within
each of them, ``dataset`` against everything published before as well, by the index of keys beside
the table. ``polars`` is what one would write by hand: read the key column of all data files, and
join it with the new keys; it publishes nothing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
from meshgate import Gate, Mesh

from benches.measure import timed
from benches.stream import ODD

PRODUCT = "benches.events"
SCOPES = ("publication", "dataset")


def contract(scope: str) -> str:
    """A key of 64 random bits, beside two columns that nothing is asked of."""
    return f"""\
dataset: events
version: 1.0.0
owner: benches@example.com
domain: benches
schema:
  - {{name: id, type: int64, required: true}}
  - {{name: amount, type: float64}}
  - {{name: kind, type: string}}
quality_rules:
  - {{column: id, rule: unique, id: key, max_pct: 100, args: {{scope: {scope}}}}}
"""


def rows(first: int, count: int) -> pa.Table:
    """Rows whose keys no other rows have: an odd factor is a bijection of the 64-bit integers."""
    numbers = np.arange(first, first + count, dtype=np.int64)
    kinds = pa.array(["sale", "refund", "transfer"]).take(pa.array(numbers % 3))
    return pa.table({"id": numbers * ODD, "amount": numbers * 0.01, "kind": kinds})


def published(gate: Gate, data: pa.Table, name: str) -> int:
    """Publishes, and returns how many rows had a key that came before."""
    report = gate.publish(data, publish_id=name).report or {}
    return next(int(check["failed_rows"]) for check in report["checks"] if check["id"] == "key")


def joined(folder: Path, data: pa.Table) -> int:
    """How many of the new keys the data files hold."""
    files = sorted((folder / "warehouse" / PRODUCT).glob("*.parquet"))
    if not files:
        return 0
    new = pl.from_arrow(data.select(["id"]))
    if not isinstance(new, pl.DataFrame):
        raise TypeError("a table is a frame")
    there = pl.scan_parquet(files).select("id")
    return int(new.lazy().join(there, on="id", how="semi").select(pl.len()).collect().item())


def main(arguments: list[str]) -> int:
    """Measures and prints one line for each publication."""
    parser = argparse.ArgumentParser(prog="python -m benches.published", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of a publication")
    parser.add_argument("--publications", type=int, default=20)
    parser.add_argument("--smoke", action="store_true", help="tiny sizes: measures nothing")
    given = parser.parse_args(arguments)
    size, count = (2_000, 3) if given.smoke else (given.rows, given.publications)
    with tempfile.TemporaryDirectory() as scratch:
        folders = {scope: Path(scratch) / scope for scope in SCOPES}
        meshes = {scope: Mesh.embedded(folder) for scope, folder in folders.items()}
        gates = {scope: meshes[scope].gate(contract(scope)) for scope in SCOPES}
        print("CPU time of a publication by the keys that are published before it, in ms")
        print(f"{'keys before':>14} {'publication':>12} {'dataset':>12} {'polars join':>12}")
        for at in range(count):
            data = rows(at * size, size)
            costs = []
            join, found = timed(partial(joined, folders["publication"], data))
            for scope in SCOPES:
                cost, repeated = timed(partial(published, gates[scope], data, f"p{at}"))
                costs.append(cost)
                if repeated or found:
                    print("a key was taken for one of before", file=sys.stderr)
                    return 1
            line = (f"{1e3 * cost.cpu:12.0f}" for cost in (*costs, join))
            print(f"{at * size:14,} {' '.join(line)}")
        kept = sum(path.stat().st_size for path in folders["dataset"].rglob("*.keys"))
        print(f"index: {kept / size / count:.1f} bytes a key")
        again = rows(0, size)
        seen = [published(gates[scope], again, "again") for scope in SCOPES]
        if [*seen, joined(folders["publication"], again)] != [0, size, size]:
            print(f"keys that are published were not found: {seen}", file=sys.stderr)
            return 1
        for mesh in meshes.values():
            mesh.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

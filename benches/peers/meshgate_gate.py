"""meshgate: the same contract, compiled once and run through the public Python interface."""

from __future__ import annotations

import functools
import hashlib
import hmac
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
from meshgate import engine, formats

from benches import workloads as wl
from benches.micro import MICROS
from benches.workloads import Case, Outcome, Rows

UNIQUE = "surplus"
SPLIT = "later"
KEY_REFERENCE = "env:MESHGATE_BENCH_KEY"
MASTER_KEY = bytes(range(32))
MAC_DOMAIN = "benches.bench_ledger.email"
DEVIATIONS = ("reports also tested and skipped rows, duplicated keys, and the first failing rows",)

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = {
    "w1": ROOT / "contracts" / "lineitem.yaml",
    "w2-checks": ROOT / "benches" / "contracts" / "ledger.yaml",
    "w2-full": ROOT / "benches" / "contracts" / "ledger.yaml",
    "w3": ROOT / "benches" / "contracts" / "batches.yaml",
    "w4": ROOT / "benches" / "contracts" / "stream.yaml",
    "w4-unique": ROOT / "benches" / "contracts" / "stream_unique.yaml",
}


def subkey(master: bytes, method: str, domain: str) -> bytes:
    """The key of one mask: HKDF-SHA-256 (RFC 5869) without salt, one block, framed info."""
    parts = ("meshgate/1", method, domain, "")
    info = b"".join(len(p.encode()).to_bytes(4, "big") + p.encode() for p in parts)
    extracted = hmac.new(bytes(32), master, hashlib.sha256).digest()
    return hmac.new(extracted, info + b"\x01", hashlib.sha256).digest()


MAC_KEY = subkey(MASTER_KEY, "hmac", MAC_DOMAIN)


def prepare(case: Case, rows: Rows, threads: int) -> Callable[[], Outcome]:
    """Compiles the contract; the input stays as it is."""
    micro = MICROS.get(case.name)
    contract = formats.load(micro.contract() if micro else CONTRACTS[case.name])
    keys = {KEY_REFERENCE: MASTER_KEY}
    if not isinstance(rows, pa.Table):
        plan = engine.Plan.compile(contract, rows().schema, keys)
        return lambda: check(plan, rows(), threads)
    plan = engine.Plan.compile(contract, rows.schema, keys)
    if case.name == "w3":
        return functools.partial(each, plan, list(wl.iter_batches(rows)), threads)
    if case.splits:
        return functools.partial(split, plan, rows, threads)
    return functools.partial(check, plan, rows, threads)


def failures(report: Any) -> dict[str, int]:
    """Failing rows of each check. Of a repeated key all rows count, or all but the first."""
    return {
        outcome.id: outcome.surplus if outcome.check == "unique" else outcome.failed_rows
        for outcome in report.findings
    }


def check(plan: engine.Plan, rows: Any, threads: int) -> Outcome:
    """Only the report."""
    run = plan.run(rows, threads=threads, outputs=False)
    for _ in run:
        pass
    return Outcome(failures(run.report))


def split(plan: engine.Plan, rows: pa.Table, threads: int) -> Outcome:
    """Accepted and rejected batches, masked, and the report."""
    accepted, rejected = [], []
    run = plan.run(rows, threads=threads)
    for part in run:
        if part.accepted is not None:
            accepted.append(part.accepted)
        if part.rejected is not None:
            rejected.append(part.rejected)
    return Outcome(
        failures(run.report),
        pa.Table.from_batches(accepted, plan.accepted_schema),
        pa.Table.from_batches(rejected, plan.quarantine_schema),
    )


def each(plan: engine.Plan, batches: list[pa.RecordBatch], threads: int) -> Outcome:
    """One run and one report for each batch."""
    total: dict[str, int] = {}
    for batch in batches:
        for name, count in check(plan, batch, threads).failed.items():
            total[name] = total.get(name, 0) + (count or 0)
    return Outcome(total)

"""Measurements in a process of their own: verify the peer on planted faults, then time it.

Reads a JSON list from its argument and prints one JSON object for each entry as its last lines.
"""

from __future__ import annotations

import json
import sys
import warnings
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from benches import measure
from benches import workloads as wl
from benches.peers import in_memory, peer
from benches.workloads import Case, Outcome, Sizes

STREAM_SAMPLES = 20


class Disagrees(Exception):
    """The peer did not find what was planted: it does other work, and is not timed."""


def main(argument: str) -> None:
    """Measures what the argument says and prints the results."""
    warnings.simplefilter("ignore")  # other libraries' deprecations are not what is measured
    told = [json.dumps(measured(**spec)) for spec in json.loads(argument)]
    print("\n".join(told))


def measured(
    case: str, peer_name: str, threads: int, repeat: int, sizes: dict[str, Any]
) -> dict[str, Any]:
    """The result as plain values: `cpu` and `wall` per repeat in seconds, memory in bytes.

    `skipped` holds the reason when the peer is not installed.
    """
    what = wl.CASES[case]
    try:
        module = peer(peer_name)
    except ImportError as missing:
        return {"skipped": f"not installed: {missing.name}"}
    try:
        verify(module, what, threads)
        if what.stream:
            return stream(module, what, threads, Sizes(**sizes))
        return batch(module, what, threads, repeat, Sizes(**sizes))
    except Disagrees as reason:
        return {"failed": str(reason)}


def batch(module: Any, case: Case, threads: int, repeat: int, sizes: Sizes) -> dict[str, Any]:
    """Rows in memory: one cold run whose memory counts, then `repeat` runs."""
    rows = in_memory(case.load(sizes))
    steps, size = case.steps(rows), int(rows.nbytes)
    work = module.prepare(case, rows, threads)
    del rows
    base = measure.settle()
    cold, outcome = measure.timed(work)
    high = measure.peak()
    clean(case, outcome)
    del outcome
    costs = [measure.timed(work)[0] for _ in range(repeat)]
    return {
        "steps": steps,
        "bytes": size,
        "cpu": [cost.cpu for cost in costs],
        "wall": [cost.wall for cost in costs],
        "cold": asdict(cold),
        "memory": None if base is None or high is None else high - base,
    }


def stream(module: Any, case: Case, threads: int, sizes: Sizes) -> dict[str, Any]:
    """An endless stream, once: `growth` is how much more is resident at its end than at a tenth."""
    make = case.load(sizes)
    samples: list[int] = []
    rows = 0

    def watched() -> pa.RecordBatchReader:
        reader = make()
        return pa.RecordBatchReader.from_batches(reader.schema, watch(reader))

    def watch(reader: pa.RecordBatchReader) -> Any:
        nonlocal rows
        every = max(sizes.stream_rows // STREAM_SAMPLES // case.stream, 1)
        for batch in reader:
            if rows // every >= len(samples):
                samples.append(measure.resident() or 0)
            rows += batch.num_rows
            yield batch
        samples.append(measure.resident() or 0)

    first = make()
    size = first.read_next_batch().nbytes
    del first
    work = module.prepare(case, watched, threads)
    rows, samples = 0, []
    base = measure.settle()
    cost, outcome = measure.timed(work)
    high = measure.peak()
    clean(case, outcome)
    tenth = samples[min(len(samples) // 10 + 1, len(samples) - 1)]
    return {
        "steps": rows,
        "bytes": size,
        "cpu": [cost.cpu],
        "wall": [cost.wall],
        "cold": None,
        "memory": None if base is None or high is None else high - base,
        "growth": samples[-1] - tenth if base is not None else None,
    }


def verify(module: Any, case: Case, threads: int) -> None:
    """Raises `Disagrees` unless the peer finds exactly the planted violations, and masks."""
    if not getattr(module, "CHECKS", True):
        return
    rows, planted = case.planted()
    outcome = module.prepare(case, rows, threads)()
    wanted = {
        check: count * 2 if module.UNIQUE == "members" and check.endswith(".unique") else count
        for check, count in planted.items()
    }
    found = outcome.found()
    if found != wanted and not (case.splits and outcome.rejected is None):
        wrong = sorted(c for c in {*found, *wanted} if found.get(c) != wanted.get(c))
        told = ", ".join(f"{c}: {found.get(c, 0)} for {wanted.get(c, 0)}" for c in wrong)
        raise Disagrees(f"planted violations and found ones differ ({told})")
    if case.splits:
        verify_split(module, rows, planted, outcome)


def verify_split(module: Any, rows: pa.Table, planted: dict[str, int], outcome: Outcome) -> None:
    """Row counts of both halves, and every masked value of the accepted one."""
    repeated = planted["transaction_id.unique"]
    faulty = sum(planted.values())
    # What becomes of the rows of a repeated key differs; each peer says it of itself.
    rejected = faulty + {"later": 0, "all": repeated}[module.SPLIT]
    accepted = arrow(outcome.accepted)
    if accepted.num_rows != rows.num_rows - rejected:
        raise Disagrees(f"{accepted.num_rows} rows accepted of {rows.num_rows}")
    if outcome.rejected is not None and arrow(outcome.rejected).num_rows != rejected:
        raise Disagrees(f"{arrow(outcome.rejected).num_rows} rows rejected for {rejected}")
    raw: dict[str, dict[str, Any]] = {}
    for row in rows.to_pylist():
        raw.setdefault(
            row["transaction_id"], row
        )  # of a repeated id the first is accepted, or none
    for row in accepted.to_pylist():
        before = raw[row["transaction_id"]]
        card = before["card"]
        kept = wl.KEEP_LAST
        masked = (
            row["account_holder"] == ""
            and row["card"] == "*" * (len(card) - kept) + card[-kept:]
            and row["email"] == wl.mac(module.MAC_KEY, before["email"])
        )
        if not masked:
            raise Disagrees("an accepted row is not masked as the contract says")


def arrow(rows: Any) -> pa.Table:
    """A peer's rows as an Arrow table."""
    return rows if isinstance(rows, pa.Table) else rows.to_arrow()


def clean(case: Case, outcome: Outcome) -> None:
    """The rows that are timed are good, where the case says so; a false alarm is a wrong peer."""
    if outcome.found() and case.clean:
        raise Disagrees(f"violations in good rows: {', '.join(sorted(outcome.found()))}")


if __name__ == "__main__":
    main(sys.argv[1])

"""``python -m benches``: measure meshgate and its peers on the same tables in one run."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from benches import harness, results
from benches.lineitem import DATA
from benches.peers import PEERS
from benches.workloads import Sizes, select_cases

RESULTS = Path(__file__).resolve().parent / "RESULTS.md"


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    made = argparse.ArgumentParser(prog="python -m benches", description=__doc__)
    full = Sizes()
    made.add_argument("--workload", default="w1,w2,w3,w4,micro", help="w1, w2, w2-full, ... (all)")
    made.add_argument("--peers", default=",".join(PEERS), help="whom to measure (all)")
    made.add_argument("--threads", default="1,2", help="thread counts, each a measurement (1,2)")
    made.add_argument("--scale", type=float, default=full.scale, help="TPC-H scale of W1 (1)")
    made.add_argument("--rows", type=int, default=full.ledger_rows, help="rows of W2 (5000000)")
    made.add_argument("--batches", type=int, default=full.batches, help="batches of W3 (200)")
    made.add_argument("--stream-rows", type=int, default=full.stream_rows, help="W4 (200000000)")
    made.add_argument("--micro-rows", type=int, default=full.micro_rows, help="(10000000)")
    made.add_argument("--repeat", type=int, default=5, help="runs in each process (5)")
    made.add_argument("--rounds", type=int, default=2, help="processes for each number (2)")
    made.add_argument("--json", type=Path, default=DATA / "benches.json", help="for programs")
    made.add_argument("--write", action="store_true", help="put the tables into RESULTS.md")
    made.add_argument("--smoke", action="store_true", help="tiny sizes, once: measures nothing")
    return made


def tell(line: str) -> None:
    """What is being done, on standard error."""
    print(line, file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    """Returns 0, or 1 when a peer was wrong or broke, or 2 when nothing could be measured."""
    given = parser().parse_args(arguments)
    peers = [name.strip() for name in given.peers.split(",") if name.strip()]
    unknown = [name for name in peers if name not in PEERS]
    try:
        if unknown:
            raise ValueError(f"unknown peer {unknown[0]!r}; there are {', '.join(PEERS)}")
        cases = select_cases(given.workload)
        profile = harness.require_release(peers, given.smoke)
    except (ValueError, harness.Refused) as reason:
        print(f"benches: {reason}", file=sys.stderr)
        return 2
    threads = [int(count) for count in given.threads.split(",")]
    sizes = Sizes(given.scale, given.rows, given.batches, given.stream_rows, given.micro_rows)
    if given.smoke:
        measured = harness.smoke(cases, peers, tell)
    else:
        measured = harness.run_all(cases, peers, threads, given.repeat, given.rounds, sizes, tell)
    host = harness.machine(profile)
    print(results.text(measured, host, given.smoke))
    if not given.smoke:
        command = "python -m benches " + shlex.join(arguments)
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(results.document(measured, host, sizes, command, given.rounds))
        if given.write:
            results.write_section(RESULTS, results.markdown(measured, host, sizes, command))
    return 1 if any(result.failed for result in measured) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

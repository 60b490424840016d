"""Small work for pytest-benchmark, to compare two states of the sources: CPU time of one call.

Not part of the tests: ``python -m pytest benches/test_micro.py``; ``--benchmark-compare`` and
``--benchmark-autosave`` are pytest-benchmark's. The tables of `RESULTS.md` come from
``python -m benches``.
"""

from __future__ import annotations

import time
from typing import Any

import pyarrow as pa
import pytest

from benches import harness
from benches.micro import MICROS
from benches.peers import OFFERS, peer
from benches.worker import clean, verify
from benches.workloads import CASES, Sizes

SIZES = Sizes(batches=1, micro_rows=1_000_000)
NAMES = ("w3", *MICROS)
PEERS = ("meshgate", "polars", "duckdb", "dataframely")

pytestmark = [
    pytest.mark.benchmark(timer=time.process_time, warmup=True, min_rounds=5),
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture(scope="module")
def loaded() -> dict[str, pa.Table]:
    """Inputs, made once for all peers."""
    return {}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("who", PEERS)
def test_cost(benchmark: Any, loaded: dict[str, pa.Table], name: str, who: str) -> None:
    if name not in OFFERS[who]:
        pytest.skip(f"{who} does not offer {name}")
    if who == "meshgate" and harness.build_profile() != "release":
        pytest.skip("only a release build of meshgate is measured")
    case = CASES[name]
    module = peer(who)
    verify(module, case, 1)
    rows = loaded.setdefault(name, case.load(SIZES))
    work = module.prepare(case, rows, 1)
    benchmark.group = name
    clean(case, benchmark(work))
    benchmark.extra_info["steps"] = case.steps(rows)

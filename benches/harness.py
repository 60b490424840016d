"""Runs every measurement in a process of its own, keeps the best, and knows what it ran on.

CPU time is what counts on a machine that does other things as well: it sums all threads and leaves
out waiting. Wall time stands beside it. Of several runs the least is kept, over several rounds that
take turns between the peers, so that a busy minute does not fall on one of them alone.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any

from benches.peers import OFFERS, REASONS
from benches.workloads import Case, Sizes

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = (
    "pyarrow",
    "numpy",
    "polars",
    "polars-hash",
    "duckdb",
    "dataframely",
    "pandera",
    "tpchgen-cli",
)
TIMEOUT_SECONDS = 3_600


class Refused(Exception):
    """The run would not measure what it says, with the reason and what to do."""


@dataclass(frozen=True)
class Result:
    """One peer on one case with one number of threads.

    Attributes:
        cpu, wall: the least seconds of all runs; None when it was not measured.
        memory: the most bytes resident beyond the input, in the process's first run.
        growth: for a stream, bytes resident at its end beyond those at a tenth of it.
        note: why there is no measurement: not offered, not installed, or wrong counts.
        failed: the peer found other violations than were planted, or broke.
    """

    case: str
    peer: str
    threads: int
    steps: int = 0
    bytes: int = 0
    cpu: float | None = None
    wall: float | None = None
    runs: int = 0
    memory: int | None = None
    growth: int | None = None
    note: str = ""
    failed: bool = False

    def best(self, other: Result) -> Result:
        """The least of two rounds; of the memory, the most."""
        if self.cpu is None or other.cpu is None:
            return self if self.cpu is None else other
        return replace(
            self,
            cpu=min(self.cpu, other.cpu),
            wall=min(self.wall or 0.0, other.wall or 0.0),
            runs=self.runs + other.runs,
            memory=_most(self.memory, other.memory),
            growth=_most(self.growth, other.growth),
        )


def _most(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else max(one, other)


@dataclass(frozen=True)
class Machine:
    """What the numbers hold for."""

    cpu: str
    cores: int
    memory_bytes: int | None
    system: str
    python: str
    packages: dict[str, str]
    meshgate: str
    build: str
    when: str


def machine(build: str) -> Machine:
    """This machine and the versions installed on it."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return Machine(
        cpu=_cpu_name(),
        cores=os.cpu_count() or 0,
        memory_bytes=_memory(),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
        packages=versions,
        meshgate=_meshgate_version(),
        build=build,
        when=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None


def _meshgate_version() -> str:
    try:
        from meshgate import _native
    except ImportError:
        return "not built"
    return str(_native.__version__)


def build_profile() -> str:
    """How the installed extension was built: ``release``, another profile, or ``none``."""
    try:
        from meshgate import _native
    except ImportError:
        return "none"
    return str(_native.build_profile())


def require_release(peers: Iterable[str], smoke: bool) -> str:
    """Returns the build profile, or raises `Refused`: a debug build is not worth a number."""
    profile = build_profile()
    if "meshgate" not in peers:
        return profile
    if profile == "none":
        raise Refused("meshgate's extension is not built: run 'make bench', or leave meshgate out")
    if profile != "release" and not smoke:
        raise Refused(
            f"meshgate was built with the profile {profile!r}, which is not what users run: "
            "'make bench' builds a release (or pass --smoke, which measures nothing)"
        )
    return profile


def run(cases: list[Case], peer: str, threads: int, repeat: int, sizes: Sizes) -> list[Result]:
    """Measures in a new process, whose libraries may use `threads` threads.

    More than one case in one process is for smoke runs: they disturb each other.
    """
    bases = [Result(case.name, peer, threads) for case in cases]
    specs = [
        {
            "case": case.name,
            "peer_name": peer,
            "threads": threads,
            "repeat": repeat,
            "sizes": asdict(sizes),
        }
        for case in cases
    ]
    command = [sys.executable, "-m", "benches.worker", json.dumps(specs)]
    try:
        done = subprocess.run(
            command,
            env=environment(threads),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        note = f"no result after {TIMEOUT_SECONDS} s"
        return [replace(base, note=note, failed=True) for base in bases]
    lines = done.stdout.splitlines()[-len(bases) :]
    if done.returncode != 0 or len(lines) != len(bases):
        last = done.stderr.strip().splitlines()[-1:] or ["no output"]
        note = f"exit code {done.returncode}: {last[0]}"
        return [replace(base, note=note, failed=True) for base in bases]
    return [result_of(base, json.loads(line)) for base, line in zip(bases, lines, strict=True)]


def result_of(base: Result, told: dict[str, Any]) -> Result:
    """The result of what a worker told."""
    if "skipped" in told:
        return replace(base, note=told["skipped"])
    if "failed" in told:
        return replace(base, note=told["failed"], failed=True)
    return replace(
        base,
        steps=told["steps"],
        bytes=told["bytes"],
        cpu=min(told["cpu"]),
        wall=min(told["wall"]),
        runs=len(told["cpu"]),
        memory=told["memory"],
        growth=told.get("growth"),
    )


def environment(threads: int) -> dict[str, str]:
    """The process environment in which every library knows how many threads it may use."""
    count = str(threads)
    fixed = dict.fromkeys(
        ("POLARS_MAX_THREADS", "RAYON_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"),
        count,
    )
    return {**os.environ, **fixed, "MESHGATE_THREADS": count, "PYTHONHASHSEED": "0"}


def run_all(
    cases: list[Case],
    peers: list[str],
    threads: list[int],
    repeat: int,
    rounds: int,
    sizes: Sizes,
    told: Callable[[str], None],
) -> list[Result]:
    """Every case with every peer; peers take turns, and rounds repeat the whole."""
    keys = [(case, peer, count) for case in cases for count in threads for peer in peers]
    best: dict[tuple[str, str, int], Result] = {}
    for turn in range(rounds):
        for case, peer, count in keys:
            name = (case.name, peer, count)
            known = best.get(name)
            if case.name not in OFFERS[peer]:
                best[name] = Result(*name, note=REASONS[peer])
            elif known is None or known.cpu is not None:
                told(f"round {turn + 1} of {rounds}: {case.name}, {peer}, {count} threads")
                [result] = run([case], peer, count, repeat, sizes)
                best[name] = result if known is None else known.best(result)
    return [best[case.name, peer, count] for case, peer, count in keys]


def smoke(cases: list[Case], peers: list[str], told: Callable[[str], None]) -> list[Result]:
    """Every case with every peer once, on tiny inputs, one process for each peer."""
    sizes, count = Sizes.smoke(), 2
    for case in cases:
        case.load(sizes)  # what is generated is generated once, not by two processes at a time
    found: dict[tuple[str, str], Result] = {}

    def one(peer: str) -> None:
        told(f"smoke: {peer}")
        offered = [case for case in cases if case.name in OFFERS[peer]]
        for result in run(offered, peer, count, 1, sizes) if offered else []:
            found[result.case, peer] = result

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(one, peers))
    absent = {peer: Result("", peer, count, note=REASONS.get(peer, "")) for peer in peers}
    return [
        found.get((case.name, peer), replace(absent[peer], case=case.name))
        for case in cases
        for peer in peers
    ]

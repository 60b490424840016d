"""Portable kernels, those for AVX2 and those for AVX-512 give one report."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from random import Random

from .judging import Clause, contract, judged
from .kinds import ALL, BINARY, BOOLEAN, FIXED, ORDERED, TEXT, Kind
from .layouts import Given, Layout, table

ROOT = Path(__file__).parents[2]
LEVELS = ("base", "v3", "v4")


def checks(kind: Kind) -> list[Clause]:
    """Everything that the kind can be asked."""
    found = [Clause("not_null", {}), Clause("unique", {})]
    low, other = kind.values[0], kind.values[1]
    if kind in (*ORDERED, BOOLEAN):
        found += [
            Clause("ne", {"value": kind.literal(low)}),
            Clause("in_set", {"values": (kind.literal(low), kind.literal(other))}),
            Clause("not_in_set", {"values": (kind.literal(other),)}),
        ]
    if kind in ORDERED:
        found += [
            Clause("between", {"min": kind.literal(low), "max": kind.literal(other)}),
            Clause("compare", {"op": "lt"}, (0, 1)),
        ]
    if kind is TEXT:
        found.append(Clause("length", {"max": 3}))
        found += [Clause("regex_match", {"pattern": p}) for p in ("^[a-z]*$", "é|b", "^.{2,9}$")]
    if kind in (BINARY, FIXED):
        found.append(Clause("length", {"max": 3, "length_unit": "bytes"}))
    return found


def reports() -> str:
    """One line per kind: the report and the rejected rows of columns that are always the same."""
    lines = []
    for kind in ALL:
        rng = Random(kind.name)
        columns = [
            Given(name, kind, rng.choices((*kind.values, None), k=700), Layout(rng.choice(layouts)))
            for name, layouts in (("a", kind.layouts), ("b", kind.layouts))
        ]
        promised = contract(columns, checks(kind))
        run, rejected = judged(promised, table(columns, [65, 300], 1))
        lines.append(f"{kind} {run.report.to_json()} {rejected}")
    return "\n".join(lines)


def test_every_level_of_the_processor_gives_the_same_reports() -> None:
    said = set()
    for level in LEVELS:
        done = subprocess.run(
            [sys.executable, "-m", "tests.differential.test_cpu"],
            cwd=ROOT,
            env={**os.environ, "MESHGATE_CPU": level},
            check=True,
            capture_output=True,
            text=True,
        )
        assert done.stdout.count("\n") == len(ALL)
        said.add(done.stdout)
    assert len(said) == 1


if __name__ == "__main__":
    sys.stdout.write(reports() + "\n")

"""Tests of policies: rules named ``test_*`` in files that end in ``_test.rego``.

A test passes when it is exactly ``true``. ``todo_*`` is skipped. A test that is an object is one
case for each key. Inside of tests ``input``, ``data`` and functions may be replaced by ``with``;
the clock is set with ``now_ns``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from meshgate.policy.set import Limits, findings, native_set, refuse
from meshgate.policy.sources import Source


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one test."""

    package: str
    name: str
    case: str | None
    file: str
    line: int
    outcome: Literal["passed", "failed", "error", "skipped"]
    elapsed_us: int

    def __str__(self) -> str:
        case = f"[{self.case}]" if self.case is not None else ""
        return f"{self.outcome:7}  {self.package}.{self.name}{case}  {self.file}:{self.line}"


def run(
    source: Source,
    *,
    data: Mapping[str, Any] | None = None,
    limits: Limits | None = None,
    now_ns: int | None = None,
) -> tuple[Outcome, ...]:
    """Runs every test of a source, each on its own, sorted by package and name.

    Args:
        source: policies and their tests.
        data: what policies read as ``data``.
        limits: bounds; a test may take twenty times the time of a decision.
        now_ns: the clock that policies see, in ns since 1970 UTC; None is now.

    Raises:
        PolicyError: what `PolicySet.load` raises.
    """
    native = native_set(source, (), data, limits or Limits(), central=True, tests=True)
    refuse(findings(native))
    clock_ns = time.time_ns() if now_ns is None else now_ns
    return tuple(Outcome(**outcome) for outcome in json.loads(native.run_tests(clock_ns)))

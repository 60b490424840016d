"""What cannot fail reads no values: explanation and report say so, and counts stay exact."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from meshgate.canonical import freeze
from meshgate.contract import Check, Column, Contract
from meshgate.engine import Plan

INTS = pa.array([1, None, -3], pa.int8())
TEXTS = pa.array(["a", None, ""])
FLOATS = pa.array([1.5, None, float("nan")], pa.float32())
BOOLEANS = pa.array([True, None, False])
CASES: list[tuple[str, pa.Array, str, dict[str, Any]]] = [
    ("integer", INTS, "between", {"min": -128, "max": 1000}),
    ("integer", INTS, "le", {"value": 127}),
    ("integer", pa.array([1, None, 0], pa.uint8()), "ge", {"value": 0}),
    ("integer", INTS, "finite", {}),
    ("integer", INTS, "multiple_of", {"value": 1}),
    ("integer", INTS, "in_set", {"values": list(range(-128, 128))}),
    ("integer", INTS, "castable", {"type": "int64"}),
    ("string", TEXTS, "length", {"min": 0}),
    ("string", TEXTS, "castable", {"type": "string"}),
    ("string", TEXTS, "regex_match", {"pattern": ""}),
    ("float32", FLOATS, "finite", {"allow_nan": True, "allow_inf": True}),
    ("float32", FLOATS, "castable", {"type": "float64"}),
    ("boolean", BOOLEANS, "in_set", {"values": [True, False]}),
]


def plan(type_: str, values: pa.Array, check: str, args: dict[str, Any]) -> tuple[Plan, pa.Table]:
    contract = Contract(
        id="t",
        dataset="t",
        version="1.0.0",
        columns=(Column("a", type_),),
        checks=(Check("it", check, ("a",), freeze(args)),),
    )
    table = pa.table({"a": values})
    return Plan.compile(contract, table), table


@pytest.mark.parametrize(("type_", "values", "check", "args"), CASES)
def test_what_cannot_fail_is_decided(
    type_: str, values: pa.Array, check: str, args: dict[str, Any]
) -> None:
    compiled, table = plan(type_, values, check, args)
    line = {line.id: line for line in compiled.explain()}["it"]
    assert line.state == "decided"
    assert line.how.startswith("cannot fail: ")
    assert line.ns_per_row < 0.1
    outcome = compiled.check(table).checks[-1]
    assert outcome.status == "pass"
    assert outcome.reason == line.how
    assert (outcome.tested, outcome.skipped_null, outcome.failed_rows) == (2, 1, 0)


@pytest.mark.parametrize(
    ("type_", "values", "check", "args"),
    [
        ("integer", INTS, "between", {"min": -127, "max": 1000}),
        ("integer", INTS, "in_set", {"values": list(range(-127, 128))}),
        ("string", TEXTS, "length", {"min": 1}),
        ("float32", FLOATS, "between", {"min": -(10**38)}),
        ("float32", FLOATS, "finite", {"allow_nan": True}),
        ("boolean", BOOLEANS, "in_set", {"values": [True]}),
        ("boolean", BOOLEANS, "not_in_set", {"values": [True, False]}),
        # A declaration of the producer is never believed.
        ("integer", INTS, "not_null", {}),
    ],
)
def test_what_could_fail_is_not(
    type_: str, values: pa.Array, check: str, args: dict[str, Any]
) -> None:
    compiled, _ = plan(type_, values, check, args)
    assert {line.id: line for line in compiled.explain()}["it"].state == "enforced"

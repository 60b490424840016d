"""What the operators of a quality entry tolerate: failing rows, percent, or a number of rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from meshgate.canonical import Literal
from meshgate.formats.cursor import Cursor

OPERATORS = (
    "mustBe",
    "mustNotBe",
    "mustBeGreaterThan",
    "mustBeGreaterOrEqualTo",
    "mustBeLessThan",
    "mustBeLessOrEqualTo",
    "mustBeBetween",
    "mustNotBeBetween",
)
_RANGES = frozenset({"mustBeBetween", "mustNotBeBetween"})
_OPS = {
    "mustBe": "eq",
    "mustNotBe": "ne",
    "mustBeGreaterThan": "gt",
    "mustBeGreaterOrEqualTo": "ge",
    "mustBeLessThan": "lt",
    "mustBeLessOrEqualTo": "le",
}
Number = int | Decimal


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator with its number, or its two numbers."""

    name: str
    low: Number
    high: Number
    at: Cursor


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What a check may fail; `reason` says why the operators are no tolerance."""

    max_rows: int | None = None
    max_pct: Number | None = None
    reason: str | None = None

    @property
    def is_none(self) -> bool:
        """Whether every row has to pass."""
        return self.reason is None and self.max_rows is None and self.max_pct is None


def read(fields: dict[str, Cursor]) -> list[Operator]:
    """The operators of an entry; what is no number is a finding."""
    found = []
    for name in OPERATORS:
        if name not in fields:
            continue
        at = fields[name]
        if name in _RANGES:
            pair = _range(at)
        else:
            number = at.number()
            pair = None if number is None else (number, number)
        if pair is not None:
            found.append(Operator(name, *pair, at))
    return found


def _range(at: Cursor) -> tuple[Number, Number] | None:
    what = "two numbers, the smaller first"
    if not at.is_list():
        at.expected(what)
        return None
    numbers = [item.number() for item in at.items()]
    if len(numbers) != 2:
        at.wrong("contract.wrong_kind", f"expected {what}, found {len(numbers)}")
        return None
    low, high = numbers
    if low is None or high is None:
        return None
    if low >= high:
        at.wrong("contract.contradiction", f"expected {what}", "exchange them")
        return None
    return low, high


def tolerance(operators: list[Operator], percent: bool) -> Tolerance:
    """The failing rows, or the percentage of them, that all the operators allow.

    A lower bound on failures is no promise that a check can hold; it ends as a reason.
    """
    limits: list[Number] = []
    for operator in operators:
        name, low, high = operator.name, operator.low, operator.high
        if name == "mustBe" and high == 0:
            limits.append(0)
        elif name == "mustBeLessOrEqualTo" or (name == "mustBeBetween" and low <= 0):
            limits.append(high)
        elif name == "mustBeLessThan" and percent:
            return Tolerance(
                reason="a percentage below a bound, without it: use mustBeLessOrEqualTo"
            )
        elif name == "mustBeLessThan":
            limits.append(math.ceil(high) - 1)
        elif name == "mustBeGreaterOrEqualTo" and low <= 0:
            continue
        else:
            return Tolerance(reason="it asks for failing rows instead of limiting them")
    if not limits:
        return Tolerance(reason="it limits nothing")
    limit = min(limits)
    if limit < 0:
        return Tolerance(reason="fewer than no failing rows")
    if limit == 0:
        return Tolerance()
    return Tolerance(max_pct=limit) if percent else Tolerance(max_rows=math.floor(limit))


def bound(operator: Operator) -> dict[str, Literal]:
    """The arguments of a check that compares one number of the dataset."""
    if operator.name in _RANGES:
        ends: dict[str, Literal] = {"min": operator.low, "max": operator.high}
        return ends if operator.name == "mustBeBetween" else {"op": "not_between", **ends}
    return {"op": _OPS[operator.name], "bound": operator.low}


def none(operators: list[Operator], percent: bool) -> bool:
    """Whether the operators allow nothing to be counted."""

    def is_none(operator: Operator) -> bool:
        if operator.name in {"mustBe", "mustBeLessOrEqualTo"}:
            return operator.high == 0
        return operator.name == "mustBeLessThan" and not percent and 0 < operator.high <= 1

    return any(is_none(operator) for operator in operators)


def limits(operators: list[Operator]) -> list[Operator]:
    """The operators without those that hold whatever is counted, unless all of them do."""
    kept = [o for o in operators if o.name != "mustBeGreaterOrEqualTo" or o.low > 0]
    return kept or operators

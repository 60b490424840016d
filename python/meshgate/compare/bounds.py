"""Which values bounds accept: intervals of numbers, dates and lengths, compared exactly."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from meshgate.canonical import Literal
from meshgate.compare.change import LOOSENS, NONE, TIGHTENS, UNDETERMINED, together
from meshgate.contract import Check

RANGES = frozenset({"between", "eq", "ge", "gt", "le", "lt"})
# Checks that compare one number of the dataset, with op and bound or with min and max.
COUNTS = frozenset({"aggregate", "distinct_count", "duplicate_count", "null_fraction", "row_count"})
# Checks that allow none of what another one counts.
NONE_OF = {"not_null": "null_fraction", "unique": "duplicate_count"}
ENDS = frozenset({"bound", "exact", "inclusive", "max", "min", "op", "value"})
_OPS = {"eq", "ge", "gt", "le", "lt"}
_INCLUSIVE = {
    "both": (True, True),
    "left": (True, False),
    "right": (False, True),
    "neither": (False, False),
}
_ISO = re.compile(r"(?:\d{4}-\d{2}-\d{2})?(?:[T ]?\d{2}:\d{2}.*)?")


@dataclass(frozen=True, slots=True)
class Bound:
    """One end of an interval; no value means that it is open."""

    value: Literal = None
    inclusive: bool = True


@dataclass(frozen=True, slots=True)
class Interval:
    """What lies between two bounds."""

    low: Bound = Bound()
    high: Bound = Bound()


def interval(check: Check) -> Interval | None:
    """What a range check, `length` or a bound on a number accepts; None when it is no interval."""
    args = check.args
    if check.check in _OPS:
        return _of_op(check.check, args.get("value"))
    if check.check in NONE_OF:
        return _of_op("eq", 0)
    if check.check in COUNTS and args.get("op", "between") != "between":
        return _of_op(str(args["op"]), args.get("bound"))
    if check.check == "length" and "exact" in args:
        return _of_op("eq", args["exact"])
    if check.check in {"between", "length", *COUNTS}:
        low, high = _INCLUSIVE.get(str(args.get("inclusive", "both")), (True, True))
        return Interval(_bound(args.get("min"), low), _bound(args.get("max"), high))
    return None


def _bound(value: Literal, inclusive: bool) -> Bound:
    return Bound() if value is None else Bound(value, inclusive)


def _of_op(op: str, value: Literal) -> Interval | None:
    here, short = Bound(value), Bound(value, inclusive=False)
    return {
        "eq": Interval(here, here),
        "ge": Interval(low=here),
        "gt": Interval(low=short),
        "le": Interval(high=here),
        "lt": Interval(high=short),
    }.get(op)


def direction(old: Interval, new: Interval) -> str:
    """What the change of an interval does."""
    return together([_end(old.low, new.low, 1), _end(old.high, new.high, -1)])


def _end(old: Bound, new: Bound, up: int) -> str:
    """The direction of one end; `up` is 1 when a greater value is stricter."""
    if old == new:
        return NONE
    if old.value is None or new.value is None:
        return TIGHTENS if old.value is None else LOOSENS
    order = compare(old.value, new.value)
    if order is None:
        return UNDETERMINED
    if order == 0:
        if old.inclusive == new.inclusive:
            return NONE
        return LOOSENS if new.inclusive else TIGHTENS
    return TIGHTENS if order * up < 0 else LOOSENS


def compare(left: Literal, right: Literal) -> int | None:
    """-1, 0 or 1; None when the two have no order that needs no further knowledge."""
    if _number(left) and _number(right):
        return (left > right) - (left < right)  # type: ignore[operator]  # both are numbers
    if isinstance(left, str) and isinstance(right, str):
        if left == right:
            return 0
        alike = len(left) == len(right) and left[10:11] == right[10:11] and _tail(left, right)
        if alike and _ISO.fullmatch(left) and _ISO.fullmatch(right):
            return (left > right) - (left < right)
    return None


def _number(value: Literal) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _tail(left: str, right: str) -> bool:
    """Whether two ISO texts have the same offset, so that they compare as text."""

    def offset(text: str) -> str:
        match = re.search(r"(?:Z|[+-]\d{2}:?\d{2})$", text[10:])
        return match[0] if match else ""

    return offset(left) == offset(right)

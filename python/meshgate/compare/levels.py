"""How service levels differ: which promise is the stronger one depends on what is promised."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from meshgate.compare import bounds
from meshgate.compare.change import (
    BOTH,
    LOOSENS,
    TIGHTENS,
    UNDETERMINED,
    Change,
    Changes,
    change,
    step,
)
from meshgate.contract import ServiceLevel

_LOWER_IS_STRONGER = frozenset(
    {
        "errorRate",
        "freshness",
        "frequency",
        "generalAvailability",
        "latency",
        "timeOfAvailability",
        "timeToDetect",
        "timeToNotify",
        "timeToRepair",
    }
)
_HIGHER_IS_STRONGER = frozenset({"availability", "endOfLife", "endOfSupport", "throughput"})
_BOTH_WAYS = frozenset({"retention"})  # a longer one keeps more history, a shorter one protects


def compare(
    old: Iterable[ServiceLevel], new: Iterable[ServiceLevel], renamed: dict[str, str]
) -> Changes:
    """The changes of the service levels, matched by name and column, then by name, in order."""
    olds, news = list(old), list(new)
    pairs: list[tuple[ServiceLevel, ServiceLevel]] = []
    for exact in (True, False):
        for after in list(news):
            before = next((b for b in olds if _same(b, after, renamed, exact=exact)), None)
            if before is not None:
                pairs.append((before, after))
                olds.remove(before)
                news.remove(after)
    for before, after in pairs:
        if (before.value, renamed.get(before.column or "", before.column)) != (
            after.value,
            after.column,
        ):
            yield _changed(before, after, renamed)
    for before in olds:
        direction = BOTH if before.name in _BOTH_WAYS else LOOSENS
        yield change(_path(before), "service_level_removed", direction, before.value)
    for after in news:
        direction = BOTH if after.name in _BOTH_WAYS else TIGHTENS
        yield change(_path(after), "service_level_added", direction, new=after.value)


def _same(old: ServiceLevel, new: ServiceLevel, renamed: dict[str, str], *, exact: bool) -> bool:
    column = renamed.get(old.column or "", old.column)
    return old.name == new.name and (not exact or (column, old.value) == (new.column, new.value))


def _changed(old: ServiceLevel, new: ServiceLevel, renamed: dict[str, str]) -> Change:
    if old.name in _BOTH_WAYS:
        direction = BOTH
    elif renamed.get(old.column or "", old.column) != new.column:
        direction = UNDETERMINED
    else:
        direction = _direction(old, new)
    return change(_path(new), "service_level", direction, _form(old), _form(new))


def _direction(old: ServiceLevel, new: ServiceLevel) -> str:
    order = _order(old, new)
    if order is None or old.name not in _LOWER_IS_STRONGER | _HIGHER_IS_STRONGER:
        return UNDETERMINED
    stronger = order > 0 if old.name in _LOWER_IS_STRONGER else order < 0
    if order == 0:
        return "none"
    return TIGHTENS if stronger else LOOSENS


def _order(old: ServiceLevel, new: ServiceLevel) -> int | None:
    """Whether the older value is greater (1), equal (0) or less (-1)."""
    if old.seconds is not None and new.seconds is not None:
        return bounds.compare(old.seconds, new.seconds)
    before, after = _number(old.value), _number(new.value)
    if before is not None and after is not None and _unit(old.value) == _unit(new.value):
        return bounds.compare(before, after)
    return bounds.compare(old.value, new.value)


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.rstrip("%moy ").strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _unit(text: str) -> str:
    return text.lstrip("0123456789.").strip()


def _form(level: ServiceLevel) -> dict[str, object]:
    return {"value": level.value, "column": level.column}


def _path(level: ServiceLevel) -> str:
    return f"service_levels{step(level.name)}"

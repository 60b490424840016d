"""How checks differ: which rows they accept, how many failing ones, and how serious it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from meshgate.canonical import Literal, encode
from meshgate.compare import bounds
from meshgate.compare.change import (
    BOTH,
    LOOSENS,
    NONE,
    TIGHTENS,
    UNDETERMINED,
    Change,
    Changes,
    change,
    step,
    subset,
    together,
)
from meshgate.contract import Check

_OPS = {"lt": "<", "le": "<=", "gt": ">", "ge": "=>", "eq": "=", "ne": "<>"}
_AGE = re.compile(r"(\d+(?:\.\d+)?)([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_KEYS = frozenset({"unique", "primary_key"})


def compare(
    old: Iterable[Check],
    new: Iterable[Check],
    renamed: dict[str, str],
    removed: frozenset[str],
    added: frozenset[str],
) -> Changes:
    """The changes of the checks.

    Args:
        old: checks of the older contract.
        new: checks of the newer one.
        renamed: new paths of columns by their old ones.
        removed: columns that are gone; their checks went with them.
        added: columns that are new; their checks came with them.
    """
    olds = [_renamed(check, renamed) for check in old if not removed & {*check.columns}]
    news = [check for check in new if not added & {*check.columns}]
    pairs, gone, come = _match(olds, news)
    for before, after in pairs:
        yield from _changed(before, after)
    for check in gone:
        yield change(_path(check), "check_removed", LOOSENS, _form(check))
    for check in come:
        yield change(_path(check), "check_added", TIGHTENS, new=_form(check))


def _renamed(check: Check, renamed: dict[str, str]) -> Check:
    after = replace(check, columns=tuple(renamed.get(name, name) for name in check.columns))
    return replace(after, id=_default_id(after)) if _has_default_id(check) else after


def _default_id(check: Check) -> str:
    return f"{'+'.join(check.columns)}.{check.check}" if check.columns else check.check


def _has_default_id(check: Check) -> bool:
    """Whether the id follows from the check, so that it changes with it."""
    default = _default_id(check)
    name, _, number = check.id.rpartition(".")
    return check.id == default or (name == default and number.isdigit())


def _match(
    olds: list[Check], news: list[Check]
) -> tuple[list[tuple[Check, Check]], list[Check], list[Check]]:
    """Pairs by id, then equality, then what is checked, then position among their like."""
    pairs: list[tuple[Check, Check]] = []
    olds, news = list(olds), list(news)
    keys: tuple[Callable[[Check], object], ...] = (
        lambda c: (c.id, _family(c), c.columns),
        lambda c: encode(_form(c)),
        lambda c: (_family(c), c.columns),
        lambda c: (c.id, _family(c)),
        lambda c: (c.check, frozenset(c.columns)),
    )
    for key in keys:
        waiting: dict[object, list[Check]] = {}
        for check in olds:
            waiting.setdefault(key(check), []).append(check)
        rest: list[Check] = []
        for check in news:
            same = waiting.get(key(check))
            if same:
                pairs.append((same.pop(0), check))
            else:
                rest.append(check)
        olds = [check for group in waiting.values() for check in group]
        news = rest
    return _keys(pairs, olds, news)


def _keys(
    pairs: list[tuple[Check, Check]], olds: list[Check], news: list[Check]
) -> tuple[list[tuple[Check, Check]], list[Check], list[Check]]:
    """Pairs the one key that is left on either side: a column joined or left it."""
    for kind in sorted(_KEYS):
        left = [check for check in olds if check.check == kind]
        right = [check for check in news if check.check == kind]
        if len(left) == len(right) == 1 and {*left[0].columns} & {*right[0].columns}:
            pairs.append((left[0], right[0]))
            olds.remove(left[0])
            news.remove(right[0])
    return pairs, olds, news


def _family(check: Check) -> str:
    return "range" if check.check in bounds.RANGES else bounds.NONE_OF.get(check.check, check.check)


def _changed(old: Check, new: Check) -> Changes:
    path = _path(new)
    if encode(_form(old)) != encode(_form(new)):
        accepts = _accepts(old, new)
        if accepts != NONE or _asserted(old) != _asserted(new):
            yield change(path, "check_changed", accepts, _form(old), _form(new))
        tolerates = _tolerance(old, new)
        if (old.max_rows, old.max_pct) != (new.max_rows, new.max_pct):
            yield change(path, "threshold", tolerates, _limits(old), _limits(new))
        if old.severity != new.severity:
            yield _severity(path, old, new)
        for name in ("dimension", "description"):
            before, after = getattr(old, name), getattr(new, name)
            if before != after:
                yield change(f"{path}.{name}", name, NONE, before, after)
    if old.id != new.id and not (_has_default_id(old) and _has_default_id(new)):
        yield change(path, "id", NONE, old.id, new.id)


def _severity(path: str, old: Check, new: Check) -> Change:
    directions = {(True, False): TIGHTENS, (False, True): LOOSENS}
    direction = directions.get((old.severity == "warning", new.severity == "warning"), NONE)
    return change(path, "severity", direction, old.severity, new.severity)


def _accepts(old: Check, new: Check) -> str:
    """What the change of name, columns and arguments does to the rows that pass."""
    if _asserted(old) == _asserted(new):
        return NONE
    if old.when != new.when:
        return UNDETERMINED  # other rows are judged, and conditions are not compared
    if {old.check, new.check} <= _KEYS:
        return _key(old, new)
    if old.columns != new.columns:
        return BOTH
    before, after = bounds.interval(old), bounds.interval(new)
    if before is not None and after is not None:
        return together([bounds.direction(before, after), _measured(old, new)])
    if old.check != new.check:
        return BOTH
    judge = _BY_ARGUMENTS.get(new.check)
    return UNDETERMINED if judge is None else judge(old, new)


def _measured(old: Check, new: Check) -> str:
    """Whether two intervals are of the same numbers: of none, rows and percent are the same."""
    none = old.check in bounds.NONE_OF or new.check in bounds.NONE_OF
    ignored = bounds.ENDS | {"unit"} if none else bounds.ENDS
    before, after = (
        _typed({key: value for key, value in check.args.items() if key not in ignored})
        for check in (old, new)
    )
    return NONE if before == after else UNDETERMINED


def _asserted(check: Check) -> tuple[object, ...]:
    return check.check, check.columns, check.when, _typed(check.args)


def _typed(value: object) -> object:
    """The value with booleans told from numbers; Python holds True and 1 for equal."""
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, tuple):
        return tuple(_typed(item) for item in value)
    if isinstance(value, Mapping):
        return frozenset((key, _typed(item)) for key, item in value.items())
    return value


def _key(old: Check, new: Check) -> str:
    columns = subset(frozenset(old.columns), frozenset(new.columns))
    wide = [check.args.get("scope") == "dataset" for check in (old, new)]
    scope = NONE if wide[0] == wide[1] else TIGHTENS if wide[1] else LOOSENS
    if new.check == "primary_key":
        return together([NONE if columns == NONE else BOTH, scope])
    nulls = _flag(old, new, "nulls_distinct", default=True, true_is_looser=True)
    spared = NONE if old.args.get("keep", "first") == new.args.get("keep", "first") else BOTH
    return together([columns, nulls, spared, scope])


def _sets(old: Check, new: Check) -> str:
    inside = subset(_values(old), _values(new))
    folded = _flag(old, new, "case_insensitive", default=False, true_is_looser=True)
    direction = together([inside, folded])
    if new.check == "in_set":
        return direction
    return {LOOSENS: TIGHTENS, TIGHTENS: LOOSENS}.get(direction, direction)


def _values(check: Check) -> frozenset[object]:
    values = check.args.get("values")
    return (
        frozenset(_typed(value) for value in values) if isinstance(values, tuple) else frozenset()
    )


def _patterns(old: Check, new: Check) -> str:
    whole = _flag(old, new, "full_match", default=False, true_is_looser=False)
    if new.check == "regex_not":
        whole = {LOOSENS: TIGHTENS, TIGHTENS: LOOSENS}.get(whole, whole)
    same = old.args.get("pattern") == new.args.get("pattern")
    return together([NONE if same else UNDETERMINED, whole])


def _pairs(old: Check, new: Check) -> str:
    before, after = _OPS.get(str(old.args.get("op"))), _OPS.get(str(new.args.get("op")))
    if before is None or after is None:
        return UNDETERMINED
    return subset(frozenset(before), frozenset(after))


def _ages(old: Check, new: Check) -> str:
    before, after = _seconds(old.args.get("max_age")), _seconds(new.args.get("max_age"))
    if before is None or after is None:
        return UNDETERMINED
    return NONE if before == after else LOOSENS if after > before else TIGHTENS


def _strictly(old: Check, new: Check) -> str:
    return _flag(old, new, "strict", default=False, true_is_looser=False)


def _seconds(value: Literal) -> Decimal | None:
    match = _AGE.fullmatch(str(value))
    return None if match is None else Decimal(match[1]) * _SECONDS[match[2]]


def _flag(old: Check, new: Check, name: str, *, default: bool, true_is_looser: bool) -> str:
    before, after = old.args.get(name, default), new.args.get(name, default)
    if before == after:
        return NONE
    return LOOSENS if (after is True) == true_is_looser else TIGHTENS


_BY_ARGUMENTS: dict[str, Callable[[Check, Check], str]] = {
    "compare": _pairs,
    "decreasing": _strictly,
    "foreign_key": lambda _old, _new: BOTH,
    "freshness": _ages,
    "in_set": _sets,
    "increasing": _strictly,
    "latency": _ages,
    "not_in_set": _sets,
    "regex_match": _patterns,
    "regex_not": _patterns,
}


def _tolerance(old: Check, new: Check) -> str:
    """What the change of thresholds does: no threshold tolerates no failing row."""
    if (old.max_rows, old.max_pct) == (new.max_rows, new.max_pct):
        return NONE
    before, after = _strict(old), _strict(new)
    if before or after:
        return NONE if before and after else LOOSENS if before else TIGHTENS
    ends = []
    for left, right in ((old.max_rows, new.max_rows), (old.max_pct, new.max_pct)):
        if left is None or right is None:
            ends.append(NONE if left is right else TIGHTENS if left is None else LOOSENS)
        elif left != right:
            ends.append(LOOSENS if right > left else TIGHTENS)
    # One limit for the other: rows against percent depends on how many rows there are.
    swapped = (old.max_rows is None) != (new.max_rows is None) and (
        (old.max_pct is None) != (new.max_pct is None)
    )
    return UNDETERMINED if swapped else together(ends)


def _strict(check: Check) -> bool:
    limits = [limit for limit in (check.max_rows, check.max_pct) if limit is not None]
    return not limits or min(limits) == 0


def _limits(check: Check) -> dict[str, object]:
    return {"max_rows": check.max_rows, "max_pct": check.max_pct}


def _form(check: Check) -> dict[str, object]:
    return {
        "check": check.check,
        "columns": check.columns,
        "args": check.args,
        "when": check.when,
        "severity": check.severity,
        "max_rows": check.max_rows,
        "max_pct": check.max_pct,
        "dimension": check.dimension,
        "description": check.description,
    }


def _path(check: Check) -> str:
    return f"checks{step(check.id)}"

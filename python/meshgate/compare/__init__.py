"""What changed between two contracts, whom it breaks, and which version that asks for.

Contracts are compared by meaning: order of keys, comments and quoting are no changes, and neither
is another spelling of one bound. Where the meaning of a change cannot be told, such as another
pattern, it is `undetermined` and counts as breaking.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from meshgate.canonical import Literal
from meshgate.compare import checks, levels
from meshgate.compare.change import (
    BOTH,
    BUMPS,
    LOOSENS,
    NONE,
    TIGHTENS,
    UNDETERMINED,
    Change,
    Changes,
    change,
    step,
)
from meshgate.compare.columns import Columns
from meshgate.compare.versions import Version, distance, parse
from meshgate.contract import Check, Contract

__all__ = ["Change", "Comparison", "compare", "judge", "needed_bump"]

PERSPECTIVES = ("consumer", "producer", "both")
_UNSTABLE = frozenset({"proposed", "draft"})
# What an entry of the metadata asks for when it changes: lists of things to rely on, and news.
_RELIED_ON = frozenset({"roles", "servers"})
_NEWS = frozenset({"deprecated", "price", "support", "team"})
_IMPLIED = frozenset({"freshness", "latency"})


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether a contract may follow another one.

    Attributes:
        needed: the bump that the changes ask for.
        given: the bump from the older version to the newer one.
        allowed: whether the newer contract may be published.
        message: why not, or what was found, in a sentence.
    """

    old_version: str
    new_version: str
    changes: tuple[Change, ...]
    needed: str
    given: str
    allowed: bool
    message: str

    @property
    def breaks(self) -> bool:
        """Whether a change breaks somebody it should not, so that it needs a major version."""
        return any(change.bump == "major" for change in self.changes)

    def to_dict(self) -> dict[str, object]:
        """The fields for programs."""
        return {
            "old_version": self.old_version,
            "new_version": self.new_version,
            "needed": self.needed,
            "given": self.given,
            "allowed": self.allowed,
            "breaks": self.breaks,
            "message": self.message,
            "changes": [change.to_dict() for change in self.changes],
        }


def compare(
    old: Contract,
    new: Contract,
    *,
    perspective: str = "consumer",
    waivers: Mapping[str, str] | None = None,
) -> tuple[Change, ...]:
    """The changes from one contract to another, in the order of the contract's parts.

    Args:
        old: the older contract.
        new: the newer one.
        perspective: whom a bump protects: ``consumer`` (what loosens is major), ``producer``
            (what tightens is major) or ``both``.
        waivers: reasons why undetermined changes are accepted, by path; they become minor.

    Raises:
        ValueError: for another perspective.
    """
    if perspective not in PERSPECTIVES:
        raise ValueError(f"perspective is one of {', '.join(PERSPECTIVES)}")
    found = list(_changes(old, new))
    if not found and _without_version(old) != _without_version(new):
        found = [change("", "spelling", NONE, reason="the same is written in another way")]
    return tuple(_settled(item, perspective, waivers or {}) for item in found)


def needed_bump(changes: tuple[Change, ...]) -> str:
    """The largest bump that the changes ask for: ``none``, ``patch``, ``minor`` or ``major``."""
    return max((change.bump for change in changes), key=BUMPS.index, default="none")


def judge(
    old: Contract,
    new: Contract,
    *,
    perspective: str = "consumer",
    waivers: Mapping[str, str] | None = None,
) -> Comparison:
    """Whether the newer contract's version is enough for its changes.

    A version is immutable: any change asks for a newer one. Before 1.0.0 and for proposals and
    drafts a breaking change asks for a minor version only.
    """
    changes = compare(old, new, perspective=perspective, waivers=waivers)
    needed = needed_bump(changes)
    before, after = parse(old.version), parse(new.version)
    if before is None or after is None:
        which = old.version if before is None else new.version
        return _refused(old, new, changes, needed, "none", f"{which} is not a version by SemVer")
    if needed == "major" and (before.core[0] == 0 or old.status in _UNSTABLE):
        needed = "minor"
    given = distance(before, after)
    if after.precedence < before.precedence:
        message = f"{after} is older than {before}, which is published"
        return _refused(old, new, changes, needed, given, message)
    if after.precedence == before.precedence and changes:
        message = f"{before} is published and cannot change: {_needs(before, needed, changes)}"
        return _refused(old, new, changes, needed, "none", message)
    if BUMPS.index(given) < BUMPS.index(needed):
        message = f"{_needs(before, needed, changes)}, has {after}"
        return _refused(old, new, changes, needed, given, message)
    count = len(changes)
    message = "nothing changed" if not count else f"{count} change{'s' * (count != 1)}, {needed}"
    return Comparison(old.version, new.version, changes, needed, given, True, message)


def _refused(
    old: Contract, new: Contract, changes: tuple[Change, ...], needed: str, given: str, message: str
) -> Comparison:
    return Comparison(old.version, new.version, changes, needed, given, False, message)


def _needs(before: Version, needed: str, changes: tuple[Change, ...]) -> str:
    largest = needed_bump(changes)
    asking = [change for change in changes if change.bump == largest]
    more = f" and {len(asking) - 1} more" if len(asking) > 1 else ""
    return f"needs {before.bumped(needed)} for {asking[0].kind} of {asking[0].path or 'it'}{more}"


def _settled(item: Change, perspective: str, waivers: Mapping[str, str]) -> Change:
    """The change with the bump that the perspective and a waiver give it."""
    if item.direction == UNDETERMINED and item.path in waivers:
        return replace(item, bump="minor", waiver=waivers[item.path])
    if perspective == "producer" and item.direction in {LOOSENS, TIGHTENS}:
        return replace(item, bump="major" if item.direction == TIGHTENS else "minor")
    if perspective == "both" and item.direction == TIGHTENS:
        return replace(item, bump="major")
    return item


def _without_version(contract: Contract) -> str:
    return replace(contract, version="").to_json()


def _changes(old: Contract, new: Contract) -> Changes:
    yield from _root(old, new)
    columns = Columns()
    columns.compare(old.columns, new.columns)
    yield from columns.changes
    yield from _order(old, new)
    yield from _checks(old, new, columns)
    yield from _not_enforced(old, new)
    yield from levels.compare(old.service_levels, new.service_levels, columns.renamed)
    yield from _metadata(old, new)


def _root(old: Contract, new: Contract) -> Changes:
    for name, direction, bump in (
        ("dataset", BOTH, None),
        ("id", NONE, "patch"),
        ("owner", NONE, "minor"),
        ("domain", NONE, "minor"),
        ("description", NONE, "patch"),
        ("tags", NONE, "patch"),
    ):
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield change(name, name, direction, before, after, bump=bump)
    if old.status != new.status:
        retired = new.status == "retired"
        bump = "minor" if new.status == "deprecated" else None
        direction = LOOSENS if retired else NONE
        yield change("status", "status", direction, old.status, new.status, bump=bump)
    if old.strict != new.strict:
        direction = TIGHTENS if new.strict else LOOSENS
        yield change("strict", "strict", direction, old.strict, new.strict)
    if old.extra_columns != new.extra_columns:
        yield change("extra_columns", "extra_columns", BOTH, old.extra_columns, new.extra_columns)


def _order(old: Contract, new: Contract) -> Changes:
    """The order of columns counts for a strict contract only."""
    olds = [column.name for column in old.columns]
    news = [column.name for column in new.columns]
    common = {*olds} & {*news}
    before = [name for name in olds if name in common]
    after = [name for name in news if name in common]
    if before != after:
        yield change("columns", "column_order", BOTH if new.strict else NONE, before, after)


def _checks(old: Contract, new: Contract, columns: Columns) -> Changes:
    """The changes of checks, without those that `required` or a service level says already."""
    levels_of = {
        (level.name, level.column)
        for contract in (old, new)
        for level in contract.service_levels
        if level.column is not None
    }

    def said(check: Check) -> bool:
        if len(check.columns) != 1:
            return False
        name = check.columns[0]
        if check.check in _IMPLIED and (check.check, name) in levels_of:
            return True
        now = columns.renamed.get(name, name)
        plain = check.max_rows is None and check.max_pct is None and check.severity == "error"
        return check.check == "not_null" and plain and now in columns.required

    yield from checks.compare(
        [check for check in old.checks if not said(check)],
        [check for check in new.checks if not said(check)],
        columns.renamed,
        frozenset(columns.removed),
        frozenset(columns.added),
    )


def _not_enforced(old: Contract, new: Contract) -> Changes:
    before = {clause.id: clause for clause in old.not_enforced}
    after = {clause.id: clause for clause in new.not_enforced}
    for id in [*before, *(id for id in after if id not in before)]:
        path = f"not_enforced{step(id)}"
        if id not in after:
            yield change(path, "clause_removed", LOOSENS, before[id].clause)
        elif id not in before:
            yield change(path, "clause_added", TIGHTENS, new=after[id].clause)
        elif before[id].clause != after[id].clause:
            yield change(path, "clause_changed", UNDETERMINED, before[id].clause, after[id].clause)


def _metadata(old: Contract, new: Contract) -> Changes:
    for key in dict.fromkeys((*old.metadata, *new.metadata)):
        before, after = old.metadata.get(key), new.metadata.get(key)
        if before == after:
            continue
        path = f"metadata{step(key)}"
        if key in _RELIED_ON:
            yield from _relied_on(path, key, before, after)
        else:
            yield change(path, key, NONE, before, after, bump="minor" if key in _NEWS else "patch")


def _relied_on(path: str, key: str, old: Literal, new: Literal) -> Changes:
    """Servers and roles: what is gone or moved loosens, what is new tightens."""
    before = old if isinstance(old, tuple) else ()
    after = new if isinstance(new, tuple) else ()
    if any(item not in after for item in before):
        yield change(path, f"{key}_removed", LOOSENS, old, new)
    elif any(item not in before for item in after):
        yield change(path, f"{key}_added", TIGHTENS, old, new)
    else:
        yield change(path, key, NONE, old, new)

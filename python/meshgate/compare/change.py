"""One difference between two contracts: what it does to the data, and what it asks of a version."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from meshgate.canonical import encode

LOOSENS = "loosens"
TIGHTENS = "tightens"
BOTH = "both"
UNDETERMINED = "undetermined"
NONE = "none"

BUMPS = ("none", "patch", "minor", "major")


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    Attributes:
        path: the clause by names, such as ``columns.amount.type``; names with dots are quoted.
        kind: what happened, such as ``column_removed``.
        direction: ``loosens`` (data is now allowed that was not), ``tightens`` (data is refused
            that was fine), ``both``, ``undetermined``, or ``none`` (no data is affected).
        bump: what consumers are owed: ``patch``, ``minor`` or ``major``.
        old: the clause as canonical JSON, None when it was not there.
        new: the same of the newer contract.
        reason: why, in a sentence.
        waiver: why an undetermined change was accepted, if it was.
    """

    path: str
    kind: str
    direction: str
    bump: str
    old: str | None = None
    new: str | None = None
    reason: str = ""
    waiver: str | None = None

    @property
    def breaks(self) -> tuple[str, ...]:
        """Who can no longer rely on what they relied on."""
        return {
            LOOSENS: ("consumer",),
            TIGHTENS: ("producer",),
            NONE: (),
        }.get(self.direction, ("consumer", "producer"))

    def to_dict(self) -> dict[str, object]:
        """The fields for programs."""
        return {
            "path": self.path,
            "kind": self.kind,
            "direction": self.direction,
            "breaks": list(self.breaks),
            "bump": self.bump,
            "old": self.old,
            "new": self.new,
            "reason": self.reason,
            "waiver": self.waiver,
        }


Changes = Iterator[Change]

_BUMP_OF = {LOOSENS: "major", TIGHTENS: "minor", BOTH: "major", UNDETERMINED: "major"}
_ABSENT = object()


def change(
    path: str,
    kind: str,
    direction: str,
    old: object = _ABSENT,
    new: object = _ABSENT,
    *,
    bump: str | None = None,
    reason: str = "",
) -> Change:
    """A change with the bump that its direction asks for, unless one is given."""
    return Change(
        path,
        kind,
        direction,
        bump or _BUMP_OF.get(direction, "patch"),
        None if old is _ABSENT else encode(old),
        None if new is _ABSENT else encode(new),
        reason,
    )


def together(directions: Iterator[str] | list[str]) -> str:
    """The direction of several changes of one clause."""
    found = {direction for direction in directions if direction != NONE}
    if not found:
        return NONE
    if UNDETERMINED in found:
        return UNDETERMINED
    return found.pop() if len(found) == 1 else BOTH


def subset(old: frozenset[object], new: frozenset[object]) -> str:
    """The direction when the accepted values change from one set to another."""
    if old == new:
        return NONE
    if old < new:
        return LOOSENS
    return TIGHTENS if new < old else BOTH


def step(name: str) -> str:
    """One step of a path; a name that holds more than letters, digits, _ and - is quoted."""
    plain = name and all(c.isalnum() or c in "_-" for c in name)
    return f".{name}" if plain else f"[{encode(name)}]"

"""How promised columns differ: which are there, their types, and how personal data is protected."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from meshgate.canonical import Literal
from meshgate.compare.change import (
    BOTH,
    LOOSENS,
    NONE,
    TIGHTENS,
    Change,
    Changes,
    change,
    step,
)
from meshgate.contract import Column, Mask

_INTEGER = re.compile(r"(u?)int(8|16|32|64)")
_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")


@dataclass(slots=True)
class Columns:
    """The comparison of two lists of columns, with what the comparison of checks has to know.

    Attributes:
        renamed: new dotted paths by old ones.
        removed: dotted paths that are gone.
        added: dotted paths that are new.
        required: dotted paths whose `required` changed; a check says the same once more.
    """

    changes: list[Change] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    added: set[str] = field(default_factory=set)
    required: set[str] = field(default_factory=set)

    def compare(
        self,
        old: tuple[Column, ...],
        new: tuple[Column, ...],
        path: str = "columns",
        old_prefix: str = "",
        new_prefix: str = "",
    ) -> None:
        """Adds the changes between two lists of columns, by id, then by name."""
        pairs = _pairs(old, new)
        kept_old = {id(before) for before, _ in pairs}
        kept_new = {id(after) for _, after in pairs}
        for before in old:
            if id(before) not in kept_old:
                self._all(before, old_prefix, self.removed)
                self.changes.append(
                    change(path + step(before.name), "column_removed", LOOSENS, before.type)
                )
        for before, after in pairs:
            here = path + step(after.name)
            if before.name != after.name:
                self._rename(before, after, old_prefix, new_prefix)
                self.changes.append(change(here, "column_renamed", BOTH, before.name, after.name))
            self._column(before, after, here, old_prefix + before.name, new_prefix + after.name)
        for after in new:
            if id(after) not in kept_new:
                self._all(after, new_prefix, self.added)
                self.changes.append(
                    change(path + step(after.name), "column_added", TIGHTENS, new=after.type)
                )

    def _column(self, old: Column, new: Column, path: str, old_path: str, new_path: str) -> None:
        self.changes.extend(_one(old, new, path))
        if old.required != new.required:
            self.required.add(new_path)
            direction = TIGHTENS if new.required else LOOSENS
            self.changes.append(
                change(f"{path}.required", "required", direction, old.required, new.required)
            )
        if old.columns or new.columns:
            self.compare(old.columns, new.columns, path, f"{old_path}.", f"{new_path}.")
        if old.items is not None and new.items is not None:
            item = f"{path}.items"
            self._column(old.items, new.items, item, f"{old_path}[]", f"{new_path}[]")
        elif old.items is not new.items:
            direction = TIGHTENS if old.items is None else LOOSENS
            before, after = (None if c is None else c.type for c in (old.items, new.items))
            self.changes.append(change(f"{path}.items", "items", direction, before, after))

    def _rename(self, old: Column, new: Column, old_prefix: str, new_prefix: str) -> None:
        paths: set[str] = set()
        self._all(old, old_prefix, paths)
        start, end = old_prefix + old.name, new_prefix + new.name
        self.renamed.update({name: end + name[len(start) :] for name in paths})

    def _all(self, column: Column, prefix: str, into: set[str]) -> None:
        into.add(prefix + column.name)
        for inner in column.columns:
            self._all(inner, f"{prefix}{column.name}.", into)
        if column.items is not None:
            self._all(replace(column.items, name="[]"), prefix + column.name, into)


def _pairs(old: tuple[Column, ...], new: tuple[Column, ...]) -> list[tuple[Column, Column]]:
    """Columns that are the same one: by id, then by name; in the newer order."""
    by_id = {key: column for column in old if (key := column.metadata.get("id")) is not None}
    by_name = {column.name: column for column in old}
    taken: set[int] = set()
    found: dict[int, Column] = {}
    for column in new:
        key = column.metadata.get("id")
        before = None if key is None else by_id.get(key)
        if before is not None and id(before) not in taken:
            taken.add(id(before))
            found[id(column)] = before
    for column in new:
        before = by_name.get(column.name)
        if id(column) not in found and before is not None and id(before) not in taken:
            taken.add(id(before))
            found[id(column)] = before
    return [(found[id(column)], column) for column in new if id(column) in found]


def _one(old: Column, new: Column, path: str) -> Changes:
    """The changes of one column's own words."""
    if old.type != new.type:
        yield change(f"{path}.type", "type", type_direction(old.type, new.type), old.type, new.type)
    if _personal(old) != _personal(new):
        yield change(f"{path}.pii", "pii", BOTH, old.pii, new.pii, reason=_PROTECTION)
    if old.classification != new.classification:
        yield change(
            f"{path}.classification",
            "classification",
            BOTH,
            old.classification,
            new.classification,
            reason=_PROTECTION,
        )
    if old.mask != new.mask:
        before, after = (None if mask is None else _mask(mask) for mask in (old.mask, new.mask))
        reason = "the published values change"
        yield change(f"{path}.mask", "mask", BOTH, before, after, reason=reason)
    if _own_tags(old) != _own_tags(new):
        yield change(f"{path}.tags", "tags", NONE, _own_tags(old), _own_tags(new))
    if old.description != new.description:
        yield change(f"{path}.description", "description", NONE, old.description, new.description)
    if old.metadata != new.metadata:
        deprecated = old.metadata.get("deprecated") != new.metadata.get("deprecated")
        bump = "minor" if deprecated else "patch"
        yield change(f"{path}.metadata", "metadata", NONE, old.metadata, new.metadata, bump=bump)


_PROTECTION = "the protection of personal data changes"


def _mask(mask: Mask) -> dict[str, Literal]:
    return {"method": mask.method, "args": mask.args, "key": mask.key, "domain": mask.domain}


def _personal(column: Column) -> tuple[str | None, frozenset[str]]:
    return column.pii, frozenset(column.tags) - frozenset(_own_tags(column))


def _own_tags(column: Column) -> tuple[str, ...]:
    return tuple(tag for tag in column.tags if tag != "pii" and not tag.startswith("pii:"))


def type_direction(old: str, new: str) -> str:
    """What the change of a promised type does.

    Wider integers and more digits before the point accept more; everything that changes how values
    are held, such as another scale or a time zone, breaks both sides.
    """
    if old == new:
        return NONE
    before, after = _range(old), _range(new)
    if before is not None and after is not None:
        if "integer" not in (old, new) and old.startswith("u") != new.startswith("u"):
            return BOTH
        return LOOSENS if after[0] <= before[0] and after[1] >= before[1] else TIGHTENS
    if _is_decimal(old) and _is_decimal(new):
        return _decimals(old, new)
    return BOTH


def _range(name: str) -> tuple[int, int] | None:
    """Least and greatest power of two that an integer type holds; `integer` holds them all."""
    if name == "integer":
        return (-64, 64)
    match = _INTEGER.fullmatch(name)
    if match is None:
        return None
    bits = int(match[2])
    return (0, bits) if match[1] else (-(bits - 1), bits - 1)


def _is_decimal(name: str) -> bool:
    return name == "decimal" or _DECIMAL.fullmatch(name) is not None


def _decimals(old: str, new: str) -> str:
    if old == "decimal" or new == "decimal":
        return LOOSENS if new == "decimal" else TIGHTENS
    before, after = _DECIMAL.fullmatch(old), _DECIMAL.fullmatch(new)
    if before is None or after is None or before[2] != after[2]:
        return BOTH
    return LOOSENS if int(after[1]) > int(before[1]) else TIGHTENS

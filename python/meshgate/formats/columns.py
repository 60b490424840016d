"""What columns of both forms have in common: names, personal data, and reaching into structs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from meshgate.contract import Column
from meshgate.formats import personal
from meshgate.formats.cursor import Cursor
from meshgate.formats.findings import shown, suggest

RESERVED_PREFIX = "_mg_"
NAME_BYTES = 65_536
"""What the engine takes as a name from Arrow."""


def unique_names(names: Iterator[tuple[str, Cursor]]) -> None:
    """Keeps findings for names that occur twice, are reserved or cannot be a column's."""
    seen: dict[str, Cursor] = {}
    for name, cursor in names:
        if name in seen:
            cursor.wrong(
                "contract.duplicate_name",
                f"the column {shown(name)} is promised twice",
                f"it is already promised in line {seen[name].node.line}",
            )
        elif name.startswith(RESERVED_PREFIX):
            cursor.wrong(
                "contract.reserved_name",
                f"the prefix {RESERVED_PREFIX} belongs to the columns that meshgate adds",
                "rename the column",
            )
        elif len(name.encode("utf-8", "surrogatepass")) > NAME_BYTES:
            cursor.wrong(
                "contract.bad_name",
                f"{shown(name)} is too long for the name of a column",
                f"shorten it: no data can carry a name of over {NAME_BYTES:,} bytes",
            )
        elif "\0" in name:  # Arrow's C interface ends a name there
            cursor.wrong(
                "contract.bad_name",
                f"{shown(name)} cannot be the name of a column",
                "no data can carry the character U+0000 in a name",
            )
        seen.setdefault(name, cursor)


def paths(columns: tuple[Column, ...], prefix: str = "") -> Iterator[str]:
    """The paths of all columns: `a.b` for a field of a struct, `a[]` for the items of a list.

    The items of a map are its entries, with the fields `key` and `value`.
    """
    for column in columns:
        yield from _within(column, prefix + column.name)


def _within(column: Column, path: str) -> Iterator[str]:
    yield path
    yield from paths(column.columns, f"{path}.")
    if column.items is not None:
        yield from _within(column.items, f"{path}[]")


def below(path: str, name: str, part: str | None = None) -> str:
    """The path of a column or field, or of the items, keys or values of the column at `path`."""
    if part is not None:
        return f"{path}[]" if part == "item" else f"{path}[].{part}"
    return f"{path}.{name}" if path else name


def entries(key: Column | None, value: Column | None) -> Column | None:
    """The items of a map: structs of a key and a value; None unless one of them is promised."""
    pair = [replace(c, name=n) for n, c in (("key", key), ("value", value)) if c is not None]
    return Column("item", "struct", columns=tuple(pair)) if pair else None


def resolve(name: str, known: frozenset[str], cursor: Cursor) -> None:
    """Keeps a finding unless the contract promises the column."""
    if name not in known:
        cursor.wrong(
            "contract.unknown_column",
            f"the contract promises no column {shown(name)}",
            suggest(name, known) or "add it to the schema, or correct the name",
        )


def personal_data(
    stated: str | bool | None,
    tags: tuple[str, ...],
    classification: str | None,
    cursor: Cursor,
    waived: bool = False,
) -> tuple[str | None, tuple[str, ...]]:
    """The kind of personal data and the tags with its canonical marks.

    `stated` is the document's own word: a kind, True (unspecified), False (none), or None (silent).
    False against a tag or classification that says otherwise is a finding, unless it is `waived`.
    """
    kind: str | None = None
    tagged, others, unknown = personal.read_tags(tags)
    if personal.is_personal(classification):
        tagged = personal.strongest((tagged, personal.UNSPECIFIED))
    if isinstance(stated, str):
        kind = personal.kind_of(stated)
        if kind is None:
            kind, unknown = personal.UNSPECIFIED, (*unknown, stated)
    elif stated:
        kind = personal.UNSPECIFIED
    elif stated is False and tagged is not None and not waived:
        cursor.wrong(
            "contract.contradiction",
            "pii is false, but a tag or the classification says personal data",
            "remove one of the two",
        )
    for word in unknown:
        cursor.remark(
            f"the kind of personal data {shown(word)} is not known; the column counts as pii",
            suggest(word, personal.KINDS) or f"known kinds: {', '.join(personal.KINDS)}",
        )
    pii = None if waived else personal.strongest((kind, tagged))
    return pii, personal.with_tags(pii, others)

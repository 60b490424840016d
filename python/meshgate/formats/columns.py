"""What columns of both forms have in common: names, personal data, and reaching into structs."""

from __future__ import annotations

from collections.abc import Iterator

from meshgate.contract import Column
from meshgate.formats import personal
from meshgate.formats.cursor import Cursor
from meshgate.formats.findings import shown, suggest

RESERVED_PREFIX = "_mg_"


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
        elif "\0" in name:  # Arrow's C interface ends a name there
            cursor.wrong(
                "contract.bad_name",
                f"{shown(name)} cannot be the name of a column",
                "no data can carry the character U+0000 in a name",
            )
        seen.setdefault(name, cursor)


def paths(columns: tuple[Column, ...], prefix: str = "") -> Iterator[str]:
    """The dotted paths of all columns and struct fields; nothing inside list items."""
    for column in columns:
        yield prefix + column.name
        yield from paths(column.columns, f"{prefix}{column.name}.")


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

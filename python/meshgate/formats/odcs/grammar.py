"""Holds an ODCS document against the grammar: unknown and missing keys, kinds of values.

From 3.1 on an unknown key is a finding; 3.0 allows own keys in most places, so there they are
kept with a remark. A key that is newer than the document's label is read, with a remark.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from meshgate.formats.cursor import Cursor
from meshgate.formats.findings import shown, suggest
from meshgate.formats.odcs.form import SERVERS, keys

_ID = re.compile(r"[A-Za-z0-9_-]+")
_WIDE_ID = re.compile(r"[^\s.#/\\@!%&^]+")  # what 3.2 accepts
_CLOSED_IN_3_0 = frozenset({"contract"})
# Where a key is often put one level too high: what to say instead of a guess.
_MISPLACED = {
    ("quality", "pattern"): "write it below arguments:, indented",
    ("quality", "missingValues"): "write it below arguments:, indented",
    ("quality", "properties"): "write it below arguments:, indented",
}


def verify(cursor: Cursor, kind: str, version: tuple[int, int]) -> None:
    """Keeps a finding for everything below the cursor that is not of this kind."""
    if kind.startswith("["):
        for item in cursor.items():
            verify(item, kind[1:-1], version)
        return
    if kind == "team":
        kind = "[person]" if cursor.is_list() else "group"
        verify(cursor, kind, version)
        return
    if kind == "server":
        _server(cursor)
        return
    reader = _SCALARS.get(kind)
    if reader is not None:
        reader(cursor)
    elif kind == "id":
        _id(cursor, version)
    elif kind not in {"any", "open"}:
        _object(cursor, kind, version)
    elif kind == "open":
        cursor.entries()


def _object(cursor: Cursor, kind: str, version: tuple[int, int]) -> None:
    known = keys(kind)
    if not cursor.is_mapping():
        cursor.expected("a mapping")
        return
    for name, value in cursor.entries().items():
        key = known.get(name)
        if key is None:
            _unknown(cursor, name, kind, version)
            continue
        if key.since > version:
            since = ".".join(map(str, key.since))
            cursor.at_key(name).remark(
                f"the key {shown(name)} came with {since}, the document is labelled older"
            )
        if not value.is_null():
            verify(value, key.kind, version)
        elif key.required and key.kind != "any":
            value.expected("a value")
    for key in known.values():
        required = key.required and (kind != "custom" or version > (3, 0))
        if required and not cursor.has(key.name):
            cursor.missing(key.name, f"ODCS asks for it in every {kind}")


def _unknown(cursor: Cursor, name: str, kind: str, version: tuple[int, int]) -> None:
    misplaced = _MISPLACED.get((kind, name))
    if version == (3, 0) and kind not in _CLOSED_IN_3_0:
        message = f"the key {shown(name)} is not part of the standard; it is kept"
        cursor.at_key(name).remark(message, misplaced or suggest(name, keys(kind)))
    else:
        known = () if misplaced else tuple(keys(kind))
        cursor.unknown(name, known, misplaced or "own data belongs under customProperties")


def _id(cursor: Cursor, version: tuple[int, int]) -> None:
    text = cursor.text("an id")
    pattern = _WIDE_ID if version >= (3, 2) else _ID
    if text is not None and not pattern.fullmatch(text):
        cursor.wrong(
            "contract.bad_name", f"{shown(text)} cannot be an id", "use letters, digits, _ and -"
        )


def _server(cursor: Cursor) -> None:
    """A server is carried, not used; what its type must name is checked."""
    entries = cursor.entries()
    for name in ("server", "type"):
        if name not in entries and cursor.is_mapping():
            cursor.missing(name, "ODCS asks for it in every server")
    if "type" not in entries:
        return
    kind = entries["type"].word(tuple(SERVERS), "a type of server")
    for name in SERVERS.get(kind or "", "").split():
        if name not in entries:
            cursor.missing(name, f"ODCS asks for it in servers of type {kind}")


_SCALARS: dict[str, Callable[[Cursor], object]] = {
    "bool": Cursor.boolean,
    "int": lambda cursor: cursor.number("a whole number"),
    "number": Cursor.number,
    "text": Cursor.text,
    "version": Cursor.source,
}

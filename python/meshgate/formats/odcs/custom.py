"""Custom properties, where ODCS documents keep what the standard has no word for."""

from __future__ import annotations

from meshgate.formats.cursor import Cursor
from meshgate.formats.nodes import Scalar


def values(fields: dict[str, Cursor]) -> dict[str, Cursor]:
    """The values of the custom properties by name; entries without either are left out."""
    found: dict[str, Cursor] = {}
    if "customProperties" not in fields:
        return found
    for item in fields["customProperties"].items():
        entries = item.entries()
        name = entries["property"].text() if "property" in entries else None
        if name is not None and "value" in entries:
            found[name] = entries["value"]
    return found


def flag(cursor: Cursor) -> bool | None:
    """True or false, also as the text that some tools write."""
    if isinstance(cursor.node, Scalar) and cursor.node.text.lower() in {"true", "false"}:
        return cursor.node.text.lower() == "true"
    return cursor.boolean()

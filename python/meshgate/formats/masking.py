"""What a contract says about the mask of a column."""

from __future__ import annotations

import re

from meshgate.canonical import Frozen, Literal
from meshgate.contract import Mask
from meshgate.formats.cursor import Cursor
from meshgate.formats.form import MASKING, names
from meshgate.formats.nodes import Scalar

ALIASES = {"hmac": "hash", "null": "nullify"}
_REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:[^\0\r\n]+")
_SECRET = re.compile(r"key|secret|salt|pepper|passw|token", re.IGNORECASE)
_NULL_HELP = "write nullify to replace every value by null; a bare null means nothing in YAML"


def read(cursor: Cursor, default_domain: str) -> Mask | None:
    """The mask, or None after a finding.

    `masking: redact` is short for `masking: {method: redact}`. A key stands in a contract as a
    reference only; a literal one is a finding that does not repeat it.
    """
    if cursor.is_null():
        cursor.expected("a mask", _NULL_HELP)
        return None
    if isinstance(cursor.node, Scalar):
        method = cursor.name("a mask")
        return None if method is None else Mask(ALIASES.get(method, method), default_domain)
    entries = cursor.entries("a mask's name or a mapping with method")
    if not entries:
        return None
    known = names(MASKING)
    method = _method(cursor, entries)
    key = _key(entries["key"]) if "key" in entries else None
    domain = entries["domain"].name("a domain's name") if "domain" in entries else default_domain
    args: dict[str, Literal] = {}
    inline = {name: value for name, value in entries.items() if name not in known}
    nested = entries["args"].entries() if "args" in entries else {}
    for name, value in (*inline.items(), *nested.items()):
        if name in args:
            value.wrong("contract.duplicate_key", "the argument is given twice")
        if _SECRET.search(name):
            value.wrong(
                "contract.literal_key",
                "a mask takes no secret as an argument",
                "write key: env:NAME or key: file:PATH",
            )
            continue
        args[name] = value.literal()
    if method is None or domain is None:
        return None
    return Mask(ALIASES.get(method, method), domain, Frozen(args), key)


def _method(cursor: Cursor, entries: dict[str, Cursor]) -> str | None:
    if "method" not in entries:
        cursor.missing("method", "name the mask, such as method: hash")
        return None
    if entries["method"].is_null():
        entries["method"].expected("a mask's name", _NULL_HELP)
        return None
    return entries["method"].name("a mask's name")


def _key(cursor: Cursor) -> str | None:
    node = cursor.node
    if cursor.is_null():
        return None
    if isinstance(node, Scalar) and _REFERENCE.fullmatch(node.text):
        return node.text
    cursor.wrong(
        "contract.literal_key",
        "a key stands in a contract as a reference only",
        "write env:NAME or file:PATH, and change the key if this was one",
    )
    return None

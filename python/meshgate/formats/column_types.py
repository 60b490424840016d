"""The types a contract can promise, in the spelling of the native form."""

from __future__ import annotations

import re

from meshgate import moments
from meshgate.formats.findings import shown, suggest

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
TEMPORAL = ("date", "time", "timestamp", "timestamp_tz", "timestamp_ntz")
TYPES = (
    "string",
    "integer",
    *INTEGERS,
    "decimal",
    "number",
    "float32",
    "float64",
    "boolean",
    *TEMPORAL,
    "binary",
    "list",
    "struct",
    "map",
)
DECIMAL = re.compile(r"decimal\(\s*(\d{1,2})\s*,\s*(\d{1,2})\s*\)", re.ASCII)
DECIMAL_DIGITS = 76  # decimal256

# What other systems call them: for suggestions only, so that one contract has one spelling.
_ELSEWHERE = {
    "str": "string",
    "text": "string",
    "varchar": "string",
    "char": "string",
    "utf8": "string",
    "uuid": "string",
    "int": "integer",
    "smallint": "int16",
    "bigint": "int64",
    "long": "int64",
    "short": "int16",
    "byte": "int8",
    "float": "float64",
    "double": "float64",
    "real": "float32",
    "numeric": "decimal",
    "bool": "boolean",
    "datetime": "timestamp",
    "timestamptz": "timestamp_tz",
    "date32": "date",
    "date64": "date",
    "bytes": "binary",
    "blob": "binary",
    "array": "list",
    "object": "struct",
    "record": "struct",
    "json": "string",
}


def parse(text: str) -> str | None:
    """The canonical spelling of a type, or None when there is no such type.

    >>> parse("decimal(12, 2)")
    'decimal(12,2)'
    >>> parse("timestamp[us,tz=UTC]")
    'timestamp[us, tz=UTC]'
    """
    if text in TYPES:
        return text
    match = DECIMAL.fullmatch(text)
    if match:
        digits, scale = int(match[1]), int(match[2])
        if 1 <= digits <= DECIMAL_DIGITS and scale <= digits:
            return f"decimal({digits},{scale})"
    moment = moments.parse(text)
    return None if moment is None else str(moment)


def known_elsewhere(text: str) -> str | None:
    """The type that another system's word stands for: `varchar(20)` is string.

    >>> known_elsewhere("BIGINT")
    'int64'
    """
    word = text.lower().partition("(")[0].strip()
    return _ELSEWHERE.get(word) or (word if word in TYPES else None)


def help_for(text: str) -> str:
    """What to write instead of an unknown type."""
    if re.fullmatch(r"decimal\(\s*\d+\s*", text):
        return 'inside braces write the type in quotes, as in {type: "decimal(18,2)"}'
    if text.startswith("decimal("):
        return (
            f"a decimal has 1 to {DECIMAL_DIGITS} digits, and at most as many of them below the "
            "point: decimal(18,2)"
        )
    if text.partition("[")[0].strip() in ("time", "timestamp", "timestamp_tz", "timestamp_ntz"):
        return (
            "write a unit (s, ms, us, ns), and for timestamps a zone, in quotes inside braces: "
            'timestamp[us], "timestamp[us, tz=UTC]", timestamp_ntz[ms], time[us]'
        )
    known = known_elsewhere(text)
    if known:
        return f"did you mean {shown(known)}?"
    return (
        suggest(text, TYPES)
        or f"known types: {', '.join(TYPES)}, decimal(p,s), timestamp[unit, tz=zone]"
    )

"""The tree of a document: scalars, lists and mappings with their positions.

Scalars follow the YAML 1.2 core set as far as JSON has numbers for it: `NO`, `on`, `12:30`, `010`,
`1_000` and dates stay text, and every scalar keeps its source text, so `version: 1.0` is "1.0".
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TypeAlias


class Scalar:
    """One value as text, and whether it stands there without quotes."""

    __slots__ = ("column", "line", "plain", "text")

    height = 0

    def __init__(self, text: str, plain: bool, line: int, column: int) -> None:
        self.text = text
        self.plain = plain
        self.line = line
        self.column = column

    @property
    def size(self) -> int:
        """How much an alias to it adds."""
        return 1 + (len(self.text) >> 6)


class Listing:
    """A list."""

    __slots__ = ("column", "height", "items", "line", "size")

    def __init__(self, line: int, column: int) -> None:
        self.items: list[Node] = []
        self.line = line
        self.column = column
        self.size = self.height = 1


class Mapping:
    """A mapping with text keys, in document order."""

    __slots__ = ("column", "entries", "height", "line", "size")

    def __init__(self, line: int, column: int) -> None:
        self.entries: dict[str, tuple[Scalar, Node]] = {}
        self.line = line
        self.column = column
        self.size = self.height = 1


Node: TypeAlias = Scalar | Listing | Mapping

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_BASED = re.compile(r"0x[0-9a-fA-F]+|0o[0-7]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_NUMBER_CHARS = 400  # more than any column holds: decimal256 has 76 digits, float64 exponents 308


class NotANumber(ValueError):
    """A number that no column can hold: infinite, NaN, or with hundreds of digits."""


def value_of(scalar: Scalar) -> bool | int | Decimal | str | None:
    """The value that the text stands for; quoted text is text.

    Raises:
        NotANumber: for `.nan`, `.inf` and numbers beyond all columns' ranges.
    """
    text = scalar.text
    if not scalar.plain:
        return text
    if text in _NULL:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if text[0] not in "+-.0123456789":
        return text
    if _INT.fullmatch(text):
        return int(_short(text))
    if _FLOAT.fullmatch(text):
        return _decimal(text)
    if _BASED.fullmatch(text):
        return int(_short(text), 0)
    if _NOT_FINITE.fullmatch(text):
        raise NotANumber
    return text


def _short(text: str) -> str:
    if len(text) > _NUMBER_CHARS:
        raise NotANumber
    return text


def _decimal(text: str) -> Decimal:
    _, _, exponent = _short(text).lower().partition("e")
    if len(exponent) > 5:
        raise NotANumber
    number = Decimal(text)
    if number and not -_NUMBER_CHARS < number.adjusted() < _NUMBER_CHARS:
        raise NotANumber
    if not -_NUMBER_CHARS < int(exponent or 0) < _NUMBER_CHARS:  # 0e99999: zeros without end
        raise NotANumber
    return number

"""Exact values that never change, and the one way to write them as JSON.

The canonical form has sorted keys, no spaces, unescaped UTF-8, and every number digit for digit:
there is no float in it, so equal values have equal bytes and equal digests in every process.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, TypeAlias, TypeVar, Union

Literal: TypeAlias = Union[bool, int, Decimal, str, tuple["Literal", ...], "Frozen[Any]", None]
"""A value of the contract. Numbers are exact: there is no float in a contract."""

V = TypeVar("V", covariant=True)


class Frozen(Mapping[str, V]):
    """A mapping that never changes: hashable, picklable, in the order it was given."""

    __slots__ = ("_entries",)

    def __init__(self, entries: Mapping[str, V] | None = None) -> None:
        self._entries = dict(entries or {})

    def __getitem__(self, key: str) -> V:
        return self._entries[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __hash__(self) -> int:
        return hash(frozenset(self._entries.items()))

    def __repr__(self) -> str:
        return repr(self._entries)


EMPTY: Frozen[Any] = Frozen()


def freeze(value: object) -> Literal:
    """The same value with mappings and lists that cannot change."""
    if isinstance(value, Mapping):
        return Frozen({str(key): freeze(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return tuple(freeze(item) for item in value)
    if value is None or isinstance(value, bool | int | Decimal | str):
        return value
    raise TypeError(f"a contract has no values of type {type(value).__name__}")


_TEXT = json.encoder.encode_basestring


def encode(value: object) -> str:
    """Canonical JSON: keys sorted, compact, text unescaped, numbers digit for digit.

    Raises:
        TypeError: for a float or any other value that a contract cannot hold.
    """
    parts: list[str] = []
    _encode(value, parts.append)
    return "".join(parts)


def _encode(value: object, write: Any) -> None:
    if value is None:
        write("null")
    elif value is True:
        write("true")
    elif value is False:
        write("false")
    elif isinstance(value, str):
        write(_TEXT(value))
    elif isinstance(value, int):
        write(int.__repr__(value))
    elif isinstance(value, Decimal):
        if not value.is_finite():
            raise TypeError("a contract has no NaN and no infinity")
        write(format(value, "f"))
    elif isinstance(value, Mapping):
        for index, key in enumerate(sorted(value)):
            write("," if index else "{")
            write(_TEXT(key) + ":")
            _encode(value[key], write)
        write("}" if value else "{}")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            write("," if index else "[")
            _encode(item, write)
        write("]" if value else "[]")
    else:
        raise TypeError(f"a contract has no values of type {type(value).__name__}")


def decode(text: str | bytes) -> Any:
    """The value of a JSON text: decimals instead of floats, no key twice, no NaN.

    Raises:
        ValueError: when the text is not such JSON, or nests too deep.
    """
    try:
        return json.loads(
            text, parse_float=Decimal, parse_constant=_refuse, object_pairs_hook=_unique
        )
    except (ArithmeticError, RecursionError):
        raise ValueError("not exact JSON") from None


def digest(text: str) -> str:
    """``sha256:`` and the hex SHA-256 of the text in UTF-8."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _refuse(constant: str) -> object:
    raise ValueError(constant)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    entries = dict(pairs)
    if len(entries) != len(pairs):
        raise ValueError("a key occurs twice")
    return entries

"""Every Arrow type that checks judge: interesting values, their arrays and their literals.

A value is held physically: ticks of a time, the unscaled integer of a decimal. So no value and no
bound passes through another library's conversions on its way into an array or a contract.
"""

from __future__ import annotations

import datetime as dt
import math
import struct
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from random import Random
from typing import Any

import pyarrow as pa

_WIDE = Context(prec=100)
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_DAY_MS = 86_400_000


@dataclass(frozen=True)
class Kind:
    """One Arrow type in its plain layout, and the other layouts of the same values."""

    name: str
    promise: str
    type: pa.DataType
    values: tuple[Any, ...]
    others: tuple[pa.DataType, ...] = ()

    def __repr__(self) -> str:
        return self.name

    @property
    def layouts(self) -> tuple[pa.DataType, ...]:
        return (self.type, *self.others)

    @property
    def is_float(self) -> bool:
        return bool(pa.types.is_floating(self.type))

    @property
    def is_text(self) -> bool:
        return bool(pa.types.is_string(self.type))

    @property
    def has_gaps(self) -> bool:
        """Whether a literal can lie between two neighbours of the type."""
        if pa.types.is_temporal(self.type):
            return not pa.types.is_date(self.type) and self.type.unit != "ns"
        return pa.types.is_integer(self.type) or pa.types.is_decimal(self.type)

    def key(self, value: Any) -> Any:
        """Equal keys mean the same bits: NaN is NaN, and zero is not negative zero."""
        return repr(value) if self.is_float else value

    def array(self, values: list[Any], layout: pa.DataType, rng: Random) -> pa.Array:
        """The values, with other values of the type hidden behind the null bits."""
        filled = [rng.choice(self.values) if value is None else value for value in values]
        full = self._full(filled, layout)
        valid = pa.array([value is not None for value in values], pa.bool_())
        if all(value is not None for value in values):
            return full
        buffers = [valid.buffers()[1], *full.buffers()[1:]]
        return pa.Array.from_buffers(layout, len(values), buffers)

    def _full(self, values: list[Any], layout: pa.DataType) -> pa.Array:
        if self.is_text or pa.types.is_boolean(layout) or self.promise == "binary":
            return pa.array(values, layout)
        width = layout.bit_width // 8
        if self.is_float:
            data = struct.pack(f"<{len(values)}{'f' if width == 4 else 'd'}", *values)
        else:
            signed = not pa.types.is_unsigned_integer(layout)
            data = b"".join(value.to_bytes(width, "little", signed=signed) for value in values)
        return pa.Array.from_buffers(layout, len(values), [None, pa.py_buffer(data)])

    def exact(self, value: Any) -> Any:
        """Something that Python orders exactly; floats that are no number stay floats."""
        if self.is_float:
            return Fraction(value) if math.isfinite(value) else value
        if pa.types.is_decimal(self.type):
            return value / Fraction(10) ** self.type.scale
        return value

    def literal(self, value: Any) -> Any:
        """The value as a contract writes it; a fraction lies between two values of the type."""
        if pa.types.is_integer(self.type):
            return value if isinstance(value, int) else _decimal(value)
        if self.is_float or pa.types.is_decimal(self.type):
            return _decimal(Fraction(self.exact(value)))
        if pa.types.is_temporal(self.type):
            return self._moment(value)
        return value

    def _moment(self, value: int | Fraction) -> str:
        if pa.types.is_date(self.type):
            return _date(int(value) // (_DAY_MS if self.type == pa.date64() else 1))
        nanos = int(value * (10**9 // _PER_SECOND[self.type.unit]))
        seconds, rest = divmod(nanos, 10**9)
        days, second = divmod(seconds, 86_400)
        clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
        clock += f".{rest:09}".rstrip("0").rstrip(".")
        if pa.types.is_time(self.type):
            return clock
        return f"{_date(days)}T{clock}{'Z' if self.type.tz else ''}"


def _date(days: int) -> str:
    return (dt.date(1970, 1, 1) + dt.timedelta(days)).isoformat()


def _decimal(value: Fraction | int) -> Decimal:
    return _WIDE.divide(Decimal(Fraction(value).numerator), Decimal(Fraction(value).denominator))


def _integers() -> list[Kind]:
    found = []
    for signed in (True, False):
        for bits in (8, 16, 32, 64):
            name = f"{'' if signed else 'u'}int{bits}"
            low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
            values = {low, low + 1, high - 1, high, *range(-4 if signed else 0, 9), 100}
            found.append(Kind(name, "integer", pa.type_for_alias(name), tuple(sorted(values))))
    return found


def _floats() -> list[Kind]:
    common = (0.0, -0.0, 1.0, -1.0, 1.5, 0.25, -3.75, 100.0, math.inf, -math.inf, math.nan)
    after = struct.unpack("<f", struct.pack("<I", 0x3F80_0001))[0]
    return [
        Kind("float32", "float32", pa.float32(), (*common, after, 2.0**100)),
        Kind("float64", "float64", pa.float64(), (*common, math.nextafter(1, 2), 2.0**53, 1e200)),
    ]


def _decimals() -> list[Kind]:
    types = {
        "decimal32": pa.decimal32(7, 2),
        "decimal64": pa.decimal64(16, 4),
        "decimal128": pa.decimal128(38, 6),
        "decimal256": pa.decimal256(60, 10),
        "decimal64 of thousands": pa.decimal64(12, -3),
        "decimal128 of hundreds": pa.decimal128(20, -2),
        "decimal256 of thousands": pa.decimal256(50, -3),
    }
    return [
        Kind(name, "decimal", t, (*range(-3, 8), 10**t.precision - 1, 1 - 10**t.precision, 150))
        for name, t in types.items()
    ]


def _times() -> list[Kind]:
    days = (-719_162, -1, 0, 1, 2, 3, 10_957, 20_000, 2_932_896)
    found = [
        Kind("date32", "date", pa.date32(), days),
        Kind("date64", "date", pa.date64(), tuple(day * _DAY_MS for day in days)),
    ]
    clocks = (pa.time32("s"), pa.time32("ms"), pa.time64("us"), pa.time64("ns"))
    for clock in clocks:
        end = 86_400 * _PER_SECOND[clock.unit] - 1
        found.append(Kind(str(clock), "time", clock, (0, 1, 2, 3, 61, 3_700, end - 1, end)))
    for unit, per_second in _PER_SECOND.items():
        moments = (-(10**9) * per_second, -per_second, -1, 0, 1, 2, 7, 1_700_000_000 * per_second)
        for zone in (None, "UTC", "Europe/Berlin"):
            kind = pa.timestamp(unit, zone)
            found.append(Kind(str(kind), "timestamp", kind, (*moments, moments[-1] + 1)))
    return found


_TEXTS = ("", "a", "b", "ab", "abc", "abcd", "b\0", "é", "ß", "e\u0301", "😀", "\uffff", "zz")
_LONG = ("twelve bytes", "thirteen byte", "a text that no view holds inline", "é" * 9, "a" * 40)

INTEGERS = tuple(_integers())
FLOATS = tuple(_floats())
DECIMALS = tuple(_decimals())
NUMBERS = INTEGERS + FLOATS + DECIMALS
TIMES = tuple(_times())
TEXT = Kind("string", "string", pa.string(), _TEXTS + _LONG, (pa.large_string(), pa.string_view()))
BOOLEAN = Kind("boolean", "boolean", pa.bool_(), (False, True))
_BYTES = tuple(text.encode() for text in _TEXTS + _LONG)
BINARY = Kind("binary", "binary", pa.binary(), _BYTES, (pa.large_binary(), pa.binary_view()))
FIXED = Kind("three bytes", "binary", pa.binary(3), (b"\0\0\0", b"abc", b"abd", b"\xff\0a"))

ORDERED = (*NUMBERS, *TIMES, TEXT)
ALL = (*ORDERED, BOOLEAN, BINARY, FIXED)

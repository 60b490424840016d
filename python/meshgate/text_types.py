"""The types of CSV and JSON lines, which carry none: guessed, then led by a contract.

A guess gives way to the promised type only where every value that was guessed from can be held by
it exactly as it is written: `0012` stays text, `12.50` is a decimal. Elsewhere the guess stays, and
the check of the type tells.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from meshgate import moments

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset as ds
    from pyarrow.csv import ConvertOptions

FORMATS = ("csv", "json")
_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")
_NAMES = {
    "integer": "int64",
    "number": "float64",
    "boolean": "bool",
    "date": "date32",
    "time": "time64[us]",
}
_UNITS = ("s", "ms", "us", "ns")
_MOMENTS = {"timestamp": None, "timestamp_ntz": None, "timestamp_tz": "UTC"}


def conversions(types: Mapping[str, pa.DataType] | None = None) -> ConvertOptions:
    """An empty cell is null, an empty text in quotes is a text; no word such as NA means null."""
    import pyarrow.csv

    return pyarrow.csv.ConvertOptions(
        column_types=types,
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )


def csv(*, line_breaks: bool) -> ds.CsvFileFormat:
    """How CSV is read, where cells hold line breaks and where none does."""
    import pyarrow.csv
    import pyarrow.dataset as ds

    fragments = ds.CsvFragmentScanOptions(convert_options=conversions())
    return ds.CsvFileFormat(
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=line_breaks),
        default_fragment_scan_options=fragments,
    )


def is_number(guessed: pa.Schema, name: str) -> bool:
    """Whether a column holds numbers, or nothing as far as was looked."""
    from pyarrow import types

    kind = guessed.field(name).type if name in guessed.names else None
    return kind is not None and (
        types.is_null(kind) or types.is_integer(kind) or types.is_floating(kind)
    )


def has_bytes(guessed: pa.Schema, promised: Mapping[str, str]) -> bool:
    """Whether a column is no text of UTF-8, and nobody promised bytes."""
    from pyarrow import types

    return any(
        types.is_binary(field.type) and promised.get(field.name) != "binary" for field in guessed
    )


def fitted(guessed: pa.Schema, promised: Mapping[str, str], *, numbers_as_text: bool) -> pa.Schema:
    """The schema to read with.

    Args:
        guessed: what the reader of the format guesses.
        promised: types in the spelling of the native form, by column.
        numbers_as_text: whether the format can give a number as the text that it is written as.
    """
    import pyarrow as pa

    fields = []
    for field in guessed:
        promise = promised.get(field.name, "")
        wanted = _type(promise)
        if wanted is not None and (
            _holds(wanted, field.type, numbers_as_text) or _refines(promise, wanted, field.type)
        ):
            field = field.with_type(wanted)
        fields.append(field)
    return pa.schema(fields)


def _type(promised: str) -> pa.DataType | None:
    import pyarrow as pa

    if promised in _MOMENTS:
        return pa.timestamp("us", _MOMENTS[promised])
    moment = moments.parse(promised)
    if moment is not None:
        return plainest(moment)
    match = _DECIMAL.fullmatch(promised)
    if match is not None:
        digits, scale = int(match[1]), int(match[2])
        return pa.decimal128(digits, scale) if digits <= 38 else pa.decimal256(digits, scale)
    try:
        return pa.type_for_alias(_NAMES.get(promised, promised))
    except ValueError:
        return None


def plainest(moment: moments.Moment) -> pa.DataType:
    """The plainest type that keeps the promise."""
    import pyarrow as pa

    unit = moment.unit or "us"
    if moment.base == "time":
        return pa.time32(unit) if unit in ("s", "ms") else pa.time64(unit)
    return pa.timestamp(unit, moment.zone or _MOMENTS[moment.base])


def _refines(promise: str, wanted: pa.DataType, guessed: pa.DataType) -> bool:
    """Whether a promised unit or zone can be given to what was guessed; no digit is lost."""
    from pyarrow import types

    if moments.parse(promise) is None:
        return False
    if types.is_time(wanted) and types.is_time(guessed):
        return _UNITS.index(wanted.unit) >= _UNITS.index(guessed.unit)
    return (
        types.is_timestamp(wanted)
        and types.is_timestamp(guessed)
        and (wanted.tz is None) == (guessed.tz is None)
        and _UNITS.index(wanted.unit) >= _UNITS.index(guessed.unit)
    )


def _holds(wanted: pa.DataType, guessed: pa.DataType, numbers_as_text: bool) -> bool:
    from pyarrow import types

    number = types.is_integer(guessed) or types.is_floating(guessed)
    if types.is_null(guessed):
        held = True
    elif types.is_string(wanted):
        held = numbers_as_text and not types.is_binary(guessed)
    elif types.is_decimal(wanted):
        held = number
    elif types.is_floating(wanted):
        held = types.is_integer(guessed) or (number and numbers_as_text)
    else:
        held = types.is_integer(wanted) and types.is_integer(guessed)
    return bool(held)

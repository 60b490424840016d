"""Types and options of ODCS properties: the native type, and the checks that the options mean."""

from __future__ import annotations

import re
from decimal import Decimal

from meshgate.canonical import Literal
from meshgate.contract import Place
from meshgate.formats import column_types
from meshgate.formats.clauses import Clauses
from meshgate.formats.cursor import Cursor
from meshgate.formats.findings import shown
from meshgate.formats.odcs import temporal

_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_TIME = (*_BOUNDS, "format")
_NUMERIC = (*_BOUNDS, "multipleOf", "format")
OPTIONS: dict[str, tuple[str, ...]] = {
    "string": ("minLength", "maxLength", "pattern", "format"),
    "date": _TIME,
    "timestamp": (*_TIME, "timezone", "defaultTimezone"),
    "time": (*_TIME, "timezone", "defaultTimezone"),
    "integer": _NUMERIC,
    "number": _NUMERIC,
    "object": ("minProperties", "maxProperties", "required"),
    "array": ("minItems", "maxItems", "uniqueItems"),
    "boolean": (),
    "map": (),
    "vector": (
        "dimensions",
        "elementType",
        "distanceMetric",
        "embeddingModel",
        "embeddingModelVersion",
        "normalized",
    ),
}
_INTEGER_FORMATS = {
    "i8": "int8",
    "i16": "int16",
    "i32": "int32",
    "i64": "int64",
    "u8": "uint8",
    "u16": "uint16",
    "u32": "uint32",
    "u64": "uint64",
}
_FLOAT_FORMATS = {"f32": "float32", "f64": "float64"}
_DECIMAL = re.compile(r"(?:decimal|numeric)(?:\(\s*(\d{1,2})\s*,\s*(\d{1,2})\s*\))?", re.IGNORECASE)
_VECTOR_ITEMS = {"int8": "int8", "uint8": "uint8", "float32": "float32", "float64": "float64"}
# Formats of strings that say what the values are, not how they are spelt.
_UNSPELT = frozenset({"binary", "password"})
_LENGTHS = {
    "minLength": "min",
    "maxLength": "max",
    "minItems": "min",
    "maxItems": "max",
    "minProperties": "min",
    "maxProperties": "max",
    "dimensions": "exact",
}


def native_type(
    logical: str | None, physical: str | None, options: dict[str, Cursor], at: Cursor
) -> str:
    """The native type of a property; empty after a finding.

    An integer without a format has any width: the default of the standard's schema, `i32`, would
    refuse every larger key. Physical types are of one server; only their decimal precision counts.
    """
    format_ = options["format"].text() if "format" in options else None
    exact = _DECIMAL.fullmatch((physical or "").strip())
    if logical is None:
        return _from_physical(physical, at)
    if logical == "string":
        return "binary" if format_ == "binary" else "string"
    if logical == "integer":
        return _INTEGER_FORMATS.get(format_ or "", "integer")
    if logical == "number":
        if format_ in _FLOAT_FORMATS:
            return _FLOAT_FORMATS[format_]
        if exact is None:
            return "number"
        return column_types.parse(f"decimal({exact[1]},{exact[2]})") or "decimal"
    if logical == "timestamp" and "timezone" in options:
        return "timestamp_tz" if options["timezone"].boolean() else "timestamp_ntz"
    return {"object": "struct", "array": "list", "vector": "list"}.get(logical, logical)


def vector_items(options: dict[str, Cursor]) -> str:
    """The type of a vector's elements."""
    element = options["elementType"].text() if "elementType" in options else None
    return _VECTOR_ITEMS.get(element or "float32", "number")


def _from_physical(physical: str | None, at: Cursor) -> str:
    word = (physical or "").strip().lower()
    parsed = column_types.parse(word) or column_types.known_elsewhere(word)
    if parsed is None:
        at.wrong(
            "contract.missing_key",
            'the key "logicalType" is missing',
            "types are compared, so it has to be there: string, integer, number, date, …",
        )
    return parsed or ""


def add_clauses(
    column: str,
    logical: str,
    options: dict[str, Cursor],
    clauses: Clauses,
    place: Place,
) -> None:
    """The checks, and the clause that nobody executes, that the options of a property mean."""
    _length(column, options, clauses, place)
    if "pattern" in options:
        pattern = options["pattern"].text("a pattern")
        if pattern is not None:
            at = options["pattern"].place
            clauses.check(
                "regex_match", (column,), {"pattern": pattern}, at, arg_places={"pattern": at}
            )
    if logical in {"date", "time", "timestamp"}:
        _bounds(column, _temporal_bounds(logical, options), clauses, place)
    elif logical in {"integer", "number"}:
        _bounds(column, _numeric_bounds(options), clauses, place)
        _multiple(column, options, clauses)
    if "format" in options:
        _format(column, logical, options["format"], clauses)
    if "uniqueItems" in options and options["uniqueItems"].boolean():
        clauses.check("unique_items", (column,), {}, options["uniqueItems"].place)


def is_spelling(logical: str, format_: str) -> bool:
    """Whether a format says how values are spelt, rather than which type they have."""
    if logical == "string":
        return format_ not in _UNSPELT
    return format_ not in _INTEGER_FORMATS and format_ not in _FLOAT_FORMATS


def _format(column: str, logical: str, at: Cursor, clauses: Clauses) -> None:
    """The check of a spelling. On columns of dates and times the engine says that it has none."""
    format_ = at.text("a format")
    if format_ is None or not is_spelling(logical, format_):
        return
    if logical == "string":
        check, arg, value = "format", "name", "base64" if format_ == "byte" else format_
    elif logical in {"date", "time", "timestamp"}:
        check, arg, value = "date_format", "pattern", format_
    else:
        clause, reason = f"format {shown(format_)}", "no check of this version judges it"
        clauses.not_enforced(clause, reason, at.place, f"{column}.format")
        return
    clauses.check(check, (column,), {arg: value}, at.place, arg_places={arg: at.place})


def _length(column: str, options: dict[str, Cursor], clauses: Clauses, place: Place) -> None:
    args: dict[str, Literal] = {}
    places: dict[str, Place] = {}
    for name, arg in _LENGTHS.items():
        if name in options:
            args[arg] = options[name].count()
            places[arg] = options[name].place
    if args:
        clauses.check("length", (column,), args, place, arg_places=places)


def _multiple(column: str, options: dict[str, Cursor], clauses: Clauses) -> None:
    if "multipleOf" not in options:
        return
    at = options["multipleOf"]
    value = at.number()
    if value is not None and value <= 0:
        at.wrong("contract.bad_number", "multipleOf is above 0", "write the step between values")
    elif value is not None:
        clauses.check(
            "multiple_of", (column,), {"value": value}, at.place, arg_places={"value": at.place}
        )


Bounds = dict[str, tuple[Literal, Cursor]]


def _numeric_bounds(options: dict[str, Cursor]) -> Bounds:
    """The bounds by name; a boolean exclusive bound of 3.0 moves its neighbour."""
    bounds: Bounds = {}
    for name in _BOUNDS:
        if name in options and options[name].kind() != "true or false":
            value = options[name].number()
            if value is not None:
                bounds[name] = (value, options[name])
    _apply_flags(bounds, options)
    return bounds


def _temporal_bounds(logical: str, options: dict[str, Cursor]) -> Bounds:
    jdk = options["format"].text() if "format" in options else None
    zone = _zone(options)
    bounds: Bounds = {}
    for name in _BOUNDS:
        if name not in options or options[name].kind() == "true or false":
            continue
        text = options[name].text(f"a {logical}")
        iso = None if text is None else temporal.bound(text, logical, jdk, zone)
        if text is not None and iso is None:
            options[name].wrong(
                "contract.bad_number",
                f"the bound is no {logical}",
                "write it in ISO 8601, or as the format says",
            )
        if iso is not None:
            bounds[name] = (iso, options[name])
    _apply_flags(bounds, options)
    return bounds


def _zone(options: dict[str, Cursor]) -> str | None:
    """Where bounds without an offset are meant; only columns with a zone need to know."""
    if "timezone" not in options or not options["timezone"].boolean():
        return None
    if "defaultTimezone" not in options:
        return "UTC"
    name = options["defaultTimezone"].text("a time zone")
    if name is None or temporal.is_zone(name):
        return name
    options["defaultTimezone"].wrong(
        "contract.unknown_word", f"{shown(name)} is no time zone", "write one such as Etc/UTC"
    )
    return None


def _apply_flags(bounds: Bounds, options: dict[str, Cursor]) -> None:
    for flag, name in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        stated = flag in options and options[flag].kind() == "true or false"
        if stated and options[flag].boolean() and name in bounds:
            bounds[flag] = bounds.pop(name)


def _bounds(column: str, bounds: Bounds, clauses: Clauses, place: Place) -> None:
    """One check per pair of bounds; a second bound on the same side is a check of its own."""
    lower = [name for name in ("exclusiveMinimum", "minimum") if name in bounds]
    upper = [name for name in ("exclusiveMaximum", "maximum") if name in bounds]
    if len(lower) == 1 and len(upper) == 1:
        (low, at_low), (high, at_high) = bounds[lower[0]], bounds[upper[0]]
        args: dict[str, Literal] = {"min": low, "max": high}
        inclusive = _INCLUSIVE[lower[0] == "minimum", upper[0] == "maximum"]
        if inclusive != "both":
            args["inclusive"] = inclusive
        _ordered(low, high, at_high)
        places = {"min": at_low.place, "max": at_high.place}
        clauses.check("between", (column,), args, place, arg_places=places)
        return
    for name in (*lower, *upper):
        value, at = bounds[name]
        clauses.check(
            _SINGLE[name], (column,), {"value": value}, at.place, arg_places={"value": at.place}
        )


def _ordered(low: Literal, high: Literal, at: Cursor) -> None:
    numbers = isinstance(low, int | Decimal) and isinstance(high, int | Decimal)
    if numbers and low > high:  # type: ignore[operator]  # both are numbers here
        at.wrong("contract.contradiction", "the maximum is below the minimum", "exchange them")


_INCLUSIVE = {
    (True, True): "both",
    (True, False): "left",
    (False, True): "right",
    (False, False): "neither",
}
_SINGLE = {
    "minimum": "ge",
    "maximum": "le",
    "exclusiveMinimum": "gt",
    "exclusiveMaximum": "lt",
}

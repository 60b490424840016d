"""Promises about time and supply: names, values and units as both forms write them."""

from __future__ import annotations

import re

from meshgate.canonical import Literal
from meshgate.contract import Place, ServiceLevel
from meshgate.formats import durations
from meshgate.formats.clauses import AGE_CHECKS, Clauses
from meshgate.formats.cursor import Cursor
from meshgate.formats.findings import shown

# ODCS names, their two-letter synonyms, and the native spellings; names are open.
_NAMES = {
    "av": "availability",
    "el": "endOfLife",
    "er": "errorRate",
    "es": "endOfSupport",
    "fy": "frequency",
    "ga": "generalAvailability",
    "ly": "latency",
    "re": "retention",
    "td": "timeToDetect",
    "th": "throughput",
    "tn": "timeToNotify",
    "tr": "timeToRepair",
}
KNOWN = frozenset({*_NAMES.values(), "freshness", "timeOfAvailability"})
_FOLDED = {name.lower(): name for name in KNOWN} | _NAMES
DURATIONS = frozenset(
    {"latency", "freshness", "retention", "timeToDetect", "timeToNotify", "timeToRepair"}
)
# `m` is months for some tools and minutes for others in these.
AMBIGUOUS_M = frozenset({"retention", "frequency"})
_WITH_COLUMN = frozenset({"latency", "freshness", "retention"})
_PERCENT = re.compile(r"\d+(\.\d+)? ?%", re.ASCII)


def canonical_name(name: str) -> str:
    """The ODCS spelling of a service level; other names stay as they are.

    >>> canonical_name("error_rate")
    'errorRate'
    """
    return _FOLDED.get(name.lower().replace("_", ""), name)


def level(name: str, text: str, column: str | None) -> ServiceLevel:
    """The value of a promise: a duration where it reads as one, else the text itself."""
    duration = durations.parse(text)
    if duration is not None:
        return ServiceLevel(name, duration.text, duration.seconds, column)
    if _PERCENT.fullmatch(text):
        text = text.replace(" ", "")
    return ServiceLevel(name, text, None, column)


def add_clause(level: ServiceLevel, clauses: Clauses, place: Place) -> None:
    """The check, or the unexecuted clause, that a service level with a column implies."""
    if level.column is None:
        return
    id = f"{level.column}.{level.name}"
    if level.name in AGE_CHECKS and level.seconds is not None:
        duration = durations.Duration(level.value, level.seconds)
        age: dict[str, Literal] = {"max_age": duration.as_argument()}
        clauses.check(level.name, (level.column,), age, place, arg_places={"max_age": place})
    elif level.name in AGE_CHECKS:
        reason = "months and years have no fixed length"
        clauses.not_enforced(f"service level {level.name}", reason, place, id)
    else:
        reason = "this service level is not measured on a column"
        clauses.not_enforced(f"service level {level.name}", reason, place, id)


def read_value(name: str, cursor: Cursor) -> str | None:
    """The source text of a promised value, checked where the name asks for a duration."""
    text = cursor.source("a value such as 24h")
    if text is None:
        return None
    if name in DURATIONS and durations.parse(text) is None:
        cursor.wrong(
            "contract.bad_duration",
            f"{shown(text)} is not a length of time",
            "write a number and a unit: 15m, 24h, 7d, or PT15M",
        )
        return None
    return text


def takes_column(name: str) -> bool:
    """Whether the promise can be about a column."""
    return name in _WITH_COLUMN or name not in KNOWN

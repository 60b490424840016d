"""Bounds on dates and times as ODCS writes them: ISO 8601, or by the document's JDK format.

The canonical form is ISO 8601. The standard's own default format and one of its examples are not
what the JDK means by these letters; both count as "ISO 8601".
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

# The default of the standard's text, and the format of one of its examples.
_MEANT_ISO = frozenset({"YYYY-MM-DDTHH:mm:ss.SSSZ", "yyyy-MM-ddTHH:mm:ssZ"})
_DATE = r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})"
_TIME = r"(?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.(?P<fraction>\d{1,9}))?)?"
_OFFSET = r"(?P<offset>Z|[+-]\d{2}(?::?\d{2})?)?"
_ISO = {
    "date": re.compile(_DATE, re.ASCII),
    "time": re.compile(_TIME + _OFFSET, re.ASCII),
    "timestamp": re.compile(rf"{_DATE}(?:[T ]{_TIME}{_OFFSET})?", re.ASCII),
}
# Letters of java.time.format.DateTimeFormatter that a bound can need.
_LETTERS = {
    "yyyy": r"(?P<year>\d{4})",
    "uuuu": r"(?P<year>\d{4})",
    "MM": r"(?P<month>\d{2})",
    "dd": r"(?P<day>\d{2})",
    "HH": r"(?P<hour>\d{2})",
    "mm": r"(?P<minute>\d{2})",
    "ss": r"(?P<second>\d{2})",
    "Z": r"(?P<offset>[+-]\d{4})",
    "XX": r"(?P<offset>Z|[+-]\d{4})",
    "X" * 3: r"(?P<offset>Z|[+-]\d{2}:\d{2})",
    "xxx": r"(?P<offset>[+-]\d{2}:\d{2})",
}
_TOKEN = re.compile(r"'(?P<quoted>[^']*)'|(?P<letters>([A-Za-z])\3*)|(?P<other>.)", re.DOTALL)


def bound(text: str, kind: str, jdk: str | None, zone: str | None) -> str | None:
    """The bound in ISO 8601, or None when it is neither that nor of the JDK format.

    Args:
        text: the bound as written.
        jdk: the document's format, in letters of ``java.time.format.DateTimeFormatter``.
        kind: ``date``, ``time`` or ``timestamp``.
        zone: where a bound without an offset is meant, for columns with a time zone.

    >>> bound("31.12.2024", "date", "dd.MM.yyyy", None)
    '2024-12-31'
    """
    match = _ISO[kind].fullmatch(text)
    if match is None and jdk is not None and jdk not in _MEANT_ISO:
        pattern = _compile(jdk)
        match = None if pattern is None else pattern.fullmatch(text)
    if match is None:
        return None
    parts = {name: value for name, value in match.groupdict().items() if value is not None}
    try:
        return _iso(parts, kind, zone)
    except (ValueError, KeyError, OSError, OverflowError):
        return None


def is_zone(name: str) -> bool:
    """Whether the name is a time zone that this machine knows."""
    try:
        ZoneInfo(name)
    except (ValueError, KeyError, OSError):
        return False
    return True


def _compile(jdk: str) -> re.Pattern[str] | None:
    pattern = ""
    for token in _TOKEN.finditer(jdk):
        letters = token["letters"]
        if letters is None:
            quoted = token["quoted"]
            pattern += re.escape(
                ("'" if quoted == "" else quoted) if quoted is not None else token["other"]
            )
        elif set(letters) == {"S"}:
            pattern += rf"(?P<fraction>\d{{{min(len(letters), 9)}}})"
        elif letters in _LETTERS:
            pattern += _LETTERS[letters]
        else:
            return None
    try:
        return re.compile(pattern, re.ASCII)
    except re.error:  # the same field twice
        return None


def _iso(parts: dict[str, str], kind: str, zone: str | None) -> str:
    offset = _offset(parts.get("offset"))
    fraction = parts.get("fraction", "")
    clock = time(
        int(parts.get("hour", 0)), int(parts.get("minute", 0)), int(parts.get("second", 0))
    )
    written = clock.isoformat() + (f".{fraction}" if fraction else "")
    if kind == "time":
        return written + offset
    day = date(int(parts["year"]), int(parts["month"]), int(parts["day"]))
    if kind == "date":
        return day.isoformat()
    if not offset and zone is not None:
        local = datetime.combine(day, clock, tzinfo=ZoneInfo(zone))
        there = local.utcoffset()
        seconds = 0 if there is None else int(there.total_seconds())
        offset = _from_seconds(seconds)
    return f"{day.isoformat()}T{written}{offset}"


def _offset(text: str | None) -> str:
    if text is None or text == "Z":
        return text or ""
    hours, minutes = text[1:3], text[3:].lstrip(":") or "00"
    if int(hours) > 18 or int(minutes) > 59:
        raise ValueError("offset")
    return f"{text[0]}{hours}:{minutes}"


def _from_seconds(seconds: int) -> str:
    if seconds == 0:
        return "Z"
    sign = "-" if seconds < 0 else "+"
    hours, rest = divmod(abs(seconds), 3600)
    return f"{sign}{hours:02}:{rest // 60:02}"

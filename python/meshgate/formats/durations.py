"""Lengths of time as contracts write them: `15m`, `24h`, `1.5 h`, `90 minutes`, `PT15M`, `P1D`.

Fractions count exactly (1.5h is 5400 s). `m` is minutes. Months and years have no fixed length:
they are durations, but their `seconds` are None. Units are those of ODCS, without regard to case.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

_UNITS = {
    "s": ("s", "sec", "secs", "second", "seconds"),
    "m": ("m", "min", "mins", "minute", "minutes"),
    "h": ("h", "hr", "hrs", "hour", "hours"),
    "d": ("d", "day", "days"),
    "w": ("w", "week", "weeks"),
    "mo": ("mo", "month", "months"),
    "y": ("y", "yr", "yrs", "year", "years"),
}
SUFFIX_OF = {spelling: suffix for suffix, spellings in _UNITS.items() for spelling in spellings}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_PLAIN = re.compile(r"(\d{1,15}(?:\.\d{1,9})?) ?([A-Za-z]+)", re.ASCII)
_NUMBER = r"(\d{1,15}(?:[.,]\d{1,9})?)"
_ISO = re.compile(
    rf"P(?!$)(?:{_NUMBER}Y)?(?:{_NUMBER}M)?(?:{_NUMBER}W)?(?:{_NUMBER}D)?"
    rf"(?:T(?=\d)(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time.

    Attributes:
        text: number and suffix without a space (`24h`), or the ISO 8601 form as written.
        seconds: its exact length; None where the calendar decides.
    """

    text: str
    seconds: int | Decimal | None

    def as_argument(self) -> str:
        """The spelling for checks: a whole number with s, m, h, d or w where there is one."""
        if re.fullmatch(r"\d+[smhdw]", self.text) or self.seconds is None:
            return self.text
        return f"{self.seconds}s"


def parse(text: str) -> Duration | None:
    """The duration, or None when the text is none.

    >>> parse("1.5 hours")
    Duration(text='1.5h', seconds=5400)
    >>> parse("P1M").seconds is None
    True
    """
    plain = _PLAIN.fullmatch(text.strip())
    if plain:
        suffix = SUFFIX_OF.get(plain[2].lower())
        return None if suffix is None else of(plain[1], suffix)
    iso = _ISO.fullmatch(text.strip())
    if not iso:
        return None
    parts = [None if part is None else Decimal(part.replace(",", ".")) for part in iso.groups()]
    if parts[0] or parts[1]:
        return Duration(text.strip(), None)
    lengths = (604800, 86400, 3600, 60, 1)
    total = sum((part * n for part, n in zip(parts[2:], lengths, strict=True) if part), Decimal(0))
    return Duration(text.strip(), _whole(total))


def of(number: str, suffix: str) -> Duration:
    """The duration of a number and a canonical suffix."""
    seconds = _SECONDS.get(suffix)
    exact = None if seconds is None else _whole(Decimal(number) * seconds)
    return Duration(f"{number}{suffix}", exact)


def _whole(number: Decimal) -> int | Decimal:
    return int(number) if number == number.to_integral_value() else number.normalize()

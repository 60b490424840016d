"""Times and timestamps that are promised with a unit or a zone, as in `timestamp[us, tz=UTC]`."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ZONE = r"tz=([A-Za-z0-9_+\-/:]{1,64})"
PATTERN = (
    r"(?:time\s*\[\s*(?:s|ms|us|ns)\s*\]"
    r"|timestamp_ntz\s*\[\s*(?:s|ms|us|ns)\s*\]"
    rf"|timestamp(?:_tz)?\s*\[\s*(?:(?:s|ms|us|ns)\s*(?:,\s*{_ZONE}\s*)?|{_ZONE}\s*)\])"
)
"""What such a type is written as, for the JSON Schema of the native form."""
_MOMENT = re.compile(PATTERN, re.ASCII)
_UNIT = re.compile(r"\[\s*(s|ms|us|ns)\b", re.ASCII)


@dataclass(frozen=True, slots=True)
class Moment:
    """A time or timestamp of a contract, more exactly than by its name.

    Attributes:
        base: ``time``, ``timestamp``, ``timestamp_tz`` or ``timestamp_ntz``.
        unit: ``s``, ``ms``, ``us``, ``ns``, or None for any.
        zone: the zone's name, or None where none is promised.
    """

    base: str
    unit: str | None
    zone: str | None

    def __str__(self) -> str:
        """The canonical spelling."""
        zone = None if self.zone is None else f"tz={self.zone}"
        return f"{self.base}[{', '.join(part for part in (self.unit, zone) if part)}]"


def parse(text: str) -> Moment | None:
    """The promise that a text with brackets makes, or None.

    >>> str(parse("timestamp_tz[us,tz=UTC]"))
    'timestamp[us, tz=UTC]'
    """
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    base = text.partition("[")[0].strip()
    unit, zone = _UNIT.search(text), match[1] or match[2]
    if zone is not None:
        base = "timestamp"  # a zone by name says that there is one
    return Moment(base, None if unit is None else unit[1], zone)

"""Lengths of time: exact, and minutes stay minutes."""

from __future__ import annotations

from decimal import Decimal

import pytest
from meshgate.formats.durations import Duration, parse


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("15m", 900), ("24h", 86400), ("1.5h", 5400), ("1.5 h", 5400), ("90 minutes", 5400),
        ("1 Day", 86400), ("7d", 604800), ("2w", 1209600), ("30s", 30), ("30 SEC", 30),
        ("0.1s", Decimal("0.1")), ("1.0000001h", Decimal("3600.00036")), ("0h", 0),
        ("PT15M", 900), ("P1DT2H30M", 95400), ("P1W", 604800), ("PT0.5S", Decimal("0.5")),
        ("PT1,5H", 5400), ("P1D", 86400),
    ],
)  # fmt: skip
def test_durations_are_exact(text: str, seconds: int | Decimal) -> None:
    duration = parse(text)
    assert duration is not None
    assert duration.seconds == seconds
    assert type(duration.seconds) is type(seconds)


@pytest.mark.parametrize("text", ["3mo", "2y", "1 year", "P1M", "P2Y", "P1Y2M3D"])
def test_months_and_years_have_no_fixed_length(text: str) -> None:
    duration = parse(text)
    assert duration is not None
    assert duration.seconds is None


@pytest.mark.parametrize(
    "text",
    [
        "", "15", "m", "-15m", "+15m", "15 x", "1h30m", "P", "PT", "P1", "1.h", ".5h", "1e3s",
        "15\nm", "15m\n;", "٣m", "15mm", "P1H", "PT1D", "99999999999999999999h", "0x5s", "1_0s",
    ],
)  # fmt: skip
def test_what_is_no_duration_is_none(text: str) -> None:
    assert parse(text) is None


def test_spelling_is_canonical() -> None:
    assert parse("24 Hours") == Duration("24h", 86400)
    assert [parse(t).as_argument() for t in ("24 h", "1.5h", "PT15M", "0.5s")] == [
        "24h", "5400s", "900s", "0.5s",
    ]  # fmt: skip

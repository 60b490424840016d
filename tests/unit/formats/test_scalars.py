"""Scalars of YAML: what is a number or a boolean, and what stays text."""

from __future__ import annotations

from decimal import Decimal

import pytest
from meshgate.formats.document import Limits, read
from meshgate.formats.findings import Findings
from meshgate.formats.nodes import Mapping, NotANumber, Scalar, value_of


def scalar(text: str) -> Scalar:
    root = read(f"key: {text}\n", Findings("<text>"), Limits())
    assert isinstance(root, Mapping)
    node = root.entries["key"][1]
    assert isinstance(node, Scalar)
    return node


@pytest.mark.parametrize(
    "text",
    [
        "NO", "no", "Yes", "on", "Off", "y", "N", "tRUE", "nULL", "None", "nil",
        "12:30", "12:30:45", "1:20", "010", "-010", "00", "0b11", "1_000", "1,000", "+",
        "2024-01-01", "2024-01-01T00:00:00Z", "2024-01-01 00:00:00", "1.2.0", "1.2.3.4",
        "1e", "e5", "0x", "0o9", "-0x1F", ".", "-.", "1d", "15m", "24h", "99.9%", "=", "5 EUR",
        "0.1.2", "--1", "+-1", "1e5e5", "\u0661", "1e٣", "infinity", "nan", "inf",
    ],
)  # fmt: skip
def test_what_older_readers_convert_stays_text(text: str) -> None:
    assert value_of(scalar(text)) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None), ("~", None), ("null", None), ("Null", None), ("NULL", None),
        ("true", True), ("True", True), ("TRUE", True), ("false", False), ("FALSE", False),
        ("0", 0), ("-0", 0), ("+7", 7), ("12", 12), ("-3", -3), ("0x1F", 31), ("0o17", 15),
        ("9007199254740993", 9007199254740993), (str(2**256), 2**256),
        ("0.10", Decimal("0.10")), (".5", Decimal("0.5")), ("5.", Decimal(5)),
        ("-1.5e3", Decimal("-1500")), ("1E-7", Decimal("1E-7")), ("0.0", Decimal("0.0")),
    ],
)  # fmt: skip
def test_numbers_booleans_and_null_are_exact(text: str, value: object) -> None:
    read_value = value_of(scalar(text))
    assert read_value == value
    assert type(read_value) is type(value)


def test_digits_are_kept() -> None:
    assert str(value_of(scalar("0.10"))) == "0.10"
    assert scalar("1.0").text == "1.0"


@pytest.mark.parametrize("text", ["'1'", '"true"', "'null'", '""', "'~'", '"0.10"'])
def test_quoted_text_is_text(text: str) -> None:
    assert value_of(scalar(text)) == text[1:-1]


@pytest.mark.parametrize(
    "text",
    [".nan", ".NaN", ".inf", "-.Inf", "1e400", "1e-400", "1e999999999999", "0e99999", "9" * 500],
)
def test_numbers_that_no_column_holds_are_none(text: str) -> None:
    with pytest.raises(NotANumber):
        value_of(scalar(text))

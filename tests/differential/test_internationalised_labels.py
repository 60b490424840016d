"""Encoded labels of host names: what may stand in them, derived from Python's Unicode database.

The engine's tables are of a newer Unicode; code points that Python does not know yet are left out.
What a label may hold is derived as RFC 5892 says, from normal forms, case folding and categories.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

import pyarrow as pa
import pytest
from meshgate.canonical import Frozen
from meshgate.contract import Check, Column, Contract
from meshgate.engine import Plan

KNOWN = [
    chr(point)
    for point in range(0x80, 0x110000)
    if unicodedata.category(chr(point)) not in ("Cn", "Cs", "Co")
]
# RFC 5892: exceptions, what needs a context, and the blocks and properties left out.
VALID = {0xDF, 0x3C2, 0x6FD, 0x6FE, 0xF0B, 0x3007}
DISALLOWED = {0x640, 0x7FA, 0x302E, 0x302F, *range(0x3031, 0x3036), 0x303B}
CONTEXT = {0xB7, 0x375, 0x5F3, 0x5F4, 0x30FB, 0x200C, 0x200D, *range(0x660, 0x66A)}
CONTEXT |= {*range(0x6F0, 0x6FA)}
IGNORED = [
    (0x34F, 0x34F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x20D0, 0x20FF),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0x1D100, 0x1D24F),
    (0xE0000, 0xE0FFF),
]
OLD_JAMO = [(0x1100, 0x11FF), (0xA960, 0xA97F), (0xD7B0, 0xD7FF)]


def may_stand(character: str) -> bool:
    point = ord(character)
    if point in VALID or point in DISALLOWED:
        return point in VALID
    if any(low <= point <= high for low, high in (*IGNORED, *OLD_JAMO)):
        return False
    folded = unicodedata.normalize("NFKC", character).casefold()
    stable = unicodedata.normalize("NFKC", folded) == character
    letters = {"Ll", "Lu", "Lo", "Nd", "Lm", "Mn", "Mc"}
    return stable and unicodedata.category(character) in letters


@pytest.fixture(scope="module")
def known() -> list[str]:
    assert len(KNOWN) > 130_000
    return [character for character in KNOWN if ord(character) not in CONTEXT]


def accepted(labels: Iterable[str]) -> list[bool]:
    """Whether the check takes each label in its encoded form."""
    texts = ["xn--" + label.encode("punycode").decode() for label in labels]
    contract = Contract(
        id="labels",
        dataset="labels",
        version="1.0.0",
        columns=(Column("text", "string"), Column("row", "integer")),
        checks=(Check("it", "format", ("text",), Frozen({"name": "hostname"})),),
    )
    table = pa.table({"text": texts, "row": range(len(texts))})
    found = [False] * len(texts)
    for split in Plan.compile(contract, table).run(table):
        if split.accepted is not None:
            for row in split.accepted.column("row").to_pylist():
                found[row] = True
    return found


def differing(labels: list[str], expected: list[bool]) -> list[str]:
    pairs = zip(labels, accepted(labels), expected, strict=True)
    return [ascii(label) for label, taken, right in pairs if taken != right]


def test_a_label_holds_what_the_standard_derives(known: list[str]) -> None:
    labels = [f"a{character}a" for character in known]
    assert differing(labels, [may_stand(character) for character in known]) == []


def test_no_label_begins_with_a_mark(known: list[str]) -> None:
    valid = [character for character in known if may_stand(character)]
    labels = [f"{character}a" for character in valid]
    assert differing(labels, [unicodedata.category(c)[0] != "M" for c in valid]) == []


def test_a_joiner_stands_behind_a_virama(known: list[str]) -> None:
    valid = [character for character in known if may_stand(character)]
    labels = [f"a{character}\u200da" for character in valid]
    assert differing(labels, [unicodedata.combining(c) == 9 for c in valid]) == []

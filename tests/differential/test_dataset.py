"""Checks of the whole dataset agree with pyarrow, formats with Python's own parsers.

One file because both are a page, and neither compares values with literals.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import operator
import uuid
from collections.abc import Callable
from random import Random

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from .drawn import CUTS, EXAMPLES, PATIENT, ROWS, SEEDS, column
from .judging import Clause, Expected, agree, contract, judged
from .kinds import INTEGERS, TEXT, TIMES, Kind
from .layouts import Given, layouts, table

NANOS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "D": 86_400 * 10**9}
MOMENTS = tuple(kind for kind in TIMES if kind.promise != "time")


@PATIENT
@given(
    data=st.data(),
    rows=ROWS,
    cuts=CUTS,
    op=st.sampled_from(("eq", "ne", "lt", "le", "gt", "ge")),
    bound=st.integers(1, 300),
    seed=SEEDS,
)
def test_row_count(
    data: st.DataObject, rows: int, cuts: list[int], op: str, bound: int, seed: int
) -> None:
    drawn = data.draw(column(INTEGERS[0], rows))
    bound = data.draw(st.sampled_from((bound, max(rows, 1))))
    promised = contract([drawn], [Clause("row_count", {"op": op, "bound": bound}, ())])
    run, rejected = judged(promised, table([drawn], cuts, seed))
    assert (run.report.checks[-1].status == "pass") is getattr(operator, op)(rows, bound)
    assert not rejected


@pytest.mark.parametrize("kind", MOMENTS, ids=repr)
@EXAMPLES
@given(data=st.data(), rows=ROWS, cuts=CUTS, seed=SEEDS, age=st.integers(0, 3))
def test_ages(
    kind: Kind, data: st.DataObject, rows: int, cuts: list[int], seed: int, age: int
) -> None:
    drawn = data.draw(column(kind, rows))
    args = {"max_age": f"{age}d"}
    promised = contract([drawn], [Clause("freshness", args), Clause("latency", args)])
    ends = pc.min_max(pa.array(drawn.values, pa.int64()))
    oldest, newest = ends["min"].as_py(), ends["max"].as_py()
    nanos = NANOS["D" if kind.type == pa.date32() else getattr(kind.type, "unit", "ms")]
    limit = age * NANOS["D"]
    # The contract's limit is met at equality.
    anchor = data.draw(st.sampled_from((oldest, newest))) if newest is not None else 0
    now = anchor * nanos + limit + data.draw(st.sampled_from((-1, 0, 1)))
    now = max(min(now, 2**63 - 1), -(2**63))
    run, rejected = judged(promised, table([drawn], cuts, seed), now=now)
    fresh, prompt = (outcome.status == "pass" for outcome in run.report.checks[-2:])
    # Without a value nothing is fresh, and nothing is late (D18).
    assert fresh is (newest is not None and now - newest * nanos <= limit)
    assert prompt is (oldest is None or now - oldest * nanos <= limit)
    assert not rejected


def is_date(text: str) -> bool:
    """Year 0000 is of ISO 8601 and RFC 3339, not of Python; it leaps as 2000 does."""
    text = f"2000{text[4:]}" if text.startswith("0000") else text
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def parses(parse: Callable[[str], object]) -> Callable[[str], bool]:
    """Whether a parser of Python's library takes the text."""

    def accepts(text: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return True

    return accepts


def refuse(constant: str) -> None:
    raise ValueError(constant)  # NaN and Infinity are Python's, not JSON's


def is_uuid(text: str) -> bool:
    """Python also takes a UUID without dashes, in braces or as a URN."""
    return parses(uuid.UUID)(text) and str(uuid.UUID(text)) == text.lower()


def is_ipv6(text: str) -> bool:
    """Python also takes a zone."""
    return "%" not in text and parses(ipaddress.IPv6Address)(text)


FORMATS: dict[str, tuple[Callable[[str], bool], list[str]]] = {
    "date": (is_date, ["2024-02-29", "1999-12-31", "0000-01-01"]),
    "ipv4": (parses(ipaddress.IPv4Address), ["1.2.3.4", "255.249.100.0"]),
    "ipv6": (is_ipv6, ["::1", "2001:db8::ff00:42:8329", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4"]),
    "uuid": (is_uuid, ["2eb8aa08-aa98-11ea-b4aa-73B441D16380"]),
    "json": (
        parses(lambda text: json.loads(text, parse_constant=refuse)),
        ['{"a": [1, null]}', '"\\u00e9\\n"', "-0.5e+7", "[true, false]", "NaN", " 01"],
    ),
}
CHARACTERS = '0159af:.-"[]{}, \n%é१'
EDITS = st.lists(
    st.tuples(
        st.integers(0, 40), st.integers(0, 1), st.sampled_from([*'0159af:.-"[]{}, \n%é१', ""])
    ),
    max_size=3,
)


@pytest.mark.parametrize("name", FORMATS)
@PATIENT
@given(data=st.data(), rows=ROWS, cuts=CUTS, seed=SEEDS)
def test_formats(name: str, data: st.DataObject, rows: int, cuts: list[int], seed: int) -> None:
    """Valid texts and the same with up to three characters put in, replaced or taken out."""
    accepts, examples = FORMATS[name]
    pool: list[str] = []
    for _ in range(4):
        text = data.draw(st.sampled_from(examples))
        for place, gone, put in data.draw(EDITS):
            text = text[: place % (len(text) + 1)] + put + text[place % (len(text) + 1) + gone :]
        pool.append(text)
    kind = Kind(name, "string", pa.string(), (*pool, *examples), TEXT.others)
    values = Random(seed).choices((*pool, None), k=rows)
    drawn = Given("a", kind, values, data.draw(layouts(kind)))
    failed = [row for row, text in enumerate(values) if text is not None and not accepts(text)]
    promised = contract([drawn], [Clause("format", {"name": name})])
    agree(promised, table([drawn], cuts, seed), [Expected(failed, values.count(None))])

"""Lengths and patterns of texts agree with pyarrow (utf8proc and RE2), DuckDB and Python."""

from __future__ import annotations

import re
from random import Random
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from .drawn import CUTS, PATIENT, ROWS, SEEDS, column
from .judging import Clause, Expected, agree, contract
from .kinds import BINARY, FIXED, TEXT, Kind
from .layouts import table

_LITERALS = st.sampled_from(["a", "b", "c", "é", "😀", r"\."])
_CLASSES = st.sampled_from(["[ab]", "[^a]", "[a-z]", "[^b-é]", ".", "[😀ß]", r"[^\n]"])


def _joined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    counts = st.sampled_from(["", "?", "*", "+", "{2}", "{1,3}", "{0,1}", "*?"])
    counted = st.tuples(parts, counts).map(lambda pair: f"(?:{pair[0]}){pair[1]}")
    return st.one_of(
        counted,
        st.lists(parts, min_size=2, max_size=4).map("".join),
        st.lists(parts, min_size=2, max_size=3).map(lambda many: f"(?:{'|'.join(many)})"),
    )


# The common ground of ECMA-262, Python and RE2: no class escapes, no look-around, and no `\r`,
# U+2028 or U+2029, which only ECMA-262 takes for ends of lines.
_BODIES = st.recursive(_LITERALS | _CLASSES, _joined, max_leaves=6)
PATTERNS = st.builds(
    lambda start, body, end: f"{start}{body}{end}",
    st.sampled_from(["", "^"]),
    _BODIES,
    st.sampled_from(["", "$"]),
)
LINES = Kind(
    "lines", "string", pa.string(), (*TEXT.values, "a\n", "\nb", "\n", "a.b", "ba"), TEXT.others
)


def failing(values: list[Any], held: list[bool | None]) -> Expected:
    failed = [row for row, holds in enumerate(held) if holds is False]
    return Expected(failed, sum(value is None for value in values))


@PATIENT
@given(data=st.data(), rows=ROWS, cuts=CUTS, seed=SEEDS, pattern=PATTERNS)
def test_patterns(data: st.DataObject, rows: int, cuts: list[int], seed: int, pattern: str) -> None:
    drawn = data.draw(column(LINES, rows))
    check, full = data.draw(st.sampled_from([("regex_match", False), ("regex_match", True)]))
    negated = data.draw(st.booleans())
    if negated:
        check = "regex_not"
    plain = LINES.array(drawn.values, LINES.type, Random(seed))
    asked = f"^(?:{pattern})$" if full else pattern
    held = pc.match_substring_regex(plain, asked).to_pylist()
    # `$` of Python also holds before a last newline; that of ECMA-262 does not (D15).
    compiled = re.compile(asked.replace("$", r"\Z"))
    assert held == [None if v is None else bool(compiled.search(v)) for v in drawn.values]
    if negated:
        held = [None if holds is None else not holds for holds in held]
    promised = contract([drawn], [Clause(check, {"pattern": pattern, "full_match": full})])
    agree(promised, table([drawn], cuts, seed), [failing(drawn.values, held)])


@pytest.mark.parametrize("unit", ["code_points", "bytes"])
@PATIENT
@given(data=st.data(), rows=ROWS, cuts=CUTS, seed=SEEDS)
def test_lengths(unit: str, data: st.DataObject, rows: int, cuts: list[int], seed: int) -> None:
    kind = TEXT if unit == "code_points" else data.draw(st.sampled_from([TEXT, BINARY, FIXED]))
    drawn = data.draw(column(kind, rows))
    low, high = sorted(data.draw(st.tuples(st.integers(0, 20), st.integers(0, 45))))
    args = data.draw(
        st.sampled_from([{"min": low}, {"max": high}, {"min": low, "max": high}, {"exact": low}])
    )
    plain = kind.array(drawn.values, kind.type, Random(seed))
    if unit == "bytes":
        counted = pc.binary_length(plain).to_pylist()
    else:
        counted = pc.utf8_length(plain).to_pylist()
        relation = duckdb.from_arrow(pa.table({"v": plain}))
        assert counted == [length for (length,) in relation.project("length(v)").fetchall()]
    floor, ceiling = args.get("min", args.get("exact", 0)), args.get("max", args.get("exact", 99))
    held = [None if length is None else floor <= length <= ceiling for length in counted]
    promised = contract([drawn], [Clause("length", {**args, "length_unit": unit})])
    agree(promised, table([drawn], cuts, seed), [failing(drawn.values, held)])

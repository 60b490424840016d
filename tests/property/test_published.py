"""Uniqueness across publications: the verdicts of a set, whatever becomes of the index."""

from __future__ import annotations

import datetime as dt
import decimal
import tempfile
import uuid
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from meshgate.canonical import Frozen
from meshgate.contract import Check, Column, Contract
from meshgate.engine import Plan
from meshgate.limits import Limits

from tests.property.published import Table

WIDE = "a key that is too long to be packed into two words, number "
DAY = dt.datetime(2024, 2, 29, 12)
TEXTS = [WIDE + "1", WIDE + "2", "short", "", "fifteen bytes..", "seven b", str(uuid.UUID(int=7))]
FLOATS = [0.0, -0.0, float("nan"), 1.5, float("inf"), -1.5]
# Per kind: the promised type, the Arrow types that publications may come in, and some values.
KINDS: dict[str, tuple[str, list[pa.DataType], list[Any]]] = {
    "int64": ("int64", [pa.int64()], [-(2**63), -1, 0, 1, 2**63 - 1, 5]),
    "int8": ("int8", [pa.int8()], [-128, -1, 0, 1, 127, 5]),
    "uint16": ("uint16", [pa.uint16()], [0, 1, 65535, 7, 8, 9]),
    "int16": ("int16", [pa.int16()], [-(2**15), -1, 0, 1, 2**15 - 1]),
    "int32": ("int32", [pa.int32()], [-(2**31), -1, 0, 1, 2**31 - 1]),
    "uint8": ("uint8", [pa.uint8()], [0, 1, 127, 128, 255]),
    "uint32": ("uint32", [pa.uint32()], [0, 1, 2**31, 2**32 - 1]),
    "integer": ("integer", [pa.int64(), pa.uint32()], [0, 1, 100, 2**32 - 1]),
    "uint64": ("uint64", [pa.uint64()], [0, 1, 2**64 - 1, 2**63, 8, 9]),
    "string": ("string", [pa.string(), pa.large_string(), pa.string_view()], TEXTS),
    "binary": (
        "binary",
        [pa.binary(), pa.large_binary(), pa.binary_view()],
        [t.encode() for t in TEXTS],
    ),
    "fixed": ("binary", [pa.binary(20)], [bytes([n] * 20) for n in range(4)]),
    "narrow": ("binary", [pa.binary(3)], [bytes([n, 0, 0]) for n in range(4)]),
    "float64": ("float64", [pa.float64()], FLOATS),
    "float32": ("float32", [pa.float32()], FLOATS),
    "number": ("number", [pa.float16()], FLOATS),
    "boolean": ("boolean", [pa.bool_()], [True, False]),
    "date": ("date", [pa.date32(), pa.date64()], [DAY.date() + dt.timedelta(n) for n in range(5)]),
    "timestamp": (
        "timestamp",
        [pa.timestamp("us"), pa.timestamp("ns"), pa.timestamp("ms")],
        [DAY + dt.timedelta(milliseconds=n) for n in (-1, 0, 1, 10**9)],
    ),
    "instant": (
        "timestamp_tz",
        [pa.timestamp("us", "UTC"), pa.timestamp("ms", "Europe/Zurich")],
        [DAY + dt.timedelta(milliseconds=n) for n in (-1, 0, 1, 10**9)],
    ),
    "small decimal": (
        "decimal(9,2)",
        [pa.decimal128(9, 2)],
        [decimal.Decimal(f"{n}.25") for n in (-3, 0, 3, 10**6)],
    ),
    "decimal": (
        "decimal(38,2)",
        [pa.decimal128(38, 2)],
        [decimal.Decimal(f"{n}.25") for n in (-3, 0, 3, 10**30)],
    ),
}
KEYS = st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=2)
HARMS = ("nothing", "removed", "cut", "flipped", "replaced by another", "a stranger")


def canonical(value: Any) -> Any:
    if isinstance(value, float):
        return "nan" if value != value else value + 0.0
    return value


def laid_out(values: list[Any], kind: pa.DataType, encoding: str) -> pa.Array:
    array = pa.array(values, kind)
    # Arrow cannot cast a dictionary of views, so such a column cannot be stored.
    views = kind in (pa.string_view(), pa.binary_view())
    return array.dictionary_encode() if encoding == "dictionary" and not views else array


def harm(table: Table, how: str) -> None:
    found = table.segments()
    if not found or how == "nothing":
        return
    path, content = found[0], found[0].read_bytes()
    if how == "removed":
        path.unlink()
    elif how == "cut":
        path.write_bytes(content[: len(content) * 2 // 3])
    elif how == "flipped":
        path.write_bytes(bytes([content[0] ^ 0x40]) + content[1:])
    elif how == "replaced by another":
        path.write_bytes(found[-1].read_bytes())
    else:
        path.with_name("0" * 32 + ".keys").write_bytes(b"what somebody left here")


@settings(deadline=None)
@given(st.data())
def test_verdicts_are_those_of_a_set(data: st.DataObject) -> None:
    kinds = data.draw(KEYS)
    equal = data.draw(st.booleans())
    names = [f"k{n}" for n in range(len(kinds))]
    contract = Contract(
        id="p",
        dataset="p",
        version="1.0.0",
        columns=(*(Column(n, KINDS[k][0]) for n, k in zip(names, kinds, strict=True)),),
        checks=(
            Check(
                "key",
                "unique",
                tuple(names),
                Frozen({"scope": "dataset", "nulls_distinct": not equal}),
            ),
        ),
    )
    key = st.tuples(*(st.one_of(st.none(), st.sampled_from(KINDS[k][2])) for k in kinds))
    published: set[tuple[Any, ...]] = set()
    with tempfile.TemporaryDirectory() as folder:
        table, harmed = Table(Path(folder)), "nothing"
        for _ in range(data.draw(st.integers(2, 6), "publications")):
            rows = data.draw(st.lists(key, min_size=1, max_size=12), "rows")
            arrays = []
            for at, kind in enumerate(kinds):
                physical = data.draw(st.sampled_from(KINDS[kind][1]))
                encoding = data.draw(st.sampled_from(("plain", "dictionary")))
                arrays.append(laid_out([row[at] for row in rows], physical, encoding))
            whole = pa.table(arrays, names)
            cut = data.draw(st.integers(1, len(rows)))
            batches = [
                b for at in range(0, len(rows), cut) for b in whole.slice(at, cut).to_batches()
            ]
            before = table.read_files
            report, accepted, _ = table.publish(Plan.compile(contract, whole), batches)

            failed, groups, seen = [], set(), set()
            exempt = 0
            for at, row in enumerate(rows):
                if not equal and None in row:
                    exempt += 1
                    continue
                own = tuple(map(canonical, row))
                if own in published or own in seen:
                    failed.append(at)
                    groups.add(own)
                seen.add(own)
            (found,) = (c for c in report.checks if c.id == "key")
            assert (found.failed_rows, found.failed_groups) == (len(failed), len(groups))
            assert list(found.first_rows) == failed[:10]
            assert (found.skipped_null, found.tested) == (exempt, len(rows) - exempt)
            assert (0 if accepted is None else accepted.num_rows) == len(rows) - len(failed)
            published |= seen
            if kinds == ["int64"] and harmed in ("nothing", "a stranger"):
                assert table.read_files == before, "the table was read for nothing"
            harmed = data.draw(st.sampled_from(HARMS), "harm")
            harm(table, harmed)


def test_keys_beyond_the_budget_are_judged_in_two_passes_and_prove_their_fingerprints() -> None:
    contract = Contract(
        id="p",
        dataset="p",
        version="1.0.0",
        columns=(Column("n", "int64"), Column("text", "string")),
        checks=(
            Check("n", "unique", ("n",), Frozen({"scope": "dataset"})),
            Check("text", "unique", ("text",), Frozen({"scope": "dataset"})),
        ),
    )

    def part(start: int, rows: int) -> pa.Table:
        mixed = [(n * 0x9E3779B97F4A7C15) % 2**63 for n in range(start, start + rows)]
        return pa.table({"n": pa.array(mixed), "text": [WIDE + str(n) for n in mixed]})

    rows = 150_000
    outcomes = []
    for limits in (Limits(), Limits(memory_bytes=1 << 20)):
        with tempfile.TemporaryDirectory() as folder:
            table = Table(Path(folder))
            found = []
            for start in (0, rows // 2, rows // 3):
                data = pa.concat_tables([part(start, rows), part(start, 1000)])
                plan = Plan.compile(contract, data)
                report, accepted, rejected = table.publish(plan, data.to_batches(), limits)
                checks = [(c.failed_rows, c.failed_groups, c.first_rows) for c in report.checks]
                found.append((checks, accepted.num_rows if accepted else 0, rejected.num_rows))
            outcomes.append(found)
    assert outcomes[0] == outcomes[1]
    assert [accepted for _, accepted, _ in outcomes[0]] == [rows, rows // 2, 0]
    published = [checks[-1][:2] for checks, _, _ in outcomes[0]]
    assert published == [(1000, 1000), (rows // 2 + 1000, rows // 2), (rows + 1000, rows)]

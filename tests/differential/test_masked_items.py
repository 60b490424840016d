"""Masks inside of lists: the values of masks elsewhere, in the same layout, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from meshgate.canonical import freeze
from meshgate.contract import Check, Column, Contract, Mask
from meshgate.engine import Plan
from meshgate.errors import PlanError

from .drawn import CUTS, PATIENT, SEEDS
from .kinds import TEXT, Kind
from .layouts import Layout, layouts
from .lists import FORMS
from .test_items import LISTS, SHAPES, SOME, built, cut, promised

KEYS = {"default": bytes(range(32))}
HASH = Mask("hash", "d")
SECRET = "planted-secret@example.org"
HIDDEN = "hidden-secret@example.org"


def masked(column: Column, mask: Mask) -> Column:
    """The column with that mask on its innermost values; of a map on its keys too."""
    if column.type == "map":
        assert column.items is not None
        pair = tuple(replace(inner, mask=mask) for inner in column.items.columns)
        return replace(column, items=replace(column.items, columns=pair))
    if column.items is not None:
        return replace(column, items=masked(column.items, mask))
    if column.columns:
        return replace(column, columns=tuple(masked(inner, mask) for inner in column.columns))
    return replace(column, mask=mask)


def run(column: Column, table: pa.Table, *checks: Check) -> Iterator[tuple[pa.Array, bool]]:
    """Every batch of the masked column, and whether it was accepted."""
    columns = (column, Column("k", "integer"))
    made = Contract(id="d", dataset="d", version="1.0.0", columns=columns, checks=checks)
    plan = Plan.compile(made, table, KEYS)
    for split in plan.run(table, now=0):
        for batch in (split.accepted, split.rejected):
            if batch is not None:
                batch["c"].validate(full=True)
                assert batch["c"].type == plan.accepted_schema.field("c").type
                yield batch["c"], batch is split.accepted


def plainly(values: list[Any]) -> dict[Any, Any]:
    """What the mask makes of each value in a column of its own."""
    table = cut(pa.array(values, pa.string()), [])
    ((column, _),) = run(Column("c", "string", mask=HASH), table)
    return dict(zip(values, column.to_pylist(), strict=True))


def mapped(value: Any, by: dict[Any, Any]) -> Any:
    if isinstance(value, list):
        return [mapped(item, by) for item in value]
    if isinstance(value, tuple):
        return tuple(mapped(item, by) for item in value)
    if isinstance(value, dict):
        return {name: mapped(item, by) for name, item in value.items()}
    return by[value]


@PATIENT
@given(
    data=st.data(),
    rows=LISTS,
    path=st.sampled_from([*SHAPES]),
    form=st.sampled_from(FORMS),
    cuts=CUTS,
    seed=SEEDS,
    rejecting=st.booleans(),
)
def test_masked_items(
    data: st.DataObject,
    rows: Any,
    path: str,
    form: str,
    cuts: list[int],
    seed: int,
    rejecting: bool,
) -> None:
    some = (None, *SOME[TEXT][0])
    drawn = [None if row is None else [some[at % len(some)] for at in row] for row in rows]
    column = built(path, form, drawn, TEXT, data.draw(layouts(TEXT)), seed)
    _, promise = promised(path, form, TEXT)
    by = plainly([*some, *map(str, range(300))])
    checks = [Check("k", "gt", ("k",), freeze({"value": 0}))] if rejecting else []
    found: dict[bool, list[Any]] = {True: [], False: []}
    for out, accepted in run(masked(promise, HASH), cut(column, cuts), *checks):
        found[accepted] += out.to_pylist()
        assert out.type.id == column.type.id
    expected = [mapped(row, by) for row in column.to_pylist()]
    good = [not rejecting or at % 3 > 0 for at in range(len(rows))]
    assert found[True] == [row for row, is_good in zip(expected, good, strict=True) if is_good]
    assert found[False] == [row for row, is_good in zip(expected, good, strict=True) if not is_good]


def buffers(values: pa.Array) -> Iterator[bytes]:
    yield from (buffer.to_pybytes() for buffer in values.buffers() if buffer is not None)


@pytest.mark.parametrize("index", [None, pa.int8()])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("path", SHAPES)
@pytest.mark.parametrize("method", ["hash", "partial", "redact", "constant"])
def test_nothing_is_left_of_raw_values_nor_of_hidden_ones(
    method: str, path: str, form: str, index: pa.DataType | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`HIDDEN` stands behind nulls, between views and around slices only."""
    secret = Kind("secret", "string", pa.string(), (HIDDEN,), TEXT.others)
    monkeypatch.setitem(SOME, secret, ((HIDDEN,), []))
    rows = [[SECRET, None], None, [SECRET * 2], [], None, [SECRET, SECRET]] * 3
    _, promise = promised(path, form, secret)
    derived = plainly([HIDDEN])[HIDDEN].encode()
    hidden = False
    for seed in range(4):
        for kind in TEXT.layouts:
            column = built(path, form, rows, secret, Layout(kind, index), seed)
            hidden |= any(HIDDEN.encode() in buffer for buffer in buffers(column))
            check = Check("k", "gt", ("k",), freeze({"value": 0}))
            for out, _ in run(masked(promise, Mask(method, "d")), cut(column, [5]), check):
                for buffer in buffers(out):
                    assert SECRET.encode() not in buffer
                    assert HIDDEN.encode() not in buffer
                    assert derived not in buffer
    assert hidden or index is not None  # a dictionary is not among the buffers


def test_a_map_has_keys_whatever_is_masked() -> None:
    table = cut(pa.array([[("a", "b")]], pa.map_(pa.string(), pa.string())), [])
    _, promise = promised("c[]", "map", TEXT)
    with pytest.raises(PlanError) as caught:
        list(run(masked(promise, Mask("nullify", "d")), table))
    assert caught.value.code == "plan.mask_not_applicable"
    entries = Column("c", "map", items=Column("item", "struct", mask=Mask("nullify", "d")))
    with pytest.raises(PlanError) as caught:
        list(run(entries, table))
    assert caught.value.code == "plan.mask_not_applicable"

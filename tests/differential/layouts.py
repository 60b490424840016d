"""The same values in every Arrow layout, at every bit offset, cut anywhere.

What a reader must not see is there on purpose: values behind null bits, rows before and after a
slice, unused and repeated dictionary entries, runs that were not merged.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from .kinds import Kind

_INDICES = tuple(
    pa.type_for_alias(f"{sign}int{bits}") for sign in ("", "u") for bits in (8, 16, 32, 64)
)
_ENDS = (pa.int16(), pa.int32(), pa.int64())


@dataclass(frozen=True)
class Layout:
    """A type of values, perhaps as a dictionary, perhaps run-end encoded, perhaps in a struct."""

    values: pa.DataType
    index: pa.DataType | None = None
    ends: pa.DataType | None = None
    nested: bool = False


@dataclass(frozen=True)
class Given:
    """One column: its kind, its values (None is null), and how they are laid out."""

    name: str
    kind: Kind
    values: list[Any]
    layout: Layout

    @property
    def path(self) -> str:
        return f"{self.name}.v" if self.layout.nested else self.name


def layouts(kind: Kind) -> st.SearchStrategy[Layout]:
    """Any layout of a kind."""
    return st.builds(
        Layout,
        values=st.sampled_from(kind.layouts),
        index=st.none() | st.sampled_from(_INDICES),
        ends=st.none() | st.sampled_from(_ENDS),
        nested=st.booleans(),
    )


def table(columns: list[Given], cuts: list[int], seed: int, offset: int | None = None) -> pa.Table:
    """The columns, cut at `cuts`; every piece lies at an offset of its own, or at `offset`."""
    rng = Random(seed)
    rows = len(columns[0].values)
    places = [0, *sorted(cut % (rows + 1) for cut in cuts), rows]
    batches = []
    for start, end in pairwise(places):
        arrays = [_piece(column, start, end, rng, offset) for column in columns]
        batches.append(pa.record_batch(arrays, [column.name for column in columns]))
    return pa.Table.from_batches(batches)


def _piece(column: Given, start: int, end: int, rng: Random, offset: int | None) -> pa.Array:
    values, layout = column.values[start:end], column.layout
    ahead = rng.randrange(64) if offset is None else offset
    padded = [*_filler(column.kind, ahead, rng), *values, *_filler(column.kind, 3, rng)]
    if not layout.nested:
        return laid_out(column.kind, padded, layout, rng).slice(ahead, len(values))
    # Every other null is the struct's; the field below it then holds a value.
    absent = [value is None and (start + row - ahead) % 2 == 1 for row, value in enumerate(padded)]
    hidden = [
        rng.choice(column.kind.values) if gone else value
        for gone, value in zip(absent, padded, strict=True)
    ]
    before = rng.randrange(64)
    child = laid_out(column.kind, _filler(column.kind, before, rng) + hidden, layout, rng)
    child = child.slice(before, len(hidden))
    whole = pa.StructArray.from_arrays([child], ["v"], mask=pa.array(absent, pa.bool_()))
    return whole.slice(ahead, len(values))


def _filler(kind: Kind, count: int, rng: Random) -> list[Any]:
    return [rng.choice((None, *kind.values)) for _ in range(count)]


def laid_out(kind: Kind, values: list[Any], layout: Layout, rng: Random) -> pa.Array:
    """The values in that layout."""
    if layout.ends is None:
        return _entries(kind, values, layout, rng)
    ends, firsts = [], []
    for row, value in enumerate(values):
        same = row and kind.key(firsts[-1]) == kind.key(value)
        if same and rng.random() < 0.9:
            ends[-1] = row + 1
        else:
            firsts.append(value)
            ends.append(row + 1)
    ahead = rng.randrange(9)
    runs = _entries(kind, _filler(kind, ahead, rng) + firsts, layout, rng).slice(ahead)
    return pa.RunEndEncodedArray.from_arrays(pa.array(ends, layout.ends), runs)


def _entries(kind: Kind, values: list[Any], layout: Layout, rng: Random) -> pa.Array:
    if layout.index is None:
        return kind.array(values, layout.values, rng)
    used = {kind.key(value): value for value in values if value is not None}
    spare = [rng.choice(kind.values) for _ in range(rng.randrange(4))]
    entries = [*used.values(), *spare, *rng.choices(list(used.values()), k=2 if used else 0)]
    if rng.random() < 0.5:
        entries.append(None)
    rng.shuffle(entries)
    places: dict[Any, list[int]] = {}
    for place, entry in enumerate(entries):
        places.setdefault(kind.key(entry), []).append(place)
    chosen = [
        rng.choice([None, *places.get(kind.key(None), ())])
        if value is None
        else rng.choice(places[kind.key(value)])
        for value in values
    ]
    ahead = rng.randrange(9)
    dictionary = kind.array(_filler(kind, ahead, rng) + entries, layout.values, rng).slice(ahead)
    return pa.DictionaryArray.from_arrays(pa.array(chosen, layout.index), dictionary)

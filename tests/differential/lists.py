"""Lists of values in every Arrow layout of lists.

What a reader must not see is there on purpose: items of null lists, items that no list has, items
before and after a slice; views that overlap and come in any order.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pyarrow as pa

FORMS = ("list", "large_list", "list_view", "large_list_view", "fixed_size_list", "map")
SIZE = 2
"""The number of items of every list of fixed size."""

Rows = list[list[Any] | None]
Values = Callable[[list[Any]], pa.Array]


def fitted(rows: Rows, form: str) -> Rows:
    """The rows as the form can hold them."""
    if form != "fixed_size_list":
        return rows
    return [None if row is None else (row * SIZE + [None] * SIZE)[:SIZE] for row in rows]


def listed(rows: Rows, form: str, values: Values, spare: list[Any], rng: Random) -> pa.Array:
    """The rows in that form; `values` makes the array of the items, `spare` are some that hide.

    The values of a map are the items; its keys are the ordinals of its entries.
    """
    before = [_any(spare, form, rng) for _ in range(rng.randrange(9))]
    after = [_any(spare, form, rng) for _ in range(2)]
    whole = _laid_out([*before, *rows, *after], form, values, spare, rng)
    return whole.slice(len(before), len(rows))


def _any(spare: list[Any], form: str, rng: Random) -> list[Any]:
    size = SIZE if form == "fixed_size_list" else rng.randrange(3)
    return [rng.choice(spare) for _ in range(size)]


def _laid_out(rows: Rows, form: str, values: Values, spare: list[Any], rng: Random) -> pa.Array:
    full = [_any(spare, form, rng) if row is None else row for row in rows]
    gone = pa.array([row is None for row in rows], pa.bool_())
    if form == "fixed_size_list":
        flat = values([item for row in full for item in row])
        return pa.FixedSizeListArray.from_arrays(flat, SIZE, mask=gone)
    large = form.startswith("large")
    index = pa.int64() if large else pa.int32()
    if form.endswith("view"):
        return _views(full, gone, index, values, spare, rng)
    flat = [rng.choice(spare) for _ in range(rng.randrange(4))]
    offsets = [len(flat)]
    for row in full:
        flat += row
        offsets.append(len(flat))
    flat += [rng.choice(spare)] * rng.randrange(3)
    starts = pa.array(offsets, index)
    if form == "map":
        keys = pa.array([str(at) for at in range(len(flat))])
        return pa.MapArray.from_arrays(starts, keys, values(flat), mask=gone)
    kind = pa.LargeListArray if large else pa.ListArray
    return kind.from_arrays(starts, values(flat), mask=gone)


def _views(
    full: list[list[Any]],
    gone: pa.Array,
    index: pa.DataType,
    values: Values,
    spare: list[Any],
    rng: Random,
) -> pa.Array:
    flat = [rng.choice(spare) for _ in range(rng.randrange(4))]
    places = [0] * len(full)
    order = list(range(len(full)))
    rng.shuffle(order)
    for at in order:
        row, end = full[at], len(flat)
        # A list that is the end of what is there already shares those items.
        shared = next((n for n in range(len(row), 0, -1) if _same(flat[end - n :], row[:n])), 0)
        places[at] = end - shared
        flat += row[shared:]
        if rng.random() < 0.3:
            flat.append(rng.choice(spare))
    sizes = pa.array([len(row) for row in full], index)
    kind = pa.LargeListViewArray if index == pa.int64() else pa.ListViewArray
    return kind.from_arrays(pa.array(places, index), sizes, values(flat), mask=gone)


def _same(some: list[Any], others: list[Any]) -> bool:
    return repr(some) == repr(others)

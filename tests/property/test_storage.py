"""What is stored is what was given, for every type that has a place; names never escape."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from meshgate.adapters import durable
from meshgate.adapters.base import Publication
from meshgate.adapters.delta import Delta
from meshgate.adapters.storage_types import storage_schema, store
from meshgate.errors import StageError


@dataclass
class Split:
    accepted: pa.RecordBatch | None
    rejected: pa.RecordBatch | None = None


SCALARS = {
    pa.bool_(): st.booleans(),
    **{
        kind: st.integers(-(2 ** (kind.bit_width - 1)), 2 ** (kind.bit_width - 1) - 1)
        for kind in (pa.int8(), pa.int16(), pa.int32(), pa.int64())
    },
    **{
        kind: st.integers(0, 2**kind.bit_width - 1)
        for kind in (pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64())
    },
    pa.float64(): st.floats(allow_nan=False),
    pa.string(): st.text(st.characters(exclude_categories=("Cs",)), max_size=5),
    pa.large_string(): st.text(st.characters(exclude_categories=("Cs",)), max_size=5),
    pa.string_view(): st.text(st.characters(exclude_categories=("Cs",)), max_size=20),
    pa.binary(): st.binary(max_size=5),
    pa.large_binary(): st.binary(max_size=5),
    pa.binary(4): st.binary(min_size=4, max_size=4),
    pa.date32(): st.dates(),
    pa.timestamp("us"): st.datetimes(),
    pa.timestamp("ms", "Europe/Berlin"): st.integers(0, 2**40),
    pa.decimal128(12, 3): st.decimals(-(10**8), 10**8, places=3),
    pa.dictionary(pa.int32(), pa.string()): st.text("abc", max_size=2),
}


@st.composite
def columns(draw, rows):
    kind = draw(st.sampled_from(list(SCALARS)))
    values = draw(st.lists(st.none() | SCALARS[kind], min_size=rows, max_size=rows))
    if draw(st.booleans()):
        kind, values = pa.list_(kind), [None if v is None else [v, None] for v in values]
    return pa.array(values, kind)


@st.composite
def batches(draw):
    rows = draw(st.integers(0, 4))
    arrays = draw(st.lists(columns(rows), min_size=1, max_size=4))
    return pa.record_batch(arrays, names=[f"c{i}" for i in range(len(arrays))])


def plain(table):
    return [
        [v.isoformat() if hasattr(v, "isoformat") else v for v in row.values()]
        for row in table.to_pylist()
    ]


@given(batches())
def test_the_stored_form_of_a_batch_has_its_values(batch):
    schema = storage_schema(batch.schema, {}, {})
    stored = store(batch, schema)
    assert stored.schema == schema
    stored.validate(full=True)
    for mine, theirs in zip(batch.columns, stored.columns, strict=True):
        if pa.types.is_timestamp(mine.type) and mine.type.tz:
            assert mine.cast(pa.int64()).to_pylist() == [
                None if v is None else v // 1000 for v in theirs.cast(pa.int64()).to_pylist()
            ]
        else:
            assert mine.to_pylist() == theirs.to_pylist()


@st.composite
def categories(draw, rows, depth=0):
    """Dictionaries of views, as Polars gives its categories, also inside of other types."""
    masks = st.lists(st.booleans(), min_size=rows, max_size=rows)
    shape = draw(st.sampled_from(["plain", "struct", "list", "large", "fixed", "map"]))
    if shape == "plain" or depth == 2:
        view, values = draw(
            st.sampled_from([(pa.string_view(), ["x", "", "longer than a view"])] * 2)
            | st.just((pa.binary_view(), [b"x", b"", b"longer than a view"]))
        )
        codes = draw(st.lists(st.none() | st.integers(0, 2), min_size=rows, max_size=rows))
        return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int8()), pa.array(values, view))
    mask = pa.array(draw(masks), pa.bool_())
    if shape == "struct":
        children = [draw(categories(rows, depth + 1)), pa.array(range(rows), pa.int64())]
        return pa.StructArray.from_arrays(children, names=["a", "b"], mask=mask)
    if shape == "fixed":
        return pa.FixedSizeListArray.from_arrays(
            draw(categories(rows * 2, depth + 1)), 2, mask=mask
        )
    sizes = draw(st.lists(st.integers(0, 2), min_size=rows, max_size=rows))
    ends = [sum(sizes[:at]) for at in range(rows + 1)]
    items = draw(categories(ends[-1], depth + 1))
    if shape == "list":
        return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), items, mask=mask)
    if shape == "large":
        return pa.LargeListArray.from_arrays(pa.array(ends, pa.int64()), items, mask=mask)
    keys = pa.array([str(at) for at in range(ends[-1])], pa.string())
    return pa.MapArray.from_arrays(pa.array(ends, pa.int32()), keys, items, mask=mask)


@given(st.integers(0, 6).flatmap(categories), st.integers(0, 3), st.integers(0, 4))
def test_categories_are_stored_as_their_texts(column, start, length):
    batch = pa.record_batch([column], names=["c"]).slice(start, length)
    schema = storage_schema(batch.schema, {}, {})
    stored = store(batch, schema)
    assert stored.schema == schema
    stored.validate(full=True)
    assert stored.column(0).to_pylist() == batch.column(0).to_pylist()


@settings(max_examples=15, deadline=None)
@given(st.lists(batches(), min_size=1, max_size=3))
def test_what_is_read_is_what_was_published(given_batches):
    schema = given_batches[0].schema
    same = [batch for batch in given_batches if batch.schema == schema]
    with tempfile.TemporaryDirectory() as folder:
        delta = Delta(folder)
        publication = Publication("p")
        staged = delta.seal(
            delta.stage(publication, [Split(batch) for batch in same], schema, schema), "id"
        )
        delta.commit(publication, staged, "{}")
        stored = storage_schema(schema, {}, {})
        expected = pa.Table.from_batches([store(batch, stored) for batch in same])
        found = delta.read("p").read_all()
        assert plain(found) == plain(expected)
        assert sum(file.rows for file in staged.accepted) == found.num_rows


@given(st.text(max_size=40), st.text(max_size=40))
def test_names_either_stay_in_their_folder_or_are_refused(product, publish_id):
    try:
        durable.check_names(product, publish_id)
    except StageError:
        return
    folder = Path("/warehouse")
    name = durable.final_name(publish_id, "0" * 16, 0)
    path = folder / product / name
    assert path.resolve() == path
    assert path.parent.parent == folder
    assert name.isascii()
    assert len(name) < 255
    assert durable.belongs_to(name, publish_id)


@given(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:+@=-]{0,127}\Z"), st.data())
def test_no_two_ids_share_a_file_name(publish_id, data):
    other = data.draw(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:+@=-]{0,127}\Z"))
    names = {durable.final_name(id_, "0" * 16, 0) for id_ in (publish_id, other)}
    assert len(names) == len({publish_id, other})

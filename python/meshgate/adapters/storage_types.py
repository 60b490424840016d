"""The Arrow types that Delta stores, and the exact form in which any other type is stored.

Left alone, the Delta library would turn unsigned integers into signed ones of the same width and
nanoseconds into a private type. Here every type either has an exact place or is refused. Names,
order and nullability are kept; field metadata is what the publication says.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.types as kinds

from meshgate.errors import StageError

_EXACT = {
    pa.uint8(): pa.int16(),
    pa.uint16(): pa.int32(),
    pa.uint32(): pa.int64(),
    pa.uint64(): pa.decimal128(20, 0),
    pa.float16(): pa.float32(),
    pa.large_string(): pa.string(),
    pa.string_view(): pa.string(),
    pa.large_binary(): pa.binary(),
    pa.binary_view(): pa.binary(),
    pa.date64(): pa.date32(),
}
_VIEWS = {pa.string_view(), pa.binary_view()}
_KEPT = {
    *(pa.bool_(), pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.float32(), pa.float64()),
    *(pa.string(), pa.binary(), pa.date32()),
}


def storage_schema(
    schema: pa.Schema,
    columns: Mapping[str, Mapping[str, str]],
    table: Mapping[str, str],
) -> pa.Schema:
    """The schema of the stored files: stored types, and the metadata of fields and table.

    Raises:
        StageError: ``stage.unsupported_type``, ``stage.bad_columns``.
    """
    names = [name.lower() for name in schema.names]
    if not names or len(set(names)) != len(names):
        raise StageError(
            code="stage.bad_columns",
            message="the destination cannot tell the columns apart"
            if names
            else "a table without columns cannot be stored",
            help="give every column a name that differs in more than upper and lower case"
            if names
            else "the data has none of the promised columns: look at what produces it",
        )
    fields = [_field(field, field.name, columns) for field in schema]
    return pa.schema(fields, metadata=dict(table))


def _field(field: pa.Field, path: str, columns: Mapping[str, Mapping[str, str]]) -> pa.Field:
    kind = _stored(field.type, path, columns)
    return pa.field(field.name, kind, field.nullable, metadata=dict(columns.get(path, {})))


def _stored(kind: pa.DataType, path: str, columns: Mapping[str, Mapping[str, str]]) -> pa.DataType:
    if kind in _KEPT:
        return kind
    if kind in _EXACT:
        return _EXACT[kind]
    if kinds.is_dictionary(kind):
        return _stored(kind.value_type, path, columns)
    if kinds.is_fixed_size_binary(kind):
        return pa.binary()
    if kinds.is_timestamp(kind):
        return pa.timestamp("us", "UTC" if kind.tz else None)
    if kinds.is_decimal(kind) and kind.precision <= 38 and 0 <= kind.scale <= kind.precision:
        return pa.decimal128(kind.precision, kind.scale)
    if kinds.is_struct(kind):
        return pa.struct([_field(f, f"{path}.{f.name}", columns) for f in kind])
    if kinds.is_map(kind):
        stored = _stored(kind.key_type, f"{path}[].key", columns)
        key = pa.field("key", stored, nullable=False)
        stored = _stored(kind.item_type, f"{path}[].value", columns)
        return pa.map_(key, pa.field("value", stored, kind.item_field.nullable))
    if kinds.is_list(kind) or kinds.is_large_list(kind) or kinds.is_fixed_size_list(kind):
        item = kind.value_field
        stored = _stored(item.type, f"{path}[]", columns)
        metadata = dict(columns.get(f"{path}[]", {}))
        return pa.list_(pa.field("element", stored, item.nullable, metadata))
    raise StageError(
        code="stage.unsupported_type",
        message=f"Delta has no exact place for {kind}",
        data=f"column {path}",
        help="cast the column before publishing; times of day can be published as text",
    )


def store(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch in its stored form; a value that has no exact form is an error, not a change.

    Raises:
        StageError: ``stage.inexact``, ``stage.batch_differs``.
    """
    if sorted(batch.schema.names) != sorted(schema.names):
        raise StageError(
            code="stage.batch_differs",
            message="a batch has other columns than the plan announced",
            help="this is a bug in whatever made the batches",
        )
    if batch.schema.names != schema.names:
        batch = batch.select(schema.names)
    if batch.schema.types == schema.types:
        return pa.RecordBatch.from_arrays(batch.columns, schema=schema)
    try:
        columns = [_castable(column) for column in batch.columns]
        return pa.RecordBatch.from_arrays(columns, names=schema.names).cast(schema)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError):
        raise StageError(  # Arrow's own message would show the value
            code="stage.inexact",
            message="a value has no exact form at the destination",
            help="Delta stores microseconds and UTF-8; truncate finer timestamps before publishing",
        ) from None


def _castable(array: pa.Array) -> pa.Array:
    """The same values with dictionaries of texts where there were dictionaries of views.

    Arrow casts none of those, and Polars gives its categories as such.
    """
    kind = array.type
    if not _has_dictionary_of_views(kind):
        return array
    if kinds.is_dictionary(kind):
        texts = array.dictionary.cast(_EXACT[kind.value_type])
        return pa.DictionaryArray.from_arrays(array.indices, texts)
    mask = array.is_null()
    if kinds.is_struct(kind):
        children = [_castable(array.field(at)) for at in range(kind.num_fields)]
        return pa.StructArray.from_arrays(children, names=[f.name for f in kind], mask=mask)
    if kinds.is_fixed_size_list(kind):
        size = kind.list_size
        items = _castable(array.values.slice(array.offset * size, len(array) * size))
        return pa.FixedSizeListArray.from_arrays(items, size, mask=mask)
    # A mask goes with offsets that begin where their buffer does.
    offsets = pa.array(array.offsets.to_numpy())
    if kinds.is_map(kind):
        keys, items = _castable(array.keys), _castable(array.items)
        return pa.MapArray.from_arrays(offsets, keys, items, mask=mask)
    return type(array).from_arrays(offsets, _castable(array.values), mask=mask)


def _has_dictionary_of_views(kind: pa.DataType) -> bool:
    if kinds.is_dictionary(kind):
        return kind.value_type in _VIEWS
    return any(_has_dictionary_of_views(kind.field(at).type) for at in range(kind.num_fields))

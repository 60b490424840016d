"""The plainest Arrow schema that keeps a contract's promises, to compile a plan without data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from meshgate import moments
from meshgate.contract import walk
from meshgate.text_types import plainest

if TYPE_CHECKING:
    import pyarrow as pa

    from meshgate.contract import Column, Contract

DECIMAL = re.compile(r"decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)")
LOCAL_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?")
DECIMAL_128_DIGITS = 38


def promised_schema(contract: Contract) -> pa.Schema:
    """One field per promised column; a promise that leaves a choice gets the widest plain type."""
    import pyarrow as pa

    local = _local_times(contract)
    without_zone = {c.name for c in contract.columns if c.type == "timestamp"} & local
    return pa.schema(
        pa.field(c.name, pa.timestamp("us") if c.name in without_zone else _type(c))
        for c in contract.columns
    )


def _local_times(contract: Contract) -> set[str]:
    """The columns whose checks compare with a time without an offset: they promise no zone."""
    return {
        name
        for check in contract.checks
        for argument in check.args.values()
        for value in (argument if isinstance(argument, tuple) else (argument,))
        if isinstance(value, str) and LOCAL_TIME.fullmatch(value)
        for name in check.columns
    }


def mask_keys(contract: Contract) -> set[str]:
    """The references of the keys that the contract's masks name."""
    masks = (column.mask for _, column in walk(contract.columns))
    return {mask.key for mask in masks if mask is not None and mask.key is not None}


def _type(column: Column) -> pa.DataType:
    import pyarrow as pa

    plain = {
        "string": pa.string(),
        "integer": pa.int64(),
        "decimal": pa.decimal128(DECIMAL_128_DIGITS, 9),
        "number": pa.float64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "time": pa.time64("us"),
        "timestamp": pa.timestamp("us", "UTC"),
        "timestamp_tz": pa.timestamp("us", "UTC"),
        "timestamp_ntz": pa.timestamp("us"),
        "binary": pa.binary(),
    }
    if column.type in plain:
        return plain[column.type]
    if column.type == "struct":
        return pa.struct([pa.field(field.name, _type(field)) for field in column.columns])
    if column.type == "map":
        pair = {} if column.items is None else {c.name: _type(c) for c in column.items.columns}
        return pa.map_(pair.get("key", pa.string()), pair.get("value", pa.string()))
    if column.type == "list":
        return pa.list_(pa.string() if column.items is None else _type(column.items))
    if found := DECIMAL.fullmatch(column.type):
        digits, scale = int(found[1]), int(found[2])
        wide = pa.decimal128 if digits <= DECIMAL_128_DIGITS else pa.decimal256
        return wide(digits, scale)
    if (moment := moments.parse(column.type)) is not None:
        return plainest(moment)
    return pa.type_for_alias(column.type)  # int8 ... uint64, float32, float64

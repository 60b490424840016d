"""Whether staged files can join a Delta table: its features, its constraints, its columns.

Staged files bypass what the library enforces on write, and it compares no file with the table:
a wider file loses columns silently. So everything is compared here, exactly, before a commit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable, Schema

from meshgate.errors import StageError

_SUPPORTED = frozenset({"timestampNtz", "appendOnly", "invariants"})


def refuse_foreign(table: DeltaTable) -> None:
    """Staged files bypass what a table enforces on write, so such a table is refused.

    Raises:
        StageError: ``stage.table_constraints``, ``stage.table_foreign``.
    """
    metadata, protocol = table.metadata(), table.protocol()
    configuration = metadata.configuration
    fields = [field.metadata for field in table.schema().fields]
    if any(key.startswith("delta.constraints.") for key in configuration) or any(
        "delta.invariants" in metadata for metadata in fields
    ):
        raise StageError(
            code="stage.table_constraints",
            message="the table has constraints of its own, which staged files would bypass",
            help="say them as checks in the contract and drop them from the table",
        )
    features = {*(protocol.reader_features or ()), *(protocol.writer_features or ())}
    foreign = sorted(features - _SUPPORTED)
    if configuration.get("delta.columnMapping.mode", "none") != "none":
        foreign.append("columnMapping")
    if metadata.partition_columns:
        foreign.append("partitioning")
    if any(key.startswith(("delta.generation", "delta.identity")) for m in fields for key in m):
        foreign.append("generated columns")
    if foreign:
        raise StageError(
            code="stage.table_foreign",
            message="the table uses what the gate does not write: " + ", ".join(foreign),
            help="publish into a table that the gate has created",
        )


def differences(held: Schema, schema: pa.Schema) -> list[str]:
    """Where name, order, type or nullability differ; column names and types only."""
    ours, theirs = _shape(Schema.from_arrow(schema)), _shape(held)
    found = []
    for position in range(max(len(ours), len(theirs))):
        a = ours[position] if position < len(ours) else None
        b = theirs[position] if position < len(theirs) else None
        if a != b:
            found.append(f"column {position + 1}: {_said(a)} here, {_said(b)} in the table")
    return found


def extends(held: Schema, schema: pa.Schema) -> bool:
    """Whether the schema is the table's with new nullable columns at its end."""
    count = len(held.fields)
    old = pa.schema([schema.field(position) for position in range(min(count, len(schema)))])
    new = [schema.field(position) for position in range(count, len(schema))]
    return len(schema) >= count and not differences(held, old) and all(f.nullable for f in new)


def _shape(schema: Schema) -> list[Any]:
    fields: list[Any] = _bare(json.loads(schema.to_json()))["fields"]
    return fields


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _bare(item) for key, item in value.items() if key != "metadata"}
    return [_bare(item) for item in value] if isinstance(value, list) else value


def _said(field: Mapping[str, Any] | None) -> str:
    if field is None:
        return "nothing"
    kind = field["type"] if isinstance(field["type"], str) else field["type"].get("type", "nested")
    return f"{field['name']} {kind}" + ("" if field["nullable"] else " not null")

"""What a Delta table says about itself, kept as its latest publication says it.

A description is a commit of its own, made when something changed. The library's own way of setting
properties (1.6.6) demands the reader feature ``variantType`` from every reader of a table that has
any feature, so the commit is made here: written, synced, and then linked under the next version,
which fails if somebody else has taken it, as the library itself does.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from deltalake import Schema

from meshgate.adapters import durable
from meshgate.adapters.delta_fit import differences
from meshgate.adapters.delta_table import RACES, Table, failed, properties


def describe(table: Table, name: str, schema: pa.Schema, description: Mapping[str, str]) -> None:
    """Name, properties and field metadata are those of the latest publication, durably.

    A table whose columns have changed meanwhile is left to whoever changed them.

    Raises:
        StageError: ``stage.*``.
        CommitFailed: ``commit.failed`` when too many others commit.
    """
    for _ in range(RACES):
        handle = table.open()
        if handle is None or differences(handle.schema(), schema):
            return
        held = handle.metadata()
        kept = {k: v for k, v in held.configuration.items() if not k.startswith("meshgate.")}
        configuration = {**kept, **properties(description)}
        text = description.get("description") or None
        wanted = json.loads(Schema.from_arrow(schema).to_json())
        same = wanted == json.loads(handle.schema().to_json())
        if same and (held.name, held.description, held.configuration) == (
            name,
            text,
            configuration,
        ):
            return
        action = {
            "id": str(held.id),
            "name": name,
            "description": text,
            "format": {"provider": "parquet", "options": {}},
            "schemaString": json.dumps(wanted),
            "partitionColumns": held.partition_columns,
            "createdTime": held.created_time,
            "configuration": configuration,
        }
        if _commit(table, handle.version() + 1, action):
            table.log.settle()
            return
    failed("too many others committed at the same time")


def description(table: Table) -> dict[str, str]:
    """What the table says about itself: its properties and ``description``."""
    handle = table.open()
    if handle is None:
        return {}
    metadata = handle.metadata()
    text = {} if metadata.description is None else {"description": metadata.description}
    return {**metadata.configuration, **text}


def _commit(table: Table, version: int, action: Mapping[str, Any]) -> bool:
    info = {
        "timestamp": time.time_ns() // 1_000_000,
        "operation": "SET TBLPROPERTIES",
        "operationParameters": {},
        "engineInfo": "meshgate",
    }
    lines = [json.dumps({"commitInfo": info}), json.dumps({"metaData": action})]
    temporary = table.log.folder / f".mg-{os.urandom(8).hex()}.tmp"
    try:
        temporary.write_text("\n".join(lines))
        durable.sync_file(temporary)
        try:
            os.link(temporary, table.log.folder / f"{version:020d}.json")
        except FileExistsError:
            return False
        finally:
            durable.remove(temporary)
    except OSError as error:
        durable.storage_failed(error, "describing the table")
    return True

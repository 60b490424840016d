"""What is published describes itself: metadata of fields and table, and the lineage columns.

All of it comes from the contract and from ids; nothing comes from a row.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

from meshgate.canonical import encode
from meshgate.contract import Column, Contract, walk
from meshgate.errors import StageError

PUBLISHED_AT, PUBLISH_ID = "_mg_published_at", "_mg_publish_id"
LINEAGE = (PUBLISHED_AT, PUBLISH_ID)


def columns(contract: Contract, key_ids: Mapping[str | None, str]) -> dict[str, dict[str, str]]:
    """The metadata of each field, by dotted name.

    ``comment`` is the description, as Delta and Spark call it; the rest is ``meshgate.*``.

    `key_ids` are by the reference that a mask names; None is the default key.
    """
    found = {}
    for path, column in walk(contract.columns):
        if entries := _description(column, key_ids):
            found[path] = entries
    return found


def masks(
    contract: Contract, key_ids: Mapping[str | None, str]
) -> dict[str, dict[str, str | None]]:
    """Method, domain and key id of every masked column, by dotted name."""
    found: dict[str, dict[str, str | None]] = {}
    for path, column in walk(contract.columns):
        if column.mask is not None:
            key_id = key_ids.get(column.mask.key) if column.mask.method in _KEYED else None
            found[path] = {
                "method": column.mask.method,
                "domain": column.mask.domain,
                "key_id": key_id,
            }
    return found


def table(contract: Contract, product: str, domain: str | None) -> dict[str, str]:
    """The metadata of the table: ``description``, and ``meshgate.*`` with the contract itself."""
    levels = [
        {"name": level.name, "value": level.value, "column": level.column}
        for level in contract.service_levels
    ]
    entries = {
        "description": contract.description,
        "meshgate.product": product,
        "meshgate.domain": domain or "",
        "meshgate.owner": contract.owner,
        "meshgate.contract.id": contract.id,
        "meshgate.contract.version": contract.version,
        "meshgate.contract.digest": contract.digest,
        "meshgate.contract": contract.to_json(),
        "meshgate.service_levels": json.dumps(levels, sort_keys=True) if levels else "",
        "meshgate.tags": json.dumps(list(contract.tags)) if contract.tags else "",
    }
    return {key: text for key, text in entries.items() if text}


@dataclass(frozen=True)
class Lineage:
    """Which lineage columns a publication gets, and what they hold.

    Attributes:
        published_at_ns: nanoseconds since 1970, UTC; stored in microseconds.
    """

    names: tuple[str, ...]
    published_at_ns: int
    publish_id: str | None

    def schema(self, schema: pa.Schema) -> pa.Schema:
        """The schema with the lineage columns at its end.

        Raises:
            StageError: ``stage.bad_columns`` when the product has such a column already.
        """
        for name in self.names:
            if name in schema.names:
                raise StageError(
                    code="stage.bad_columns",
                    message="the product has a column of a name that the gate adds itself",
                    data=f"column {name}",
                    help="rename it in the contract, or leave lineage columns off",
                )
            schema = schema.append(self._field(name))
        return schema

    def apply(self, batch: pa.RecordBatch | None) -> pa.RecordBatch | None:
        """The batch with the lineage columns at its end."""
        if batch is None or not self.names:
            return batch
        arrays = list(batch.columns)
        for name in self.names:
            value = self.publish_id if name == PUBLISH_ID else self.published_at_ns // 1000
            field = self._field(name)
            plain = pa.int64() if name == PUBLISHED_AT else field.type
            scalar = pa.scalar(value, plain).cast(field.type)
            arrays.append(pa.repeat(scalar, batch.num_rows))
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema(batch.schema))

    def _field(self, name: str) -> pa.Field:
        kind = pa.timestamp("us", "UTC") if name == PUBLISHED_AT else pa.string()
        return pa.field(name, kind, nullable=False)


@dataclass(frozen=True)
class Enriched:
    """A split whose accepted rows carry their lineage."""

    accepted: pa.RecordBatch | None
    rejected: pa.RecordBatch | None


def enriched(splits: Iterable[Enriched], lineage: Lineage) -> Iterator[Enriched]:
    """The splits with the lineage columns on both sides; pulls one split at a time."""
    for split in splits:
        yield Enriched(lineage.apply(split.accepted), lineage.apply(split.rejected))


def _description(column: Column, key_ids: Mapping[str | None, str]) -> dict[str, str]:
    entries = {
        "comment": column.description,
        "meshgate.tags": json.dumps(list(column.tags)) if column.tags else "",
        "meshgate.pii": column.pii or "",
        "meshgate.classification": column.classification or "",
    }
    if column.mask is not None:
        entries["meshgate.mask.method"] = column.mask.method
        if column.mask.method in _KEYED:
            entries["meshgate.mask.domain"] = column.mask.domain
            entries["meshgate.mask.key_id"] = key_ids.get(column.mask.key, "")
            entries["meshgate.mask.args"] = encode(column.mask.args) if column.mask.args else ""
    return {key: text for key, text in entries.items() if text}


_KEYED = frozenset({"hash"})

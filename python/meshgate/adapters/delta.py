"""Delta tables in a local folder: the product, and its quarantine as a table beside it.

Parquet files are written here, invisible, and made durable; then the quarantine is committed, then
the product, each with one commit that carries the publish id and the receipt. A crash between the
two leaves quarantined rows of a publication that is not visible; the same publish id continues
there. Locks hold between processes of one host; without them the fence inside the commit still
lets a publish id through only once.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from meshgate.adapters import delta_description, durable, key_files
from meshgate.adapters.base import Committed, Found, Holding, Publication, Split, Staged, Staging
from meshgate.adapters.delta_fit import refuse_foreign
from meshgate.adapters.delta_holding import Holding as DeltaHolding
from meshgate.adapters.delta_table import Table
from meshgate.adapters.parquet import Files, Layout
from meshgate.adapters.storage_types import storage_schema
from meshgate.errors import StageError

_ROW = "_mg_row"
_ABOUT = (
    pa.field(_ROW, pa.int64(), nullable=False),
    pa.field("_mg_checks", pa.list_(pa.field("element", pa.string(), nullable=False)), False),
)


class _Staging:
    """The open files of one attempt."""

    def __init__(
        self, publication: Publication, accepted: Files, rejected: Files, attempt: str
    ) -> None:
        self.publication, self.attempt = publication, attempt
        self.accepted, self.rejected = accepted, rejected


class Delta:
    """The embedded destination.

    Args:
        location: the folder that holds one folder per table.
        encryption: what the operator states about encryption at rest; None is not stated.
        layout: how files are cut.
    """

    name = "delta"

    def __init__(
        self,
        location: Path | str,
        encryption: str | None = None,
        region: str | None = None,
        compression: str = "zstd",
        layout: Layout | None = None,
    ) -> None:
        self._location = Path(location)
        self._locks = self._location / durable.PRIVATE / "locks"
        self._encryption, self._region = encryption, region
        layout = layout or Layout(compression=compression)
        self._layouts = (
            layout,
            Layout(**{**vars(layout), "private": True}),
        )

    @property
    def infrastructure(self) -> Mapping[str, Any]:
        """What is stated about the storage."""
        return {
            "adapter": self.name,
            "storage": "file",
            "encryption": self._encryption,
            "region": self._region,
        }

    def claim(
        self, product: str, publish_id: str, timeout_s: float = durable.CLAIM_TIMEOUT_S
    ) -> AbstractContextManager[None]:
        """Holds the publish id against every other process of this host."""
        durable.check_names(product, publish_id)
        return durable.locked(self._locks, f"publish/{product}/{publish_id}", timeout_s)

    def find(self, product: str, publish_id: str) -> Found:
        """What is visible of this publish id, durable."""
        durable.check_names(product, publish_id)
        return Found(self._main(product).find(publish_id), self._aside(product).find(publish_id))

    def holding(self, publication: Publication, schema: pa.Schema) -> Holding:
        """What the product holds now, for a publication with rows of this schema."""
        durable.check_names(publication.product)
        table = self._main(publication.product)
        stored = storage_schema(schema, publication.columns, _footer(publication))
        return DeltaHolding(table.root, table.open(), table.joined(stored, publication.evolve))

    def stage(
        self,
        publication: Publication,
        splits: Iterable[Split],
        schema: pa.Schema,
        quarantine_schema: pa.Schema,
    ) -> Staging:
        """Pulls the splits into invisible files."""
        durable.check_names(publication.product)
        columns = publication.columns
        main = storage_schema(schema, columns, _footer(publication))
        aside = storage_schema(_ordinals(quarantine_schema), columns, _footer(publication))
        main = self._main(publication.product).joined(main, publication.evolve)
        aside = self._aside(publication.product).joined(aside, publication.evolve)
        attempt = os.urandom(8).hex()
        staging = _Staging(
            publication,
            Files(self._root(publication.product), attempt, main, self._layouts[0]),
            Files(self._quarantine(publication.product), attempt, aside, self._layouts[1]),
            attempt,
        )
        try:
            for split in splits:
                if split.accepted is not None:
                    staging.accepted.write(split.accepted)
                if split.rejected is not None:
                    staging.rejected.write(split.rejected)
            staging.accepted.flush()
            staging.rejected.flush()
        except BaseException:
            self.abort(staging)
            raise
        return staging

    def seal(self, staging: Staging, publish_id: str) -> Staged:
        """The files are durable under their final names."""
        staging = _ours(staging)
        product = staging.publication.product
        durable.check_names(product, publish_id)
        footer = {"meshgate.publish_id": publish_id}
        try:
            return Staged(
                product,
                publish_id,
                staging.attempt,
                staging.accepted.seal(publish_id, footer),
                staging.rejected.seal(publish_id, footer),
                staging.accepted.schema,
                staging.rejected.schema,
            )
        except BaseException:
            self.abort(staging)
            raise

    def commit(self, publication: Publication, staged: Staged, receipt: str) -> Found:
        """Quarantine, then product; each at most once per publish id."""
        name, publish_id = publication.product, staged.publish_id
        main, aside = self._main(name), self._aside(name)
        main.create(name, staged.schema, publication.table)
        main.unmoved(publication.base)  # before the quarantine is visible
        if publication.evolve:
            main.evolve(staged.schema)
            aside.evolve(staged.quarantine_schema)
        if staged.rejected:
            described = _aside_of(publication)
            aside.create(name + durable.QUARANTINE, staged.quarantine_schema, described)
            held: Committed | None = aside.commit(
                publish_id, staged.rejected, staged.quarantine_schema, receipt
            )
        else:
            held = aside.find(publish_id)
        committed = main.commit(
            publish_id,
            staged.accepted,
            staged.schema,
            receipt,
            publication.mode,
            publication.watermarks,
            publication.base,
        )
        if any(part is not None and part.receipt != receipt for part in (committed, held)):
            with suppress(StageError):  # another attempt has committed: ours has files too many
                self.abort(staged)
        return Found(committed, held)

    def describe(self, publication: Publication, staged: Staged) -> None:
        """The product's table describes itself as this publication does."""
        table = self._main(publication.product)
        delta_description.describe(table, publication.product, staged.schema, publication.table)

    def abort(self, staging: Staging | Staged) -> None:
        """Removes the attempt's files that no commit references."""
        if isinstance(staging, Staged):
            self._remove(
                staging.product,
                lambda name: (
                    durable.belongs_to(name, staging.publish_id) and f"-{staging.attempt}-" in name
                ),
            )
        else:
            staging = _ours(staging)
            staging.accepted.discard()
            staging.rejected.discard()

    def abandon(self, product: str, publish_id: str) -> int:
        """Removes files of earlier attempts of this id that no commit references."""
        durable.check_names(product, publish_id)
        return len(self._remove(product, lambda name: durable.belongs_to(name, publish_id)))

    def read(
        self,
        product: str,
        version: int | None = None,
        since: int | None = None,
        columns: Sequence[str] | None = None,
    ) -> pa.RecordBatchReader:
        """The product's rows as of a version, or those added after `since`."""
        durable.check_names(product)
        return self._read(self._main(product), version, since, columns)

    def watermark(self, product: str, source: str) -> int | None:
        """How far the product has followed a source."""
        durable.check_names(product)
        table = self._main(product).open()
        return None if table is None else table.transaction_version(source)

    def read_quarantine(self, product: str) -> pa.RecordBatchReader:
        """The quarantined rows of the product, masked, with the ids of the checks."""
        durable.check_names(product)
        aside, main = self._aside(product), self._main(product).open()
        if main is None or aside.open() is not None:
            return self._read(aside, None, None)
        held = pa.schema(main.schema().to_arrow())
        own = [field.with_nullable(True) for field in held if not field.name.startswith("_mg_")]
        lineage = [field for field in held if field.name.startswith("_mg_")]
        return pa.RecordBatchReader.from_batches(pa.schema([*own, *_ABOUT, *lineage]), [])

    def receipts(self, product: str) -> Iterator[Committed]:
        """The commits of the product that carry a receipt, oldest first."""
        durable.check_names(product)
        return self._main(product).history()

    def bypassed(self, product: str) -> list[int]:
        """The versions that changed the product's rows and carry no receipt."""
        durable.check_names(product)
        return self._main(product).bypassed()

    def description(self, product: str) -> Mapping[str, str]:
        """What the product's table says about itself; empty when there is none."""
        durable.check_names(product)
        return delta_description.description(self._main(product))

    def products(self) -> list[str]:
        """The products that exist here, by name."""
        if not self._location.is_dir():
            return []
        return sorted(
            folder.name
            for folder in self._location.iterdir()
            if not folder.name.endswith(durable.QUARANTINE) and self._main(folder.name).log.exists
        )

    def gc(
        self, product: str, older_than_s: float, keep: frozenset[str] = frozenset()
    ) -> list[str]:
        """Removes old files that no commit references."""
        durable.check_names(product)
        limit = time.time() - older_than_s

        def old(name: str, folder: Path) -> bool:
            if not durable.is_staged(name) or any(durable.belongs_to(name, id_) for id_ in keep):
                return False
            try:
                return (folder / name).stat().st_mtime < limit
            except OSError:
                return False

        return [
            name
            for folder in (self._root(product), self._quarantine(product))
            for name in self._remove_from(folder, lambda name, f=folder: old(name, f))
        ] + key_files.forget(self._root(product), older_than_s)

    def _remove(self, product: str, chosen: Any) -> list[str]:
        return [
            name
            for folder in (self._root(product), self._quarantine(product))
            for name in self._remove_from(folder, chosen)
        ]

    def _remove_from(self, folder: Path, chosen: Any) -> list[str]:
        if not folder.is_dir():
            return []
        names = [path.name for path in folder.iterdir() if chosen(path.name)]
        if not names:
            return []
        needed = Table(folder, self._locks).referenced()
        return [n for n in names if n not in needed and durable.remove(folder / n)]

    def _read(
        self,
        table: Table,
        version: int | None,
        since: int | None,
        columns: Sequence[str] | None = None,
    ) -> pa.RecordBatchReader:
        handle = table.open()
        if handle is None:
            raise StageError(
                code="stage.no_table",
                message="nothing was published there yet",
                help="`meshgate catalog list` shows the products",
            )
        refuse_foreign(handle)
        if version is not None and not 0 <= version <= handle.version():
            raise StageError(
                code="stage.no_version",
                message=f"the product has no version {version}",
                help=f"versions go up to {handle.version()}",
            )
        if version is not None:
            handle = table.open(version) or handle
        files = handle.file_uris()
        if since is not None:
            before = table.open(since)
            seen = set() if before is None else set(before.file_uris())
            if not seen <= set(files):
                raise StageError(
                    code="stage.rewritten",
                    message="the product was replaced since, so nothing tells what was added",
                    help="read it whole",
                )
            files = [uri for uri in files if uri not in seen]
        schema = pa.schema(handle.schema().to_arrow())
        said = handle.metadata().configuration
        schema = schema.with_metadata({k: v for k, v in said.items() if _in_schema(k)})
        if not all(Path(uri).is_file() for uri in files):
            raise StageError(
                code="stage.unreadable",
                message="a file of the product is missing",
                help="restore it from a copy of the storage; the log still names it",
            )
        found = ds.dataset(sorted(files), schema=schema, format="parquet")
        chosen = None if columns is None else [n for n in columns if n in schema.names]
        reader: pa.RecordBatchReader = found.scanner(chosen, batch_size=1 << 16).to_reader()
        return reader

    def _root(self, product: str) -> Path:
        return self._location / product

    def _quarantine(self, product: str) -> Path:
        return self._location / (product + durable.QUARANTINE)

    def _main(self, product: str) -> Table:
        return Table(self._root(product), self._locks)

    def _aside(self, product: str) -> Table:
        return Table(self._quarantine(product), self._locks)


def _footer(publication: Publication) -> dict[str, str]:
    """The table's metadata for Parquet footers: the contract itself is in the table's log."""
    return {key: text for key, text in publication.table.items() if _in_schema(key)}


def _in_schema(key: str) -> bool:
    return key == "description" or (key.startswith("meshgate.") and key != "meshgate.contract")


def _ordinals(schema: pa.Schema) -> pa.Schema:
    """The quarantine's row ordinals as a signed integer: Delta has no other of 64 bits."""
    at = schema.get_field_index(_ROW)
    if at < 0 or schema.field(at).type != pa.uint64():
        return schema
    return schema.set(at, schema.field(at).with_type(pa.int64()))


def _aside_of(publication: Publication) -> dict[str, str]:
    description = f"Rows that {publication.product} rejected, masked, with the ids of the checks"
    return {**publication.table, "description": description}


def _ours(staging: object) -> _Staging:
    if not isinstance(staging, _Staging):
        raise TypeError("another adapter's staging")
    return staging

"""What every destination offers: look, stage, commit once, abort, read.

The order is always the same. `stage` writes files that nobody sees; after *allow* `seal` makes them
durable under their final names; `commit` makes them visible, at most once per publish id, and
answers only when the commit would survive a power loss; `abort` removes what never became visible.
After a commit of unknown outcome nothing is removed: `find` looks first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa


@dataclass(frozen=True)
class Publication:
    """What is published, and how it describes itself; nothing of it holds a cell's value.

    Attributes:
        product: the full name; it also names the table.
        columns: per column (dotted into structs) the metadata of its field.
        table: the metadata of the table: ``description`` and ``meshgate.*``.
        mode: ``append`` adds the rows; ``replace`` makes them the whole product.
        evolve: new nullable columns of the publication join the table, after its own.
        watermarks: how far each source has been followed; part of the commit, never set back.
        base: the data files that the rows' keys were compared with; the commit fails if the table
            has others by then. None if nothing depends on them.
    """

    product: str
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    table: Mapping[str, str] = field(default_factory=dict)
    mode: str = "append"
    evolve: bool = False
    watermarks: Mapping[str, int] = field(default_factory=dict)
    base: frozenset[str] | None = None


@dataclass(frozen=True)
class StagedFile:
    """One durable file that no commit references yet.

    Attributes:
        name: relative to the table's folder.
        sha256: hex, computed while writing.
    """

    name: str
    rows: int
    bytes: int
    sha256: str

    def to_dict(self) -> dict[str, Any]:
        """As a receipt lists it."""
        return {"name": self.name, "rows": self.rows, "bytes": self.bytes, "sha256": self.sha256}


class Staging(Protocol):
    """What one attempt has written so far: invisible, and gone after `abort`."""

    @property
    def attempt(self) -> str:
        """16 hex digits, unique: no two attempts share a file name."""


@dataclass(frozen=True)
class Staged:
    """What one attempt has sealed: durable, still invisible, and gone after `abort`.

    Attributes:
        schema, quarantine_schema: as stored at the destination.
    """

    product: str
    publish_id: str
    attempt: str
    accepted: tuple[StagedFile, ...]
    rejected: tuple[StagedFile, ...]
    schema: pa.Schema
    quarantine_schema: pa.Schema

    @property
    def files(self) -> list[dict[str, Any]]:
        """The accepted files as a receipt lists them."""
        return [file.to_dict() for file in self.accepted]


@dataclass(frozen=True)
class Committed:
    """One commit that carries a publish id, durable.

    Attributes:
        version: None when the destination remembers the id but has dropped the log entry.
        receipt: what the commit carries, as JSON text; None like the version.
    """

    version: int | None
    receipt: str | None


@dataclass(frozen=True)
class Found:
    """What the destination holds of one publish id. The product is published if `main` is there."""

    main: Committed | None = None
    quarantine: Committed | None = None


class KeyFiles(Protocol):
    """Files beside a product's data that no reader of the product sees: the indexes of its keys."""

    def paths(self) -> list[Path]:
        """The files that are whole, in no order."""

    def new(self) -> Path:
        """Where the next file is to be written.

        Raises:
            StageError: ``stage.*``.
        """

    def keep(self, written: Path) -> Path:
        """The file that was written at a `new` place is durable, under the name that is returned.

        Raises:
            StageError: ``stage.*``.
        """

    def remove(self, path: Path) -> None:
        """The file is gone, if that can be had; whoever has it open can read it on."""

    def clear(self, used: Collection[Path]) -> None:
        """Files that are not used are gone, if they are older than any publication on its way."""


class Holding(Protocol):
    """What a product's table holds at one version; it never changes.

    Attributes:
        files: the names of its data files, each of which is written once.
    """

    files: frozenset[str]

    def field(self, column: str) -> pa.Field:
        """A column of the publication that asked, dotted into structs, as it is stored."""

    def keys(self, identity: str) -> KeyFiles:
        """Where the index of this identity (hexadecimal digits) lies."""

    def read(self, files: Iterable[str], columns: Sequence[str]) -> pa.RecordBatchReader:
        """These columns, dotted into structs, of the rows of some of the files.

        Raises:
            StageError: ``stage.unreadable``.
        """

    def masks(self, file: str, column: str) -> Mapping[str, str] | None:
        """How the file says that a column is masked; empty when it is not, None without the column.

        Raises:
            StageError: ``stage.unreadable``.
        """


class Split(Protocol):
    """One morsel as the run hands it on; both parts are masked."""

    @property
    def accepted(self) -> pa.RecordBatch | None:
        """Rows that hold the contract."""

    @property
    def rejected(self) -> pa.RecordBatch | None:
        """Rows for the quarantine, with the ids of the checks that rejected them."""


class Adapter(Protocol):
    """One kind of destination."""

    name: str

    @property
    def infrastructure(self) -> Mapping[str, Any]:
        """What is stated about the storage, for policies: adapter, storage, encryption, region."""

    def claim(
        self, product: str, publish_id: str, timeout_s: float = ...
    ) -> AbstractContextManager[None]:
        """Holds the publish id: no other process stages or commits it meanwhile.

        Raises:
            StageError: ``stage.bad_name``; ``stage.busy`` when another holder does not let go.
        """

    def find(self, product: str, publish_id: str) -> Found:
        """What is visible of this publish id; what it answers is durable.

        Raises:
            StageError: ``stage.unreadable``.
        """

    def holding(self, publication: Publication, schema: pa.Schema) -> Holding:
        """What the product holds now, for a publication with rows of this schema.

        Raises:
            StageError: ``stage.*`` if the publication does not fit the table.
        """

    def stage(
        self,
        publication: Publication,
        splits: Iterable[Split],
        schema: pa.Schema,
        quarantine_schema: pa.Schema,
    ) -> Staging:
        """Writes every split into files that nobody sees; pulls the splits once.

        Raises:
            StageError: ``stage.*``; what was written is removed. Errors of the splits pass through.
        """

    def seal(self, staging: Staging, publish_id: str) -> Staged:
        """The files are durable under their final names; they stay invisible.

        Raises:
            StageError: ``stage.*``.
        """

    def commit(self, publication: Publication, staged: Staged, receipt: str) -> Found:
        """Makes quarantine and product visible, once per publish id, durably.

        Raises:
            StageError: ``stage.*`` when table and files do not fit; nothing became visible.
            CommitFailed: ``commit.failed``, ``commit.moved``; the product did not become visible.
            CommitUnknown: ``commit.unknown``; look with `find` first.
        """

    def describe(self, publication: Publication, staged: Staged) -> None:
        """The product's table describes itself as this publication does; after the commit.

        Raises:
            StageError: ``stage.*``; the publication stands all the same.
        """

    def description(self, product: str) -> Mapping[str, str]:
        """What the product's table says about itself; empty when there is none."""

    def abort(self, staging: Staging | Staged) -> None:
        """Removes the attempt's files that no commit references; twice is as good as once."""

    def abandon(self, product: str, publish_id: str) -> int:
        """Removes files of dead attempts of this id that no commit references; their number.

        Only the holder of `claim` may call it: then every earlier attempt is dead.
        """

    def read(
        self,
        product: str,
        version: int | None = None,
        since: int | None = None,
        columns: Sequence[str] | None = None,
    ) -> pa.RecordBatchReader:
        """The product as of one version (None: the latest), or what was added after `since`.

        Of the `columns` only those that there are; all by default.

        Raises:
            StageError: ``stage.no_table``, ``stage.no_version``, ``stage.unreadable``.
        """

    def watermark(self, product: str, source: str) -> int | None:
        """How far the product has followed a source; None when it never did.

        Raises:
            StageError: ``stage.unreadable``.
        """

    def read_quarantine(self, product: str) -> pa.RecordBatchReader:
        """The quarantined rows of the product, masked, with the ids of the checks; maybe none.

        Raises:
            StageError: as `read`.
        """

    def receipts(self, product: str) -> Iterator[Committed]:
        """The commits of the product that carry a receipt, oldest first."""

    def bypassed(self, product: str) -> list[int]:
        """The versions that changed the product's rows and carry no receipt.

        Raises:
            StageError: ``stage.unreadable``.
        """

    def products(self) -> list[str]:
        """The products that exist here, by name."""

    def gc(self, product: str, older_than_s: float, keep: frozenset[str]) -> list[str]:
        """Removes files older than the guard that no commit references; their names.

        `older_than_s` is longer than the longest publication; `keep` are the publish ids whose
        outcome is unknown.
        """

"""What a Delta table holds at one version: its data files, their key columns, their masks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from deltalake import DeltaTable

from meshgate.adapters.key_files import KeyFiles
from meshgate.errors import EngineError, StageError

_MASK = b"meshgate.mask."


class Holding:
    """One version of the table in a folder; without a handle there is no table yet."""

    def __init__(self, root: Path, handle: DeltaTable | None, schema: pa.Schema) -> None:
        self._schema, self._root = schema, root
        self.files = active(handle)
        self._stored = None if handle is None else pa.schema(handle.schema().to_arrow())

    def field(self, column: str) -> pa.Field:
        """A column of the publication that asked, as it is stored."""
        found = _field(self._schema, column)
        if found is None:
            raise EngineError(code="engine.out_of_order", message="a key names no stored column")
        return found.with_name(column)

    def keys(self, identity: str) -> KeyFiles:
        """Where the index of this identity lies."""
        return KeyFiles(self._root, identity)

    def read(self, files: Iterable[str], columns: Sequence[str]) -> pa.RecordBatchReader:
        """These columns of the rows of some of the files."""
        paths = sorted(str(self._root / name) for name in files)
        if not all(Path(path).is_file() for path in paths):
            _unreadable()
        found = ds.dataset(paths, schema=self._stored, format="parquet")
        names = self._schema.names
        chosen = {
            column: ds.field(column) if column in names else ds.field(*column.split("."))
            for column in columns
        }
        reader: pa.RecordBatchReader = found.scanner(chosen, batch_size=1 << 16).to_reader()
        return reader

    def masks(self, file: str, column: str) -> Mapping[str, str] | None:
        """How the file says that a column is masked."""
        try:
            schema = pq.read_schema(self._root / file)
        except (OSError, pa.ArrowException):
            _unreadable()
        found = _field(schema, column)
        if found is None:
            return None
        metadata = found.metadata or {}
        return {k.decode(): v.decode() for k, v in metadata.items() if k.startswith(_MASK)}


def active(handle: DeltaTable | None) -> frozenset[str]:
    """The names of the data files of a version."""
    return frozenset() if handle is None else frozenset(Path(u).name for u in handle.file_uris())


def _field(schema: pa.Schema | pa.StructType, path: str) -> pa.Field | None:
    """The field at a dotted path; a name with dots goes before a path."""
    at = schema.get_field_index(path)
    if at >= 0:
        return schema.field(at)
    for dot in (place for place, sign in enumerate(path) if sign == "."):
        at = schema.get_field_index(path[:dot])
        if at >= 0 and pa.types.is_struct(schema.field(at).type):
            return _field(schema.field(at).type, path[dot + 1 :])
    return None


def _unreadable() -> NoReturn:
    raise StageError(
        code="stage.unreadable",
        message="a file of the product is missing or cannot be read",
        help="restore it from a copy of the storage; the log still names it",
    ) from None

"""Data on its way in: anything that speaks Arrow, or a path, as one stream of batches.

Nothing is read here beyond a schema, and pyarrow is imported only where a path or an object needs
it. What a producer or a file format reports about its own failure is never passed on: such texts
quote values.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meshgate.errors import SourceError

if TYPE_CHECKING:
    import pyarrow as pa

_FORMATS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "ipc",
    ".ipc": "ipc",
    ".feather": "ipc",
    ".csv": "csv",
    ".jsonl": "json",
    ".ndjson": "json",
}
_TAKES = (
    "a pyarrow table, batch, reader or dataset, a Polars or pandas frame, a DuckDB relation, any "
    "object with __arrow_c_stream__ or __arrow_c_array__, or a path to .parquet, .arrow, .csv or "
    ".jsonl"
)


def arrow(data: Any) -> Any:
    """The same data as an object with `__arrow_c_stream__` or `__arrow_c_array__`.

    Args:
        data: an Arrow-speaking object, a path, or a non-empty sequence of record batches.

    Raises:
        SourceError: ``source.not_found``, ``source.unreadable`` or ``source.not_arrow``.
    """
    if isinstance(data, str | Path):
        return _file(Path(data))
    if isinstance(data, type):
        raise _not_arrow(data)
    if hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__"):
        return data
    if hasattr(data, "collect") and hasattr(data, "collect_schema"):  # a Polars lazy frame
        return _read(data.collect)
    if hasattr(data, "scanner"):  # a pyarrow dataset
        return _read(lambda: data.scanner().to_reader())
    if hasattr(data, "to_reader"):  # a pyarrow scanner
        return _read(data.to_reader)
    if hasattr(data, "fetch_record_batch"):  # a DuckDB result without the capsule interface
        return _read(data.fetch_record_batch)
    if isinstance(data, Iterable) and not isinstance(data, dict | bytes | bytearray):
        return _batches(data)
    raise _not_arrow(data)


def _batches(data: Iterable[Any]) -> pa.RecordBatchReader:
    import pyarrow as pa

    rest = iter(data)
    first = next(rest, None)
    if not isinstance(first, pa.RecordBatch | pa.Table):
        raise _not_arrow(data)

    def each() -> Iterable[pa.RecordBatch]:
        for item in chain((first,), rest):
            yield from item.to_batches() if isinstance(item, pa.Table) else (item,)

    return pa.RecordBatchReader.from_batches(first.schema, each())


def _file(path: Path) -> pa.RecordBatchReader:
    import pyarrow.dataset as ds

    if not path.exists():
        raise SourceError(
            code="source.not_found",
            message=f"there is no file {str(path)!r}",
            help="check the path; relative paths start at the working directory",
        )
    suffix = path.suffix.lower()
    if path.is_dir():
        inside = {p.suffix.lower() for p in path.rglob("*") if p.is_file()} & _FORMATS.keys()
        suffix = next(iter(inside)) if len(inside) == 1 else ""
    kind = _FORMATS.get(suffix)
    if kind is None:
        raise SourceError(
            code="source.unreadable",
            message=f"{str(path)!r} is of no format that can be read",
            help=f"it must end in one of {', '.join(sorted(_FORMATS))}; a folder holds one of them",
        )
    return _read(lambda: ds.dataset(path, format=kind).scanner().to_reader(), str(path))


def _read(open_: Any, name: str = "the data") -> Any:
    with suppress(Exception):  # whatever class a library raises: its text may quote values
        return open_()
    raise SourceError(
        code="source.unreadable",
        message=f"{name} cannot be read",
        help="is it complete, and of the format that its name says?",
    )


def _not_arrow(data: object) -> SourceError:
    kind = data.__name__ if isinstance(data, type) else type(data).__name__
    return SourceError(
        code="source.not_arrow", message=f"{kind} holds no Arrow data", help=f"pass {_TAKES}"
    )

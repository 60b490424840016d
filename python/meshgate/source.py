"""Data on its way in: anything that speaks Arrow, or a path, as one stream of batches.

Nothing is read here beyond a schema and a first look at text files, and pyarrow is imported only
where a path or an object needs it. What a producer or a file format reports about its own failure
is never passed on: such texts quote values.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakSet

from meshgate import text_types
from meshgate.errors import SourceError
from meshgate.folders import refuse_mixed
from meshgate.text_files import Looks as Looks
from meshgate.text_files import TextFile

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset as ds

    from meshgate.contract import Contract

T = TypeVar("T")
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
_PATHS = (str, os.PathLike)
_READ: WeakSet[Any] = WeakSet()
_TAKES = (
    "a pyarrow table, batch, reader or dataset, a Polars or pandas frame, a DuckDB relation or "
    "result, any object with __arrow_c_stream__ or __arrow_c_array__, or a path to .parquet, "
    ".arrow, .csv or .jsonl"
)


def arrow(data: Any, contract: Contract | None, looks: Looks, stops: list[BaseException]) -> Any:
    """The same data as an object with `__arrow_c_stream__` or `__arrow_c_array__`.

    Args:
        data: an Arrow-speaking object, a path, or a non-empty sequence of record batches.
        contract: what CSV and JSON lines are read as, which carry no types.
        looks: at texts, before they are read.
        stops: gets what stopped the program while a producer in Python ran, such as Ctrl-C: Arrow's
            C interface tells it as a number, like any other failure.

    Raises:
        SourceError: ``source.not_found``, ``source.unreadable`` or ``source.not_arrow``.
        PlanError: ``plan.open_decimal``. LimitError: ``limit.too_large``.
    """
    if isinstance(data, _PATHS):
        return _file(Path(data), contract, looks)
    if isinstance(data, type):
        raise _not_arrow(data)
    if type(data).__name__ == "RecordBatchReader" and type(data).__module__ == "pyarrow.lib":
        return type(data).from_batches(data.schema, _stoppable(data, stops))
    if hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__"):
        return data
    if hasattr(data, "collect") and hasattr(data, "collect_schema"):  # a Polars lazy frame
        return _read(data.collect, help_="its own library refused: does the query run?")
    if hasattr(data, "scanner"):  # a pyarrow dataset
        return _read(lambda: data.scanner().to_reader())
    if hasattr(data, "to_reader"):  # a pyarrow scanner
        return _read(data.to_reader)
    for name in ("to_arrow_reader", "fetch_record_batch"):  # a DuckDB result, of 1.4 or before
        if hasattr(data, name):
            return _read(lambda name=name: _fetched(data, name))
    if isinstance(data, Iterable) and not isinstance(data, dict | bytes | bytearray):
        return _batches(data, stops)
    raise _not_arrow(data)


def refuse_read(data: Any) -> None:
    """Refuses a reader of pyarrow that was read before; from now on this one was.

    It would be an empty stream, and no rows break no promise.

    Raises:
        SourceError: ``source.read_before``.
    """
    if type(data).__name__ != "RecordBatchReader" or type(data).__weakrefoffset__ == 0:
        return
    if data in _READ:
        raise SourceError(
            code="source.read_before",
            message="the reader was given before, and a stream is read once",
            help="make a new reader, or pass a table or a path, which can be read again",
        )
    _READ.add(data)


def file(data: Any) -> str | None:
    """The path that the data is given by, if it is."""
    return str(Path(data)) if isinstance(data, _PATHS) else None


def is_text(path: str) -> bool:
    """Whether the file is of a format that carries no types, and whose lines can be named."""
    return _kind(Path(path)) in text_types.FORMATS


def broke_off(path: str, place: str | None, contract: Contract | None) -> SourceError:
    """A file failed after its first rows; unlike other producers it has no log to read."""
    kind = _kind(Path(path))
    if kind in text_types.FORMATS:
        return TextFile(Path(path), kind, contract).broke_off()
    return SourceError(
        code="source.failed",
        message=f"{path} cannot be read to its end",
        data=place,
        help="it is damaged: write it again, or restore it",
    )


def repeats(data: Any) -> bool:
    """Whether the same data can be opened again after it was read.

    A stream cannot, and an object that nobody knows is taken for one.
    """
    if isinstance(data, _PATHS):
        return True
    library, name = type(data).__module__.partition(".")[0], type(data).__name__
    if library in ("pyarrow", "polars", "pandas", "duckdb", "_duckdb"):
        return name not in ("RecordBatchReader", "Scanner", "DuckDBPyConnection")
    if isinstance(data, Iterable):
        return not isinstance(data, Iterator)
    return False


def _stoppable(batches: Iterable[T], stops: list[BaseException]) -> Iterator[T]:
    try:
        yield from batches
    except (KeyboardInterrupt, SystemExit) as stop:
        stops.append(stop)
        raise


def _batches(data: Iterable[Any], stops: list[BaseException]) -> pa.RecordBatchReader:
    import pyarrow as pa

    rest = iter(data)
    first = _read(lambda: next(rest, None))
    if first is None:
        raise SourceError(
            code="source.not_arrow",
            message=f"{type(data).__name__} gives no batch, so nothing tells its columns",
            help="was it read before? a stream without rows is a reader with a schema",
        )
    if not isinstance(first, pa.RecordBatch | pa.Table):
        raise _not_arrow(data)

    def each() -> Iterable[pa.RecordBatch]:
        for item in chain((first,), rest):
            yield from item.to_batches() if isinstance(item, pa.Table) else (item,)

    return pa.RecordBatchReader.from_batches(first.schema, _stoppable(each(), stops))


def _file(path: Path, contract: Contract | None, looks: Looks) -> pa.RecordBatchReader:
    if not path.exists():
        raise SourceError(
            code="source.not_found",
            message=f"there is no file {str(path)!r}",
            help="check the path; relative paths start at the working directory",
        )
    kind = _kind(path)
    if kind is None:
        raise SourceError(
            code="source.unreadable",
            message=f"{str(path)!r} is of no format that can be read",
            help=f"it must end in one of {', '.join(sorted(_FORMATS))}; a folder holds one of them",
        )
    if path.is_file() and path.stat().st_size == 0:
        raise SourceError(
            code="source.unreadable",
            message=f"{path} is empty",
            help="without a byte it has no columns; a stream without rows still has a schema",
        )
    if kind in text_types.FORMATS:
        return TextFile(path, kind, contract).reader(looks)
    if kind == "ipc" and path.is_file() and not _is_ipc_file(path):
        return _read(lambda: _stream(path), str(path))
    found = _read(lambda: _dataset(path, kind), str(path))
    refuse_mixed(path, found, typed=True)
    return _read(lambda: found.scanner().to_reader(), str(path))


def _dataset(path: Path, kind: str) -> ds.Dataset:
    import pyarrow.dataset as ds

    return ds.dataset(path, format=kind)


def _stream(path: Path) -> pa.RecordBatchReader:
    import pyarrow as pa

    return pa.ipc.open_stream(pa.OSFile(str(path)))


def _is_ipc_file(path: Path) -> bool:
    """Whether it is of the random-access format; otherwise it is a stream, or damaged."""
    with path.open("rb") as file:
        return file.read(6).startswith((b"ARROW1", b"FEA1"))


def _kind(path: Path) -> str | None:
    suffix = path.suffix.lower()
    if path.is_dir():
        inside = {p.suffix.lower() for p in path.rglob("*") if p.is_file()} & _FORMATS.keys()
        suffix = next(iter(inside)) if len(inside) == 1 else ""
    return _FORMATS.get(suffix)


def _read(
    open_: Any,
    name: str = "the data",
    help_: str = "is it complete, and of the format that its name says?",
) -> Any:
    with suppress(Exception):  # whatever class a library raises: its text may quote values
        return open_()
    raise SourceError(
        code="source.unreadable",
        message=f"{name} cannot be read",
        help=help_,
    )


def _fetched(data: Any, name: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that a relation would save a copy
        return getattr(data, name)()


def _not_arrow(data: object) -> SourceError:
    kind = data.__name__ if isinstance(data, type) else type(data).__name__
    return SourceError(
        code="source.not_arrow", message=f"{kind} holds no Arrow data", help=f"pass {_TAKES}"
    )

"""`meshgate read`: a published product, as the policies allow it to whoever asks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meshgate.cli.options import mesh_option, need_mesh, output, person, person_options
from meshgate.cli.terminal import NAME, QUIET, Cell, Terminal, counted
from meshgate.errors import StageError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa

WIDEST_CELL = 40
WRITTEN_ROWS = 1 << 16
"""Written at once: whoever interrupts waits for so many."""


@click.command(short_help="Read a product, as the policies allow.")
@click.argument("product")
@mesh_option
@click.option("--version", type=int, help="A version of the destination; default: the newest.")
@click.option("--as-of", metavar="TIME", help="The version that was newest then (ISO 8601).")
@click.option("--columns", metavar="A,B", help="Only these columns, in this order.")
@click.option(
    "--limit", type=click.IntRange(min=0), default=20, show_default=True, help="Rows to show."
)
@click.option(
    "--output",
    "target",
    metavar="FILE",
    help="Write all rows to FILE (.parquet, .arrow, .csv) instead of showing some.",
)
@click.option("--quarantine", is_flag=True, help="The rejected rows, and which checks did it.")
@person_options
@click.option("--purpose", help="What for, where the access policies ask.")
@output
def read(
    terminal: Terminal,
    product: str,
    mesh_path: str | None,
    version: int | None,
    as_of: str | None,
    columns: str | None,
    limit: int,
    target: str | None,
    quarantine: bool,
    user: str | None,
    roles: tuple[str, ...],
    purpose: str | None,
) -> None:
    """Read a PRODUCT as --user; an access policy may refuse (exit code 1)."""
    mesh = need_mesh(mesh_path)
    who = person(user, roles)
    if quarantine:
        if version is not None or as_of is not None:
            raise UsageError(
                code="usage.bad_option",
                message="--quarantine shows what was ever rejected, not one version",
                help="leave out --version and --as-of",
            )
        rows = mesh.read_quarantine(product, user=who, purpose=purpose)
    else:
        rows = mesh.read(product, version=version, as_of=as_of, user=who, purpose=purpose)
    reader = selected(rows, columns)
    if target is not None:
        written = write(reader, Path(target))
        terminal.document({"product": product, "rows": written, "file": target})
        terminal.line((product, NAME), f"   {counted(written, 'row')} written to {target}")
        return
    shown = head(reader, limit)
    terminal.document({"product": product, "rows": shown.to_pylist()})
    if quarantine and limit and not shown.num_rows:
        terminal.line((product, NAME), "   no row was ever rejected")
        return
    names: list[Cell] = [(name, QUIET) for name in shown.column_names]
    terminal.table(
        [names, *([text(v) for v in row.values()] for row in shown.to_pylist())], indent=0
    )


def selected(reader: pa.RecordBatchReader, columns: str | None) -> pa.RecordBatchReader:
    """The stream with the named columns only."""
    import pyarrow as pa

    if columns is None:
        return reader
    wanted = [name.strip() for name in columns.split(",")]
    twice = next((name for at, name in enumerate(wanted) if name in wanted[:at]), None)
    if twice is not None:
        raise UsageError(
            code="usage.bad_option",
            message=f"--columns names {twice!r} twice",
            help="name each column once",
        )
    missing = [name for name in wanted if name not in reader.schema.names]
    if missing:
        raise UsageError(
            code="usage.no_such_column",
            message=f"the product has no column {missing[0]!r}",
            help=f"it has {', '.join(reader.schema.names)}",
        )
    schema = pa.schema([reader.schema.field(name) for name in wanted])
    return pa.RecordBatchReader.from_batches(schema, (b.select(wanted) for b in reader))


def head(reader: pa.RecordBatchReader, limit: int) -> pa.Table:
    """The first rows; the rest of the stream is not read."""
    import pyarrow as pa

    batches, rows = [], 0
    for batch in reader:
        if rows >= limit:
            break
        batches.append(batch.slice(0, limit - rows))
        rows += batches[-1].num_rows
    return pa.Table.from_batches(batches, reader.schema)


def write(reader: pa.RecordBatchReader, target: Path) -> int:
    """All rows are in the file, whose name says the format; returns their number."""
    import pyarrow as pa
    from pyarrow import csv, parquet

    makers: dict[str, Any] = {
        ".parquet": parquet.ParquetWriter,
        ".arrow": pa.ipc.new_file,
        ".ipc": pa.ipc.new_file,
        ".feather": pa.ipc.new_file,
        ".csv": csv.CSVWriter,
    }
    maker = makers.get(target.suffix.lower())
    if maker is None:
        raise UsageError(
            code="usage.bad_option",
            message=f"--output does not know the ending {target.suffix!r}",
            help=f"one of {', '.join(makers)}",
        )
    rows = 0
    try:
        file = target.open("xb")
    except FileExistsError:
        raise UsageError(
            code="usage.file_exists",
            message=f"{target} exists already",
            help="name another file, or remove this one",
        ) from None
    except OSError:
        raise _unwritten(target) from None
    try:
        with file, maker(file, reader.schema) as writer:
            for batch in _pieces(reader):
                writer.write_batch(batch)
                rows += batch.num_rows
    except BaseException as error:
        target.unlink(missing_ok=True)  # also of an interrupted command: no part passes for all
        if isinstance(error, OSError | pa.ArrowException):
            raise _unwritten(target) from None
        raise
    return rows


def _pieces(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    for batch in reader:
        for start in range(0, batch.num_rows, WRITTEN_ROWS):
            yield batch.slice(start, WRITTEN_ROWS)


def _unwritten(target: Path) -> StageError:
    return StageError(
        code="stage.output_failed",
        message=f"{target} cannot be written",
        help="look at the folder, its permissions and the free space; nested columns need "
        "Parquet or Arrow",
    )


def text(value: Any) -> str:
    """A value of the published product on one line of a terminal."""
    if value is None:
        return "-"
    if isinstance(value, list):
        shown = ", ".join(text(item) for item in value)
    elif isinstance(value, date | datetime | time):
        shown = value.isoformat()
    else:
        shown = str(value)
    return shown if len(shown) <= WIDEST_CELL else shown[: WIDEST_CELL - 1] + "…"

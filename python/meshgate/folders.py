"""The files of a folder are one stream only if they have the same columns."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from meshgate.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa
    import pyarrow.dataset as ds


def refuse_mixed(path: Path, found: ds.Dataset, *, typed: bool) -> None:
    """Every file has the columns of the first, in any order; with their types if they are typed.

    A scan would give nulls for the columns that a file lacks, and leave out those it adds. A file
    whose columns cannot be read is left to the scan.

    Raises:
        SourceError: ``source.unreadable``, with the first other file.
    """
    if path.is_file():
        return
    first: dict[str, pa.DataType | None] | None = None
    for fragment in found.get_fragments():
        with suppress(Exception):  # whatever class a library raises: its text may quote values
            columns = {f.name: f.type if typed else None for f in fragment.physical_schema}
            first = columns if first is None else first
            if columns != first:
                break
    else:
        return
    raise SourceError(
        code="source.unreadable",
        message=f"{path} holds files of different columns: {fragment.path} is unlike the first",
        help="give a folder for each kind of file; a column that a file lacks is not null there",
    )

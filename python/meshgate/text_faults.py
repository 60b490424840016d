"""Where a text file breaks: its line and column, and what to do; never what stands there.

Readers of CSV and JSON lines stop at the first thing that they cannot read, and tell it by quoting
it. So the file is read once more here, slowly and in the open, until the place is found.
"""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meshgate import text_types

if TYPE_CHECKING:
    import pyarrow as pa

PATIENCE_S = 30.0
"""A place that takes longer to find is not told."""
_BLOCK = 4096
_NATURES: tuple[tuple[Any, str], ...] = (
    (bool, "a boolean"),
    ((int, float), "a number"),
    (str, "a text"),
    (list, "a list"),
    (dict, "an object"),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a file, where, and what to do."""

    what: str
    where: str
    help: str


@dataclass(frozen=True, slots=True)
class Types:
    """What the columns are read as.

    Attributes:
        schema: None when not even that is known.
        promised: the contract's words for types, by column.
    """

    schema: pa.Schema | None
    promised: Mapping[str, str]

    def of(self, name: str) -> pa.DataType | None:
        """The type of a column."""
        if self.schema is None or name not in self.schema.names:
            return None
        return self.schema.field(name).type

    def word(self, name: str) -> str:
        """The type of a column as a person calls it."""
        return self.promised.get(name) or str(self.of(name))


def find(path: Path, kind: str, types: Types) -> Fault | None:
    """The first place that cannot be read; None when there is none, or it takes long to find.

    `kind` is ``csv`` or ``json``.
    """
    until = time.monotonic() + PATIENCE_S
    blocks = _csv(path, types) if kind == "csv" else _json(path, types)
    try:
        for fault in blocks:
            if fault is not None or time.monotonic() > until:
                return fault
    except (OSError, csv.Error, RecursionError):
        return None
    return None


def _csv(path: Path, types: Types) -> Iterator[Fault | None]:
    """What is wrong with each block of records."""
    csv.field_size_limit(2**31 - 1)
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        records = _records(file)
        _, names = next(records, (1, []))
        twice = next((name for at, name in enumerate(names) if name in names[:at]), None)
        if twice is not None:
            yield Fault(f"it names the column {twice!r} twice", "line 1", "rename one of them")
        while block := list(islice(records, _BLOCK)):
            sound = next(
                (at for at, (_, cells) in enumerate(block) if len(cells) != len(names)), len(block)
            )
            fault = _bad_cell(block[:sound], names, types)
            if fault is None and sound < len(block):
                line, cells = block[sound]
                fault = Fault(
                    f"a line has not as many cells ({len(cells)}) as the first one ({len(names)})",
                    f"line {line}",
                    "write as many; cells that hold a comma or a line break stand in quotes",
                )
            yield fault


def _records(file: Any) -> Iterator[tuple[int, list[str]]]:
    """Every record with the line that it starts in; empty lines are none."""
    reader = csv.reader(file)
    line = 1
    for cells in reader:
        if cells:
            yield line, cells
        line = reader.line_num + 1


def _bad_cell(
    block: Sequence[tuple[int, list[str]]], names: Sequence[str], types: Types
) -> Fault | None:
    """The first cell that its column's type does not take."""
    found = []
    for at, name in enumerate(names):
        bad = _first([cells[at] for _, cells in block], partial(_cells, types.of(name)))
        if bad is not None:
            found.append((bad, at))
    if not found:
        return None
    row, at = min(found)
    where = f"line {block[row][0]}, column {names[at]}"
    if not _is_text(block[row][1][at]):
        return Fault("a cell is not UTF-8", where, "save the file as UTF-8")
    return Fault(
        f"a cell is no {types.word(names[at])}",
        where,
        "correct it; or promise a string, with the check castable that quarantines such rows",
    )


def _first(values: Sequence[Any], taken: Callable[[Sequence[Any]], bool]) -> int | None:
    """The first value that is not taken, by halves: of many values only this much is known."""
    if taken(values):
        return None
    low, high = 0, len(values)
    while high - low > 1:
        middle = (low + high) // 2
        if taken(values[low:middle]):
            low = middle
        else:
            high = middle
    return low


def _cells(kind: pa.DataType | None, cells: Sequence[str]) -> bool:
    """Whether the reader of CSV takes these cells of one column."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    if not all(map(_is_text, cells)):
        return False
    if kind is None or not cells:
        return True
    quoted = ('"' + cell.replace('"', '""') + '"' if cell else "" for cell in cells)
    text = ("c\n" + "\n".join(quoted) + "\n").encode()
    try:
        arrow_csv.read_csv(
            io.BytesIO(text),
            arrow_csv.ReadOptions(use_threads=False, block_size=len(text) + 1),
            arrow_csv.ParseOptions(ignore_empty_lines=False, newlines_in_values=True),
            text_types.conversions({"c": kind}),
        )
    except pa.ArrowInvalid:
        return False
    return True


def _is_text(cell: str) -> bool:
    return cell.isascii() or not any("\udc80" <= char <= "\udcff" for char in cell)


def _json(path: Path, types: Types) -> Iterator[Fault | None]:
    """What is wrong with each block of lines."""
    natures: dict[str, str] = {}
    with path.open("rb") as file:
        lines = ((line, text) for line, text in enumerate(file, 1) if text.strip())
        while block := list(islice(lines, _BLOCK)):
            rows = []
            fault = None
            for line, text in block:
                row = _row(line, text)
                fault = row if isinstance(row, Fault) else _other_nature(line, row, natures)
                if fault is not None:
                    break
                rows.append(text)
            bad = _first(rows, lambda part: _objects(part, types.schema))
            if bad is not None:
                line, text = block[bad]
                fault = _bad_value(line, text, types)
            yield fault


def _row(line: int, text: bytes) -> dict[str, Any] | Fault:
    where = f"line {line}"
    try:
        row = json.loads(text)
    except UnicodeDecodeError:
        return Fault("a line is not UTF-8", where, "save the file as UTF-8")
    except ValueError:
        return Fault("a line is not JSON", where, "write one whole object in each line")
    if not isinstance(row, dict):
        return Fault("a line holds no object", where, "write one object in each line")
    return row


def _other_nature(line: int, row: Mapping[str, Any], natures: dict[str, str]) -> Fault | None:
    for name, value in row.items():
        nature = next((word for kind, word in _NATURES if isinstance(value, kind)), None)
        if nature is not None and natures.setdefault(name, nature) != nature:
            return Fault(
                f"a value is {nature}, and one before it is {natures[name]}",
                f"line {line}, column {name}",
                "write one kind of values in a column",
            )
    return None


def _bad_value(line: int, text: bytes, types: Types) -> Fault:
    import pyarrow as pa

    for field in () if types.schema is None else types.schema:
        name = field.name
        if not _objects([text], pa.schema([field]), others=False):
            return Fault(
                f"a value is no {types.word(name)}",
                f"line {line}, column {name}",
                "correct it, or promise a type that holds it",
            )
    return Fault("a line does not fit the others", f"line {line}", "look at its types")


def _objects(lines: Sequence[bytes], schema: pa.Schema | None, *, others: bool = True) -> bool:
    """Whether the reader of JSON lines takes these; `others`: also of columns without a type."""
    import pyarrow as pa
    from pyarrow import json as arrow_json

    if schema is None or not lines:
        return True
    text = b"".join(line.rstrip(b"\r\n") + b"\n" for line in lines)
    try:
        arrow_json.read_json(
            io.BytesIO(text),
            arrow_json.ReadOptions(use_threads=False, block_size=len(text) + 1),
            arrow_json.ParseOptions(
                explicit_schema=schema, unexpected_field_behavior="infer" if others else "ignore"
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return False
    return True

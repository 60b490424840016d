"""CSV and JSON-lines files as one stream, with the types of a contract.

What a reader would pass over in silence is refused before the first row: a quote that is never
closed takes the rest of its file for the text of one cell. What a reader cannot read is told by its
place, never by its text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from meshgate import text_faults, text_types
from meshgate.errors import LimitError, PlanError, SourceError
from meshgate.folders import refuse_mixed

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset as ds

    from meshgate.contract import Contract

T = TypeVar("T")
ENDINGS = {"csv": (".csv",), "json": (".jsonl", ".ndjson")}
_PIECE = 1 << 22
MOST_OPEN = 128
"""Brackets of JSON; types are bounded further by the engine."""


class Quotes(Protocol):
    """What the engine knows of quotes in a text that is handed over in pieces."""

    def feed(self, piece: bytes, /) -> None:
        """Takes the next piece."""

    @property
    def open(self) -> int | None:
        """The place, in bytes, of the quote that is still open."""

    @property
    def line_breaks(self) -> bool:
        """Whether any text in quotes holds a line break."""


class Nesting(Protocol):
    """What the engine knows of brackets in a text that is handed over in pieces."""

    def feed(self, piece: bytes, /) -> None:
        """Takes the next piece."""

    @property
    def beyond(self) -> int | None:
        """The place, in bytes, of the first bracket that is nested too deep."""


@dataclass(frozen=True, slots=True)
class Looks:
    """How the engine looks at a text before a reader of its format touches it.

    Attributes:
        quotes: at the quotes of CSV.
        nesting: at the brackets of JSON lines, of which so many may be open at once.
    """

    quotes: Callable[[], Quotes]
    nesting: Callable[[int], Nesting]


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file, or a folder of files, of a format that carries no types.

    Attributes:
        kind: ``csv`` or ``json``.
        contract: what the columns are read as; without one their types are guessed.
    """

    path: Path
    kind: str
    contract: Contract | None = None

    def reader(self, looks: Looks) -> pa.RecordBatchReader:
        """The rows.

        Raises:
            SourceError: ``source.unreadable``. PlanError: ``plan.open_decimal``.
            LimitError: ``limit.too_large``.
        """
        breaks = self.kind == "csv" and self._line_breaks(looks)
        if self.kind == "json":
            self._refuse_deep(looks)
        untyped = _tried(lambda: self._dataset(None, breaks))
        if untyped is None or text_types.has_bytes(untyped.schema, self._promised):
            guessed = None if untyped is None else untyped.schema
            raise self._broken("source.unreadable", "cannot be read", guessed)
        if self.kind == "csv":  # a line of JSON names what it has: the rest is null
            refuse_mixed(self.path, untyped, typed=False)
        schema = self._fitted(untyped.schema)
        found = _tried(lambda: self._dataset(schema, breaks).scanner().to_reader())
        if found is None:
            raise self._broken("source.unreadable", "cannot be read", schema)
        return found

    def broke_off(self) -> SourceError:
        """The error of a file that could not be read any further, with the place in it."""
        guessed = _tried(lambda: self._dataset(None, line_breaks=True).schema)
        schema = None if guessed is None else _tried(lambda: self._fitted(guessed))
        return self._broken("source.failed", "cannot be read to its end", schema)

    def _files(self) -> Iterator[Path]:
        if self.path.is_file():
            yield self.path
            return
        for path in sorted(self.path.rglob("*")):
            if path.is_file() and path.suffix.lower() in ENDINGS[self.kind]:
                yield path

    def _refuse_deep(self, looks: Looks) -> None:
        """Readers follow brackets by calling themselves: too many end the process."""
        for path in self._files():
            seen = looks.nesting(MOST_OPEN)
            _feed(seen, path)
            if seen.beyond is not None:
                raise LimitError(
                    code="limit.too_large",
                    message=f"{path} has more than {MOST_OPEN} brackets open at once",
                    data=f"line {_line(path, seen.beyond)}",
                    help="this bound is fixed: close them, or write flatter objects",
                )

    def _line_breaks(self, looks: Looks) -> bool:
        """Whether cells hold line breaks; a reader that must expect them is slower."""
        breaks = False
        for path in self._files():
            seen = looks.quotes()
            _feed(seen, path)
            if seen.open is not None:
                raise SourceError(
                    code="source.unreadable",
                    message=f"{path} has a quote that is never closed",
                    data=f"line {_line(path, seen.open)}",
                    help='close it; a quote that is a character is written twice inside quotes: ""',
                )
            breaks = breaks or seen.line_breaks
        return breaks

    def _dataset(self, schema: pa.Schema | None, line_breaks: bool) -> ds.Dataset:
        import pyarrow.dataset as ds

        how = text_types.csv(line_breaks=line_breaks) if self.kind == "csv" else self.kind
        return ds.dataset(self.path, schema=schema, format=how)

    def _fitted(self, guessed: pa.Schema) -> pa.Schema:
        if self.contract is None:
            return guessed
        for at, column in enumerate(self.contract.columns):
            if column.type == "decimal" and text_types.is_number(guessed, column.name):
                raise PlanError(
                    code="plan.open_decimal",
                    message=f"{column.name} is promised as a decimal of any size, and a text file "
                    "does not say how many digits it has",
                    where=self.contract.positions.get(f"/columns/{at}/type"),
                    data=f"column {column.name} of {self.path}",
                    help="promise the digits, such as decimal(18,2)",
                )
        numbers_as_text = self.kind == "csv"
        return text_types.fitted(guessed, self._promised, numbers_as_text=numbers_as_text)

    @property
    def _promised(self) -> dict[str, str]:
        columns = () if self.contract is None else self.contract.columns
        return {column.name: column.type for column in columns}

    def _broken(self, code: str, what: str, schema: pa.Schema | None) -> SourceError:
        types = text_faults.Types(schema, self._promised)
        for path in self._files():
            fault = text_faults.find(path, self.kind, types)
            if fault is not None:
                return SourceError(
                    code=code,
                    message=f"{path} {what}: {fault.what}",
                    data=fault.where,
                    help=fault.help,
                )
        return SourceError(
            code=code,
            message=f"{self.path} {what}",
            help="is it complete, and of the format that its name says?",
        )


def _feed(seen: Quotes | Nesting, path: Path) -> None:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            seen.feed(piece)


def _tried(read: Callable[[], T]) -> T | None:
    with suppress(Exception):  # whatever class a library raises: its text may quote values
        return read()
    return None


def _line(path: Path, offset: int) -> int:
    line = 1
    with path.open("rb") as file:
        while offset > 0 and (piece := file.read(min(_PIECE, offset))):
            line += piece.count(b"\n")
            offset -= len(piece)
    return line

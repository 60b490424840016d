"""Where a command writes: results to standard output, troubles and progress to standard error.

With ``--format json`` standard output holds one JSON document, whatever happens. As text it is
never wrapped or cut, so that a pipe gets what a person sees; colours appear on a terminal only and
not when ``NO_COLOR`` is set. Names, reasons and paths are data: their control characters are
escaped before they reach a terminal.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from meshgate.errors import printable

if TYPE_CHECKING:
    from rich.console import Console

Cell = str | tuple[str, str]
"""Text, or text and its style in rich's words, such as ("FAIL", "bold red")."""

GOOD, BAD, CAUTION, QUIET, NAME = "green", "bold red", "yellow", "dim", "bold"


class Terminal:
    """The output of one command, as text or as JSON."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json

    def line(self, *cells: Cell) -> None:
        """Prints one line of text; nothing in JSON mode."""
        if not self.as_json:
            self._print(sys.stdout, [cells])

    def table(self, rows: Iterable[Sequence[Cell]], *, indent: int = 2) -> None:
        """Prints rows with their columns aligned; nothing in JSON mode."""
        if not self.as_json:
            self._print(sys.stdout, aligned(list(rows), indent))

    def document(self, value: Any) -> None:
        """Prints the one JSON document of the command; nothing in text mode."""
        if self.as_json:
            sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")

    def trouble(self, rows: Sequence[Sequence[Cell]], value: Any) -> None:
        """Prints an error: as text to standard error, as JSON in place of the result."""
        if self.as_json:
            self.document(value)
        else:
            self._print(sys.stderr, rows)

    def note(self, *cells: Cell) -> None:
        """Prints a remark that is not a result to standard error, in text mode only."""
        if not self.as_json:
            self._print(sys.stderr, [cells])

    def _print(self, stream: TextIO, rows: Iterable[Sequence[Cell]]) -> None:
        if coloured(stream):
            from rich.text import Text

            console = console_for(stream)
            for row in rows:
                text = Text.assemble(*(_cell(cell) for cell in row))
                text.rstrip()
                console.print(text, soft_wrap=True)
        else:
            for row in rows:
                stream.write("".join(_cell(cell)[0] for cell in row).rstrip() + "\n")


def console_for(stream: TextIO) -> Console:
    """A console of rich on this stream, that adds nothing of its own."""
    from rich.console import Console

    return Console(file=stream, highlight=False, markup=False, emoji=False)


def coloured(stream: TextIO) -> bool:
    """Whether colours are wanted: on a terminal, unless NO_COLOR or a dumb terminal say no."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def aligned(rows: Sequence[Sequence[Cell]], indent: int) -> list[list[Cell]]:
    """Pads every cell but the last of a row to the width of its column, two blanks apart."""
    widths: dict[int, int] = {}
    for row in rows:
        for position, cell in enumerate(row[:-1]):
            widths[position] = max(widths.get(position, 0), len(_cell(cell)[0]))
    padded: list[list[Cell]] = []
    for row in rows:
        cells: list[Cell] = [" " * indent]
        for position, cell in enumerate(row):
            text, style = _cell(cell)
            last = position == len(row) - 1
            cells.append((text if last else text.ljust(widths[position]) + "  ", style))
        padded.append(cells)
    return padded


def _cell(cell: Cell) -> tuple[str, str]:
    text, style = (cell, "") if isinstance(cell, str) else cell
    return printable(text), style


def number(value: int) -> str:
    """A count as people read it: 12,000,000."""
    return f"{value:,}"


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """A count with its noun: 1 row, 2,000 rows."""
    return f"{number(count)} {noun if count == 1 else plural or noun + 's'}"

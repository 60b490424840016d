"""`meshgate explain`: what an error code means, and what it does not mean."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

import click

from meshgate.cli.options import output
from meshgate.cli.terminal import NAME, Terminal
from meshgate.errors import UsageError

if TYPE_CHECKING:
    from meshgate.errors import Code


@click.command()
@click.argument("code", required=False)
@output
def explain(terminal: Terminal, code: str | None) -> None:
    """Explain an error CODE, or list all codes."""
    table = {row.code: row for row in all_codes()}
    if code is None:
        terminal.document([_value(row) for row in table.values()])
        terminal.table([(row.code, NAME), row.title] for row in table.values())
        return
    row = table.get(code)
    if row is None:
        from difflib import get_close_matches

        near = get_close_matches(code, table, n=1, cutoff=0.5)
        raise UsageError(
            code="usage.unknown_code",
            message=f"no error has the code {code!r}",
            help=f"did you mean {near[0]}?" if near else "meshgate explain lists all codes",
        )
    terminal.document(_value(row))
    terminal.line((row.code, NAME), f": {row.title}")
    terminal.line()
    for line in wrap(" ".join(row.explanation.split()), 88):
        terminal.line(line)


def all_codes() -> list[Code]:
    """The engine's codes and Python's in one table, sorted."""
    from meshgate.codes import CODES
    from meshgate.engine import error_codes

    return sorted((*CODES, *error_codes()), key=lambda row: row.code)


def _value(row: Code) -> dict[str, str]:
    return {"code": row.code, "title": row.title, "explanation": row.explanation}

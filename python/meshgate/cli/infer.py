"""`meshgate infer`: a contract proposed from data that is already there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from meshgate.cli.exits import ALLOWED
from meshgate.cli.options import output
from meshgate.cli.progress import progress
from meshgate.cli.terminal import CAUTION, Terminal
from meshgate.errors import LimitError, SourceError, UsageError

if TYPE_CHECKING:
    from meshgate.contract import Contract
    from meshgate.engine import Run


@click.command(short_help="Propose a contract for data.")
@click.argument("data")
@click.option("--name", help="The dataset's name; the file's by default.")
@click.option("--owner", help="Who answers for the product.")
@click.option("--strict-ranges", is_flag=True, help="Make rules of the ranges that were seen.")
@output
def infer(
    terminal: Terminal, data: str, name: str | None, owner: str | None, strict_ranges: bool
) -> int:
    """Propose a contract for DATA (a Parquet, Arrow, CSV or JSON-lines file, or a folder).

    Prints a contract in the native form, with comments on what was seen; the data keeps it. Columns
    that look like personal data are tagged and masked, and none of their values is printed. The
    data is read twice: keys are verified, not estimated.
    """
    from meshgate.engine import open_source
    from meshgate.formats import load, proposal

    dataset = _dataset(data, name)
    columns, left_out = proposal.seen(open_source(Path(data)).schema)
    if not columns:
        raise SourceError(
            code="source.no_columns",
            message=f"{data} has no column whose type is known",
            help="give it rows, or columns of a type that a contract can promise",
        )
    profile = _run(terminal, "looking", proposal.minimal(dataset, columns), data, True).profile

    def document(keys: tuple[str, ...]) -> str:
        return proposal.document(
            dataset,
            columns,
            profile,
            keys,
            owner=owner,
            source=Path(data).name,
            left_out=left_out,
            strict_ranges=strict_ranges,
        )

    keys = proposal.candidates(columns, profile)
    if keys:
        promise = proposal.keyed(load(document(())), keys)
        try:
            found = _run(terminal, "verifying", promise, data, False).report
            broken = {check.columns[0] for check in found.checks if check.failed_rows}
            keys = tuple(key for key in keys if key not in broken)
        except LimitError as error:
            terminal.note(("remark  ", CAUTION), f"no key is proposed: {error.message}")
            keys = ()
    text = document(keys)
    terminal.document({"dataset": dataset, "keys": keys, "contract": text})
    for line in text.splitlines():
        terminal.line(line)
    return ALLOWED


def _run(terminal: Terminal, what: str, contract: Contract, data: str, profile: bool) -> Run:
    from meshgate.engine import Plan, open_source

    source = open_source(Path(data))
    with progress(terminal, what, data) as watch:
        run = Plan.compile(contract, source).run(
            source,
            outputs=False,
            profile=profile,
            progress=None if watch is None else lambda run: watch(run.rows),
        )
        for _ in run:
            continue
    return run


def _dataset(data: str, name: str | None) -> str:
    from meshgate.formats.naming import is_name, to_name

    if name is None:
        return to_name(Path(data).stem)
    if not is_name(name):
        raise UsageError(
            code="usage.bad_option",
            message="--name cannot name a dataset",
            help="letters, digits, _ and -, in parts with dots between them",
        )
    return name

"""`meshgate check`: what a publication would find, with nothing published."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from meshgate.cli import options, show
from meshgate.cli.exits import ALLOWED, DENIED
from meshgate.cli.options import (
    contract_options,
    find_mesh,
    load_contract,
    mesh_option,
    output,
    reference_option,
)
from meshgate.cli.progress import progress
from meshgate.cli.terminal import BAD, GOOD, NAME, Terminal

if TYPE_CHECKING:
    from meshgate.contract import Contract
    from meshgate.gate import Gate
    from meshgate.mesh import Mesh
    from meshgate.profile import Profile


@click.command(short_help="Check data against a contract.")
@click.argument("contract")
@click.argument("data")
@mesh_option
@contract_options
@reference_option
@click.option("--all", "every", is_flag=True, help="List every check, also when all is well.")
@click.option("--profile", is_flag=True, help="Tell what the values look like; masked ones not.")
@output
def check(
    terminal: Terminal,
    contract: str,
    data: str,
    mesh_path: str | None,
    dataset: str | None,
    domain: str | None,
    references: tuple[str, ...],
    every: bool,
    profile: bool,
) -> int:
    """Check DATA (a Parquet, Arrow, CSV or JSON-lines file, or a folder) against a CONTRACT.

    Works without a mesh; a contract whose masks need a key finds it in the mesh or by reference.
    The exit code is 1 when the contract does not hold.
    """
    named = options.references(references)
    gate = _gate(load_contract(contract, dataset, domain), find_mesh(mesh_path), domain)
    found: Profile | None = None
    with progress(terminal, "checking", data) as watch:
        if profile:
            report, found = gate.check(Path(data), watch=watch, profile=True, references=named)
        else:
            report = gate.check(Path(data), watch=watch, references=named)
    body = report.to_dict()
    promised = gate.contract
    document = {"dataset": promised.dataset, "version": promised.version, "report": body}
    terminal.document(document | ({} if found is None else {"profile": found.to_dict()}))
    terminal.line(
        ("✓", GOOD) if report.ok else ("✗", BAD),
        " ",
        (promised.dataset, NAME),
        f" {promised.version}   {show.summary(body)} · {show.rows_seen(body)}",
    )
    show.checks(terminal, body, promised.positions, every=every)
    if found is not None:
        terminal.line()
        terminal.table(found.table())
    return ALLOWED if report.ok else DENIED


def _gate(contract: Contract, mesh: Mesh | None, domain: str | None) -> Gate:
    from meshgate.gate import Gate

    return Gate(contract, domain=domain) if mesh is None else mesh.gate(contract, domain=domain)

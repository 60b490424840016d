"""`meshgate publish`: check, mask, decide, and make the product visible, or say why not."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import click

from meshgate.cli import options, show
from meshgate.cli.exits import ALLOWED, DENIED
from meshgate.cli.options import (
    contract_options,
    load_contract,
    mesh_option,
    need_mesh,
    output,
    person,
    person_options,
    reference_option,
)
from meshgate.cli.progress import progress
from meshgate.cli.terminal import Terminal
from meshgate.errors import Denied

if TYPE_CHECKING:
    from meshgate.receipt import Receipt


@click.command(short_help="Publish data under a contract, or say why not.")
@click.argument("contract")
@click.argument("data")
@mesh_option
@contract_options
@click.option(
    "--publish-id",
    metavar="ID",
    help="Names this publication: the same id publishes once, however often it is tried. "
    "Without it the id follows from contract, policies and data.",
)
@reference_option
@person_options
@output
def publish(
    terminal: Terminal,
    contract: str,
    data: str,
    mesh_path: str | None,
    dataset: str | None,
    domain: str | None,
    publish_id: str | None,
    references: tuple[str, ...],
    user: str | None,
    roles: tuple[str, ...],
) -> int:
    """Publish DATA under a CONTRACT: nothing is visible unless everything allows it.

    The exit code is 1 when a policy or the contract denies; the reasons are shown.
    """
    named = options.references(references)
    mesh = need_mesh(mesh_path)
    gate = mesh.gate(load_contract(contract, dataset, domain), domain=domain)
    positions = gate.contract.positions
    began, started = datetime.now(timezone.utc), time.perf_counter()
    try:
        with progress(terminal, "publishing", data) as watch:
            receipt = gate.publish(
                Path(data),
                publish_id=publish_id,
                publisher=person(user, roles),
                watch=watch,
                references=named,
            )
    except Denied as denied:
        show.denial(terminal, denied.receipt, positions)
        return DENIED
    seconds = time.perf_counter() - started
    show.published(terminal, receipt, positions, before=_before(receipt, began), seconds=seconds)
    return ALLOWED


def _before(receipt: Receipt, began: datetime) -> bool:
    """Whether the publication is older than this command: the same id was published already."""
    return datetime.fromisoformat(receipt.published_at.replace("Z", "+00:00")) < began

"""`meshgate publish`: check, mask, decide, and make the product visible, or say why not."""

from __future__ import annotations

import time
from pathlib import Path

import click

from meshgate.cli import show
from meshgate.cli.options import mesh_option, need_mesh, output, person, person_options
from meshgate.cli.progress import progress
from meshgate.cli.terminal import Terminal


@click.command()
@click.argument("contract")
@click.argument("data")
@mesh_option
@click.option("--domain", help="The domain of a contract that names none.")
@click.option(
    "--publish-id",
    metavar="ID",
    help="Names this publication: the same id publishes once, however often it is tried. "
    "Without it the id follows from contract, policies and data.",
)
@person_options
@output
def publish(
    terminal: Terminal,
    contract: str,
    data: str,
    mesh_path: str | None,
    domain: str | None,
    publish_id: str | None,
    user: str | None,
    roles: tuple[str, ...],
) -> None:
    """Publish DATA under a CONTRACT: nothing is visible unless everything allows it.

    The exit code is 1 when a policy or the contract denies; the reasons are shown.
    """
    gate = need_mesh(mesh_path).gate(contract, domain=domain)
    started = time.perf_counter()
    with progress(terminal, "publishing", data) as watch:
        receipt = gate.publish(
            Path(data), publish_id=publish_id, publisher=person(user, roles), watch=watch
        )
    show.published(terminal, receipt, ending=f"   ({time.perf_counter() - started:.1f} s)")

"""`meshgate init`: a mesh in a folder, with a key, a first policy and a first contract."""

from __future__ import annotations

from pathlib import Path

import click

from meshgate.cli.options import output
from meshgate.cli.terminal import GOOD, NAME, QUIET, Terminal
from meshgate.errors import StageError

# What is written beside the mesh itself. Nothing that exists is ever overwritten.
FIRST = {
    "governance/lifecycle.rego": """\
# A first policy of your own. Every deny of every package counts; the central policies of meshgate
# (masked personal data, a named owner, stated encryption, a report without failures) always apply.
package company.lifecycle

import rego.v1

deny contains "a retired contract publishes nothing; publish under its successor" if {
	input.contract.status == "retired"
}
""",
    "contracts/orders.yaml": """\
# A first contract. The documentation of contracts lists every key.
dataset: orders
version: 0.1.0
owner: sales-team@company.com
description: One row per order.

schema:
  - {name: order_id, type: string, required: true}
  - {name: amount, type: "decimal(12,2)", required: true}
  - name: email
    type: string
    pii: email
    masking: hash

quality_rules:
  - {column: order_id, rule: unique}
  - {column: amount, rule: range, args: {min: 0, max: 1000000}}

service_levels:
  freshness: 24h
""",
    "keys/.gitignore": "*\n",
}


@click.command()
@click.argument("folder", default=".")
@click.option(
    "--encryption",
    type=click.Choice(["none", "AES-256"]),
    default="none",
    show_default=True,
    help="How the disk is encrypted at rest, as far as you know; policies decide on it.",
)
@output
def init(terminal: Terminal, folder: str, encryption: str) -> None:
    """Make a mesh in FOLDER (default: here). Files that exist are kept as they are."""
    from meshgate.mesh import Mesh

    place = Path(folder)
    shown = ["mesh.toml", *(name for name in FIRST if not name.endswith(".gitignore"))]
    before = {name for name in shown if (place / name).exists()}
    Mesh.embedded(place, encryption=encryption).close()
    for name, text in FIRST.items():
        _write(place / name, text)
    created = [name for name in shown if name not in before]
    terminal.document({"folder": folder, "created": created})
    terminal.table(
        (
            [("created", GOOD) if name in created else ("kept", QUIET), str(place / name)]
            for name in shown
        ),
        indent=0,
    )
    contract = place / "contracts" / "orders.yaml"
    option = "" if place == Path() else f" --mesh {folder}"
    terminal.line()
    terminal.line("next  ", (f"meshgate lint {contract}", NAME))
    terminal.line("      ", (f"meshgate publish{option} {contract} orders.parquet", NAME))


def _write(path: Path, text: str) -> None:
    """The file exists, with this text if it is new."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError:
        if path.is_file():
            return
        raise StageError(
            code="stage.output_failed",
            message=f"{path} cannot be written",
            help="look at the folder, its permissions and the free space",
        ) from None

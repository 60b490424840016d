"""`meshgate init`: a mesh in a folder, with a key, a first policy and a first contract."""

from __future__ import annotations

from pathlib import Path

import click

from meshgate.cli.options import MESH_FILE, output
from meshgate.cli.terminal import GOOD, NAME, QUIET, Cell, Terminal
from meshgate.errors import StageError

KEY = "keys/default.key"

# What is written, by path. Nothing that exists is ever overwritten.
FILES = {
    MESH_FILE: """\
# One organisation's mesh: where products go, who publishes, which policies decide.
# Relative paths start at this file. docs/mesh.md lists every key.

[storage]
adapter = "delta"
location = "warehouse"
encryption = "{encryption}"  # what you know about the disk; policies decide on it

[catalog]
database = "catalog.db"

[keys]
default = "file:keys/default.key"  # masks without a key of their own use it; never commit it

[policies]
folder = "governance"
# require = ["data_mesh.governance"]  # packages whose allow_publish must be true

# [domains.finance]
# publishers = ["ana", "role:finance-engineer"]
""",
    "governance/lifecycle.rego": """\
# A first policy of your own. Every deny of every package counts; the central policies of meshgate
# (masked personal data, a named owner, stated encryption, a report without failures) always apply.
package company.lifecycle

import rego.v1

deny contains "a retired contract publishes nothing; publish under its successor" if {{
    input.contract.status == "retired"
}}
""",
    "contracts/orders.yaml": """\
# A first contract; docs/contracts.md lists every key.
dataset: orders
version: 0.1.0
owner: sales-team@company.com
description: One row per order.

schema:
  - {{name: order_id, type: string, required: true}}
  - {{name: amount, type: "decimal(12,2)", required: true}}
  - name: email
    type: string
    pii: email
    masking: hash

quality_rules:
  - {{column: order_id, rule: unique}}
  - {{column: amount, rule: range, args: {{min: 0, max: 1000000}}}}

service_levels:
  freshness: 24h
""",
    "keys/.gitignore": "*\n",
}


@click.command()
@click.argument("folder", default=".")
@click.option(
    "--encryption",
    default="none",
    show_default=True,
    help="How the storage is encrypted at rest, such as AES-256, as far as you know.",
)
@output
def init(terminal: Terminal, folder: str, encryption: str) -> None:
    """Make a mesh in FOLDER (default: here). Files that exist are kept as they are."""
    place = Path(folder)
    done = {name: _write(place / name, _fill(text, encryption)) for name, text in FILES.items()}
    done[KEY] = _key(place / KEY)
    terminal.document({"folder": folder, "created": [name for name in done if done[name]]})
    rows: list[list[Cell]] = [
        [("created", GOOD) if created else ("kept", QUIET), str(Path(folder) / name)]
        for name, created in sorted(done.items())
        if not name.endswith(".gitignore")
    ]
    terminal.table(rows, indent=0)
    contract = place / "contracts" / "orders.yaml"
    terminal.line()
    terminal.line("next  ", (f"meshgate lint {contract}", NAME))
    option = "" if place == Path() else f" --mesh {folder}"
    terminal.line("      ", (f"meshgate publish{option} {contract} orders.parquet", NAME))


def _fill(text: str, encryption: str) -> str:
    escaped = encryption.replace("\\", "\\\\").replace('"', '\\"')
    return text.format(encryption=escaped) if "{" in text else text


def _write(path: Path, text: str) -> bool:
    """The file exists; whether it was created now."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        if path.parent.is_dir():
            return False
        raise _cannot(path) from None
    except OSError:
        raise _cannot(path) from None
    return True


def _key(path: Path) -> bool:
    from meshgate import keys

    if path.exists():
        return False
    keys.create(path)
    return True


def _cannot(path: Path) -> StageError:
    return StageError(
        code="stage.output_failed",
        message=f"{path} cannot be written",
        help="look at the folder, its permissions and the free space",
    )

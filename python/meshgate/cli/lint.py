"""`meshgate lint`: whether contracts and policies can be used, before any data exists."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meshgate.cli.exits import ALLOWED, exit_code
from meshgate.cli.options import output
from meshgate.cli.show import problem
from meshgate.cli.terminal import BAD, CAUTION, GOOD, NAME, Cell, Terminal, counted
from meshgate.errors import MeshgateError

if TYPE_CHECKING:
    from meshgate.contract import Contract


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@output
def lint(terminal: Terminal, files: tuple[str, ...]) -> int:
    """Check contracts (.yaml, .yml, .json) and policies (.rego, or a folder of them).

    A contract is loaded and compiled against the types it promises, so that unknown checks, wrong
    arguments and masks that do not fit are found without data. Nothing is read but the files.
    """
    worst = ALLOWED
    documents = []
    for file in files:
        try:
            rows, document = _policies(file) if _is_policy(file) else _contract(file)
        except MeshgateError as error:
            worst = max(worst, exit_code(error))
            document = {"file": file, "ok": False} | error.to_dict()
            rows = [[("✗", BAD), f" {file}"], *problem(error)]
        documents.append(document)
        for row in rows:
            terminal.line(*row)
    terminal.document(documents)
    return worst


def _is_policy(file: str) -> bool:
    return file.endswith(".rego") or Path(file).is_dir()


def _contract(file: str) -> tuple[list[list[Cell]], dict[str, Any]]:
    from meshgate.formats import load

    contract = load(Path(file))
    _compile(contract)
    what = [
        counted(len(contract.columns), "column"),
        counted(len(contract.checks), "check"),
        counted(sum(column.mask is not None for column in contract.columns), "mask"),
    ]
    rows: list[list[Cell]] = [
        [
            ("✓", GOOD),
            f" {file}   ",
            (contract.dataset, NAME),
            f" {contract.version}   {', '.join(what)}",
        ]
    ]
    for clause in contract.not_enforced:
        rows.append([("  not enforced  ", CAUTION), f"{clause.clause}: {clause.reason}"])
    for remark in contract.remarks:
        rows.append([("  remark  ", CAUTION), str(remark)])
    return rows, {
        "file": file,
        "ok": True,
        "dataset": contract.dataset,
        "version": contract.version,
        "digest": contract.digest,
        "not_enforced": [clause.to_dict() for clause in contract.not_enforced],
        "remarks": [str(remark) for remark in contract.remarks],
    }


def _compile(contract: Contract) -> None:
    """Compiles the contract against the types it promises, with keys that only lint knows."""
    from meshgate.cli.promised import promised_schema
    from meshgate.engine import Plan

    Plan.compile(contract, promised_schema(contract), keys=None)


def _policies(file: str) -> tuple[list[list[Cell]], dict[str, Any]]:
    from meshgate.policy import PolicySet

    findings = PolicySet.load([file]).check()
    rows: list[list[Cell]] = [[("✓", GOOD), f" {file}"]]
    rows += [[("  remark  ", CAUTION), str(finding)] for finding in findings]
    return rows, {"file": file, "ok": True, "remarks": [str(finding) for finding in findings]}

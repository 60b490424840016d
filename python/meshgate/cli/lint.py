"""`meshgate lint`: whether contracts and policies can be used, before any data exists."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meshgate.cli import show
from meshgate.cli.exits import ALLOWED, CONTRACT
from meshgate.cli.options import output
from meshgate.cli.terminal import BAD, CAUTION, GOOD, NAME, Cell, Terminal, counted
from meshgate.errors import MeshgateError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meshgate.contract import Contract

CONTRACTS = (".yaml", ".yml", ".json")


@dataclass(frozen=True)
class Linted:
    """What was found in one file: a line that sums up, the lines below it, the same as values."""

    ok: bool
    what: tuple[Cell, ...]
    rows: list[list[Cell]]
    values: Mapping[str, Any]


@click.command(short_help="Check contracts and policies, without data.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@output
def lint(terminal: Terminal, files: tuple[str, ...]) -> int:
    """Check contracts (.yaml, .yml, .json) and policies (.rego), or a folder of either.

    A contract is loaded and compiled against the types it promises, so that unknown checks, wrong
    arguments and masks that do not fit are found without data. The policies of a folder are judged
    together, as a mesh loads them. Nothing is read but the files.
    """
    names = dict.fromkeys(file for name in files for file in _files(name))
    found = [(name, one) for name in names for one in _lint(name)]
    terminal.document([{"file": name, "ok": one.ok, **one.values} for name, one in found])
    for name, one in found:
        mark: Cell = ("✓", GOOD) if one.ok else ("✗", BAD)
        terminal.line(mark, f" {name}", *one.what)
        for row in one.rows:
            terminal.line(*row)
    return ALLOWED if all(one.ok for _, one in found) else CONTRACT


def _files(name: str) -> list[str]:
    """The contracts of a folder without policies; otherwise what was named."""
    folder = Path(name)
    if not folder.is_dir() or any(folder.rglob("*.rego")):
        return [name]
    contracts = (file for file in folder.iterdir() if file.suffix in CONTRACTS and file.is_file())
    return sorted(map(str, contracts)) or [name]


def _lint(file: str) -> list[Linted]:
    """One finding for a file of policies, one for each dataset of a contract."""
    try:
        if file.endswith(".rego") or Path(file).is_dir():
            return [_policies(file)]
        from meshgate.formats import load_all

        return [_contract(contract) for contract in load_all(Path(file))]
    except MeshgateError as error:
        return [Linted(False, (), show.problem(error), error.to_dict())]


def _contract(contract: Contract) -> Linted:
    try:
        _compile(contract)
    except MeshgateError as error:
        values = {"dataset": contract.dataset, **error.to_dict()}
        return Linted(False, ("   ", (contract.dataset, NAME)), show.problem(error), values)
    counts = (
        counted(len(contract.columns), "column"),
        counted(len(contract.checks), "check"),
        counted(sum(column.mask is not None for column in contract.columns), "mask"),
    )
    rows: list[list[Cell]] = [
        [("  not enforced  ", CAUTION), f"{clause.clause}: {clause.reason}"]
        for clause in contract.not_enforced
    ]
    rows += [[("  remark  ", CAUTION), str(remark)] for remark in contract.remarks]
    return Linted(
        True,
        ("   ", (contract.dataset, NAME), f" {contract.version}   {', '.join(counts)}"),
        rows,
        {
            "dataset": contract.dataset,
            "version": contract.version,
            "digest": contract.digest,
            "not_enforced": [asdict(clause) for clause in contract.not_enforced],
            "remarks": [str(remark) for remark in contract.remarks],
        },
    )


def _compile(contract: Contract) -> None:
    """Compiles the contract against the types it promises; its keys need not be at hand."""
    from meshgate.cli.promised import mask_keys, promised_schema
    from meshgate.engine import DEFAULT_KEY, Plan

    keys = dict.fromkeys((DEFAULT_KEY, *mask_keys(contract)), secrets.token_bytes(32))
    Plan.compile(contract, promised_schema(contract), keys)


def _policies(file: str) -> Linted:
    from meshgate.policy import check

    if Path(file).is_dir() and not any(Path(file).rglob("*.rego")):
        raise UsageError(
            code="usage.nothing_to_lint",
            message=f"there is neither a policy (.rego) nor a contract in {file}",
            help="name a folder of policies, a folder of contracts, or files one by one",
        )
    findings = check(Path(file))
    errors = sum(finding.severity == "error" for finding in findings)
    rows: list[list[Cell]] = [
        [(f"  {found.severity}  ", BAD if found.severity == "error" else CAUTION), str(found)]
        for found in findings
    ]
    return Linted(not errors, (), rows, {"findings": [asdict(found) for found in findings]})

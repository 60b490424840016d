"""Documents become contracts: one loader per form, chosen by the document's top-level keys.

Loading reads the one file it is given and nothing else, runs no code from it, and costs bounded
time and memory, whatever the document holds.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from meshgate.contract import Contract
from meshgate.errors import ContractError
from meshgate.formats import native, odcs
from meshgate.formats.cursor import Cursor
from meshgate.formats.document import Limits, read
from meshgate.formats.findings import Findings, shown
from meshgate.formats.naming import is_name

__all__ = ["FORMS", "Limits", "is_name", "load", "load_all"]

_TEXT = "<text>"
_PATH_CHARS = 4096
_LINE_BREAK = {"\n", "\r"}


def load(
    document: str | bytes | os.PathLike[str],
    *,
    dataset: str | None = None,
    domain: str | None = None,
    limits: Limits | None = None,
) -> Contract:
    r"""The contract of a document, in either form.

    Args:
        document: a path, or the text itself (bytes, or a string with a line break).
        dataset: which one, when an ODCS document has several objects: the dataset's or the
            object's name.
        domain: the domain of a document that names none.
        limits: bounds on the document.

    Raises:
        ContractError: ``contract.*``; its `findings` hold everything that is wrong.

    >>> load("dataset: ledger\nversion: 1.0.0\nowner: finance\n").dataset
    'ledger'
    """
    contracts = load_all(document, domain=domain, limits=limits)
    if dataset is not None:
        named = [c for c in contracts if dataset in {c.dataset, c.dataset.rpartition(".")[2]}]
    else:
        named = list(contracts)
    if len(named) == 1:
        return named[0]
    names = ", ".join(contract.dataset for contract in contracts)
    raise ContractError(
        code="contract.several_datasets",
        message="the document promises several datasets"
        if dataset is None
        else f"the document promises no dataset {shown(dataset)}",
        where=contracts[0].positions[""] if dataset is None else None,
        help=f"name one, by --dataset or load(..., dataset=): {names}",
    )


def load_all(
    document: str | bytes | os.PathLike[str],
    *,
    domain: str | None = None,
    limits: Limits | None = None,
) -> tuple[Contract, ...]:
    """The contracts of a document: one, or in ODCS one per object of its schema.

    Raises:
        ContractError: ``contract.*``; its `findings` hold everything that is wrong.
    """
    limits = limits or Limits()
    if isinstance(document, bytes):
        data: str | bytes = document
        findings = Findings(_TEXT)
    elif isinstance(document, str) and (len(document) > _PATH_CHARS or _LINE_BREAK & {*document}):
        data, findings = document, Findings(_TEXT)
    else:
        findings = Findings(os.fspath(document))
        data = _bytes(Path(document), findings, limits)
    root = Cursor(read(data, findings, limits), "", findings)
    if not root.is_mapping():
        root.expected("a mapping with dataset and version")
        findings.stop_if_any()
    return _loader(root)(root, domain, limits.columns)


Loader = Callable[[Cursor, str | None, int], tuple[Contract, ...]]


def _loader(root: Cursor) -> Loader:
    """The loader of the first form whose keys the document has."""
    for keys, loader in FORMS.values():
        if any(root.has(key) for key in keys):
            return loader
    foreign = next((name for key, name in _FOREIGN.items() if root.has(key)), None)
    root.findings.fail(
        "contract.unknown_form",
        f"the document is {foreign}" if foreign else "the document is no contract",
        root.node.line,
        root.node.column,
        help="a native contract has dataset and version, an ODCS contract apiVersion and kind",
    )


# Each form with the top-level keys that tell it. ODCS comes first: version 2 had `dataset` too.
FORMS: dict[str, tuple[tuple[str, ...], Loader]] = {
    "odcs": (("apiVersion", "kind"), odcs.load),
    "native": (("dataset", "quality_rules", "service_levels", "schema", "owner"), native.load),
}
_FOREIGN = {
    "dataContractSpecification": "a Data Contract Specification, which ended in 2026",
    "datasetName": "an ODCS 2 contract without apiVersion",
    "models": "a dbt file",
    "$schema": "a JSON Schema",
}


def _bytes(path: Path, findings: Findings, limits: Limits) -> bytes:
    try:
        # Not blocking, so that a pipe cannot make loading wait; only regular files are read.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return file.read(limits.document_bytes + 1)
        reason = "is not a regular file"
    except FileNotFoundError:
        reason = "does not exist"
    except PermissionError:
        reason = "may not be read"
    except (OSError, ValueError):
        reason = "cannot be read"
    findings.fail("contract.not_found", f"the file {reason}", None, None)

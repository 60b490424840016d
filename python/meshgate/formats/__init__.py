"""Documents become contracts: one loader per form, chosen by the document's top-level keys.

Loading reads the one file it is given and nothing else, runs no code from it, and costs bounded
time and memory, whatever the document holds.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from meshgate.contract import Contract
from meshgate.formats import native
from meshgate.formats.cursor import Cursor
from meshgate.formats.document import Limits, read
from meshgate.formats.findings import Findings

__all__ = ["Limits", "load"]

_TEXT = "<text>"
_PATH_CHARS = 4096
_LINE_BREAK = {"\n", "\r"}


def load(
    document: str | bytes | os.PathLike[str],
    *,
    domain: str | None = None,
    limits: Limits | None = None,
) -> Contract:
    r"""The contract of a document, in either form.

    Args:
        document: a path, or the text itself (bytes, or a string with a line break).
        domain: the domain of a native document that names none.
        limits: bounds on the document.

    Raises:
        ContractError: ``contract.*``; its `findings` hold everything that is wrong.

    >>> load("dataset: ledger\nversion: 1.0.0\nowner: finance\n").dataset
    'ledger'
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
    return native.load(root, domain, limits.columns)


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

"""What is wrong with a document: collected while reading, raised together.

A person who repairs a contract wants the whole list, not the first line of it. A finding that
makes the rest unreadable ends the reading at once; everything found so far is raised with it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import NoReturn

from meshgate.contract import Remark
from meshgate.errors import ContractError, Where

_MOST = 100  # findings after which reading ends: nobody repairs more in one go
_SHOWN_CHARS = 60
_PATH_CHARS = 160
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class Findings:
    """The findings and remarks of one document."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.errors: list[ContractError] = []
        self.remarks: list[Remark] = []

    def add(
        self,
        code: str,
        message: str,
        line: int | None,
        column: int | None,
        path: str = "",
        help: str | None = None,
    ) -> None:
        """Keeps a finding; reading goes on."""
        if len(path) > _PATH_CHARS:
            path = f"{path[: _PATH_CHARS // 2]}…{path[-_PATH_CHARS // 2 :]}"
        where = Where(self.file, line, column, path or None)
        self.errors.append(ContractError(code=code, message=message, where=where, help=help))
        if len(self.errors) >= _MOST:
            self.stop_if_any()

    def fail(
        self,
        code: str,
        message: str,
        line: int | None,
        column: int | None,
        path: str = "",
        help: str | None = None,
    ) -> NoReturn:
        """Keeps a finding and raises all of them: the rest cannot be read."""
        self.add(code, message, line, column, path, help)
        self.stop_if_any()
        raise AssertionError  # there is at least one finding

    def remark(
        self, message: str, line: int, column: int, path: str, help: str | None = None
    ) -> None:
        """Keeps something that the author should look at."""
        where = Where(self.file, line, column, path or None)
        self.remarks.append(Remark(message, where, help))

    def stop_if_any(self) -> None:
        """Raises the findings, if there are any, as one error in the order of the document."""
        if not self.errors:
            return
        errors = sorted(self.errors, key=lambda e: _order(e.where))
        first = errors[0]
        raise ContractError(
            code=first.code,
            message=first.message,
            where=first.where,
            help=first.help,
            others=tuple(errors[1:]),
        ) from None


def _order(where: Where | None) -> tuple[int, int]:
    return (0, 0) if where is None else (where.line or 0, where.column or 0)


def join(path: str, step: str | int) -> str:
    """The path of a key or of a list item below `path`, unambiguous for any name."""
    if isinstance(step, int):
        return f"{path}[{step}]"
    if not _NAME.fullmatch(step):
        return f"{path}[{shown(step)}]"
    return f"{path}.{step}" if path else step


def shown(text: str) -> str:
    """A name of the document, quoted and short enough for a message."""
    short = text if len(text) <= _SHOWN_CHARS else text[:_SHOWN_CHARS] + "…"
    return '"' + short.replace('"', '\\"') + '"'


def suggest(word: str, known: Iterable[str]) -> str | None:
    """``did you mean "owner"?`` when a known word is near."""
    near = nearest(word, known)
    if near is None:
        return None
    strange = next((c for c in word if ord(c) > 127), None)
    note = f"; the word holds the character U+{ord(strange):04X}" if strange else ""
    return f"did you mean {shown(near)}?{note}"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    words = list(known)
    folded = {w.lower().replace("_", "").replace("-", ""): w for w in words}
    key = word[:_SHOWN_CHARS].lower().replace("_", "").replace("-", "")
    near = [key] if key in folded else difflib.get_close_matches(key, folded, 1, 0.7)
    return folded[near[0]] if near else None

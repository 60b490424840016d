"""Every error that meshgate raises, and the table of their codes.

An error has four parts: what is wrong, where in the contract (file:line:column), where in the data
(column, row ordinals), what to do. No part ever holds a cell's value or another library's message.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meshgate.receipt import Receipt


@dataclass(frozen=True)
class Where:
    """A place in a document: file, line and column (from 1), and the path of names to it."""

    file: str
    line: int | None = None
    column: int | None = None
    pointer: str | None = None

    def __str__(self) -> str:
        place = self.file
        if self.line is not None:
            place += f":{self.line}"
            if self.column is not None:
                place += f":{self.column}"
        return place


@dataclass(frozen=True)
class Code:
    """One row of the table of codes: what it means, and what it does not mean."""

    code: str
    title: str
    explanation: str


def printable(text: str) -> str:
    """Escapes control characters: names and reasons are data, also in a terminal or a log."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class MeshgateError(Exception):
    """The base of all errors; not raised itself.

    Attributes:
        code: stable, such as ``contract.unknown_key``; ``meshgate explain CODE`` tells more.
        message: what is wrong.
        where: where in the contract or policy.
        data: where in the data (column, row ordinals), never a value.
        help: what to do.
    """

    def __init__(
        self,
        *,
        code: str,
        message: str,
        where: Where | None = None,
        data: str | None = None,
        help: str | None = None,
    ) -> None:
        self.code = code
        self.message = printable(message)
        self.where = where
        self.data = None if data is None else printable(data)
        self.help = None if help is None else printable(help)
        super().__init__(str(self))

    def __str__(self) -> str:
        lines = [f"{self.code}: {self.message}"]
        if self.where is not None:
            path = f"  ({printable(self.where.pointer)})" if self.where.pointer else ""
            lines.append(f"  contract  {printable(str(self.where))}{path}")
        if self.data is not None:
            lines.append(f"  data      {self.data}")
        if self.help is not None:
            lines.append(f"  help      {self.help}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, object]:
        """The same four parts for programs."""
        return {
            "error": type(self).__name__,
            "code": self.code,
            "message": self.message,
            "where": None if self.where is None else str(self.where),
            "pointer": None if self.where is None else self.where.pointer,
            "data": self.data,
            "help": self.help,
        }


class ContractError(MeshgateError):
    """The contract is wrong; its author must act. Nothing was read.

    Attributes:
        findings: everything that was found in the document, in its order; this error comes first.
            The text lists up to 20 of them.
    """

    def __init__(self, *, others: tuple[ContractError, ...] = (), **parts: object) -> None:
        self._others = others
        super().__init__(**parts)  # type: ignore[arg-type]  # the four parts of MeshgateError

    @property
    def findings(self) -> tuple[ContractError, ...]:
        """This error and the others of the same document."""
        return (self, *self._others)

    def __str__(self) -> str:
        texts = [super().__str__(), *(str(other) for other in self._others[:19])]
        if len(self._others) > 19:
            texts.append(f"and {len(self._others) - 19} more")
        return "\n".join(texts)

    def to_dict(self) -> dict[str, object]:
        """The four parts for programs, and those of the other findings."""
        return super().to_dict() | {"others": [other.to_dict() for other in self._others]}


class PlanError(MeshgateError):
    """Contract and data, or contract and engine, do not fit. Nothing was published."""


class SourceError(MeshgateError):
    """The data could not be read; the producer must act. Nothing was published."""


class LimitError(MeshgateError):
    """A bound of memory, time or size was met. Nothing was published."""


class PolicyError(MeshgateError):
    """A policy could not be loaded or evaluated. It counts as a denial."""


class StageError(MeshgateError):
    """The destination did not take the staged files. Nothing is visible there."""


class CommitFailed(MeshgateError):
    """The commit failed for certain: nothing is visible, and it may be tried again."""


class CommitUnknown(MeshgateError):
    """The commit may or may not have happened. Look before doing anything; nothing was removed."""


class CatalogError(MeshgateError):
    """The catalog could not be read or written.

    When it happens after the commit the data is published: `receipt` proves it.
    """

    def __init__(self, *, receipt: Receipt | None = None, **parts: object) -> None:
        self.receipt = receipt
        super().__init__(**parts)  # type: ignore[arg-type]  # the four parts of MeshgateError


class UsageError(MeshgateError):
    """The caller's arguments or configuration are wrong."""


class EngineError(MeshgateError):
    """A bug in meshgate. Nothing was published."""


class Denied(Exception):
    """The product may not leave: an outcome, not a fault. Nothing became visible.

    Raised, so that a caller who ignores return values cannot believe that the data is out.
    """

    def __init__(self, receipt: Receipt) -> None:
        self.receipt = receipt
        super().__init__(receipt.denial())

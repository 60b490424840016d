"""Data that went through a gate and was not published: the report, and both sides, masked.

Where the sides are is the business of whoever made it: in tables, or in a distributed engine.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from meshgate.report import Report


class Sides(Protocol):
    """Some rows, split: each side is a record batch, or None when there are none."""

    @property
    def accepted(self) -> Any:
        """Rows that failed no check of severity error, masked."""

    @property
    def rejected(self) -> Any:
        """The other rows, masked, with their ordinals and the ids of the checks."""


@dataclass(frozen=True)
class Checked(ABC):
    """What every form of checked data has; `Gate.publish` takes any.

    Attributes:
        report: what the run found.
        accepted_schema: Arrow schema of the accepted rows.
        quarantine_schema: Arrow schema of the rejected rows.
    """

    report: Report
    contract_digest: str = field(repr=False)
    plan_digest: str | None = field(repr=False)
    input_digest: str | None = field(repr=False)
    accepted_schema: Any = field(repr=False)
    quarantine_schema: Any = field(repr=False)

    @abstractmethod
    def splits(self) -> Iterable[Sides]:
        """Both sides, batch by batch; raises when they are not what the report counted."""

    def intact(self) -> bool:
        """Whether the sides are still what the report counted, as far as counts tell now."""
        return True

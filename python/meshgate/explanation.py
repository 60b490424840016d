"""What a plan runs for each clause, or why nothing: values for programs, a text for people."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Explained:
    """Whether and how one clause is enforced.

    Attributes:
        id, check, columns: the clause.
        state: ``enforced``, ``decided`` (by the schema, or because it cannot fail) or
            ``not_enforced``.
        how: what runs, or why nothing does.
        ns_per_row: estimated nanoseconds per row on one core; 0 where nothing runs.
        clause: JSON pointer into the canonical contract.
    """

    id: str
    check: str
    columns: tuple[str, ...]
    state: str
    how: str
    ns_per_row: float
    clause: str


class Explanation(tuple[Explained, ...]):
    """One line per clause; printed, what runs for each column and what it is estimated to cost."""

    __slots__ = ()

    @property
    def ns_per_row(self) -> float:
        """Estimated nanoseconds per row on one core, all clauses together."""
        return sum(line.ns_per_row for line in self)

    def __str__(self) -> str:
        columns: dict[str, list[Explained]] = {}
        for line in self:
            columns.setdefault(", ".join(line.columns) or "the dataset", []).append(line)
        width = max([14, *(len(line.check) for line in self)])
        parts = [f"{len(self)} clauses, about {self.ns_per_row:.1f} ns per row and core"]
        for column, lines in columns.items():
            parts.append(f"{column}   {sum(line.ns_per_row for line in lines):.2f} ns")
            parts.extend(f"  {line.check:{width}} {line.state:13} {line.how}" for line in lines)
        return "\n".join(parts)

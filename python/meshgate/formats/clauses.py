"""What a contract's clauses become: checks with ids, and clauses that nobody here executes.

Ids are stable under reordering of unrelated clauses: `<column>.<check>`, `<a>+<b>.<check>` for
several columns, `<check>` for the dataset, and `.2`, `.3` for repeated ones. Names of checks and
arguments pass through to the engine's registry, apart from the accepted spellings below.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

from meshgate.canonical import Frozen, Literal
from meshgate.contract import Check, Column, NotEnforced, Place
from meshgate.formats.columns import paths
from meshgate.formats.cursor import Cursor
from meshgate.formats.findings import shown

# Accepted spellings of checks, in one place.
ALIASES = {
    "accepted_values": "in_set",
    "allowed": "in_set",
    "enum": "in_set",
    "expression": "row_expression",
    "pattern": "regex_match",
    "range": "between",
    "regex": "regex_match",
    "required": "not_null",
}
AGE_CHECKS = ("freshness", "latency")


@dataclass(slots=True)
class _Draft:
    check: Check | None
    clause: NotEnforced | None
    place: Place
    places: dict[str, Place]
    id_cursor: Cursor | None


@dataclass(slots=True)
class Clauses:
    """Collects clauses in document order; ids are given at the end.

    Whatever the form, checks for `required` columns come first, so that both forms of one contract
    have one canonical JSON.
    """

    required: list[_Draft] = field(default_factory=list)
    drafts: list[_Draft] = field(default_factory=list)

    def not_null(self, column: str, place: Place) -> None:
        """Adds the check of a required column."""
        self.required.append(_Draft(Check("", "not_null", (column,)), None, place, {}, None))

    def check(
        self,
        check: str,
        columns: tuple[str, ...],
        args: dict[str, Literal],
        place: Place,
        *,
        arg_places: dict[str, Place] | None = None,
        id_cursor: Cursor | None = None,
        id: str | None = None,
        severity: str = "error",
        max_rows: int | None = None,
        max_pct: int | Decimal | None = None,
        dimension: str | None = None,
        description: str = "",
        when: str | None = None,
        when_place: Place | None = None,
    ) -> None:
        """Adds an executable clause; an `id` without `id_cursor` is a wish, not a claim."""
        name = ALIASES.get(check, check)
        drafted = Check(
            id=id or "",
            check=name,
            columns=columns,
            args=Frozen(args),
            severity=severity,
            max_rows=max_rows,
            max_pct=max_pct,
            dimension=dimension,
            description=description,
            when=when,
        )
        places = {f"args/{escape(name)}": where for name, where in (arg_places or {}).items()}
        if when_place is not None:
            places["when"] = when_place
        self.drafts.append(_Draft(drafted, None, place, places, id_cursor))

    def not_enforced(
        self, clause: str, reason: str, place: Place, id: str, id_cursor: Cursor | None = None
    ) -> None:
        """Adds a clause that is carried and reported, but not executed."""
        drafted = NotEnforced(id, clause, reason)
        self.drafts.append(_Draft(None, drafted, place, {}, id_cursor))

    def finish(
        self, columns: tuple[Column, ...], places: dict[str, Place]
    ) -> tuple[tuple[Check, ...], tuple[NotEnforced, ...]]:
        """The clauses with unique ids, and their places in `places`.

        Explicit ids that are used twice are findings.
        """
        taken = _reserved(columns)
        drafts = [*self.required, *self.drafts]
        for draft in drafts:
            explicit = draft.id_cursor
            item = draft.check or draft.clause
            if explicit is None or item is None or not item.id:
                continue
            if item.id in taken:
                explicit.wrong(
                    "contract.duplicate_id",
                    f"the id {shown(item.id)} is used twice",
                    "ids tell reports and quarantined rows apart; choose another",
                )
            taken.add(item.id)
        checks: list[Check] = []
        clauses: list[NotEnforced] = []
        for draft in drafts:
            if draft.check is not None:
                check = draft.check
                if draft.id_cursor is None or not check.id:
                    check = replace(check, id=_free(check.id or default_id(check), taken))
                pointer = f"/checks/{len(checks)}"
                places |= {f"{pointer}/{inside}": place for inside, place in draft.places.items()}
                checks.append(check)
            elif draft.clause is not None:
                clause = draft.clause
                if draft.id_cursor is None:
                    clause = replace(clause, id=_free(clause.id, taken))
                pointer = f"/not_enforced/{len(clauses)}"
                clauses.append(clause)
            places[pointer] = draft.place
        return tuple(checks), tuple(clauses)


def default_id(check: Check) -> str:
    """The id of a check that the author did not name."""
    return f"{'+'.join(check.columns)}.{check.check}" if check.columns else check.check


def escape(step: str) -> str:
    """One step of a JSON pointer."""
    return step.replace("~", "~0").replace("/", "~1")


def _free(wanted: str, taken: set[str]) -> str:
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted}.{number}"
    taken.add(name)
    return name


def _reserved(columns: tuple[Column, ...]) -> set[str]:
    """The ids under which the engine reports presence, types and order of columns."""
    checks = ("column_exists", "type_is", "columns_match")
    names = {f"{path}.{check}" for path in paths(columns) for check in checks}
    return names | {"columns_match"}

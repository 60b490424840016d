"""Runs a few checks over a table and holds what they found against what was expected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from meshgate.canonical import freeze
from meshgate.contract import Check, Column, Contract
from meshgate.engine import Plan, Run

from .layouts import Given

FIRST_ROWS = 10


@dataclass(frozen=True)
class Clause:
    """One check on the columns of those positions."""

    check: str
    args: dict[str, Any]
    columns: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class Expected:
    """The failing rows of one clause, in order, and the rows that are exempt."""

    failed: list[int]
    skipped: int = 0
    nan_rows: int = 0


def contract(columns: list[Given], clauses: list[Clause]) -> Contract:
    """The clauses as a contract, in their order, with ids ``c0``, ``c1``, ..."""
    return Contract(
        id="d",
        dataset="d",
        version="1.0.0",
        columns=tuple(
            Column(c.name, "struct", columns=(Column("v", c.kind.promise),))
            if c.layout.nested
            else Column(c.name, c.kind.promise)
            for c in columns
        ),
        checks=tuple(
            Check(
                f"c{i}",
                clause.check,
                tuple(columns[at].path for at in clause.columns),
                freeze(clause.args),
            )
            for i, clause in enumerate(clauses)
        ),
    )


def judged(promised: Contract, data: pa.Table, **options: Any) -> tuple[Run, dict[int, list[str]]]:
    """A finished run, and the ids of the failed checks of every rejected row."""
    run = Plan.compile(promised, data).run(data, **{"now": 0, **options})
    rejected: dict[int, list[str]] = {}
    for split in run:
        if split.rejected is not None:
            marks = split.rejected.select(["_mg_row", "_mg_checks"]).to_pydict()
            rejected.update(zip(marks["_mg_row"], marks["_mg_checks"], strict=True))
    return run, rejected


def not_null(data: pa.Table, failed: list[int]) -> Expected:
    """What not_null finds in the first column: a field is not judged where its struct is null."""
    column = data.column(0)
    absent = column.is_null().to_pylist() if pa.types.is_struct(column.type) else []
    exempt = {row for row, gone in enumerate(absent) if gone}
    return Expected([row for row in failed if row not in exempt], len(exempt))


def agree(promised: Contract, data: pa.Table, expected: list[Expected], **options: Any) -> None:
    """Counts, first rows and quarantined rows are the expected ones."""
    run, rejected = judged(promised, data, **options)
    outcomes = {outcome.id: outcome for outcome in run.report.checks}
    marks: dict[int, list[str]] = {}
    for i, oracle in enumerate(expected):
        found = outcomes[f"c{i}"]
        assert found.rows == data.num_rows
        assert found.failed_rows == len(oracle.failed), found
        assert list(found.first_rows) == oracle.failed[:FIRST_ROWS], found
        assert found.skipped_null == oracle.skipped, found
        assert found.tested == data.num_rows - oracle.skipped, found
        assert found.nan_rows == oracle.nan_rows, found
        assert (found.status == "fail") is bool(oracle.failed), found
        for row in oracle.failed:
            marks.setdefault(row, []).append(f"c{i}")
    assert rejected == marks
    assert run.report.rejected_rows == len(marks)
    assert run.report.accepted_rows == data.num_rows - len(marks)

"""What a run found: a status for every clause of the contract, counts and row ordinals, no values.

Equal rows give equal reports, byte for byte in their canonical JSON. What depends on the moment
(bytes, seconds) is kept in `Metrics`, apart from it.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from meshgate.errors import EngineError, Where

STATUSES = ("pass", "warn", "not_enforced", "fail", "error")
"""From best to worst; a report has the worst of its clauses."""

_MARKS = {"pass": "pass", "warn": "WARN", "not_enforced": "open", "fail": "FAIL", "error": "ERROR"}


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """How one clause ended.

    Attributes:
        id: the clause's id in the contract.
        check: its name in the registry.
        columns: what it judges.
        severity: ``error`` rejects rows, ``warning`` does not.
        status: pass, warn, not_enforced, fail or error.
        reason: why, where the counts do not say it.
        rows: rows that the run saw.
        tested: rows that were judged.
        skipped_when: rows outside of the check's `when`.
        skipped_null: rows exempt because a needed value is null.
        failed_rows: judged rows that fail; for keys the rows beyond the first of their key.
        nan_rows: failing rows whose value is NaN.
        failed_groups: for keys, how many occur more than once.
        surplus: for keys, rows beyond the first of their key.
        first_rows: ordinals of the first failing rows, from 0 over the whole stream.
        observed: for checks of the whole dataset, what was seen.
        bound: for checks of the whole dataset, what was allowed.
        max_rows: failing rows that the contract tolerates.
        max_pct: the same in percent of the tested rows, as written.
        clause: JSON pointer into the canonical contract.
        where: place in the contract's document; not part of the canonical form.
    """

    id: str
    check: str
    columns: tuple[str, ...]
    severity: str
    status: str
    dimension: str | None = None
    reason: str | None = None
    rows: int = 0
    tested: int = 0
    skipped_when: int = 0
    skipped_null: int = 0
    failed_rows: int = 0
    nan_rows: int = 0
    failed_groups: int | None = None
    surplus: int | None = None
    first_rows: tuple[int, ...] = ()
    observed: str | None = None
    bound: str | None = None
    max_rows: int | None = None
    max_pct: str | None = None
    clause: str = ""
    where: Where | None = field(default=None, compare=False)

    @property
    def pct(self) -> float:
        """Failing rows in percent of the tested ones; 0 of 0 is 0."""
        return 100 * self.failed_rows / self.tested if self.tested else 0.0

    def to_dict(self) -> dict[str, Any]:
        """The canonical fields."""
        out = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "where"}
        return {k: list(v) if isinstance(v, tuple) else v for k, v in out.items()}

    def finding(self) -> str:
        """What was found, in a few words: rows, groups, the value of a dataset, or the reason."""
        parts = []
        if self.observed is not None:
            parts.append(f"{self.observed} ({self.bound})")
        if self.failed_rows:
            noun = "row" if self.failed_rows == 1 else "rows"
            text = f"{self.failed_rows:,} {noun}"
            if self.failed_groups:
                text += f" of {self.failed_groups:,} repeated key{'s' * (self.failed_groups != 1)}"
            if self.nan_rows:
                text += f", {self.nan_rows:,} NaN"
            if self.skipped_when:
                text += f" of {self.tested:,} within its condition"
            if self.status == "pass":
                text += " tolerated"
            parts.append(text)
        if self.reason:
            parts.append(self.reason)
        return "; ".join(parts)


@dataclass(frozen=True, slots=True)
class MaskOutcome:
    """What one mask did; `key_id` names the key and is safe to publish."""

    column: str
    method: str
    domain: str | None = None
    key_id: str | None = None
    rows: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The canonical fields."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


@dataclass(frozen=True, slots=True)
class Metrics:
    """What depends on the moment and the encoding, not on the rows."""

    bytes: int = 0
    seconds: float = 0.0
    rows_per_second: float = 0.0


@dataclass(frozen=True)
class Report:
    """Everything that a run found.

    The outcomes of a fresh run are read when somebody asks for them: of a small batch that is
    fine, reading them would take longer than the run.

    Attributes:
        dataset: the contract's dataset.
        status: the worst status of all clauses.
        rows: rows read; accepted and rejected together.
        accepted_rows: rows that fail no check of severity error.
        rejected_rows: rows for the quarantine.
        checks: one outcome per clause; those that follow from the columns come first.
        masks: one outcome per mask.
        metrics: bytes and time; not part of the canonical form.
    """

    dataset: str
    status: str
    rows: int
    accepted_rows: int
    rejected_rows: int
    checks: tuple[CheckOutcome, ...]
    masks: tuple[MaskOutcome, ...] = field(default_factory=tuple)
    metrics: Metrics = field(default=Metrics(), compare=False)

    @classmethod
    def unread(cls, read: Callable[[], Report], *, spotless: bool, **totals: Any) -> Report:
        """A report whose outcomes are read later.

        Args:
            read: gives the whole report.
            spotless: every clause passed without a failing row.
            totals: the fields but `checks` and `masks`.
        """
        report = object.__new__(cls)
        vars(report).update(totals, _read=read, _spotless=spotless)
        return report

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            # Asked only for what is not there: the outcomes that nobody has read yet.
            read = vars(self).get("_read")
            if read is None or name not in ("checks", "masks"):
                raise AttributeError(name)
            whole = read()
            vars(self).update(checks=whole.checks, masks=whole.masks)
            return vars(self)[name]

    def __reduce__(self) -> tuple[Any, ...]:
        return (Report, tuple(getattr(self, f.name) for f in fields(self)))

    @property
    def findings(self) -> tuple[CheckOutcome, ...]:
        """The clauses that did not pass, or passed with failing rows that are tolerated."""
        if vars(self).get("_spotless"):
            return ()
        return tuple(c for c in self.checks if c.status != "pass" or c.failed_rows)

    @property
    def ok(self) -> bool:
        """No clause failed, ended in error or was not enforced."""
        return self.status in ("pass", "warn")

    @property
    def summary(self) -> dict[str, int]:
        """How many clauses ended with each status."""
        counts = dict.fromkeys(STATUSES, 0)
        for outcome in self.checks:
            counts[outcome.status] += 1
        return counts

    def to_dict(self) -> dict[str, Any]:
        """The canonical form; equal rows and contracts give equal dictionaries."""
        return {
            "dataset": self.dataset,
            "status": self.status,
            "ok": self.ok,
            "rows": self.rows,
            "accepted_rows": self.accepted_rows,
            "rejected_rows": self.rejected_rows,
            "checks": [outcome.to_dict() for outcome in self.checks],
            "masks": [outcome.to_dict() for outcome in self.masks],
            "summary": self.summary,
        }

    def to_json(self) -> str:
        """The canonical form as JSON with sorted keys."""
        return json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_dict(
        cls,
        found: Mapping[str, Any],
        *,
        metrics: Metrics | None = None,
        places: Mapping[str, Where] | None = None,
    ) -> Report:
        """A report from its canonical form.

        Args:
            found: as `to_dict` gives it.
            metrics: what the canonical form leaves out.
            places: where the clauses stand in their document, by JSON pointer.

        Raises:
            EngineError: ``engine.report_malformed``.
        """
        try:
            checks = tuple(_check(entry, places) for entry in found["checks"])
            masks = tuple(MaskOutcome(**entry) for entry in found["masks"])
            return cls(
                dataset=found["dataset"],
                status=found["status"],
                rows=found["rows"],
                accepted_rows=found["accepted_rows"],
                rejected_rows=found["rejected_rows"],
                checks=checks,
                masks=masks,
                metrics=metrics or Metrics(),
            )
        except (KeyError, TypeError):
            raise EngineError(
                code="engine.report_malformed",
                message="a report is not of its canonical form",
                help="it was written by another version, or altered",
            ) from None

    @classmethod
    def from_json(cls, text: str) -> Report:
        """A report from the JSON that `to_json` gives."""
        return cls.from_dict(json.loads(text))

    def __str__(self) -> str:
        counts = self.summary
        mark = "✓" if self.ok else "✗"
        noun = "row" if self.rows == 1 else "rows"
        head = f"{mark} {self.dataset}   {self.status}   {self.rows:,} {noun}"
        if self.rejected_rows:
            share = 100 * self.rejected_rows / self.rows
            head += f", {self.rejected_rows:,} in quarantine ({share:.3g} %)"
        if self.metrics.seconds:
            head += f"   {_speed(self.metrics.rows_per_second)}"
        shown = sorted(self.findings, key=lambda c: -STATUSES.index(c.status))
        lines = [head]
        width = max((len(", ".join(c.columns)) for c in shown), default=0)
        widest = max((len(c.check) for c in shown), default=0)
        for c in shown:
            name = ", ".join(c.columns)
            line = f"  {_MARKS[c.status]:5} {name:{width}}  {c.check:{widest}}  {c.finding()}"
            if c.first_rows:
                more = ", …" if c.failed_rows > len(c.first_rows[:3]) else ""
                line += f"   rows {', '.join(map(str, c.first_rows[:3]))}{more}"
            if c.where is not None:
                line += f"   {c.where}"
            lines.append(line.rstrip())
        lines.extend(
            f"  mask  {m.column:{width}}  {m.method}" + (f", domain {m.domain}" if m.domain else "")
            for m in self.masks
        )
        lines.append(f"  {counts['pass']} passed · {counts['not_enforced']} not enforced")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"

    def __repr__(self) -> str:
        return (
            f"<Report {self.dataset} {self.status}: {self.rows:,} rows, "
            f"{self.rejected_rows:,} rejected>"
        )


def _speed(rows_per_second: float) -> str:
    millions = rows_per_second / 1e6
    return f"{millions:.1f} M rows/s" if millions >= 1 else f"{rows_per_second:,.0f} rows/s"


def _check(entry: Mapping[str, Any], places: Mapping[str, Where] | None) -> CheckOutcome:
    parts = dict(entry)
    where = places.get(parts.get("clause", "")) if places else None
    parts["columns"] = tuple(parts["columns"])
    parts["first_rows"] = tuple(parts["first_rows"])
    return CheckOutcome(**parts, where=where)

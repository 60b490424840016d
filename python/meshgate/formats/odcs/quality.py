"""The quality entries of ODCS: library metrics become checks, the rest is carried with a reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from meshgate.canonical import Frozen, Literal
from meshgate.contract import Place
from meshgate.formats.clauses import Clauses
from meshgate.formats.cursor import Cursor
from meshgate.formats.findings import shown, suggest
from meshgate.formats.form import DIMENSIONS
from meshgate.formats.odcs import thresholds
from meshgate.formats.odcs.thresholds import Operator, Tolerance

TYPES = ("library", "sql", "custom", "text")
PROPERTY_METRICS = ("nullValues", "missingValues", "invalidValues", "duplicateValues")
OBJECT_METRICS = ("duplicateValues", "rowCount")
METRICS = (*PROPERTY_METRICS, "rowCount")
_OLD_RULES = {
    "duplicateCount": "duplicateValues",
    "validValues": "invalidValues",
    "rowCount": "rowCount",
}
_SYNONYMS = {
    "ac": "accuracy",
    "cp": "completeness",
    "cf": "conformity",
    "cs": "consistency",
    "cv": "coverage",
    "tm": "timeliness",
    "uq": "uniqueness",
}


@dataclass(slots=True)
class Scope:
    """Where quality entries stand, and where their clauses go.

    Attributes:
        column: the path of the property, or None for entries of the object.
        nested: inside lists or maps, where a row has any number of values.
        version: of the document's label.
        resolve: the column of a property's name; None after a finding.
        texts: entries that only people read, for the metadata.
    """

    column: str | None
    nested: bool
    version: tuple[int, int]
    clauses: Clauses
    resolve: Callable[[str, Cursor], str | None]
    texts: list[Literal] = field(default_factory=list)

    @property
    def prefix(self) -> str:
        """What ids of clauses begin with."""
        return f"{self.column}." if self.column else ""


def read(entries: Cursor, scope: Scope) -> None:
    """Adds the clauses of a list of quality entries."""
    for cursor in entries.items():
        if cursor.is_mapping():
            fields = {k: v for k, v in cursor.entries().items() if not v.is_null()}
            _Entry(cursor, fields, scope).read()


class _Entry:
    def __init__(self, cursor: Cursor, fields: dict[str, Cursor], scope: Scope) -> None:
        self.cursor = cursor
        self.fields = fields
        self.scope = scope

    def read(self) -> None:
        kind = self.kind()
        if kind == "text":
            self.scope.texts.append(self.cursor.metadata())
        elif kind == "sql":
            self.need("query", "the SQL query")
            self.operators()
            self.skip("sql", "no SQL engine is linked")
        elif kind == "custom":
            self.custom()
        elif kind == "library":
            self.library()

    def kind(self) -> str | None:
        fields = self.fields
        if "type" in fields:
            return fields["type"].word(TYPES, f"one of {', '.join(TYPES)}")
        if "metric" in fields or "rule" in fields:
            return "library"
        if self.scope.version == (3, 0):
            self.cursor.remark("the entry has neither type nor rule; it is kept as text")
            return "text"
        near = "sql" if "query" in fields else "custom" if "engine" in fields else None
        help = f"did you mean type: {near}?" if near else f"known metrics: {', '.join(METRICS)}"
        self.cursor.missing("metric", help)
        return None

    # -- what all kinds share -----------------------------------------------------------------

    def text(self, key: str) -> str | None:
        return self.fields[key].text() if key in self.fields else None

    def need(self, key: str, what: str) -> None:
        if key not in self.fields:
            self.cursor.missing(key, f"write {what}")

    def name(self, fallback: str) -> str:
        return self.text("id") or f"{self.scope.prefix}{fallback}"

    def skip(self, clause: str, reason: str) -> None:
        """Carries the entry as a clause that nobody executes."""
        self.severity()
        self.dimension()
        self.scope.clauses.not_enforced(
            clause, reason, self.cursor.place, self.name(clause.replace(" ", "_"))
        )

    def severity(self) -> str:
        word = self.text("severity") or "error"
        return "warning" if word.lower() in {"warn", "warning"} else word

    def dimension(self) -> str | None:
        if "dimension" not in self.fields:
            return None
        word = self.text("dimension") or ""
        word = _SYNONYMS.get(word.lower(), word.lower())
        if word in DIMENSIONS:
            return word
        at, help = self.fields["dimension"], suggest(word, DIMENSIONS)
        message = f"{shown(word)} is not a quality dimension"
        if self.scope.version == (3, 0):
            at.remark(message, help)
        else:
            at.wrong(
                "contract.unknown_word", message, help or f"use one of {', '.join(DIMENSIONS)}"
            )
        return None

    def operators(self, default: Operator | None = None) -> list[Operator]:
        """The operators; one from 3.1 on, at least one before unless there is a default."""
        given = [name for name in thresholds.OPERATORS if name in self.fields]
        if len(given) > 1 and self.scope.version >= (3, 1):
            self.fields[given[1]].wrong(
                "contract.contradiction",
                "a quality entry has one operator",
                "write mustBeBetween for two bounds",
            )
        if not given and default is None:
            self.cursor.missing("mustBe", f"write one of {', '.join(thresholds.OPERATORS)}")
        found = thresholds.read(self.fields)
        return found or ([default] if default is not None and not given else [])

    def tolerance(self, operators: list[Operator]) -> Tolerance:
        unit = self.unit()
        if unit is None:
            return Tolerance(reason=self.no_unit())
        return thresholds.tolerance(operators, unit == "percent")

    def unit(self) -> str | None:
        """Rows or percent; None for another word."""
        unit = (self.text("unit") or "rows").lower()
        return unit if unit in {"rows", "percent"} else None

    def no_unit(self) -> str:
        return f"the unit {shown((self.text('unit') or '').lower())} is not known"

    def check(
        self,
        check: str,
        columns: tuple[str, ...],
        args: dict[str, Literal],
        tolerance: Tolerance,
        places: dict[str, Place] | None = None,
        when: Cursor | None = None,
    ) -> None:
        self.scope.clauses.check(
            check,
            columns,
            args,
            self.cursor.place,
            arg_places=places,
            id=self.text("id"),
            severity=self.severity(),
            max_rows=tolerance.max_rows,
            max_pct=tolerance.max_pct,
            dimension=self.dimension(),
            description=self.text("description") or self.text("name") or "",
            when=None if when is None else when.text("a condition"),
            when_place=None if when is None else when.place,
        )

    # -- library ------------------------------------------------------------------------------

    def library(self) -> None:
        metric, default = self.metric()
        if metric is None:
            return
        allowed = PROPERTY_METRICS if self.scope.column else OBJECT_METRICS
        if metric not in allowed:
            self.cursor.wrong(
                "contract.contradiction",
                f"the metric {metric} does not belong "
                + ("to a property" if self.scope.column else "to an object"),
                f"here: {', '.join(allowed)}",
            )
            return
        operators = self.operators(default)
        if not operators:
            return
        if self.scope.nested and self.is_beyond_items(metric, operators):
            self.skip(metric, "in list items, only values that none may have are counted")
            return
        if metric == "rowCount":
            self.row_count(operators)
            return
        columns = (self.scope.column,) if self.scope.column else ()
        if metric == "duplicateValues":
            self.duplicate_values(columns, operators)
            return
        if metric == "nullValues" or (
            metric == "missingValues" and "missingValues" not in self.arguments()
        ):
            self.counted(metric, "null_fraction", "not_null", columns, operators)
            return
        tolerance = self.tolerance(operators)
        if tolerance.reason is not None:
            self.skip(metric, tolerance.reason)
        elif metric == "missingValues":
            self.missing_values(columns, tolerance)
        else:
            self.invalid_values(columns, tolerance)

    def is_beyond_items(self, metric: str, operators: list[Operator]) -> bool:
        """Whether no check counts this in list items: those that do name rows, not values."""
        unit = self.unit()
        none = unit is not None and thresholds.none(operators, unit == "percent")
        return metric in {"rowCount", "duplicateValues"} or not none

    def metric(self) -> tuple[str | None, Operator | None]:
        """The metric, and the operator that 3.0 leaves out."""
        if "metric" in self.fields:
            metric = self.fields["metric"].word(METRICS, "a metric of the library")
            return metric, None
        if "rule" not in self.fields:
            self.need("metric", f"one of {', '.join(METRICS)}")
            return None, None
        if self.scope.version >= (3, 1):
            self.cursor.missing("metric", "rule: was replaced by metric: in 3.1")
            return None, None
        rule = self.text("rule") or ""
        metric = _OLD_RULES.get(rule)
        if metric is None:
            self.skip(f"rule {shown(rule)}", "the library has no such rule")
            return None, None
        default = Operator("mustBe", 0, 0, self.fields["rule"])
        return metric, default if rule == "validValues" else None

    def arguments(self) -> dict[str, Cursor]:
        if "arguments" in self.fields:
            return self.fields["arguments"].entries()
        return {k: v for k, v in self.fields.items() if k == "validValues"}

    def row_count(self, operators: list[Operator]) -> None:
        if (self.text("unit") or "rows").lower() != "rows":
            self.skip("rowCount", "rows are counted in rows")
            return
        for operator in operators:
            args = thresholds.bound(operator)
            places = dict.fromkeys(args, operator.at.place)
            self.check("row_count", (), args, Tolerance(), places)

    def counted(
        self,
        metric: str,
        check: str,
        none: str,
        columns: tuple[str, ...],
        operators: list[Operator],
    ) -> None:
        """Adds a bound on the rows that a metric counts; where there may be none, the check `none`.

        That one names the rows and keeps them from being published.
        """
        unit = self.unit()
        if unit is None:
            self.skip(metric, self.no_unit())
        elif thresholds.none(operators, unit == "percent"):
            self.check(none, columns, {}, Tolerance())
        else:
            for operator in thresholds.limits(operators):
                args = thresholds.bound(operator)
                places = dict.fromkeys(args, operator.at.place)
                self.check(check, columns, {**args, "unit": unit}, Tolerance(), places)

    def missing_values(self, columns: tuple[str, ...], tolerance: Tolerance) -> None:
        arguments = self.arguments()
        if "missingValues" not in arguments:
            self.check("not_null", columns, {}, tolerance)
            return
        listed = arguments["missingValues"]
        values = tuple(item.literal() for item in listed.items("a list of values"))
        if None not in values:
            listed.remark("null is not listed, so null does not count as missing")
        places = {"values": listed.place}
        self.check("missing_values", columns, {"values": values}, tolerance, places)

    def invalid_values(self, columns: tuple[str, ...], tolerance: Tolerance) -> None:
        arguments = self.arguments()
        clauses: list[tuple[str, str, Literal, Place]] = []
        if "validValues" in arguments:
            listed = arguments["validValues"]
            literals = [item.literal() for item in listed.items("a list of values")]
            if None in literals:
                listed.remark("null is always valid here; missingValues is the metric for gaps")
            values = tuple(value for value in literals if value is not None)
            clauses.append(("in_set", "values", values, listed.place))
        if "pattern" in arguments:
            pattern = arguments["pattern"]
            clauses.append(("regex_match", "pattern", pattern.text("a pattern"), pattern.place))
        if not clauses:
            self.cursor.missing("arguments", "invalidValues takes validValues and/or pattern")
        elif len(clauses) > 1 and not tolerance.is_none:
            self.skip("invalidValues", "both kinds of invalid values are counted together")
        else:
            for check, arg, value, place in clauses:
                self.check(check, columns, {arg: value}, tolerance, {arg: place})

    def duplicate_values(self, columns: tuple[str, ...], operators: list[Operator]) -> None:
        arguments = self.arguments()
        if not columns:
            if "properties" not in arguments:
                self.cursor.missing("arguments", "duplicateValues of an object takes properties")
                return
            found = [
                self.scope.resolve(name, item)
                for item in arguments["properties"].items()
                if (name := item.name("a property's name")) is not None
            ]
            columns = tuple(name for name in found if name is not None)
            if not columns:
                return
        self.counted("duplicateValues", "duplicate_count", "unique", columns, operators)

    # -- custom -------------------------------------------------------------------------------

    def custom(self) -> None:
        self.need("engine", "the engine's name")
        self.need("implementation", "what the engine should run")
        engine = self.text("engine")
        implementation = self.fields.get("implementation")
        if engine is None or implementation is None:
            return
        if engine.lower() != "meshgate":
            self.skip("custom", f"it is for the engine {shown(engine)}")
            return
        fields = implementation.fields(
            ("check", "columns", "args", "when", "max_rows", "max_pct"), "a mapping with check"
        )
        if "check" not in fields:
            implementation.missing("check", "name the check, such as check: not_in_set")
            return
        check = fields["check"].name("a check's name")
        columns: tuple[str, ...] = (self.scope.column,) if self.scope.column else ()
        if "columns" in fields:
            found = [
                self.scope.resolve(name, item)
                for item in fields["columns"].items()
                if (name := item.name("a property's name")) is not None
            ]
            columns = tuple(name for name in found if name is not None)
        args: Literal = fields["args"].literal() if "args" in fields else Frozen()
        tolerance = Tolerance(
            fields["max_rows"].count() if "max_rows" in fields else None,
            fields["max_pct"].percent() if "max_pct" in fields else None,
        )
        if check is not None and isinstance(args, Frozen):
            when = fields.get("when")
            self.check(check, columns, dict(args), tolerance, when=when)

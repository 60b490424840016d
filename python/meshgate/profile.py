"""What the values of a dataset look like, column by column: a value beside the report.

Unlike a report, a profile tells of values: ends, quantiles, shapes, the values of columns that have
few. Of a column that the contract masks or tags as personal it has the number of nulls and of
distinct values, and nothing else. Equal rows give equal profiles.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from meshgate.errors import EngineError, printable


@dataclass(frozen=True, slots=True)
class Distinct:
    """How many distinct values there are; an estimate has a standard error of 1.6 %."""

    count: int
    exact: bool

    def __str__(self) -> str:
        return f"{self.count:,}" if self.exact else f"about {self.count:,}"


@dataclass(frozen=True, slots=True)
class Quantile:
    """A value that occurs, and how many percent of the sampled values are not above it."""

    percent: int
    value: str


@dataclass(frozen=True, slots=True)
class Counted:
    """A value or a shape, and how often it occurs."""

    text: str
    count: int


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """What is known of one column. Values are text in the spelling of a contract.

    Attributes:
        column: its path.
        type: in the words of a contract.
        hidden: masked or personal: only nulls and the number of distinct values are told.
        nulls: rows without a value.
        distinct: None for types whose values are not compared.
        unique: whether each value occurs once; None when the pass cannot tell.
        order: increasing or decreasing, also strictly, from row to row; None for no order.
        trues: of booleans.
        nan: of floats; no other number counts them.
        min: the smallest value of numbers, dates, times and timestamps.
        max: the greatest.
        quantiles: of the sampled values.
        min_length: of strings, in code points.
        max_length: of strings, in code points.
        shapes: of strings, the most frequent ones of the sampled values.
        other_shapes: sampled values of other shapes.
        sampled: how many values quantiles and shapes were taken of.
        values: all of them, where a string or integer column has at most 32.
    """

    column: str
    type: str
    hidden: bool
    nulls: int
    distinct: Distinct | None = None
    unique: bool | None = None
    order: str | None = None
    trues: int | None = None
    nan: int | None = None
    min: str | None = None
    max: str | None = None
    quantiles: tuple[Quantile, ...] = ()
    min_length: int | None = None
    max_length: int | None = None
    shapes: tuple[Counted, ...] = ()
    other_shapes: int = 0
    sampled: int = 0
    values: tuple[Counted, ...] | None = None

    @property
    def median(self) -> str | None:
        """The median of the sampled values."""
        return next((q.value for q in self.quantiles if q.percent == 50), None)

    @property
    def ends(self) -> str:
        """The range of the values, or of their lengths, in words; empty where there is none."""
        if self.min is not None:
            return f"{self.min} to {self.max}, median {self.median}"
        if self.min_length is not None:
            low, high = self.min_length, self.max_length
            spread = f"{low}" if low == high else f"{low} to {high}"
            return f"{spread} character{'' if high == 1 else 's'}"
        return "" if self.trues is None else f"{self.trues:,} true"

    @property
    def shape(self) -> str:
        """The most frequent shape, and its share of the sampled values; empty where none is."""
        if not self.shapes:
            return ""
        top = self.shapes[0]
        return f"{printable(top.text)} ({share(top.count, self.sampled)})"


@dataclass(frozen=True, slots=True)
class Profile:
    """What the values of a dataset look like: promised columns only, in contract order.

    Example:
        >>> import meshgate, pyarrow as pa
        >>> from meshgate.contract import Column, Contract
        >>> gate = meshgate.Gate(
        ...     Contract(id="t", dataset="t", version="1.0.0", columns=(Column("a", "integer"),))
        ... )
        >>> report, profile = gate.check(pa.table({"a": [1, None, 3]}), profile=True)
        >>> profile["a"].nulls, profile["a"].max
        (1, '3')
    """

    rows: int
    columns: tuple[ColumnProfile, ...]

    def __getitem__(self, column: str) -> ColumnProfile:
        for found in self.columns:
            if found.column == column:
                return found
        raise KeyError(column)

    def to_dict(self) -> dict[str, Any]:
        """The profile as new dicts and lists."""
        return {"rows": self.rows, "columns": [_plain(column) for column in self.columns]}

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> Profile:
        """A profile from what `to_dict` gives.

        Raises:
            EngineError: ``engine.profile_malformed``.
        """
        try:
            return cls(found["rows"], tuple(_column(entry) for entry in found["columns"]))
        except (KeyError, TypeError):
            raise EngineError(
                code="engine.profile_malformed",
                message="a profile is not of its canonical form",
                help="it was written by another version, or altered",
            ) from None

    def table(self) -> list[list[str]]:
        """One row of text per column, with a heading."""
        heading = ["column", "type", "nulls", "distinct", "range", "mostly"]
        return [heading, *([printable(c) for c in self._row(column)] for column in self.columns)]

    def _row(self, column: ColumnProfile) -> list[str]:
        distinct = "-" if column.distinct is None else str(column.distinct)
        told = ["hidden", ""] if column.hidden else [column.ends, column.shape]
        nulls = share(column.nulls, self.rows) if column.nulls else "0"
        return [column.column, column.type, nulls, distinct, *told]

    def __str__(self) -> str:
        rows = self.table()
        widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
        padded = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
        return "\n".join([f"{self.rows:,} rows", *padded])

    def __repr__(self) -> str:
        return f"<Profile: {self.rows:,} rows, {len(self.columns)} columns>"


def share(count: int, of: int) -> str:
    """A part of a whole in percent; only the whole is 100 %, and only nothing is 0 %."""
    if count in (0, of):
        return "100 %" if count else "0 %"
    return f"{min(max(100 * count / of, 0.1), 99.9):.3g} %"


def _plain(value: Any) -> Any:
    if isinstance(value, ColumnProfile | Distinct | Quantile | Counted):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _column(entry: Mapping[str, Any]) -> ColumnProfile:
    distinct, values = entry["distinct"], entry["values"]
    return ColumnProfile(
        **dict(entry)
        | {
            "distinct": None if distinct is None else Distinct(**distinct),
            "quantiles": tuple(Quantile(**quantile) for quantile in entry["quantiles"]),
            "shapes": tuple(Counted(**shape) for shape in entry["shapes"]),
            "values": None if values is None else tuple(Counted(**value) for value in values),
        }
    )

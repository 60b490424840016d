"""What pyarrow, Polars, DuckDB and exact arithmetic say of comparisons with literals.

Each takes plain values and literals and says row by row which conditions hold; null rows are None.
NaN is nobody's business here: the libraries disagree on it, and the tests say what meshgate does.
"""

from __future__ import annotations

import operator
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from .kinds import Kind

Condition = tuple[str, list[Any]]
"""An operator, or ``in``, with its literals in physical form."""

ARROW = {
    "eq": pc.equal,
    "ne": pc.not_equal,
    "lt": pc.less,
    "le": pc.less_equal,
    "gt": pc.greater,
    "ge": pc.greater_equal,
}
_SQL = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}


def by_arrow(column: pa.Array, literals: pa.Array, op: str) -> list[bool | None]:
    if op == "in":
        # `is_in` tells 0.0 from -0.0, which are equal.
        found = pc.equal(column, literals[0])
        for literal in literals[1:]:
            found = pc.or_(found, pc.equal(column, literal))
        return found.to_pylist()
    return ARROW[op](column, literals[0]).to_pylist()


def by_polars(column: pa.Array, literals: pa.Array, op: str) -> list[bool | None]:
    values, others = pl.from_arrow(column), pl.from_arrow(literals)
    if op == "in":
        return values.is_in(others.implode()).to_list()
    return getattr(operator, op)(values, others).to_list()


def by_duckdb(column: pa.Array, literals: pa.Array, op: str) -> list[bool | None]:
    columns = {f"l{i}": pa.repeat(literals[i], len(column)) for i in range(len(literals))}
    rows = pa.table({"v": column, **columns})
    condition = f"v in ({', '.join(columns)})" if op == "in" else f"v {_SQL[op]} l0"
    relation = duckdb.from_arrow(rows)
    return [held for (held,) in relation.project(condition).fetchall()]


def exactly(kind: Kind, values: list[Any], condition: Condition) -> list[bool | None]:
    """By definition; the literals may lie between two values of the type."""
    op, literals = condition
    others = [kind.exact(literal) for literal in literals]
    found: list[bool | None] = []
    for value in values:
        if value is None:
            found.append(None)
        elif op == "in":
            found.append(kind.exact(value) in others)
        else:
            found.append(getattr(operator, op)(kind.exact(value), others[0]))
    return found


def libraries(kind: Kind) -> tuple[Any, ...]:
    """Who can compare values of this kind."""
    if pa.types.is_decimal(kind.type):
        if kind.type.scale < 0:
            return ()
        if kind.type.precision > 38:
            return (by_arrow,)
    return (by_arrow, by_polars, by_duckdb)

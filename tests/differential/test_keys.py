"""Uniqueness agrees with DuckDB's window functions and Polars' groups."""

from __future__ import annotations

from random import Random

import duckdb
import polars as pl
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from .drawn import CUTS, PATIENT, ROWS, SEEDS, column
from .judging import Clause, contract, judged
from .kinds import ALL
from .layouts import Given, table


def physical(columns: list[Given]) -> pa.Table:
    """The keys as integers, floats and bytes, which every library groups.

    Decimals wider than any integer become text: equal integers have equal digits.
    """

    def plain(given: Given) -> pa.Array:
        if pa.types.is_decimal(given.kind.type) or pa.types.is_uint64(given.kind.type):
            return pa.array([None if v is None else str(v) for v in given.values], pa.string())
        if given.kind.is_float:
            return given.kind.array(given.values, given.kind.type, Random(0))
        return pa.array(given.values, given.kind.type if given.kind.is_text else None)

    return pa.table({f"k{i}": plain(given) for i, given in enumerate(columns)})


def by_duckdb(keys: pa.Table, nulls_distinct: bool) -> tuple[list[int], list[int], int]:
    """Rows beyond the first of their key, all members of such keys, and the number of keys."""
    names = ", ".join(keys.column_names)
    exempt = " or ".join(f"{name} is null" for name in keys.column_names)
    numbered = keys.append_column("row", pa.array(range(len(keys)), pa.int64()))
    judged_rows = duckdb.from_arrow(numbered)
    if nulls_distinct:
        judged_rows = judged_rows.filter(f"not ({exempt})")
    ranked = judged_rows.project(
        f'"row", row_number() over (partition by {names} order by "row") as nth,'
        f" count(*) over (partition by {names}) as members"
    ).order('"row"')
    rows = ranked.fetchall()
    return (
        [row for row, nth, _ in rows if nth > 1],
        [row for row, _, members in rows if members > 1],
        sum(nth == 1 and members > 1 for _, nth, members in rows),
    )


def by_polars(keys: pa.Table, nulls_distinct: bool) -> tuple[list[int], list[int], int]:
    """The same."""
    frame = pl.from_arrow(keys).with_row_index("row")
    if nulls_distinct:
        frame = frame.drop_nulls(keys.column_names)
    alike = pl.struct(keys.column_names)
    beyond = frame.filter(~alike.is_first_distinct())["row"].to_list()
    members = frame.filter(alike.is_duplicated())["row"].to_list()
    return beyond, members, len(members) - len(beyond)


@PATIENT
@given(data=st.data(), rows=ROWS, cuts=CUTS, seed=SEEDS)
def test_keys(data: st.DataObject, rows: int, cuts: list[int], seed: int) -> None:
    kinds = data.draw(st.lists(st.sampled_from(ALL), min_size=1, max_size=3))
    columns = [data.draw(column(k, rows, n)) for k, n in zip(kinds, "abc", strict=False)]
    check, args = data.draw(
        st.sampled_from(
            [
                ("primary_key", {}),
                *(
                    ("unique", {"nulls_distinct": distinct, "keep": keep})
                    for distinct in (True, False)
                    for keep in ("first", "none")
                ),
            ]
        )
    )
    keys = physical(columns)
    distinct = bool(args.get("nulls_distinct", True))
    beyond, members, groups = by_duckdb(keys, distinct)
    assert by_polars(keys, distinct) == (beyond, members, groups)
    null = [any(c.values[row] is None for c in columns) for row in range(rows)]
    # The first row of a key may have been handed on before its second is met: with `keep: none`
    # it counts as failed, and only the rows beyond it are in the quarantine (D43).
    apart, failed = beyond, members if args.get("keep") == "none" else beyond
    if check == "primary_key":
        apart = failed = sorted({*beyond, *(row for row in range(rows) if null[row])})
    clause = Clause(check, args, tuple(range(len(columns))))
    promised = contract(columns, [clause])
    threads = data.draw(st.sampled_from((1, 2, 8)))
    run, rejected = judged(promised, table(columns, cuts, seed), threads=threads)
    found = run.report.checks[-1]
    assert list(rejected) == apart
    assert found.failed_rows == len(failed)
    assert list(found.first_rows) == failed[:10]
    assert found.failed_groups == groups
    assert found.surplus == len(beyond)
    exempt = sum(null) if check == "unique" and distinct else 0
    assert found.skipped_null == exempt
    assert found.tested == rows - exempt

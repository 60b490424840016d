"""`when` beside checks of a dataset, of the order of rows, of references and of nulls."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from meshgate.canonical import Frozen, freeze
from meshgate.contract import Check, Column, Contract
from meshgate.engine import Plan
from meshgate.report import CheckOutcome

DATA = pa.table(
    {
        "x": pa.array([1, None, 5, 3, None, 4], pa.int64()),
        "g": pa.array(["a", "a", "a", "b", "b", "b"]),
        "on": pa.array([True, False, True, False, True, True]),
    }
)


def judged(check: str, columns: tuple[str, ...], args: Any = None, **options: Any) -> CheckOutcome:
    arguments = freeze(args or {})
    assert isinstance(arguments, Frozen)
    contract = Contract(
        id="t",
        dataset="t",
        version="1.0.0",
        columns=(Column("x", "int64"), Column("g", "string"), Column("on", "boolean")),
        checks=(Check("it", check, columns, arguments, when='"on"'),),
    )
    plan = Plan.compile(contract, DATA)
    whole = plan.check(DATA, **options)
    pieces = pa.Table.from_batches([DATA.slice(i, 1).to_batches()[0] for i in range(len(DATA))])
    assert plan.check(pieces, **options) == whole
    return whole.checks[-1]


def test_a_null_fraction_is_of_the_rows_inside() -> None:
    outcome = judged("null_fraction", ("x",), {"op": "le", "bound": 1, "unit": "rows"})
    assert (outcome.status, outcome.skipped_when, outcome.tested) == ("pass", 2, 4)
    assert (
        judged("null_fraction", ("x",), {"op": "lt", "bound": 1, "unit": "rows"}).status == "fail"
    )


def test_the_null_fraction_of_groups_is_of_the_rows_inside() -> None:
    args = {"fn": "null_fraction", "group_by": ["g"], "op": "le", "bound": 0}
    assert judged("aggregate", ("x",), args).failed_groups == 1  # of b; the null of a is outside


def test_the_order_of_the_rows_inside_counts() -> None:
    outcome = judged("increasing", ("x",))
    assert outcome.first_rows == (5,)  # 1, 5, 4; the 3 between them is outside
    assert (outcome.skipped_when, outcome.skipped_null, outcome.tested) == (2, 1, 3)


def test_a_check_that_judges_nulls_judges_those_inside() -> None:
    outcome = judged("missing_values", ("x",), {"values": [None, 5]})
    assert outcome.first_rows == (2, 4)
    assert (outcome.skipped_when, outcome.tested) == (2, 4)


@pytest.mark.parametrize("count", ["distinct_count", "duplicate_count"])
def test_keys_are_counted_inside(count: str) -> None:
    outcome = judged(count, ("g",), {"op": "eq", "bound": 2})
    assert (outcome.status, outcome.observed) == ("pass", "2")


def test_foreign_keys_are_judged_inside() -> None:
    known = pa.table({"id": pa.array([1, 4], pa.int64())})
    args = {"ref": "other", "columns": ["id"]}
    outcome = judged("foreign_key", ("x",), args, references={"other": known})
    assert outcome.first_rows == (2,)
    assert (outcome.skipped_when, outcome.skipped_null, outcome.tested) == (2, 1, 3)

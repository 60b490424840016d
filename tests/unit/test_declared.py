"""What a producer declares of nulls is judged where it is asked for, and believed nowhere."""

from __future__ import annotations

import pyarrow as pa
import pytest
from meshgate.contract import Check, Column, Contract
from meshgate.engine import Plan

INNER = pa.struct([pa.field("x", pa.int64(), nullable=False), pa.field("y", pa.int64())])
ITEMS = pa.list_(pa.field("item", INNER, nullable=False))
SCHEMA = pa.schema(
    [pa.field("s", INNER, nullable=False), pa.field("l", ITEMS), pa.field("n", pa.int64(), False)]
)


def contract(*paths: str) -> Contract:
    inner = (Column("x", "integer"), Column("y", "integer"))
    item = Column("item", "struct", columns=inner)
    return Contract(
        id="t",
        dataset="t",
        version="1.0.0",
        columns=(
            Column("s", "struct", columns=inner),
            Column("l", "list", items=item),
            Column("n", "integer"),
        ),
        checks=tuple(Check(path, "not_nullable", (path,)) for path in paths),
    )


@pytest.mark.parametrize("kind", ["table", "reader", "batch"])
def test_fields_declare_for_themselves(kind: str) -> None:
    paths = {
        "s": True,
        "s.x": True,
        "s.y": False,
        "l": False,
        "l[]": True,
        "l[].x": True,
        "n": True,
    }
    table = SCHEMA.empty_table()
    data = {
        "table": table,
        "reader": table.to_reader(),
        "batch": pa.RecordBatch.from_pylist([], SCHEMA),
    }[kind]
    found = {c.id: c.status for c in Plan.compile(contract(*paths), data).check(table).checks}
    assert {path: found[path] == "pass" for path in paths} == paths


def test_a_null_behind_a_declaration_is_still_found() -> None:
    """A column that is declared without nulls and has one."""
    lying = pa.field("n", pa.int64(), nullable=False)
    batch = pa.RecordBatch.from_arrays([pa.array([1, None])], schema=pa.schema([lying]))
    one = Contract(
        id="t",
        dataset="t",
        version="1.0.0",
        columns=(Column("n", "integer"),),
        checks=(Check("said", "not_nullable", ("n",)), Check("is", "not_null", ("n",))),
    )
    plan = Plan.compile(one, batch)
    outcomes = {c.id: c for c in plan.check(batch).checks}
    assert outcomes["said"].status == "pass"
    assert (outcomes["is"].status, outcomes["is"].failed_rows) == ("fail", 1)
    assert plan.accepted_schema.field("n").nullable

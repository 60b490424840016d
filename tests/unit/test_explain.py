from __future__ import annotations

import pyarrow as pa
from meshgate.contract import Check, Column, Contract
from meshgate.engine import Plan
from meshgate.explanation import Explanation


def explanation() -> Explanation:
    contract = Contract(
        id="t",
        dataset="t",
        version="1.0.0",
        columns=(Column("a", "int8"), Column("b", "string")),
        checks=(
            Check("a.not_null", "not_null", ("a",)),
            Check("always", "between", ("a",), {"min": -128, "max": 127}),
            Check("key", "unique", ("b", "a")),
            Check("missing", "not_null", ("b",)),
        ),
    )
    return Plan.compile(contract, pa.schema([("a", pa.int8()), ("b", pa.string())])).explain()


def test_what_runs_is_said_for_each_clause() -> None:
    lines = {line.id: line for line in explanation()}
    assert lines["a.type_is"].state == "decided"
    assert lines["a.type_is"].ns_per_row == 0
    assert lines["always"].state == "decided"
    assert lines["always"].how.startswith("cannot fail")
    assert lines["key"].columns == ("b", "a")
    assert lines["key"].ns_per_row > lines["a.not_null"].ns_per_row > 0


def test_an_explanation_prints_by_column_with_its_cost() -> None:
    text = str(explanation())
    assert "ns per row and core" in text.splitlines()[0]
    assert any(line.startswith("b, a   25.00 ns") for line in text.splitlines())

"""`when` beside checks of every scope, in every layout, and however the rows are cut."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest
from meshgate.canonical import Frozen, freeze
from meshgate.contract import Check, Column, Contract
from meshgate.engine import Plan
from meshgate.errors import PlanError
from meshgate.report import Report

from .cases import array, cases, layouts

COUNTS = ("skipped_when", "skipped_null", "tested", "nan_rows", "failed_groups", "surplus")


def contract_for(case: Any) -> Contract:
    args = freeze(case.get("args", {}))
    assert isinstance(args, Frozen)
    return Contract(
        id="case",
        dataset="case",
        version="1.0.0",
        columns=tuple(
            Column(f"c{i}", column.get("promised", column["type"]))
            for i, column in enumerate(case["columns"])
        ),
        checks=(Check("it", case["check"], tuple(case["judged"]), args, when=case["when"]),),
    )


def judge(contract: Contract, table: pa.Table, now: str) -> Report:
    moment = dt.datetime.fromisoformat(now).replace(tzinfo=dt.timezone.utc)
    return Plan.compile(contract, table).check(table, now=int(moment.timestamp()) * 10**9)


@pytest.mark.parametrize(("document", "case"), cases("when"))
def test_case(document: Any, case: Any) -> None:
    contract = contract_for(case)
    arrays = [array(column) for column in case["columns"]]
    names = [column.name for column in contract.columns]
    if "error" in case:
        with pytest.raises(PlanError) as caught:
            Plan.compile(contract, pa.table(arrays, names))
        assert caught.value.code == case["error"]
        return
    plain = judge(contract, pa.table(arrays, names), document["now"])
    for at, values in enumerate(arrays):
        for label, other in layouts(values):
            table = pa.table([*arrays[:at], other, *arrays[at + 1 :]], names)
            report = judge(contract, table, document["now"])
            assert report.to_json() == plain.to_json(), (names[at], label)
            if label != "dictionary":
                rows = [table.slice(i, 1) for i in range(table.num_rows)]
                single = pa.Table.from_batches(
                    [batch for row in rows for batch in row.to_batches()], table.schema
                )
                cut = judge(contract, single, document["now"])
                assert cut.to_json() == plain.to_json(), (names[at], label)
    outcome = plain.checks[-1]
    assert outcome.tested == outcome.rows - outcome.skipped_when - outcome.skipped_null
    if "violations" in case:
        assert list(outcome.first_rows) == case["violations"]
        assert outcome.failed_rows == len(case["violations"])
    fails = case.get("fails", bool(case.get("violations")))
    assert (outcome.status == "fail") is fails
    for name in (*COUNTS, "observed"):
        if name in case:
            assert getattr(outcome, name) == case[name], name


def test_a_condition_over_a_missing_column_leaves_the_check_unenforced() -> None:
    contract = Contract(
        id="case",
        dataset="case",
        version="1.0.0",
        columns=(Column("a", "integer"), Column("b", "integer")),
        checks=(
            Check("when", "not_null", ("a",), when="b > 0"),
            Check("expression", "row_expression", (), Frozen({"expression": "a < b"})),
        ),
    )
    table = pa.table({"a": [1, None]})
    found = {c.id: c for c in Plan.compile(contract, table).check(table).checks}
    assert found["when"].status == found["expression"].status == "not_enforced"
    assert found["when"].reason == "the column b is missing, and `when` names it"
    assert found["expression"].reason == "the column b is missing"
    assert found["expression"].columns == ("a", "b")


def test_an_overflow_ends_in_error_and_not_in_a_pass() -> None:
    product = "*".join(["d"] * 30)
    columns = (Column("d", "decimal"), Column("a", "integer"))
    checks = (
        Check("expression", "row_expression", (), Frozen({"expression": f"{product} > 0"})),
        Check("when", "not_null", ("a",), when=f"{product} > 0"),
        Check("fine", "not_null", ("d",)),
    )
    contract = Contract(id="c", dataset="c", version="1.0.0", columns=columns, checks=checks)
    d = array({"type": "decimal(5,2)", "values": ["999.99", "1.00", "-1.00"]})
    table = pa.table({"d": d, "a": pa.array([1, 1, 1])})
    report = Plan.compile(contract, table).check(table)
    found = {c.id: c for c in report.checks}
    assert report.status == found["expression"].status == found["when"].status == "error"
    assert not report.ok
    assert found["fine"].status == "pass"
    assert found["expression"].reason == "an expression overflows in 1 row, not judged"
    assert (found["expression"].tested, found["expression"].skipped_null) == (2, 1)
    assert (found["when"].tested, found["when"].skipped_when) == (2, 1)


def test_messages_name_the_clause_and_the_place_in_its_text() -> None:
    def refused(check: Check) -> PlanError:
        columns = (Column("amount", "integer"), Column("currency", "string"))
        contract = Contract("c", "c", "1.0.0", columns=columns, checks=(check,))
        table = pa.table({"amount": [1], "currency": ["EUR"]})
        with pytest.raises(PlanError) as caught:
            Plan.compile(contract, table)
        return caught.value

    expression = Frozen({"expression": "amount > 0 AND\n  curency = 'EUR'"})
    error = refused(Check("e", "row_expression", (), expression))
    assert error.code == "plan.unknown_column"
    assert "line 2, column 3 of the expression" in error.message
    assert error.help == 'did you mean "currency"?'
    error = refused(Check("e", "not_null", ("amount",), when='currency = "EUR"'))
    assert error.code == "plan.unknown_column"
    assert error.help == "double quotes name a column; text stands in single quotes"

"""Checks reach into lists and maps, in every layout of lists, and however the rows are cut."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from meshgate.contract import Contract
from meshgate.engine import Plan
from meshgate.errors import PlanError
from meshgate.formats import load

from .cases import arrow_type, cases

FORMS = (pa.list_, pa.large_list, pa.list_view, pa.large_list_view)


def contract(case: Any, rule: Any) -> Contract:
    names = "path" if "path" in rule else "paths"
    judged = {} if rule[names] is None else {names.replace("path", "column"): rule[names]}
    document = {
        "dataset": "case",
        "version": "1.0.0",
        "owner": "case",
        "schema": [{"name": "c", **case["column"]}],
        "quality_rules": [
            {"id": "it", "rule": rule["rule"], "args": rule.get("args", {}), **judged}
        ],
    }
    return load(json.dumps(document, indent=1, default=float))


def kind(column: Any, form: Any) -> pa.DataType:
    if column["type"] == "list":
        return form(kind(column["items"], form))
    if column["type"] == "struct":
        return pa.struct([(inner["name"], kind(inner, form)) for inner in column["columns"]])
    if column["type"] == "map":
        return pa.map_(kind(column["key"], form), kind(column["value"], form))
    return arrow_type(column["type"])


def value(column: Any, given: Any) -> Any:
    """The value as pyarrow takes it: maps are lists of pairs."""
    if given is None:
        return None
    if column["type"] == "list":
        return [value(column["items"], item) for item in given]
    if column["type"] == "struct":
        return {inner["name"]: value(inner, given[inner["name"]]) for inner in column["columns"]}
    if column["type"] == "map":
        return [(key, value(column["value"], item)) for key, item in given.items()]
    return given


def tables(case: Any) -> Iterator[pa.Table]:
    """The rows in every layout of lists, as a whole, as slices and one by one."""
    rows = [value(case["column"], row) for row in case["rows"]]
    for form in FORMS:
        type_ = kind(case["column"], form)
        whole = pa.array(rows, type_)
        yield pa.table({"c": whole})
        yield pa.table({"c": pa.array([*rows[::-1], *rows], type_).slice(len(rows))})
        yield pa.table({"c": pa.chunked_array([whole.slice(at, 1) for at in range(len(rows))])})


@pytest.mark.parametrize(("document", "case"), cases("items"))
def test_case(document: Any, case: Any) -> None:
    assert document["items"]
    for rule in case["rules"]:
        for table in tables(case):
            if "error" in rule:
                with pytest.raises(PlanError) as caught:
                    Plan.compile(contract(case, rule), table)
                assert caught.value.code == rule["error"], rule
                continue
            found = Plan.compile(contract(case, rule), table).check(table, now=0).checks[-1]
            assert found.id == "it"
            assert list(found.first_rows) == rule["violations"], rule
            assert found.failed_rows == len(rule["violations"]), rule
            assert found.skipped_null == rule["skipped_null"], rule
            assert found.tested == table.num_rows - rule["skipped_null"], rule
            assert (found.status == "fail") is bool(rule["violations"]), rule


@pytest.mark.parametrize(("document", "case"), cases("items", "missing_cases"))
def test_missing_case(document: Any, case: Any) -> None:
    head = {"dataset": "case", "version": "1.0.0", "owner": "case", "schema": case["schema"]}
    promised = load(json.dumps(head, indent=1))
    table = pa.schema([(n, arrow_type(t)) for n, t in case["data"].items()]).empty_table()
    plan = Plan.compile(promised, table)
    assert case["statuses"].items() <= {c.id: c.status for c in plan.check(table).checks}.items()

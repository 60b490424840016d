"""The cases of every check hold, in every layout, and however the rows are cut."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pyarrow as pa
import pytest
from meshgate import _native
from meshgate.canonical import Frozen, freeze
from meshgate.contract import Check, Column, Contract
from meshgate.engine import Plan
from meshgate.errors import PlanError
from meshgate.report import Report

from .cases import array, arrow_type, cases, layouts

FIRST_ROWS = 10  # as many as a report names
ARITY = {check["name"]: check["arity"] for check in json.loads(_native.checks())}
NAMES = frozenset(
    {
        "bound",
        "failed_groups",
        "failed_rows",
        "nan_rows",
        "observed",
        "reason",
        "skipped_null",
        "skipped_when",
        "surplus",
        "tested",
    }
)


def contract_for(document: Any, case: Any, types: list[str], others: Any) -> Contract:
    names = tuple(f"c{i}" for i in range(len(types)))
    args = freeze(case.get("args", {}))
    assert isinstance(args, Frozen)
    columns = tuple(Column(n, t) for n, t in zip(names, types, strict=True))
    columns += tuple(Column(name, other["type"]) for name, other in others.items())
    judged = () if "rows" in case or ARITY[document["check"]] == "named" else names
    return Contract(
        id="case",
        dataset="case",
        version="1.0.0",
        columns=columns,
        checks=(Check("it", document["check"], judged, args, when=case.get("when")),),
    )


def judge(
    contract: Contract,
    table: pa.Table,
    now: str | None,
    references: dict[str, pa.Table] | None = None,
) -> Report:
    moment = dt.datetime.fromisoformat(now or "2025-01-01T00:00:00")
    seconds = int(moment.replace(tzinfo=dt.timezone.utc).timestamp())
    plan = Plan.compile(contract, table)
    return plan.check(table, now=seconds * 10**9, references=references)


@pytest.mark.parametrize(
    ("document", "case"), [*cases("checks"), *cases("checks", "grouped_cases")]
)
def test_case(document: Any, case: Any) -> None:
    if "rows" in case:
        given = [{"type": "int64", "values": list(range(case["rows"]))}]
    else:
        given = case["columns"] if "columns" in case else [case["column"]]
    others = case.get("others", {})
    kinds = [c.get("promise", c["type"]) for c in given]
    contract = contract_for(document, case, kinds, others)
    arrays = [array(c) for c in (*given, *others.values())]
    names = [c.name for c in contract.columns]
    references = {
        name: pa.table({column: array(values) for column, values in columns.items()})
        for name, columns in case.get("references", {}).items()
    }
    if "error" in case:
        with pytest.raises(PlanError) as caught:
            judge(contract, pa.table(arrays, names), document.get("now"), references)
        assert caught.value.code == case["error"]
        return
    for variants in zip(*(dict(layouts(a)).items() for a in arrays), strict=False):
        labels = [label for label, _ in variants]
        table = pa.table([a for _, a in variants], names)
        single = pa.Table.from_batches(
            [table.slice(i, 1).combine_chunks().to_batches()[0] for i in range(table.num_rows)]
            if "dictionary" not in labels
            else table.to_batches(),
            table.schema,
        )
        whole = judge(contract, table, document.get("now"), references)
        assert judge(contract, single, document.get("now"), references) == whole, labels
        outcome = whole.checks[-1]
        for name in NAMES & case.keys():
            assert getattr(outcome, name) == case[name], (labels, name)
        if "fails" in case:
            assert (outcome.status == "fail") is case["fails"], labels
            continue
        assert list(outcome.first_rows) == case["violations"][:FIRST_ROWS], labels
        assert outcome.failed_rows == len(case["violations"]), labels
        assert (outcome.status == "fail") is bool(case["violations"]), labels


@pytest.mark.parametrize(("document", "case"), cases("checks", "schema_cases"))
def test_schema_case(document: Any, case: Any) -> None:
    checks = tuple(
        Check(
            c["id"],
            c.get("check", document["check"]),
            tuple(c.get("columns", ())),
            freeze(c.get("args", {})),
            severity=c.get("severity", "error"),
            max_rows=c.get("max_rows"),
            when=c.get("when"),
        )
        for c in case.get("checks", ())
    )
    contract = Contract(
        id="case",
        dataset="case",
        version="1.0.0",
        columns=tuple(Column(n, t) for n, t in case["promised"].items()),
        checks=checks,
        strict=case.get("strict", False),
        extra_columns=case.get("extra_columns", "drop"),
    )
    never_null = case.get("never_null", ())
    fields = [pa.field(n, arrow_type(t), n not in never_null) for n, t in case["data"].items()]
    table = pa.schema(fields).empty_table()
    if "error" in case:
        with pytest.raises(PlanError) as caught:
            Plan.compile(contract, table)
        assert caught.value.code == case["error"]
        return
    plan = Plan.compile(contract, table)
    outcomes = {c.id: c for c in plan.check(table).checks}
    assert case["statuses"].items() <= {c.id: c.status for c in outcomes.values()}.items()
    for id_, reason in case.get("reasons", {}).items():
        assert outcomes[id_].reason == reason
    if "published" in case:
        assert plan.accepted_schema.names == case["published"]

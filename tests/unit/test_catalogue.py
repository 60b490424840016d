"""The catalogue of checks: every name with its arguments, and what is not offered under its name.

The columns that a check judges are those of its clause, so they are no arguments here.
"""

from __future__ import annotations

import json

import pyarrow as pa
import pytest
from meshgate import _native
from meshgate.canonical import Frozen
from meshgate.contract import Check, Column, Contract
from meshgate.engine import Plan
from meshgate.errors import PlanError

NUMBER = {"op", "bound", "min", "max"}
CATALOGUE: dict[str, set[str]] = {
    # the schema
    "column_exists": set(),  # follows from every promised column
    "columns_match": {"columns", "mode", "allow_extra"},
    "type_is": {"type"},
    "column_count": NUMBER,
    "not_nullable": set(),
    "names_match_pattern": {"pattern", "full_match"},
    "names_unique": {"case_insensitive"},
    # nulls and other gaps
    "not_null": set(),
    "null_fraction": NUMBER | {"unit"},
    "missing_values": {"values"},
    "not_blank": {"trim"},
    "finite": {"allow_nan", "allow_inf"},
    # keys and order
    "unique": {"nulls_distinct", "keep", "scope"},
    "primary_key": {"scope"},
    "duplicate_count": NUMBER | {"unit"},
    "distinct_count": NUMBER,
    "increasing": {"strict"},
    "decreasing": {"strict"},
    "foreign_key": {"ref", "columns"},
    # values
    **{key: {"value"} for key in ("eq", "ne", "gt", "ge", "lt", "le")},
    "between": {"min", "max", "inclusive"},
    "in_set": {"values", "case_insensitive"},
    "not_in_set": {"values", "case_insensitive"},
    "multiple_of": {"value"},
    "castable": {"type"},
    # texts
    "regex_match": {"pattern", "full_match"},
    "regex_not": {"pattern", "full_match"},
    **{key: {"text", "case_insensitive"} for key in ("contains", "starts_with", "ends_with")},
    "case": {"case"},
    "ascii_only": set(),
    "length": {"min", "max", "exact", "length_unit"},
    "format": {"name"},
    "date_format": {"pattern"},
    # lists, rows, the dataset
    "unique_items": set(),
    "compare": {"op"},
    "row_expression": {"expression"},
    "row_count": NUMBER,
    "aggregate": NUMBER | {"fn", "group_by"},
    "freshness": {"max_age"},
    "latency": {"max_age"},
}
FORMATS = (
    *("email", "uri", "url", "hostname", "ipv4", "ipv6", "uuid"),
    *("date", "time", "date-time", "duration"),
    *("iban", "card", "country", "currency", "phone"),
)


def refusal(check: Check) -> PlanError:
    contract = Contract(
        id="t", dataset="t", version="1.0.0", columns=(Column("a", "integer"),), checks=(check,)
    )
    with pytest.raises(PlanError) as caught:
        Plan.compile(contract, pa.table({"a": [1]}))
    return caught.value


def test_the_registry_is_the_catalogue() -> None:
    registry = {
        check["name"]: {argument["name"] for argument in check["arguments"]}
        for check in json.loads(_native.checks())
    }
    assert registry == CATALOGUE


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_there(name: str) -> None:
    formats = json.loads(_native.formats())
    assert name in {spelt for form in formats for spelt in (form["name"], *form["aliases"])}


@pytest.mark.parametrize(
    ("name", "help"),
    [
        ("column_exists", "promise the column in the schema"),
        ("sql_metric", "aggregate and row_expression"),
    ],
)
def test_what_is_no_rule_says_what_to_write(name: str, help: str) -> None:
    error = refusal(Check("it", name, ("a",)))
    assert error.code == "plan.unknown_check"
    assert help in (error.help or "")


@pytest.mark.parametrize(
    ("check", "argument"),
    [
        # `when` is the filter, and a null exempts its row.
        ("foreign_key", "filter"),
        ("foreign_key", "nullable"),
        # A duration carries its unit; a timestamp without a zone is one of UTC.
        ("freshness", "unit"),
        ("freshness", "tz"),
        # Which columns are compared stands in the clause.
        ("compare", "left"),
    ],
)
def test_arguments_that_say_nothing_more_are_refused(check: str, argument: str) -> None:
    columns = ("a", "a") if check == "compare" else ("a",)
    error = refusal(Check("it", check, columns, Frozen({argument: "x"})))
    assert error.code == "plan.bad_argument"
    assert "it takes: " in (error.help or "") or "did you mean" in (error.help or "")

"""Every refusal of an argument says what to do, at its place, and does not contradict itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from meshgate import _native
from meshgate.engine import Plan
from meshgate.errors import ContractError, LimitError, PlanError
from meshgate.formats import load

SECRET = "zq7secret"
TYPES = {
    "integer": pa.int64(),
    "string": pa.string(),
    "date": pa.date32(),
    "float64": pa.float64(),
    "boolean": pa.bool_(),
    "timestamp_tz": pa.timestamp("us", "UTC"),
}
WRONG: list[Any] = [None, True, -1, 1.5, 10**25, "", SECRET, [], [None], [SECRET], [1, SECRET], {}]
CONTRADICTION = re.compile(r"takes (text|a number|a list|true or false)\b.*, not \1\b")
HEAD = "dataset: d\nversion: 1.0.0\nowner: o\nschema:\n"


def refusals(document: str, data: pa.Table) -> Iterator[PlanError]:
    try:
        Plan.compile(load(document), data, {"default": b"0123456789abcdef" * 2})
    except PlanError as error:
        yield error
    except (ContractError, LimitError):
        return


def documents() -> Iterator[tuple[str, pa.Table, str]]:
    for word, kind in TYPES.items():
        data = pa.table({"a": pa.array([], kind), "b": pa.array([], kind)})
        schema = f"{HEAD}  - {{name: a, type: {word}}}\n  - {{name: b, type: {word}}}\n"
        for check in json.loads(_native.checks()):
            if check["name"] == "column_exists":  # no clause
                continue
            columns = {"one": ["a"], "many": ["a"], "two": ["a", "b"]}.get(check["arity"], [])
            rule = {"columns": columns} if columns else {}
            names = [argument["name"] for argument in check["arguments"]]
            for args in ({}, *({name: value} for name in names for value in WRONG)):
                text = json.dumps({**rule, "rule": check["name"], "args": args})
                yield f"{schema}quality_rules:\n  - {text}\n", data, check["name"]
        for mask in json.loads(_native.masks()):
            for argument in mask["arguments"]:
                for value in WRONG:
                    masking = json.dumps(
                        {"method": mask["name"], "args": {argument["name"]: value}}
                    )
                    column = f"{HEAD}  - {{name: a, type: {word}, masking: {masking}}}\n"
                    yield column, data.select(["a"]), mask["name"]


def test_every_refusal_of_an_argument_can_be_acted_upon() -> None:
    seen: dict[str, PlanError] = {}
    for document, data, name in documents():
        for error in refusals(document, data):
            if error.code in ("plan.bad_argument", "plan.bad_literal"):
                seen.setdefault(f"{name}: {error.message}", error)
    assert len(seen) > 150
    for error in seen.values():
        assert error.help, error
        assert error.where is not None, error
        assert error.where.line in (5, 8), error
        assert SECRET not in str(error) or error.message.startswith("there is no format"), error
        assert not CONTRADICTION.search(error.message), error


@pytest.mark.parametrize(
    ("rule", "message", "help_"),
    [
        ("{column: a, rule: multiple_of, args: {value: -1}}", "a number above 0, not -1", "rule"),
        ("{column: a, rule: in_set, args: {values: []}}", "one value, not an empty list", "rule"),
        ("{column: a, rule: ge, args: {value: 'x'}}", "this text stands where", "without quotes"),
        ("{columns: [a, b], rule: compare, args: {op: '='}}", "eq or ne, not this text", "op: le"),
        ("{rule: row_count, args: {op: ge, bound: 1, max: 2}}", '"max" of row_count says nothing',
         "give op and bound"),
        ("{rule: row_count}", "row_count needs op and bound, or min, max or both", "for instance"),
    ],
)  # fmt: skip
def test_refusals_say_what_was_meant(rule: str, message: str, help_: str) -> None:
    schema = f"{HEAD}  - {{name: a, type: integer}}\n  - {{name: b, type: integer}}\n"
    data = pa.table({"a": [1], "b": [1]})
    (error,) = refusals(f"{schema}quality_rules:\n  - {rule}\n", data)
    assert message in error.message
    assert help_ in (error.help or "")


@pytest.mark.parametrize("wrong", ["decimal(500,3)", "decimal(77,0)", "decimal(5,6)", "decimal(5)"])
def test_a_decimal_that_cannot_be_names_the_limit(wrong: str) -> None:
    with pytest.raises(ContractError) as caught:
        load(f'{HEAD}  - {{name: a, type: "{wrong}"}}\n')
    assert "1 to 76 digits" in (caught.value.help or "")


def test_names_that_are_too_long_stand_at_their_place_and_say_how_long_they_may_be() -> None:
    with pytest.raises(ContractError) as caught:
        load(f"{HEAD}  - {{name: a, type: integer}}\n  - {{name: {'c' * 70_000}, type: integer}}\n")
    error = caught.value
    assert (error.code, error.where and (error.where.line, error.where.column)) == (
        "contract.bad_name",
        (6, 5),
    )
    assert "65,536 bytes" in (error.help or "")
    with pytest.raises(ContractError, match="up to 200 letters"):
        load(HEAD.replace("dataset: d", f"dataset: {'d' * 201}"))


def test_what_concerns_the_data_alone_names_no_place_in_the_contract() -> None:
    contract = load(f"{HEAD}  - {{name: a, type: integer}}\n")
    for data in (pa.table([[1], [1]], names=["a", "a"]), pa.table({"a": [1], "_mg_row": [1]})):
        with pytest.raises(PlanError) as caught:
            Plan.compile(contract, data)
        assert caught.value.where is None
        assert caught.value.data
        assert caught.value.help

"""The JSON Schema for editors: up to date, valid, and of one mind with the loader."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from meshgate import _native
from meshgate.contract import Contract
from meshgate.errors import ContractError
from meshgate.formats import editors, load
from meshgate.formats.clauses import ALIASES
from meshgate.formats.column_types import TYPES
from meshgate.formats.cursor import Cursor
from meshgate.formats.document import Limits, read
from meshgate.formats.findings import Findings
from meshgate.formats.masking import ALIASES as MASKS

ROOT = Path(__file__).resolve().parents[3]
CHECKS = json.loads(_native.checks())
DEFINITIONS = (CHECKS, json.loads(_native.masks()), json.loads(_native.formats()))
VALIDATOR = Draft202012Validator(editors.json_schema(*DEFINITIONS))


def plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return {k: plain(v) for k, v in value.items()} if hasattr(value, "items") else value


def document(text: str | bytes) -> Any:
    findings = Findings("<text>")
    return plain(Cursor(read(text, findings, Limits()), "", findings).metadata())


def test_the_shipped_schema_is_what_the_registries_say() -> None:
    assert editors.PATH.read_text(encoding="utf-8") == editors.text(*DEFINITIONS), (
        "run make generate"
    )


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(VALIDATOR.schema)


def test_accepted_spellings_are_those_of_the_registries() -> None:
    checks = {alias: c["name"] for c in CHECKS for alias in c["aliases"]}
    masks = {alias: m["name"] for m in DEFINITIONS[1] for alias in m["aliases"]}
    assert checks == ALIASES
    assert masks == MASKS


def test_types_are_those_of_the_engine() -> None:
    assert set(TYPES) == set(_native.column_types())


@pytest.mark.parametrize("path", sorted(ROOT.glob("contracts/*.yaml")), ids=lambda p: p.name)
def test_the_example_contracts_fit(path: Path) -> None:
    data = path.read_bytes()
    if b"apiVersion" in data:
        pytest.skip("another form")
    VALIDATOR.validate(document(data))


HEAD = "dataset: d\nversion: 1.0.0\nowner: o\n"
COLUMNS = HEAD + "schema: [{name: a, type: string}, {name: b, type: 'decimal(5,2)'}]\n"
GOOD = [
    "strict: true\nextra_columns: keep\nstatus: draft\ntags: [x]\nmetadata: {a: {b: [1]}}\n",
    "service_levels: {latency: 15m, availability: 99.9%, freshness: {value: 24h, column: a}}\n",
    "quality_rules: [{column: a, rule: length, args: {max: 3}, max_pct: 0.5, max_rows: 3}]\n",
    "quality_rules: [{column: b, rule: range, args: {min: 0, inclusive: left}}]\n",
    "quality_rules: [{rule: row_count, args: {op: gt, bound: 3}, dimension: completeness}]\n",
]
BAD = [
    "ownr: x\n",
    "strict: yes\n",
    "status: actve\n",
    "tags: x\n",
    "quality_rules: {column: a, rule: unique}\n",
    "quality_rules: [{column: a}]\n",
    "quality_rules: [{column: a, columns: [b], rule: unique}]\n",
    "quality_rules: [{column: a, rule: unique, max_pct: 101}]\n",
    "quality_rules: [{column: a, rule: unique, max_rows: -1}]\n",
    "quality_rules: [{column: a, rule: unique, min: 3}]\n",
    "service_levels: {freshness: {vaule: 24h}}\n",
    "service_levels: [24h]\n",
]


@pytest.mark.parametrize("rest", GOOD)
def test_what_the_loader_takes_the_schema_takes(rest: str) -> None:
    assert isinstance(load(COLUMNS + rest), Contract)
    VALIDATOR.validate(document(COLUMNS + rest))


@pytest.mark.parametrize("rest", BAD)
def test_what_the_schema_refuses_the_loader_refuses(rest: str) -> None:
    assert not VALIDATOR.is_valid(document(COLUMNS + rest))
    with pytest.raises(ContractError):
        load(COLUMNS + rest)


@pytest.mark.parametrize(
    "masking",
    [
        "{method: hash, bytes: 8}",
        "{method: hash, key: secret}",
        "{method: frobnicate}",
        "{keep_last: 4}",
        "{method: partial, keep_last: many}",
    ],
)
def test_the_schema_knows_masks(masking: str) -> None:
    text = HEAD + f"schema: [{{name: a, type: string, masking: {masking}}}]\n"
    assert not VALIDATOR.is_valid(document(text))

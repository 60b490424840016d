"""What changed between two contracts: the table of directions and bumps, and the version gate."""

from __future__ import annotations

from dataclasses import replace

import pytest
from meshgate.compare import compare, judge, needed_bump
from meshgate.contract import Contract
from meshgate.formats import load

BASE = """\
dataset: ledger
version: 1.2.0
owner: finance
schema:
  - {name: id, type: string, required: true}
  - {name: amount, type: "decimal(12,2)"}
  - {name: small, type: int32}
  - {name: note, type: string, description: A note}
  - {name: email, type: string, pii: email, masking: hash, classification: internal}
  - {name: at, type: timestamp}
  - {name: place, type: struct, columns: [{name: town, type: string}]}
quality_rules:
  - {column: id, rule: unique}
  - {column: amount, rule: range, args: {min: 0, max: 100}}
  - {column: note, rule: length, args: {max: 10}}
  - {column: note, rule: pattern, args: {pattern: "^a"}}
  - {column: note, rule: allowed, args: {values: [a, b]}, id: known}
  - {columns: [small, amount], rule: compare, args: {op: le}}
  - {rule: row_count, args: {min: 10}}
  - {columns: [id, small], rule: primary_key}
service_levels: {latency: 1d, freshness: {value: 24h, column: at}, availability: 99%, retention: 1y}
"""

L, T, B, U, N = "loosens", "tightens", "both", "undetermined", "none"
CASES = [
    # what is edited: from, to; the changes: kind, direction, bump
    ("add an optional column", "  - {name: at,", "  - {name: new, type: string}\n  - {name: at,",
     [("column_added", T, "minor")]),
    ("add a required column", "  - {name: at,",
     "  - {name: new, type: string, required: true}\n  - {name: at,",
     [("column_added", T, "minor")]),
    ("remove a column", "  - {name: place, type: struct, columns: [{name: town, type: string}]}\n",
     "", [("column_removed", L, "major")]),
    ("remove a field", "columns: [{name: town, type: string}]",
     "columns: [{name: street, type: string}]",
     [("column_removed", L, "major"), ("column_added", T, "minor")]),
    ("required to optional", ", required: true", "", [("required", L, "major")]),
    ("optional to required", "{name: note,", "{name: note, required: true,",
     [("required", T, "minor")]),
    ("another type", "{name: note, type: string", "{name: note, type: binary",
     [("type", B, "major")]),
    ("wider integer", "type: int32", "type: int64", [("type", L, "major")]),
    ("narrower integer", "type: int32", "type: int16", [("type", T, "minor")]),
    ("any integer", "type: int32", "type: integer", [("type", L, "major")]),
    ("unsigned integer", "type: int32", "type: uint32", [("type", B, "major")]),
    ("number instead of an integer", "type: int32", "type: number", [("type", B, "major")]),
    ("more digits", "decimal(12,2)", "decimal(18,2)", [("type", L, "major")]),
    ("fewer digits", "decimal(12,2)", "decimal(9,2)", [("type", T, "minor")]),
    ("another scale", "decimal(12,2)", "decimal(12,3)", [("type", B, "major")]),
    ("with a time zone", "type: timestamp}", "type: timestamp_tz}", [("type", B, "major")]),
    ("longer text", "max: 10}", "max: 20}", [("check_changed", L, "major")]),
    ("shorter text", "max: 10}", "max: 5}", [("check_changed", T, "minor")]),
    ("bound removed", "min: 0, max: 100", "min: 0", [("check_changed", L, "major")]),
    ("bound added", "max: 10}", "min: 1, max: 10}", [("check_changed", T, "minor")]),
    ("bounds moved", "min: 0, max: 100", "min: 10, max: 110", [("check_changed", B, "major")]),
    ("exclusive instead of inclusive", "min: 0, max: 100", "min: 0, max: 100, inclusive: right",
     [("check_changed", T, "minor")]),
    ("one bound by another name", "rule: range, args: {min: 0, max: 100}",
     "rule: gt, args: {value: 0}", [("check_changed", B, "major")]),
    ("pattern changed", '"^a"', '"^b"', [("check_changed", U, "major")]),
    ("a condition added", "args: {max: 10}}", 'args: {max: 10}, when: "small > 1"}',
     [("check_changed", U, "major")]),
    ("pattern for the whole text", 'pattern: "^a"', 'pattern: "^a", full_match: true',
     [("check_changed", T, "minor")]),
    ("check removed", "  - {column: id, rule: unique}\n", "", [("check_removed", L, "major")]),
    ("check added", "service_levels:", "  - {column: at, rule: unique}\nservice_levels:",
     [("check_added", T, "minor")]),
    ("values grew", "values: [a, b]", "values: [a, b, c]", [("check_changed", L, "major")]),
    ("values shrank", "values: [a, b]", "values: [a]", [("check_changed", T, "minor")]),
    ("values exchanged", "values: [a, b]", "values: [a, c]", [("check_changed", B, "major")]),
    ("values in another order", "values: [a, b]", "values: [b, a]",
     [("check_changed", N, "patch")]),
    ("strict comparison", "op: le", "op: lt", [("check_changed", T, "minor")]),
    ("comparison turned", "op: le", "op: gt", [("check_changed", B, "major")]),
    ("fewer rows allowed", "min: 10", "min: 1", [("check_changed", L, "major")]),
    ("tolerance added", "rule: unique}", "rule: unique, max_rows: 5}", [("threshold", L, "major")]),
    ("severity lowered", "rule: unique}", "rule: unique, severity: warning}",
     [("severity", L, "major")]),
    ("severity by another label", "rule: unique}", "rule: unique, severity: high}",
     [("severity", N, "patch")]),
    ("id of a check", "id: known", "id: other", [("id", N, "patch")]),
    ("key grew", "columns: [id, small], rule: primary", "columns: [id, small, at], rule: primary",
     [("check_changed", B, "major")]),
    ("key in another order", "columns: [id, small], rule: primary",
     "columns: [small, id], rule: primary", [("check_changed", N, "patch")]),
    ("more columns are unique together", "{column: id, rule: unique}",
     "{columns: [id, at], rule: unique}", [("check_changed", L, "major")]),
    ("latency weaker", "latency: 1d", "latency: 9d", [("service_level", L, "major")]),
    ("latency stronger", "latency: 1d", "latency: 1h", [("service_level", T, "minor")]),
    ("freshness weaker", "value: 24h", "value: 48h", [("service_level", L, "major")]),
    ("availability stronger", "availability: 99%", "availability: 99.9%",
     [("service_level", T, "minor")]),
    ("retention longer", "retention: 1y", "retention: 2y", [("service_level", B, "major")]),
    ("service level removed", "latency: 1d, ", "", [("service_level_removed", L, "major")]),
    ("service level added", "latency: 1d, ", "latency: 1d, throughput: 5, ",
     [("service_level_added", T, "minor")]),
    ("classification", "classification: internal", "classification: restricted",
     [("classification", B, "major")]),
    ("another mask", "masking: hash", "masking: redact", [("mask", B, "major")]),
    ("no mask", ", masking: hash", "", [("mask", B, "major")]),
    ("no personal data", "pii: email, ", "", [("pii", B, "major")]),
    ("deprecated", "owner: finance", "owner: finance\nstatus: deprecated",
     [("status", N, "minor")]),
    ("retired", "owner: finance", "owner: finance\nstatus: retired", [("status", L, "major")]),
    ("strict", "owner: finance", "owner: finance\nstrict: true", [("strict", T, "minor")]),
    ("owner", "owner: finance", "owner: sales", [("owner", N, "minor")]),
    ("domain", "owner: finance", "owner: finance\ndomain: money",
     [("domain", N, "minor"), ("mask", B, "major")]),
    ("description", "description: A note", "description: The note",
     [("description", N, "patch")]),
    ("tags", "owner: finance", "owner: finance\ntags: [x]", [("tags", N, "patch")]),
    ("metadata", "owner: finance", "owner: finance\nmetadata: {a: 1}", [("a", N, "patch")]),
    ("servers", "owner: finance", "owner: finance\nmetadata: {servers: [a]}",
     [("servers_added", T, "minor")]),
    ("digits of a bound", "min: 0, max: 100", "min: 0, max: 100.0", [("spelling", N, "patch")]),
    ("order of columns",
     '  - {name: amount, type: "decimal(12,2)"}\n  - {name: small, type: int32}\n',
     '  - {name: small, type: int32}\n  - {name: amount, type: "decimal(12,2)"}\n',
     [("column_order", N, "patch")]),
]  # fmt: skip


def edited(before: str, after: str) -> Contract:
    assert BASE.count(before) == 1, before
    return load(BASE.replace(before, after))


@pytest.mark.parametrize(
    ("before", "after", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_changes_have_their_direction_and_bump(
    before: str, after: str, expected: list[tuple[str, str, str]]
) -> None:
    changes = compare(load(BASE), edited(before, after))
    assert [(c.kind, c.direction, c.bump) for c in changes] == expected, changes


@pytest.mark.parametrize(("before", "after"), [c[1:3] for c in CASES], ids=[c[0] for c in CASES])
def test_the_other_way_round_turns_the_direction(before: str, after: str) -> None:
    old, new = load(BASE), edited(before, after)
    turned = {"loosens": "tightens", "tightens": "loosens"}
    there = sorted(turned.get(c.direction, c.direction) for c in compare(old, new))
    # Retiring is a change of its own kind; coming back is none.
    back = sorted(c.direction for c in compare(new, old))
    if "status" not in after:
        assert there == back


ODCS = """\
apiVersion: v3.1.0
kind: DataContract
id: orders
name: orders
version: 1.0.0
status: active
team: {name: t}
schema:
  - name: orders
    properties:
      - {id: p1, name: order_id, logicalType: integer, required: true, unique: true}
      - {id: p2, name: kind, logicalType: string, quality: [{metric: nullValues, mustBe: 0}]}
      - id: p3
        name: price
        logicalType: number
        logicalTypeOptions: {minimum: 0}
        relationships: [{to: prices.value}]
    quality:
      - {metric: duplicateValues, mustBe: 0, arguments: {properties: [order_id, kind]}}
slaProperties:
  - {property: timeOfAvailability, value: "09:00-08:00", driver: regulatory}
  - {property: timeOfAvailability, value: "08:00-08:00", driver: analytics}
"""

ODCS_CASES = [
    ("renamed with the same id", "name: order_id", "name: order_key",
     [("column_renamed", B, "major")]),
    ("other physical name", "name: kind,", "name: kind, physicalName: knd,",
     [("column_renamed", B, "major"), ("metadata", N, "patch")]),
    ("zero to fewer than five", "nullValues, mustBe: 0", "nullValues, mustBeLessThan: 5",
     [("check_changed", L, "major")]),
    ("minimum to exclusive minimum is one change", "{minimum: 0}", "{exclusiveMinimum: 0}",
     [("check_changed", T, "minor")]),
    ("multipleOf added", "{minimum: 0}", "{minimum: 0, multipleOf: 2}",
     [("check_added", T, "minor")]),
    ("relationship removed", "        relationships: [{to: prices.value}]\n", "",
     [("check_removed", L, "major")]),
    ("relationship points elsewhere", "to: prices.value", "to: prices.amount",
     [("check_changed", B, "major")]),
    ("more properties are unique together", "properties: [order_id, kind]",
     "properties: [order_id, kind, price]", [("check_changed", L, "major")]),
    ("one of two promises of a name", '"08:00-08:00"', '"07:00-08:00"',
     [("service_level", T, "minor")]),
    ("business name", "name: kind,", "name: kind, businessName: Kind,",
     [("metadata", N, "patch")]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "expected"), [c[1:] for c in ODCS_CASES], ids=[c[0] for c in ODCS_CASES]
)
def test_changes_of_odcs_documents(
    before: str, after: str, expected: list[tuple[str, str, str]]
) -> None:
    document = ODCS.replace(before, after)
    if after.startswith("name: order_key"):
        document = document.replace("properties: [order_id", "properties: [order_key")
    changes = compare(load(ODCS), load(document))
    assert [(c.kind, c.direction, c.bump) for c in changes] == expected, changes


def test_equal_contracts_have_no_changes() -> None:
    assert compare(load(BASE), load(BASE)) == ()


def test_names_with_dots_do_not_split_a_path() -> None:
    old = load("dataset: d\nversion: 1.0.0\nschema: [{name: sales.orders, type: string}]\n")
    new = load("dataset: d\nversion: 1.0.0\nschema: [{name: sales.orders, type: binary}]\n")
    assert [c.path for c in compare(old, new)] == ['columns["sales.orders"].type']


def test_perspectives_turn_the_bumps() -> None:
    old, looser = load(BASE), edited("max: 10}", "max: 20}")
    stricter = edited("max: 10}", "max: 5}")
    bumps = {
        who: [needed_bump(compare(old, new, perspective=who)) for new in (looser, stricter)]
        for who in ("consumer", "producer", "both")
    }
    assert bumps == {
        "consumer": ["major", "minor"],
        "producer": ["minor", "major"],
        "both": ["major", "major"],
    }
    with pytest.raises(ValueError, match="perspective"):
        compare(old, old, perspective="bystander")


def test_a_waiver_lowers_an_undetermined_change_and_is_kept() -> None:
    old, new = load(BASE), edited('"^a"', '"^b"')
    waived = compare(old, new, waivers={'checks["note.regex_match"]': "both accept all data"})
    assert [(c.bump, c.waiver) for c in waived] == [("minor", "both accept all data")]
    loosened = edited("max: 10}", "max: 20}")
    paths = [c.path for c in compare(old, loosened)]
    assert compare(old, loosened, waivers=dict.fromkeys(paths, "no"))[0].bump == "major"


def judged(old: str, new: str, before: str = "", after: str = "") -> tuple[bool, str, str]:
    changed = edited(before, after) if before else load(BASE)
    result = judge(replace(load(BASE), version=old), replace(changed, version=new))
    return result.allowed, result.needed, result.given


@pytest.mark.parametrize(
    ("old", "new", "before", "after", "expected"),
    [
        ("1.2.0", "1.2.0", "", "", (True, "none", "none")),
        ("1.2.0", "1.3.0", "", "", (True, "none", "minor")),
        ("1.2.0", "1.1.0", "", "", (False, "none", "minor")),
        ("1.2.0", "1.2.0-rc.1", "", "", (False, "none", "none")),
        ("1.2.0", "1.2.0", "A note", "B", (False, "patch", "none")),
        ("1.2.0", "1.2.0+b2", "A note", "B", (False, "patch", "none")),
        ("1.2.0", "1.2.1", "A note", "B", (True, "patch", "patch")),
        ("1.2.0", "1.3.0", "max: 10}", "max: 20}", (False, "major", "minor")),
        ("1.2.0", "2.0.0", "max: 10}", "max: 20}", (True, "major", "major")),
        ("v1.2.0", "v2.0.0", "max: 10}", "max: 20}", (True, "major", "major")),
        ("0.2.0", "0.3.0", "max: 10}", "max: 20}", (True, "minor", "minor")),
        ("0.2.0", "0.2.1", "max: 10}", "max: 20}", (False, "minor", "patch")),
        ("2.0.0-rc.1", "2.0.0-rc.2", "max: 10}", "max: 20}", (True, "major", "major")),
        ("2.0.0-rc.2", "2.0.0", "max: 10}", "max: 20}", (True, "major", "major")),
        ("2.0.0-rc.10", "2.0.0-rc.9", "", "", (False, "none", "major")),
        ("1.2.0", "1.2.10", "A note", "B", (True, "patch", "patch")),
        ("one", "two", "", "", (False, "none", "none")),
    ],
)
def test_the_version_gate(
    old: str, new: str, before: str, after: str, expected: tuple[bool, str, str]
) -> None:
    assert judged(old, new, before, after) == expected


def test_the_version_gate_says_what_it_needs() -> None:
    new = replace(edited("max: 10}", "max: 20}"), version="1.3.0")
    result = judge(load(BASE), new)
    assert result.message == ('needs 2.0.0 for check_changed of checks["note.length"], has 1.3.0')
    assert result.breaks
    assert result.to_dict()["changes"][0]["breaks"] == ["consumer"]


def test_drafts_may_break_with_a_minor_version() -> None:
    draft = replace(load(BASE), status="draft")
    new = replace(edited("max: 10}", "max: 20}"), version="1.3.0")
    assert judge(draft, new).allowed


@pytest.mark.parametrize(
    ("check", "old", "new", "direction"),
    [
        ("not_in_set", "values: [x]", "values: [x, y]", T),
        ("not_in_set", "values: [x, y]", "values: [x]", L),
        ("in_set", "values: [x]", "values: [x], case_insensitive: true", L),
        ("not_in_set", "values: [x]", "values: [x], case_insensitive: true", T),
        ("in_set", "values: [0.10]", "values: [0.1]", N),
        ("in_set", "values: [1]", "values: [true]", B),
        ("regex_not", "pattern: a", "pattern: a, full_match: true", L),
        ("between", "min: '2024-01-01'", "min: '2023-01-01'", L),
        ("between", "min: '2024-01-01T00:00:00Z'", "min: '2024-01-01T00:00:00+02:00'", U),
        ("ge", "value: 9", "value: 10", T),
        ("le", "value: 9.99", "value: 10", L),
        ("length", "exact: 3", "max: 3", L),
        ("length", "max: 3", "max: 3, length_unit: bytes", U),
        ("freshness", "max_age: 24h", "max_age: 1d", N),
        ("freshness", "max_age: 24h", "max_age: 90m", T),
        ("latency", "max_age: 1h", "max_age: 2h", L),
        ("unique", "nulls_distinct: true", "nulls_distinct: false", T),
        ("unique", "scope: publication", "scope: dataset", T),
        ("unique", "keep: first", "scope: publication", N),
        ("primary_key", "scope: dataset", "scope: publication", L),
        ("own_check", "a: 1", "a: 2", U),
    ],
)
def test_arguments_of_checks(check: str, old: str, new: str, direction: str) -> None:
    head = "dataset: d\nversion: 1.0.0\nowner: o\nschema: [{name: a, type: string}]\n"
    rule = "quality_rules: [{column: a, rule: %s, args: {%s}}]\n"
    changes = compare(load(head + rule % (check, old)), load(head + rule % (check, new)))
    assert [c.direction for c in changes] == [direction], changes


@pytest.mark.parametrize(
    ("old", "new", "direction"),
    [
        ("max_rows: 5", "max_rows: 9", L),
        ("max_rows: 5", "max_rows: 0", T),
        ("max_rows: 0", "max_pct: 0", N),
        ("max_rows: 5", "max_pct: 5", U),
        ("max_rows: 5", "max_rows: 5, max_pct: 1", T),
        ("max_rows: 5, max_pct: 1", "max_rows: 6, max_pct: 0.5", B),
    ],
)
def test_thresholds(old: str, new: str, direction: str) -> None:
    head = "dataset: d\nversion: 1.0.0\nowner: o\nschema: [{name: a, type: string}]\n"
    rule = "quality_rules: [{column: a, rule: unique, %s}]\n"
    changes = compare(load(head + rule % old), load(head + rule % new))
    assert [c.direction for c in changes] == [direction], changes


RULES = 'quality_rules: [{column: "lines[].n", rule: ge, args: {value: 0}}]'
NESTED = f"""
dataset: d
version: 1.0.0
schema:
  - {{name: id, type: string}}
  - name: lines
    type: list
    items: {{type: struct, columns: [{{name: sku, type: string}}, {{name: n, type: integer}}]}}
{RULES}
"""


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("{name: sku, type: string}", "{name: sku, type: string, required: true}",
         [("required", T, "columns.lines.items.sku.required")]),
        ("{name: n, type: integer}", "{name: n, type: int32}",
         [("type", T, "columns.lines.items.n.type")]),
        (', {name: n, type: integer}]}\n' + RULES, "]}\n",
         [("column_removed", L, "columns.lines.items.n")]),
        ("{value: 0}", "{value: -1}", [("check_changed", L, 'checks["lines[].n.ge"]')]),
    ],
)  # fmt: skip
def test_changes_inside_of_lists(
    before: str, after: str, expected: list[tuple[str, str, str]]
) -> None:
    assert NESTED.count(before) == 1
    changes = compare(load(NESTED), load(NESTED.replace(before, after)))
    assert [(c.kind, c.direction, c.path) for c in changes] == expected

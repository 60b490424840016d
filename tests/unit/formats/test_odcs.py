"""ODCS documents: what becomes a check, what is carried with a reason, what is refused."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from meshgate.contract import Check, Column, Contract, Frozen, Mask, ServiceLevel
from meshgate.engine import Plan
from meshgate.errors import ContractError, PlanError
from meshgate.formats import load, load_all

ROOT = Path(__file__).resolve().parents[3]
ROOT_KEYS = """\
apiVersion: {version}
kind: DataContract
id: orders
name: orders
version: 1.0.0
status: active
team: {{name: sales}}
"""


def head(version: str = "v3.1.0") -> str:
    keys = ROOT_KEYS.format(version=version)
    if version < "v3.1":
        keys = keys.replace("team: {name: sales}", "team: [{username: sales, role: Owner}]")
    return keys


def with_property(text: str, version: str = "v3.1.0", rest: str = "") -> Contract:
    return load(
        f"{head(version)}schema:\n  - name: orders\n    properties:\n"
        f"      - {{name: a, {text}}}\n{rest}"
    )


def with_quality(text: str, version: str = "v3.1.0", type_: str = "string") -> Contract:
    return with_property(f"logicalType: {type_}, quality: [{text}]", version)


def with_object_quality(text: str, version: str = "v3.1.0") -> Contract:
    return with_property(
        "logicalType: string}\n      - {name: b, physicalName: bb, logicalType: string",
        version,
        f"    quality: [{text}]\n",
    )


def refused(document: str) -> ContractError:
    with pytest.raises(ContractError) as raised:
        load(document)
    return raised.value


def clauses(contract: Contract) -> list[tuple[str, dict[str, object]]]:
    return [(check.check, dict(check.args)) for check in contract.checks]


# -- the whole document ----------------------------------------------------------------------------


def test_the_example_is_read() -> None:
    contract = load(ROOT / "contracts" / "orders.odcs.yaml")
    assert (contract.id, contract.dataset, contract.version) == ("orders", "orders", "1.0.0")
    assert (contract.owner, contract.domain) == ("sales-data@company.com", "sales")
    assert contract.columns[0] == Column("o_orderkey", "int64", "The order", required=True)
    assert contract.columns[6].mask == Mask("hash", "sales.orders.o_clerk")
    assert contract.columns[6].tags == ("pii", "pii:person_name")
    assert [(c.check, c.columns) for c in contract.checks if c.check != "not_null"] == [
        ("in_set", ("o_orderstatus",)),
        ("gt", ("o_totalprice",)),
        ("between", ("o_orderdate",)),
        ("regex_match", ("o_orderpriority",)),
        ("length", ("o_comment",)),
        ("row_count", ()),
        ("primary_key", ("o_orderkey",)),
    ]
    assert contract.service_levels == (
        ServiceLevel("freshness", "24h", 86400),
        ServiceLevel("latency", "15m", 900),
    )
    assert contract.not_enforced == ()
    assert contract.remarks == ()


NATIVE = """\
dataset: orders
version: 1.0.0
owner: sales
domain: shop
description: All orders.
schema:
  - {name: order_id, type: int64, required: true}
  - {name: price, type: "decimal(12,2)", description: In USD}
  - {name: email, type: string, pii: email, masking: hash}
  - {name: at, type: timestamp_tz}
  - {name: lines, type: list, items: {type: struct, columns: [{name: sku, type: string}]}}
quality_rules:
  - {column: order_id, rule: unique}
  - {column: price, rule: range, args: {min: 0, max: 100}}
  - {column: email, rule: length, args: {max: 50}}
  - {column: email, rule: allowed, args: {values: [x]}, max_rows: 5}
  - {rule: row_count, args: {min: 1, max: 10}}
service_levels: {latency: 15m, freshness: {value: 24h, column: at}}
"""
SAME_IN_ODCS = """\
apiVersion: v3.1.0
kind: DataContract
id: orders
name: orders
version: 1.0.0
status: active
domain: shop
description: {purpose: All orders.}
team: {name: sales}
schema:
  - name: orders
    physicalName: orders
    properties:
      - {name: order_id, logicalType: integer, logicalTypeOptions: {format: i64},
         required: true, unique: true}
      - {name: price, logicalType: number, physicalType: "DECIMAL(12,2)", description: In USD,
         logicalTypeOptions: {minimum: 0, maximum: 100}}
      - name: email
        logicalType: string
        logicalTypeOptions: {maxLength: 50}
        tags: [pii, "pii:email"]
        customProperties: [{property: masking, value: {method: hmac}}]
        quality: [{metric: invalidValues, mustBeLessThan: 6, arguments: {validValues: [x]}}]
      - {name: at, logicalType: timestamp, logicalTypeOptions: {timezone: true}}
      - name: lines
        logicalType: array
        items: {logicalType: object, properties: [{name: sku, logicalType: string}]}
    quality:
      - {metric: rowCount, mustBeBetween: [1, 10]}
slaProperties:
  - {property: ly, value: 15, unit: Minutes}
  - {property: Freshness, value: 24, unit: h, element: orders.at}
"""


def test_both_forms_of_one_contract_are_one_contract() -> None:
    native, odcs = load(NATIVE), load(SAME_IN_ODCS)
    assert odcs.to_dict() == native.to_dict()
    assert odcs == native
    assert odcs.digest == native.digest


def test_several_objects_are_several_contracts() -> None:
    document = head() + (
        "schema:\n"
        "  - {name: Orders, properties: [{name: a, logicalType: string, primaryKey: true}]}\n"
        "  - {name: lines, properties: [{name: a, logicalType: date}]}\n"
        "slaProperties:\n"
        "  - {property: freshness, value: 1, unit: d, element: lines.a}\n"
        "  - {property: availability, value: 99, unit: percent}\n"
    )
    first, second = load_all(document)
    assert (first.dataset, first.id) == ("orders.orders", "orders/Orders")
    assert (second.dataset, second.id) == ("orders.lines", "orders/lines")
    assert [level.name for level in first.service_levels] == ["availability"]
    assert [level.column for level in second.service_levels] == [None, "a"]
    assert [check.check for check in second.checks] == ["freshness"]
    assert load(document, dataset="lines") == second
    error = refused(document)
    assert error.code == "contract.several_datasets"
    assert (
        error.help == "name one, by --dataset or load(..., dataset=): orders.orders, orders.lines"
    )
    with pytest.raises(ContractError, match="promises no dataset"):
        load(document, dataset="nope")


def test_remarks_on_one_object_are_not_those_of_another() -> None:
    document = head() + (
        "schema:\n"
        "  - {name: Orders, properties: [{name: a, logicalType: string}]}\n"
        "  - {name: lines, properties: [{name: a, logicalType: date}]}\n"
        "slaProperties: [{property: freshness, value: 1, unit: d, element: nowhere.a}]\n"
    )
    for one in load_all(document):
        assert sum("nowhere" in remark.message for remark in one.remarks) == 1


def test_a_document_without_objects_is_a_contract_without_columns() -> None:
    assert load(head()).columns == ()
    assert load(head() + "schema: []\n").columns == ()


@pytest.mark.parametrize(
    ("team", "owner"),
    [
        ("{name: sales}", "sales"),
        ("{name: sales, members: [{username: ana, role: Owner}]}", "ana"),
        ("{name: sales, members: [{username: ana, role: owner, dateOut: '2024-01-01'}]}", "sales"),
        ("{name: sales, members: [{username: ana, role: dpo}]}", "sales"),
        ("[{username: ana, role: OWNER}]", "ana"),
    ],
)
def test_the_owner_is_a_person_or_the_team(team: str, owner: str) -> None:
    assert load(head().replace("{name: sales}", team)).owner == owner


def test_free_text_names_become_names() -> None:
    contract = load(head().replace("name: orders", "name: Orders (v2)"))
    assert contract.dataset == "orders_v2"
    assert [remark.message for remark in contract.remarks] == [
        'the dataset is known as "orders_v2"'
    ]


@pytest.mark.parametrize(
    ("edit", "code", "word"),
    [
        (("v3.1.0", "v4.0.0"), "contract.unknown_standard", "v4.0.0"),
        (("v3.1.0", "v2.2.2"), "contract.unknown_standard", "another grammar"),
        (("v3.1.0", "3.1.0"), "contract.unknown_standard", "3.1.0"),
        (("DataContract", "DataProduct"), "contract.unknown_standard", "DataProduct"),
        (("apiVersion: v3.1.0\n", ""), "contract.missing_key", "apiVersion"),
        (("kind: DataContract\n", ""), "contract.missing_key", "kind"),
        (("id: orders\n", ""), "contract.missing_key", "id"),
        (("status: active\n", ""), "contract.missing_key", "status"),
        (("status: active", "staus: active"), "contract.unknown_key", "staus"),
        (("status: active", "status: [active]"), "contract.wrong_kind", "text"),
        (("{name: sales}", "sales"), "contract.wrong_kind", "mapping"),
    ],
)
def test_the_root_is_held_against_the_grammar(edit: tuple[str, str], code: str, word: str) -> None:
    error = refused(head().replace(*edit))
    assert error.code == code
    assert word in error.message


def test_versions_keep_their_text_and_need_not_be_semantic() -> None:
    assert load(head().replace("version: 1.0.0", "version: 1.0")).version == "1.0"
    assert load(head().replace("version: 1.0.0", 'version: "1.0"')).version == "1.0"
    assert load(head().replace("version: 1.0.0", "version: v1.0.0")).remarks == ()
    assert len(load(head().replace("version: 1.0.0", "version: spring")).remarks) == 1


def test_status_is_optional_from_3_2_on() -> None:
    assert load(head("v3.2.0").replace("status: active\n", "")).status == "active"


# -- properties ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("logicalType: string", "string"),
        ("logicalType: string, logicalTypeOptions: {format: binary}", "binary"),
        ("logicalType: integer", "integer"),
        ("logicalType: integer, physicalType: bigint", "integer"),
        ("logicalType: integer, logicalTypeOptions: {format: u16}", "uint16"),
        ("logicalType: number", "number"),
        ("logicalType: number, logicalTypeOptions: {format: f32}", "float32"),
        ("logicalType: number, physicalType: 'Decimal(10, 2)'", "decimal(10,2)"),
        ("logicalType: number, physicalType: NUMERIC", "decimal"),
        ("logicalType: number, physicalType: 'float(3,2)'", "number"),
        ("logicalType: boolean", "boolean"),
        ("logicalType: date", "date"),
        ("logicalType: time", "time"),
        ("logicalType: timestamp", "timestamp"),
        ("logicalType: timestamp, logicalTypeOptions: {timezone: true}", "timestamp_tz"),
        ("logicalType: timestamp, logicalTypeOptions: {timezone: false}", "timestamp_ntz"),
        ("logicalType: object", "struct"),
        ("logicalType: array", "list"),
        ("physicalType: varchar(18)", "string"),
        ("physicalType: BIGINT", "int64"),
    ],
)
def test_types(text: str, type_: str) -> None:
    assert with_property(text).columns[0].type == type_


def test_vectors_and_maps_of_3_2() -> None:
    options = "logicalTypeOptions: {dimensions: 3, elementType: float64}"
    vector = with_property(f"logicalType: vector, {options}", "v3.2.0")
    assert vector.columns[0].type == "list"
    assert vector.columns[0].items == Column("item", "float64")
    assert [(check.check, check.args) for check in vector.checks] == [
        ("length", Frozen({"exact": 3}))
    ]
    inner = "{key: {logicalType: string}, value: {logicalType: integer, required: true}}"
    mapped = with_property(f"logicalType: map, map: {inner}", "v3.2.0")
    assert mapped.columns[0].type == "map"
    assert mapped.columns[0].items == Column(
        "item",
        "struct",
        columns=(Column("key", "string"), Column("value", "integer", required=True)),
    )
    assert [check.id for check in mapped.checks] == ["a[].value.not_null"]
    assert mapped.not_enforced == ()


@pytest.mark.parametrize(
    ("type_", "options", "expected"),
    [
        ("string", "minLength: 1, maxLength: 9", [("length", {"min": 1, "max": 9})]),
        ("string", "pattern: '^a'", [("regex_match", {"pattern": "^a"})]),
        ("array", "minItems: 1, maxItems: 9", [("length", {"min": 1, "max": 9})]),
        ("array", "uniqueItems: true, minItems: 0", [("length", {"min": 0}), ("unique_items", {})]),
        ("array", "uniqueItems: false", []),
        ("object", "maxProperties: 3", [("length", {"max": 3})]),
        ("integer", "minimum: 1", [("ge", {"value": 1})]),
        ("integer", "exclusiveMaximum: 9", [("lt", {"value": 9})]),
        ("integer", "minimum: 1, maximum: 9", [("between", {"min": 1, "max": 9})]),
        ("integer", "minimum: 1, exclusiveMaximum: 9",
         [("between", {"min": 1, "max": 9, "inclusive": "left"})]),
        ("integer", "exclusiveMinimum: 1, maximum: 9",
         [("between", {"min": 1, "max": 9, "inclusive": "right"})]),
        ("integer", "exclusiveMinimum: 1, exclusiveMaximum: 9",
         [("between", {"min": 1, "max": 9, "inclusive": "neither"})]),
        ("integer", "minimum: 1, exclusiveMinimum: 0",
         [("gt", {"value": 0}), ("ge", {"value": 1})]),
        ("integer", "multipleOf: 5", [("multiple_of", {"value": 5})]),
        ("number", "minimum: 0, multipleOf: 0.01",
         [("ge", {"value": 0}), ("multiple_of", {"value": Decimal("0.01")})]),
        ("number", "exclusiveMinimum: 0.0004", [("gt", {"value": Decimal("0.0004")})]),
        ("date", "minimum: '2020-01-01'", [("ge", {"value": "2020-01-01"})]),
        ("date", "minimum: 2020-01-01", [("ge", {"value": "2020-01-01"})]),
        ("string", "format: email", [("format", {"name": "email"})]),
        ("string", "format: byte, maxLength: 9",
         [("length", {"max": 9}), ("format", {"name": "base64"})]),
        ("date", "maximum: 31.12.2024, format: dd.MM.yyyy",
         [("le", {"value": "2024-12-31"}), ("date_format", {"pattern": "dd.MM.yyyy"})]),
        ("timestamp", "minimum: '2020-01-01 00:00:00', format: 'yyyy-MM-dd HH:mm:ss'",
         [("ge", {"value": "2020-01-01T00:00:00"}),
          ("date_format", {"pattern": "yyyy-MM-dd HH:mm:ss"})]),
        ("timestamp", "minimum: '2020-01-01T00:00:00Z', format: \"YYYY-MM-DDTHH:mm:ss.SSSZ\"",
         [("ge", {"value": "2020-01-01T00:00:00Z"}),
          ("date_format", {"pattern": "YYYY-MM-DDTHH:mm:ss.SSSZ"})]),
        ("timestamp", "minimum: '2020-01-01 00:00:00+1000', timezone: true",
         [("ge", {"value": "2020-01-01T00:00:00+10:00"})]),
        ("timestamp", "minimum: '2020-01-01 00:00:00', timezone: true",
         [("ge", {"value": "2020-01-01T00:00:00Z"})]),
        ("timestamp",
         "minimum: '2020-01-01 00:00:00', timezone: true, defaultTimezone: Australia/Sydney",
         [("ge", {"value": "2020-01-01T00:00:00+11:00"})]),
        ("time", "maximum: '23:59:59.123'", [("le", {"value": "23:59:59.123"})]),
        ("time", "maximum: 2359, format: HHmm", None),
        ("time", "maximum: '2359', format: HHmm",
         [("le", {"value": "23:59:00"}), ("date_format", {"pattern": "HHmm"})]),
    ],
)  # fmt: skip
def test_options_become_checks(
    type_: str, options: str, expected: list[tuple[str, dict[str, object]]] | None
) -> None:
    text = f"logicalType: {type_}, logicalTypeOptions: {{{options}}}"
    if expected is None:
        with pytest.raises(ContractError):
            with_property(text)
        return
    contract = with_property(text)
    assert clauses(contract) == expected
    assert contract.not_enforced == ()


@pytest.mark.parametrize(
    ("type_", "options", "id"),
    [
        ("object", "required: [b]", "a.b.not_null"),
        ("integer", "format: i128", "a.format"),
    ],
)
def test_options_that_no_check_judges_are_said_so(type_: str, options: str, id: str) -> None:
    contract = with_property(f"logicalType: {type_}, logicalTypeOptions: {{{options}}}")
    assert [clause.id for clause in contract.not_enforced] == [id]
    assert contract.checks == ()


def test_formats_that_spell_nothing_are_no_clause() -> None:
    for text in (
        "string, logicalTypeOptions: {format: password}",
        "string, logicalTypeOptions: {format: binary}",
        "number, logicalTypeOptions: {format: f64}",
        "array, items: {logicalType: integer, logicalTypeOptions: {format: i32}}",
    ):
        contract = with_property(f"logicalType: {text}")
        assert contract.not_enforced == contract.checks == ()


def test_formats_of_list_items_are_not_lost() -> None:
    items = "array, items: {logicalType: string, logicalTypeOptions: {format: email}}"
    contract = with_property(f"logicalType: {items}")
    assert [check.id for check in contract.checks] == ["a[].format"]


def test_uniqueness_of_list_items_is_kept_with_the_reason() -> None:
    items = "{logicalType: object, properties: [{name: b, logicalType: string, unique: true}]}"
    contract = with_property(f"logicalType: array, items: {items}")
    assert contract.checks == ()
    assert [(c.id, c.reason) for c in contract.not_enforced] == [
        ("a[].b.unique", "no check compares the list items of several rows")
    ]


def test_metrics_of_list_items_are_checks_where_nothing_may_be_counted() -> None:
    invalid = "{metric: invalidValues, arguments: {validValues: [x]}, mustBe: 0}"
    some = "{metric: nullValues, mustBeLessThan: 5}"
    none = "{metric: nullValues, mustBe: 0}"
    repeated = "{metric: duplicateValues, mustBe: 0}"
    quality = f"quality: [{invalid}, {some}, {none}, {repeated}]"
    contract = with_property(f"logicalType: array, items: {{logicalType: string, {quality}}}")
    assert [(c.check, c.columns) for c in contract.checks] == [
        ("in_set", ("a[]",)),
        ("not_null", ("a[]",)),
    ]
    assert [c.clause for c in contract.not_enforced] == ["nullValues", "duplicateValues"]
    # Rows are counted, not items, so a limit on items cannot be told from one on rows.
    report = Plan.compile(contract, pa.table({"a": [["x"]]})).check(pa.table({"a": [["x"]]}))
    assert report.status == "not_enforced"
    reasons = [c.reason for c in report.checks if c.status == "not_enforced"]
    assert reasons == ["in list items, only values that none may have are counted"] * 2


def test_a_format_that_nobody_knows_is_refused_where_it_stands() -> None:
    contract = with_property("logicalType: string, logicalTypeOptions: {format: e-mail}")
    with pytest.raises(PlanError) as refused:
        Plan.compile(contract, pa.table({"a": ["joe@example.com"]}))
    assert refused.value.code == "plan.bad_argument"
    assert refused.value.where == contract.positions["/checks/0/args/name"]
    assert refused.value.help == 'did you mean "email"?'


def test_a_pattern_of_dates_that_cannot_be_read_is_refused_where_it_stands() -> None:
    contract = with_property("logicalType: date, logicalTypeOptions: {format: YYYY-MM-dd}")
    with pytest.raises(PlanError) as refused:
        Plan.compile(contract, pa.table({"a": ["2024-01-01"]}))
    assert refused.value.where == contract.positions["/checks/0/args/pattern"]
    assert Plan.compile(contract, pa.schema([("a", pa.date32())]).empty_table())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("logicalType: strng", "contract.unknown_word"),
        ("physicalType: geometry", "contract.missing_key"),
        ("description: x", "contract.missing_key"),
        ("logicalType: boolean, logicalTypeOptions: {minimum: 1}", "contract.unknown_key"),
        ("logicalType: string, logicalTypeOptions: {maximum: 1}", "contract.unknown_key"),
        ("physicalType: int, logicalTypeOptions: {minimum: 1}", "contract.unknown_key"),
        ("logicalType: string, logicalTypeOptions: {maxLength: -1}", "contract.wrong_kind"),
        ("logicalType: string, logicalTypeOptions: {maxLength: ten}", "contract.wrong_kind"),
        ("logicalType: integer, logicalTypeOptions: {minimum: .nan}", "contract.wrong_kind"),
        ("logicalType: integer, logicalTypeOptions: {multipleOf: 0}", "contract.bad_number"),
        ("logicalType: integer, logicalTypeOptions: {minimum: 9, maximum: 1}",
         "contract.contradiction"),
        ("logicalType: date, logicalTypeOptions: {minimum: yesterday}", "contract.bad_number"),
        ("logicalType: date, logicalTypeOptions: {minimum: '2024-02-30'}", "contract.bad_number"),
        ("logicalType: date, logicalTypeOptions: {minimum: 20240101}", "contract.wrong_kind"),
        ("logicalType: timestamp, logicalTypeOptions: {timezone: true, defaultTimezone: Mars/X,"
         " minimum: '2020-01-01'}", "contract.unknown_word"),
        ("logicalType: string, items: {logicalType: string}", "contract.contradiction"),
        ("logicalType: string, properties: []", "contract.contradiction"),
        ("logicalType: string, required: yes", "contract.wrong_kind"),
        ("logicalType: string, requird: true", "contract.unknown_key"),
        ("logicalType: string, relationships: [{from: a, to: b.c}]", "contract.contradiction"),
        ("logicalType: string, relationships: [{type: foreignKey}]", "contract.missing_key"),
        ("logicalType: string, customProperties: [{property: x}]", "contract.missing_key"),
        ("logicalType: string, tags: [pii], customProperties: [{property: pii, value: 'False'}]",
         "contract.contradiction"),
        ("logicalType: string, id: 'a b'", "contract.bad_name"),
        ("logicalType: string}, {name: a, logicalType: date", None),
    ],
)  # fmt: skip
def test_wrong_properties_are_findings(text: str, code: str | None) -> None:
    if code is None:
        text, code = text.replace("}, {", "}\n      - {"), "contract.duplicate_name"
    with pytest.raises(ContractError) as raised:
        with_property(text)
    assert raised.value.code == code, str(raised.value)


def test_keys_in_their_order() -> None:
    contract = with_property(
        "logicalType: string, primaryKey: true, primaryKeyPosition: 2}\n"
        "      - {name: b, logicalType: string, primaryKey: true, primaryKeyPosition: 1, "
        "unique: true"
    )
    assert [(c.check, c.columns) for c in contract.checks] == [
        ("unique", ("b",)),
        ("primary_key", ("b", "a")),
    ]


def test_columns_are_known_by_their_physical_name() -> None:
    contract = with_property(
        "physicalName: aa, logicalType: object, properties: [{name: b, physicalName: bb, "
        "logicalType: string, required: true, unique: true}], "
        "logicalTypeOptions: {required: [b]}"
    )
    assert contract.columns[0].name == "aa"
    assert contract.columns[0].metadata == {"name": "a"}
    assert [c.columns for c in contract.checks] == [("aa.bb",), ("aa.bb",), ("aa.bb",)]


def test_measures_are_no_columns() -> None:
    contract = with_property("logicalType: number, semanticType: measure", "v3.2.0")
    assert contract.columns == ()


def test_enum_of_3_2() -> None:
    contract = with_property(
        "logicalType: string, enum: [{value: x}, {value: y, label: Y}]", "v3.2.0"
    )
    assert clauses(contract) == [("in_set", {"values": ("x", "y")})]
    for text in ("[]", "[{label: x}]", "[{value: 1}, {value: 1}]"):
        with pytest.raises(ContractError):
            with_property(f"logicalType: string, enum: {text}", "v3.2.0")


@pytest.mark.parametrize(
    ("custom", "pii"),
    [
        ("{property: pii, value: true}", "unspecified"),
        ("{property: pii, value: 'True'}", "unspecified"),
        ("{property: pii, value: email}", "email"),
        ("{property: pii, value: false}", None),
        ("{property: x, value: }", None),
    ],
)
def test_personal_data_in_custom_properties(custom: str, pii: str | None) -> None:
    contract = with_property(f"logicalType: string, customProperties: [{custom}]")
    assert contract.columns[0].pii == pii


def test_a_waiver_with_a_reason_lifts_personal_data() -> None:
    contract = with_property(
        "logicalType: string, tags: [pii], customProperties: [{property: pii, value: false}, "
        "{property: piiWaiver, value: test data}]"
    )
    assert contract.columns[0].pii is None
    assert contract.columns[0].tags == ()
    assert contract.columns[0].metadata["customProperties"] == {"piiWaiver": "test data"}


TWO_OBJECTS = """\
schema:
  - id: o1
    name: orders
    properties:
      - {id: p1, name: account, logicalType: string, %s}
      - {name: region, physicalName: rgn, logicalType: string}
    %s
  - id: o2
    name: acc
    physicalName: accounts
    properties:
      - {id: q1, name: id, logicalType: string}
      - {name: region, physicalName: rgn2, logicalType: string}
      - id: q2
        name: address
        physicalName: addr
        logicalType: object
        properties: [{id: q3, name: zip, physicalName: plz, logicalType: string}]
"""


def related(property_: str, object_: str = "") -> Contract:
    first, _ = load_all(head() + TWO_OBJECTS % (property_, object_))
    return first


@pytest.mark.parametrize(
    ("to", "ref", "column"),
    [
        ("acc.id", "orders.acc", "id"),
        ("accounts.id", "orders.acc", "id"),
        ("acc.address.zip", "orders.acc", "addr.plz"),
        ("schema/o2/properties/q1", "orders.acc", "id"),
        ("/schema/o2/properties/q2/properties/q3", "orders.acc", "addr.plz"),
        ("orders.account", "orders.orders", "account"),
        ("other.id", "other", "id"),
        ("finance.accounts.id", "finance.accounts", "id"),
        ("mdm.yaml#/schema/o2/properties/q1", "mdm.yaml#o2", "q1"),
        ("https://x.org/mdm.yaml#acc.id", "https://x.org/mdm.yaml#acc", "id"),
    ],
)
def test_relationships_are_foreign_keys(to: str, ref: str, column: str) -> None:
    found = one(related(f"relationships: [{{type: foreignKey, to: '{to}'}}]"))
    assert (found.id, found.check, found.columns) == (
        "account.foreign_key",
        "foreign_key",
        ("account",),
    )
    assert found.args == {"ref": ref, "columns": (column,)}


@pytest.mark.parametrize(
    ("text", "columns", "targets"),
    [
        ("from: orders.account, to: acc.id", ("account",), ("id",)),
        ("from: [orders.account, orders.region], to: [acc.id, acc.region]", ("account", "rgn"),
         ("id", "rgn2")),
        ("from: [schema/o1/properties/p1], to: [schema/o2/properties/q1]", ("account",), ("id",)),
    ],
)  # fmt: skip
def test_relationships_of_objects(
    text: str, columns: tuple[str, ...], targets: tuple[str, ...]
) -> None:
    found = one(related("tags: []", f"relationships: [{{{text}}}]"))
    assert (found.columns, found.args) == (columns, {"ref": "orders.acc", "columns": targets})


@pytest.mark.parametrize(
    ("property_", "object_", "code", "help"),
    [
        ("relationships: [{to: acc.idd}]", "", "contract.unknown_column", 'did you mean "id"?'),
        ("relationships: [{to: schema/o3/properties/q1}]", "", "contract.unknown_word", "o2"),
        ("relationships: [{to: schema/o2/properties/q9}]", "", "contract.unknown_column", None),
        ("relationships: [{to: acc}]", "", "contract.wrong_kind", "object.property"),
        ("relationships: [{to: schema/o2}]", "", "contract.wrong_kind", "object.property"),
        ("tags: []", "relationships: [{from: orders.account, to: [acc.id]}]",
         "contract.contradiction", None),
        ("tags: []", "relationships: [{from: [orders.account], to: [acc.id, acc.region]}]",
         "contract.contradiction", None),
        ("tags: []", "relationships: [{from: [orders.account, orders.region], "
         "to: [acc.id, other.region]}]", "contract.contradiction", None),
        ("tags: []", "relationships: [{from: acc.id, to: acc.id}]", "contract.contradiction", None),
        ("tags: []", "relationships: [{to: acc.id}]", "contract.missing_key", None),
    ],
)  # fmt: skip
def test_wrong_relationships_are_findings(
    property_: str, object_: str, code: str, help: str | None
) -> None:
    with pytest.raises(ContractError) as raised:
        related(property_, object_)
    assert raised.value.code == code, str(raised.value)
    assert help is None or help in (raised.value.help or ""), raised.value.help


def test_a_relationship_of_list_items_is_kept_with_the_reason() -> None:
    contract = with_property(
        "logicalType: array, items: {logicalType: string, relationships: [{to: other.id}]}"
    )
    assert [(c.id, c.reason) for c in contract.not_enforced] == [
        ("a[].foreign_key", "no check looks list items up")
    ]


def test_what_nobody_executes_is_kept() -> None:
    contract = with_property(
        "logicalType: string, physicalType: varchar(2), businessName: A, examples: [x, 0.10]"
    )
    assert contract.columns[0].metadata == {
        "physicalType": "varchar(2)",
        "businessName": "A",
        "examples": ("x", Decimal("0.10")),
    }


# -- quality ---------------------------------------------------------------------------------------


def one(contract: Contract) -> Check:
    (check,) = contract.checks
    return check


def test_a_custom_check_has_a_condition() -> None:
    text = "{check: not_null, when: \"b = 'x'\"}"
    contract = with_quality(f"{{type: custom, engine: meshgate, implementation: {text}}}")
    assert one(contract).when == "b = 'x'"
    assert "implementation.when" in (contract.positions["/checks/0/when"].pointer or "")


@pytest.mark.parametrize(
    ("text", "check", "args", "max_rows", "max_pct"),
    [
        ("metric: nullValues, mustBe: 0", "not_null", {}, None, None),
        ("metric: nullValues, mustBeLessThan: 5", "null_fraction",
         {"op": "lt", "bound": 5, "unit": "rows"}, None, None),
        ("metric: nullValues, mustBeLessThan: 0.5", "not_null", {}, None, None),
        ("metric: nullValues, mustBeLessThan: 0.5, unit: percent", "null_fraction",
         {"op": "lt", "bound": Decimal("0.5"), "unit": "percent"}, None, None),
        ("metric: nullValues, mustBe: 5", "null_fraction",
         {"op": "eq", "bound": 5, "unit": "rows"}, None, None),
        ("metric: nullValues, mustNotBe: 0", "null_fraction",
         {"op": "ne", "bound": 0, "unit": "rows"}, None, None),
        ("metric: nullValues, mustBeGreaterThan: 5", "null_fraction",
         {"op": "gt", "bound": 5, "unit": "rows"}, None, None),
        ("metric: nullValues, mustBeGreaterOrEqualTo: 5", "null_fraction",
         {"op": "ge", "bound": 5, "unit": "rows"}, None, None),
        ("metric: nullValues, mustBeLessOrEqualTo: 5", "null_fraction",
         {"op": "le", "bound": 5, "unit": "rows"}, None, None),
        ("metric: nullValues, mustBeBetween: [0, 9]", "null_fraction",
         {"min": 0, "max": 9, "unit": "rows"}, None, None),
        ("metric: nullValues, mustNotBeBetween: [1, 9]", "null_fraction",
         {"op": "not_between", "min": 1, "max": 9, "unit": "rows"}, None, None),
        ("metric: missingValues, mustBeLessThan: 5", "null_fraction",
         {"op": "lt", "bound": 5, "unit": "rows"}, None, None),
        ("metric: nullValues, mustBe: 0, unit: percent", "not_null", {}, None, None),
        ("metric: missingValues, mustBe: 0", "not_null", {}, None, None),
        ("metric: missingValues, mustBe: 0, arguments: {missingValues: ['', N/A]}",
         "missing_values", {"values": ("", "N/A")}, None, None),
        ("metric: missingValues, mustBeLessThan: 5, arguments: {missingValues: [null, '']}",
         "missing_values", {"values": (None, "")}, 4, None),
        ("metric: missingValues, mustBeLessOrEqualTo: 5, unit: percent, "
         "arguments: {missingValues: ['']}", "missing_values", {"values": ("",)}, None, 5),
        ("metric: invalidValues, mustBe: 0, arguments: {validValues: [a, 1, null]}", "in_set",
         {"values": ("a", 1)}, None, None),
        ("metric: invalidValues, mustBeLessOrEqualTo: 5, unit: percent, "
         "arguments: {pattern: '^a'}", "regex_match", {"pattern": "^a"}, None, 5),
        ("metric: duplicateValues, mustBe: 0", "unique", {}, None, None),
        ("metric: duplicateValues, mustBeLessThan: 10", "duplicate_count",
         {"op": "lt", "bound": 10, "unit": "rows"}, None, None),
        ("metric: duplicateValues, mustBeLessOrEqualTo: 5, unit: percent", "duplicate_count",
         {"op": "le", "bound": 5, "unit": "percent"}, None, None),
        ("type: library, metric: nullValues, mustBe: 0", "not_null", {}, None, None),
        ("type: custom, engine: meshgate, implementation: {check: ne, args: {value: x}, "
         "max_rows: 3}", "ne", {"value": "x"}, 3, None),
        ("type: custom, engine: meshgate, implementation: {check: unique, "
         "args: {scope: dataset}}", "unique", {"scope": "dataset"}, None, None),
    ],
)  # fmt: skip
def test_metrics_of_properties(
    text: str,
    check: str,
    args: dict[str, object],
    max_rows: int | None,
    max_pct: object,
) -> None:
    contract = with_quality(f"{{{text}}}")
    found = one(contract)
    assert (found.check, found.args, found.columns) == (check, args, ("a",))
    assert (found.max_rows, found.max_pct) == (max_rows, max_pct)
    assert contract.not_enforced == ()


@pytest.mark.parametrize(
    ("text", "args"),
    [
        ("mustBe: 5", {"op": "eq", "bound": 5}),
        ("mustBeGreaterThan: 1000000", {"op": "gt", "bound": 1000000}),
        ("mustBeLessOrEqualTo: 5", {"op": "le", "bound": 5}),
        ("mustNotBeBetween: [1, 9]", {"op": "not_between", "min": 1, "max": 9}),
        ("mustBeBetween: [100, 120]", {"min": 100, "max": 120}),
    ],
)
def test_row_counts_of_objects(text: str, args: dict[str, object]) -> None:
    found = one(with_object_quality(f"{{metric: rowCount, {text}}}"))
    assert (found.check, found.columns, found.args) == ("row_count", (), args)


def test_duplicates_of_several_properties() -> None:
    found = one(
        with_object_quality(
            "{metric: duplicateValues, mustBe: 0, arguments: {properties: [a, b]}, id: key}"
        )
    )
    assert (found.id, found.check, found.columns) == ("key", "unique", ("a", "bb"))
    counted = one(
        with_object_quality(
            "{metric: duplicateValues, mustBeLessThan: 9, arguments: {properties: [a, b]}}"
        )
    )
    assert (counted.check, counted.columns) == ("duplicate_count", ("a", "bb"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("type: sql, query: SELECT 1, mustBe: 0", "no SQL engine is linked"),
        ("type: custom, engine: soda, implementation: x", 'it is for the engine "soda"'),
        ("metric: invalidValues, mustBe: 5, arguments: {validValues: [a]}",
         "it asks for failing rows instead of limiting them"),
        ("metric: invalidValues, mustNotBe: 0, arguments: {validValues: [a]}",
         "it asks for failing rows instead of limiting them"),
        ("metric: invalidValues, mustBeGreaterThan: 5, arguments: {validValues: [a]}",
         "it asks for failing rows instead of limiting them"),
        ("metric: invalidValues, mustBeBetween: [1, 5], arguments: {validValues: [a]}",
         "it asks for failing rows instead of limiting them"),
        ("metric: invalidValues, mustBeLessThan: 5, unit: percent, arguments: {validValues: [a]}",
         "a percentage below a bound, without it: use mustBeLessOrEqualTo"),
        ("metric: invalidValues, mustBeLessThan: 0, arguments: {validValues: [a]}",
         "fewer than no failing rows"),
        ("metric: invalidValues, mustBeLessThan: 5, unit: furlongs, arguments: {validValues: [a]}",
         'the unit "furlongs" is not known'),
        ("metric: nullValues, mustBeLessThan: 5, unit: furlongs",
         'the unit "furlongs" is not known'),
        ("metric: invalidValues, mustBeLessThan: 5, arguments: {validValues: [a], pattern: b}",
         "both kinds of invalid values are counted together"),
    ],
)  # fmt: skip
def test_what_no_check_can_hold_has_a_reason(text: str, reason: str) -> None:
    contract = with_quality(f"{{{text}}}")
    assert contract.checks == ()
    assert [clause.reason for clause in contract.not_enforced] == [reason]


@pytest.mark.parametrize(
    ("text", "code", "help"),
    [
        ("mustBe: 0", "contract.missing_key", "known metrics"),
        ("query: SELECT 1, mustBe: 0", "contract.missing_key", "type: sql"),
        ("metric: nullvalues, mustBe: 0", "contract.unknown_word", 'did you mean "nullValues"?'),
        ("metric: rowCount, mustBe: 0", "contract.contradiction", "here: nullValues"),
        ("metric: nullValues", "contract.missing_key", "mustBe"),
        ("metric: nullValues, mustBe: none", "contract.wrong_kind", None),
        ("metric: nullValues, mustBeLessThan: 5, mustBeGreaterThan: 1", "contract.contradiction",
         "mustBeBetween"),
        ("metric: nullValues, mustBeBetween: [5, 1]", "contract.contradiction", "exchange"),
        ("metric: nullValues, mustBeBetween: [5]", "contract.wrong_kind", None),
        ("metric: nullValues, mustBe: 0, dimension: validity", "contract.unknown_word", "use one"),
        ("type: lib, metric: nullValues, mustBe: 0", "contract.unknown_word", None),
        ("type: sql, mustBe: 0", "contract.missing_key", None),
        ("type: custom, engine: soda", "contract.missing_key", None),
        ("metric: invalidValues, mustBe: 0", "contract.missing_key", "validValues"),
        ("metric: invalidValues, mustBe: 0, arguments: , pattern: '^A'", "contract.unknown_key",
         "write it below arguments:, indented"),
        ("metric: nullValues, mustBe: 0, sevrity: x", "contract.unknown_key", "severity"),
        ("rule: duplicateCount, mustBe: 0", "contract.missing_key", "replaced by metric"),
    ],
)  # fmt: skip
def test_wrong_entries_are_findings(text: str, code: str, help: str | None) -> None:
    with pytest.raises(ContractError) as raised:
        with_quality(f"{{{text}}}")
    assert raised.value.code == code, str(raised.value)
    assert help is None or help in (raised.value.help or ""), raised.value.help


def test_text_is_metadata() -> None:
    contract = with_quality("{type: text, description: Should be nice}")
    assert contract.checks == contract.not_enforced == ()
    assert contract.columns[0].metadata["quality"][0]["description"] == "Should be nice"


def test_two_entries_of_one_metric_both_run() -> None:
    contract = with_quality(
        "{metric: nullValues, mustBeLessThan: 9, severity: warning, id: few}, "
        "{metric: nullValues, mustBe: 0, dimension: cp, description: None at all}"
    )
    assert [(c.id, c.severity, c.dimension) for c in contract.checks] == [
        ("few", "warning", None),
        ("a.not_null", "error", "completeness"),
    ]


def test_both_kinds_of_valid_values_hold_when_nothing_is_tolerated() -> None:
    contract = with_quality(
        "{metric: invalidValues, mustBe: 0, arguments: {validValues: [a], pattern: a}}"
    )
    assert [c.check for c in contract.checks] == ["in_set", "regex_match"]


def test_schedules_are_carried_and_never_read() -> None:
    text = "{metric: nullValues, mustBe: 0, scheduler: cron, schedule: 0 30 * * *}"
    assert one(with_quality(text)).check == "not_null"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rule: duplicateCount, mustBeLessThan: 10",
         [("duplicate_count", {"op": "lt", "bound": 10, "unit": "rows"})]),
        ("rule: validValues, validValues: [pounds]", [("in_set", {"values": ("pounds",)})]),
        ("rule: nonsense, mustBe: 0", []),
        ("metric: nullValues, mustBeGreaterOrEqualTo: 0, mustBeLessThan: 5",
         [("null_fraction", {"op": "lt", "bound": 5, "unit": "rows"})]),
        ("metric: nullValues, mustBeGreaterThan: 1, mustBeLessThan: 5",
         [("null_fraction", {"op": "gt", "bound": 1, "unit": "rows"}),
          ("null_fraction", {"op": "lt", "bound": 5, "unit": "rows"})]),
    ],
)  # fmt: skip
def test_rules_of_3_0(text: str, expected: list[tuple[str, object]]) -> None:
    contract = with_quality(f"{{{text}}}", "v3.0.2")
    assert clauses(contract) == expected
    if not expected:
        assert [c.reason for c in contract.not_enforced] == ["the library has no such rule"]


def test_exclusive_bounds_of_3_0_are_flags_of_their_neighbours() -> None:
    contract = with_property(
        "logicalType: integer, logicalTypeOptions: "
        "{minimum: 1, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: false}",
        "v3.0.2",
    )
    assert clauses(contract) == [("between", {"min": 1, "max": 9, "inclusive": "right"})]


def test_own_keys_of_3_0_are_kept_with_a_remark() -> None:
    contract = with_property("logicalType: string, owner: me", "v3.0.2")
    assert contract.columns[0].metadata == {"owner": "me"}
    assert 'the key "owner" is not part of the standard' in contract.remarks[0].message
    assert refused(head("v3.0.2") + "own: 1\n").code == "contract.unknown_key"


def test_grammar_newer_than_the_label_is_read_with_a_remark() -> None:
    contract = with_quality("{metric: nullValues, mustBe: 0}", "v3.0.2")
    assert [c.check for c in contract.checks] == ["not_null"]
    assert "came with 3.1" in contract.remarks[0].message


# -- service levels --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("property: latency, value: 4, unit: d", ServiceLevel("latency", "4d", 345600)),
        ("property: LY, value: 1.5, unit: hr", ServiceLevel("latency", "1.5h", 5400)),
        ("property: freshness, value: PT15M", ServiceLevel("freshness", "PT15M", 900)),
        ("property: freshness, value: 15, unit: m", ServiceLevel("freshness", "15m", 900)),
        ("property: freshness, value: 10, unit: seconds", ServiceLevel("freshness", "10s", 10)),
        ("property: retention, value: 3, unit: y", ServiceLevel("retention", "3y")),
        ("property: availability, value: 99.9, unit: '%'", ServiceLevel("availability", "99.9%")),
        ("property: timeOfAvailability, value: 09:00-08:00",
         ServiceLevel("timeOfAvailability", "09:00-08:00")),
        ("property: ga, value: 2022-05-12T09:30:10-08:00",
         ServiceLevel("generalAvailability", "2022-05-12T09:30:10-08:00")),
        ("property: frequency, value: 1, unit: d, element: orders.a",
         ServiceLevel("frequency", "1d", 86400)),
        ("property: own, value: true", ServiceLevel("own", "true")),
    ],
)  # fmt: skip
def test_service_levels(text: str, level: ServiceLevel) -> None:
    rest = f"slaProperties: [{{{text}}}]\n"
    contract = with_property("logicalType: timestamp", rest=rest)
    assert contract.service_levels == (level,)
    assert contract.checks == contract.not_enforced == ()


def test_service_levels_on_columns_are_checks() -> None:
    rest = (
        "slaDefaultElement: orders.a\nslaProperties:\n"
        "  - {property: freshness, value: 24, unit: h}\n"
        "  - {property: latency, value: 15, unit: minutes, element: a}\n"
        "  - {property: retention, value: 2, unit: w}\n"
    )
    contract = with_property("physicalName: x, logicalType: timestamp", rest=rest)
    assert [(c.id, dict(c.args)) for c in contract.checks] == [
        ("x.freshness", {"max_age": "24h"}),
        ("x.latency", {"max_age": "15m"}),
    ]
    assert [c.id for c in contract.not_enforced] == ["x.retention"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("property: retention, value: 3, unit: m", "the unit m can be minutes or months here"),
        ("property: latency, value: 3, unit: moons", 'the unit "moons" is not known'),
    ],
)
def test_ambiguous_units_are_not_enforced(text: str, reason: str) -> None:
    contract = with_property("logicalType: timestamp", rest=f"slaProperties: [{{{text}}}]\n")
    assert [clause.reason for clause in contract.not_enforced] == [reason]
    assert contract.service_levels[0].seconds is None


def test_two_promises_of_one_name_stay_two() -> None:
    rest = (
        "slaProperties:\n"
        "  - {property: timeOfAvailability, value: 09:00-08:00, driver: regulatory}\n"
        "  - {property: timeOfAvailability, value: 08:00-08:00, driver: analytics}\n"
    )
    contract = with_property("logicalType: timestamp", rest=rest)
    assert [level.value for level in contract.service_levels] == ["09:00-08:00", "08:00-08:00"]


def test_a_dangling_element_is_a_remark() -> None:
    rest = "slaProperties: [{property: latency, value: 4, unit: d, element: tab1.x}]\n"
    contract = with_property("logicalType: timestamp", rest=rest)
    assert contract.service_levels == (ServiceLevel("latency", "4d", 345600),)
    assert 'the element "tab1.x"' in contract.remarks[0].message


# -- variables, servers ----------------------------------------------------------------------------


def test_variables_in_used_clauses_are_refused_and_elsewhere_kept() -> None:
    text = "logicalType: string, description: 'for ${PEOPLE}'"
    servers = "servers: [{server: s, type: local, path: '${DIR:-/x}', format: csv}]\n"
    contract = with_property(text, "v3.2.0", servers)
    assert contract.metadata["servers"][0]["path"] == "${DIR:-/x}"
    with pytest.raises(ContractError) as raised:
        with_property("logicalType: string, logicalTypeOptions: {pattern: '${P}'}", "v3.2.0")
    assert raised.value.code == "contract.unresolved_variable"
    older = with_property("logicalType: string, logicalTypeOptions: {pattern: '^${P}'}")
    assert older.checks[0].args == {"pattern": "^${P}"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{type: postgres}", "contract.missing_key"),
        ("{server: s, type: mongodb}", "contract.unknown_word"),
        ("{server: s, type: azure, location: x}", "contract.missing_key"),
        ("s", "contract.wrong_kind"),
    ],
)
def test_servers_are_held_against_their_types(text: str, code: str) -> None:
    assert refused(f"{head()}servers: [{text}]\n").code == code


def test_custom_properties_of_the_root_that_mean_something() -> None:
    contract = load(
        head() + "customProperties: [{property: strict, value: true}, "
        "{property: extraColumns, value: keep}, {property: x, value: 1}]\n"
    )
    assert contract.strict
    assert contract.extra_columns == "keep"
    assert contract.metadata["customProperties"] == Frozen({"x": 1})

"""The native form: what its keys mean, and what is wrong with documents."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from meshgate.contract import Column, Contract, Frozen, Mask, ServiceLevel
from meshgate.errors import ContractError
from meshgate.formats import Limits, load, load_all

ROOT = Path(__file__).resolve().parents[3]
HEAD = "dataset: ledger\nversion: 1.0.0\nowner: finance\n"
SCHEMA = HEAD + "schema:\n"


def column(text: str) -> Column:
    return load(f"{SCHEMA}  - {{name: a, {text}}}\n").columns[0]


def refused(text: str) -> ContractError:
    with pytest.raises(ContractError) as raised:
        load(text)
    return raised.value


# -- what keys mean --------------------------------------------------------------------------------


def test_the_smallest_contract_of_use() -> None:
    contract = load(ROOT / "contracts" / "monthly_ledger.minimal.yaml")
    assert contract.dataset == contract.id == "monthly_ledger"
    assert contract.version == "1.2.0"
    assert contract.owner == "finance-team@company.com"
    assert [(c.name, c.type) for c in contract.columns] == [
        ("transaction_id", "string"),
        ("amount", "decimal"),
    ]
    assert [(c.id, c.check, c.columns) for c in contract.checks] == [
        ("amount.not_null", "not_null", ("amount",)),
        ("transaction_id.unique", "unique", ("transaction_id",)),
    ]
    assert contract.service_levels == (
        ServiceLevel("freshness", "24h", 86400),
        ServiceLevel("latency", "15m", 900),
    )
    assert contract.remarks == ()


@pytest.mark.parametrize("path", sorted((ROOT / "contracts").glob("*.yaml")), ids=lambda p: p.name)
def test_the_example_contracts_load_without_remarks(path: Path) -> None:
    contract = load(path)
    assert contract.remarks == ()
    assert contract.not_enforced == ()
    assert Contract.from_json(contract.to_json()) == contract


def test_rules_have_conditions_and_expressions() -> None:
    contract = load(
        SCHEMA + "  - {name: a, type: integer}\n"
        "quality_rules:\n"
        '  - {column: a, rule: not_null, when: "a <> 0"}\n'
        '  - {rule: expression, args: {expression: "a > 1"}}\n'
        '  - {rule: row_expression, args: {expression: "a > 2"}}\n'
    )
    assert [(c.id, c.check, c.columns, c.when) for c in contract.checks] == [
        ("a.not_null", "not_null", ("a",), "a <> 0"),
        ("row_expression", "row_expression", (), None),
        ("row_expression.2", "row_expression", (), None),
    ]
    assert contract.positions["/checks/0/when"].line == 7
    assert contract.positions["/checks/1/args/expression"].line == 8
    assert (
        refused(
            SCHEMA + "  - {name: a, type: integer}\nquality_rules:\n"
            "  - {column: a, rule: not_null, when: 5}\n"
        ).code
        == "contract.wrong_kind"
    )


def test_defaults_are_filled_in() -> None:
    contract = load(HEAD)
    assert (contract.status, contract.strict, contract.extra_columns) == ("active", False, "drop")
    assert contract.columns == contract.checks == contract.tags == ()


def test_required_is_a_check() -> None:
    contract = load(
        SCHEMA + "  - {name: a, type: string, required: true}\n"
        "  - {name: b, type: string, nullable: false}\n"
        "  - {name: c, type: string, nullable: true, required: false}\n"
    )
    assert [c.required for c in contract.columns] == [True, True, False]
    assert [c.id for c in contract.checks] == ["a.not_null", "b.not_null"]
    assert contract.positions["/checks/0"].line == 5


def test_required_fields_and_items_are_checks() -> None:
    contract = load(
        SCHEMA + "  - name: a\n    type: struct\n"
        "    columns: [{name: b, type: string, required: true}]\n"
        "  - name: c\n    type: list\n"
        "    items: {type: struct, columns: [{name: d, type: string, required: true}]}\n"
    )
    assert [c.columns for c in contract.checks] == [("a.b",), ("c[].d",)]
    assert contract.not_enforced == ()


def test_keys_and_values_of_maps_are_fields_of_their_entries() -> None:
    contract = load(
        SCHEMA + "  - name: a\n    type: map\n    key: {type: string, masking: hash}\n"
        "    value: {type: list, items: {type: integer, required: true, masking: redact}}\n"
        "  - {name: b, type: map, value: {type: integer}}\n"
        'quality_rules: [{column: "a[].value[]", rule: ge, args: {value: 0}}]\n'
    )
    entries = contract.columns[0].items
    assert entries is not None
    assert [c.name for c in entries.columns] == ["key", "value"]
    assert [c.columns for c in contract.checks] == [("a[].value[]",), ("a[].value[]",)]
    key, value = entries.columns
    assert key.mask == Mask("hash", "ledger.a.key")
    assert value.items is not None
    assert value.items.mask == Mask("redact", "ledger.a.value.item")
    other = contract.columns[1].items
    assert other is not None
    assert [c.name for c in other.columns] == ["value"]
    assert contract.positions["/columns/0/items/columns/1/items/mask"].line == 8
    assert contract.positions["/columns/1/items/columns/0/type"].line == 9


@pytest.mark.parametrize(
    ("spelled", "check"),
    [("range", "between"), ("pattern", "regex_match"), ("regex", "regex_match"),
     ("allowed", "in_set"), ("enum", "in_set"), ("not_null", "not_null"), ("nonsense", "nonsense")],
)  # fmt: skip
def test_spellings_of_checks_end_as_one(spelled: str, check: str) -> None:
    contract = load(
        SCHEMA + "  - {name: a, type: string}\nquality_rules:\n"
        f"  - {{column: a, rule: {spelled}}}\n"
    )
    assert [(c.id, c.check) for c in contract.checks] == [(f"a.{check}", check)]


def test_ids_of_repeated_checks_are_numbered_around_given_ones() -> None:
    contract = load(
        SCHEMA + "  - {name: a, type: string}\nquality_rules:\n"
        "  - {column: a, rule: ne, args: {value: x}}\n"
        "  - {column: a, rule: ne, args: {value: y}}\n"
        "  - {column: a, rule: ne, args: {value: z}, id: a.ne}\n"
        "  - {columns: [a], rule: unique}\n"
        "  - {rule: row_count, args: {min: 1}}\n"
        "  - {rule: row_count, args: {max: 9}}\n"
    )
    assert [c.id for c in contract.checks] == [
        "a.ne.2", "a.ne.3", "a.ne", "a.unique", "row_count", "row_count.2",
    ]  # fmt: skip


def test_rules_carry_everything_that_stands_beside_them() -> None:
    contract = load(
        SCHEMA + "  - {name: a, type: decimal}\nquality_rules:\n"
        "  - column: a\n    rule: range\n    args: {min: 0.10, max: 1000000000000000000001}\n"
        "    severity: warning\n    max_rows: 3\n    max_pct: 0.50\n    id: bounds\n"
        "    description: Because.\n    dimension: accuracy\n"
    )
    (check,) = contract.checks
    assert check.args == {"min": Decimal("0.10"), "max": 10**21 + 1}
    assert (check.severity, check.max_rows, check.max_pct) == ("warning", 3, Decimal("0.5"))
    assert (check.id, check.description, check.dimension) == ("bounds", "Because.", "accuracy")
    assert '"min":0.10' in contract.to_json()
    assert contract.positions["/checks/0/args/max"].line == 9


def test_dotted_names_are_names_and_dots_reach_into_structs() -> None:
    contract = load(
        SCHEMA + "  - {name: a.b, type: string}\n"
        "  - {name: c, type: struct, columns: [{name: d, type: string}]}\n"
        "quality_rules:\n  - {column: a.b, rule: unique}\n  - {column: c.d, rule: not_null}\n"
    )
    assert [c.columns for c in contract.checks] == [("a.b",), ("c.d",)]


@pytest.mark.parametrize(
    ("text", "pii", "tags"),
    [
        ("pii: email", "email", ("pii", "pii:email")),
        ("pii: true", "unspecified", ("pii",)),
        ("pii: false", None, ()),
        ("tags: [pii]", "unspecified", ("pii",)),
        ("tags: [x, 'pii:email', PII]", "email", ("pii", "pii:email", "x")),
        ("tags: [PII.Sensitive]", "unspecified", ("pii",)),
        ("tags: [class.credit_card]", "payment_card", ("pii", "pii:payment_card")),
        ("tags: ['Discovered.Entity.Social Security Number']", "national_id",
         ("pii", "pii:national_id")),
        ("pii: Email Address", "email", ("pii", "pii:email")),
        ("classification: Personal_Data", "unspecified", ("pii",)),
        ("classification: confidential", None, ()),
        ("pii: email, tags: [pii, 'pii:phone']", "email", ("pii", "pii:email")),
        ("tags: [pious, piio]", None, ("pious", "piio")),
    ],
)  # fmt: skip
def test_personal_data_is_recognised(text: str, pii: str | None, tags: tuple[str, ...]) -> None:
    found = column(f"type: string, {text}")
    assert (found.pii, found.tags) == (pii, tags)


@pytest.mark.parametrize(("text", "remarks"), [("wrn", 1), ("Warning", 1), ("warn", 0), ("p1", 0)])
def test_a_severity_that_looks_mistyped_is_remarked(text: str, remarks: int) -> None:
    rule = f"quality_rules: [{{column: a, rule: not_null, severity: {text}}}]\n"
    contract = load(f"{SCHEMA}  - {{name: a, type: string}}\n{rule}")
    assert contract.checks[-1].severity == text
    assert ["counts as an error" in r.message for r in contract.remarks] == [True] * remarks


def test_a_column_s_name_without_an_end_is_refused() -> None:
    with pytest.raises(ContractError) as caught:
        load(f'{SCHEMA}  - {{name: "a\\0b", type: string}}\n')
    assert caught.value.code == "contract.bad_name"


@pytest.mark.parametrize("text", ["pii: emial", "tags: ['pii:emial']"])
def test_an_unknown_kind_of_personal_data_is_personal_data(text: str) -> None:
    contract = load(f"{SCHEMA}  - {{name: a, type: string, {text}}}\n")
    assert contract.columns[0].pii == "unspecified"
    assert [r.help for r in contract.remarks] == ['did you mean "email"?']


@pytest.mark.parametrize(
    ("text", "mask"),
    [
        ("redact", Mask("redact", "ledger.a")),
        ("hmac", Mask("hash", "ledger.a")),
        ("'null'", Mask("nullify", "ledger.a")),
        ("{method: partial, keep_last: 4}", Mask("partial", "ledger.a", Frozen({"keep_last": 4}))),
        ("{method: partial, args: {keep_last: 4}}",
         Mask("partial", "ledger.a", Frozen({"keep_last": 4}))),
        ("{method: hash, key: 'env:KEY', domain: shared}",
         Mask("hash", "shared", Frozen(), "env:KEY")),
        ("{method: hash, key: 'file:/run/keys/k'}",
         Mask("hash", "ledger.a", Frozen(), "file:/run/keys/k")),
        ("{method: hash, key: }", Mask("hash", "ledger.a")),
    ],
)  # fmt: skip
def test_masks(text: str, mask: Mask) -> None:
    assert column(f"type: string, masking: {text}").mask == mask


def test_the_domain_of_a_mask_names_the_product() -> None:
    text = SCHEMA + "  - {name: a, type: struct, columns: [{name: b, type: string, masking: hash}]}"

    def domain(document: str, **given: str) -> str:
        return load(document + "\n", **given).columns[0].columns[0].mask.domain

    assert domain(text) == "ledger.a.b"
    assert domain(text.replace("owner:", "domain: finance\nowner:")) == "finance.ledger.a.b"
    assert domain(text, domain="finance") == "finance.ledger.a.b"
    assert domain(text.replace("ledger", "finance.ledger"), domain="finance") == (
        "finance.ledger.a.b"
    )
    assert domain(text.replace("owner:", "id: c7\nowner:"), domain="finance") == "c7.a.b"


def test_the_document_s_own_domain_goes_first() -> None:
    text = HEAD + "domain: finance\n"
    assert load(text, domain="sales").domain == "finance"
    assert load(HEAD, domain="sales").domain == "sales"


@pytest.mark.parametrize(
    ("spelled", "canonical"),
    [("decimal(12, 2)", "decimal(12,2)"), ("decimal( 76 , 76 )", "decimal(76,76)"),
     ("timestamp_tz", "timestamp_tz"), ("uint64", "uint64")],
)  # fmt: skip
def test_types_have_one_spelling(spelled: str, canonical: str) -> None:
    assert column(f"type: '{spelled}'").type == canonical


def test_service_levels_in_both_spellings() -> None:
    contract = load(
        SCHEMA + "  - {name: at, type: timestamp_tz}\nservice_levels:\n"
        "  latency: {value: 1.5 hours, column: at}\n  freshness: {value: 24h}\n"
        "  availability: 99.9 %\n  retention: {value: 2y, column: at}\n"
        "  error_rate: 0.1%\n  endOfSupport: 2030-01-01\n  own: 7\n"
    )
    assert contract.service_levels == (
        ServiceLevel("availability", "99.9%"),
        ServiceLevel("endOfSupport", "2030-01-01"),
        ServiceLevel("errorRate", "0.1%"),
        ServiceLevel("freshness", "24h", 86400),
        ServiceLevel("latency", "1.5h", 5400, "at"),
        ServiceLevel("own", "7"),
        ServiceLevel("retention", "2y", None, "at"),
    )
    (check,) = contract.checks
    assert (check.id, check.args) == ("at.latency", {"max_age": "5400s"})
    assert [clause.id for clause in contract.not_enforced] == ["at.retention"]


def test_ages_of_checks_are_durations() -> None:
    contract = load(
        SCHEMA + "  - {name: at, type: date}\nquality_rules:\n"
        "  - {column: at, rule: freshness, args: {max_age: PT15M}}\n"
    )
    assert contract.checks[0].args == {"max_age": "900s"}


def test_metadata_is_kept_as_it_is() -> None:
    contract = load(HEAD + "metadata: {a: [1, 0.10, null, {b: .nan}], c: NO}\n")
    assert contract.metadata == {"a": (1, Decimal("0.10"), None, {"b": ".nan"}), "c": "NO"}


def test_a_path_may_be_text_or_a_path(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(HEAD)
    assert load(path) == load(str(path)) == load(HEAD) == load(HEAD.encode())
    assert load_all(path) == (load(path),)


# -- what is wrong ---------------------------------------------------------------------------------

WRONG = [
    ("owner: 5", "contract.wrong_kind", "owner"),
    ("dataset: 5", "contract.wrong_kind", "dataset"),
    ("strict: yes", "contract.wrong_kind", "strict"),
    ("strict: 1", "contract.wrong_kind", "strict"),
    ("tags: ledger", "contract.wrong_kind", "tags"),
    ("tags: [1]", "contract.wrong_kind", "tags[0]"),
    ("tags: [' ']", "contract.wrong_kind", "tags[0]"),
    ("metadata: []", "contract.wrong_kind", "metadata"),
    ("schema: {a: string}", "contract.wrong_kind", "schema"),
    ("schema: [a]", "contract.wrong_kind", "schema[0]"),
    ("schema: [{type: string}]", "contract.missing_key", "schema[0]"),
    ("schema: [{name: a}]", "contract.missing_key", "schema.a"),
    ("schema: [{name: '', type: string}]", "contract.wrong_kind", "schema[0].name"),
    ("schema: [{name: 1, type: string}]", "contract.wrong_kind", 'schema["1"].name'),
    ("schema: [{name: a, type: text}]", "contract.unknown_type", "schema.a.type"),
    ("schema: [{name: a, type: 'decimal(2,3)'}]", "contract.unknown_type", "schema.a.type"),
    ("schema: [{name: a, type: 'decimal(77,3)'}]", "contract.unknown_type", "schema.a.type"),
    ("schema: [{name: a, type: [string, integer]}]", "contract.wrong_kind", "schema.a.type"),
    ("schema: [{name: a, type: string, tpye: x}]", "contract.unknown_key", "schema.a.tpye"),
    ("schema: [{name: a, type: string, required: true, nullable: true}]",
     "contract.contradiction", "schema.a"),
    ("schema: [{name: a, type: string, columns: []}]", "contract.contradiction",
     "schema.a.columns"),
    ("schema: [{name: a, type: struct, items: {type: string}}]", "contract.contradiction",
     "schema.a.items"),
    ("schema: [{name: _mg_a, type: string}]", "contract.reserved_name", "schema._mg_a"),
    ("schema: [{name: a, type: string}, {name: a, type: date}]", "contract.duplicate_name",
     "schema.a"),
    ("schema: [{name: a, type: string, pii: false, tags: [pii]}]", "contract.contradiction",
     "schema.a"),
    ("schema: [{name: a, type: string, pii: [email]}]", "contract.wrong_kind", "schema.a.pii"),
    ("schema: [{name: a, type: string, masking: null}]", "contract.wrong_kind",
     "schema.a.masking"),
    ("schema: [{name: a, type: string, masking: {method: null}}]", "contract.wrong_kind",
     "schema.a.masking.method"),
    ("schema: [{name: a, type: string, masking: {keep_last: 4}}]", "contract.missing_key",
     "schema.a.masking"),
    ("schema: [{name: a, type: string, masking: [hash]}]", "contract.wrong_kind",
     "schema.a.masking"),
    ("schema: [{name: a, type: string, masking: {method: hash, key: c2VjcmV0}}]",
     "contract.literal_key", "schema.a.masking.key"),
    ("schema: [{name: a, type: string, masking: {method: hash, key: 'env:1X'}}]",
     "contract.literal_key", "schema.a.masking.key"),
    ("schema: [{name: a, type: string, masking: {method: hash, key: [1, 2]}}]",
     "contract.literal_key", "schema.a.masking.key"),
    ("schema: [{name: a, type: string, masking: {method: hash, salt: c2VjcmV0}}]",
     "contract.literal_key", "schema.a.masking.salt"),
    ("schema: [{name: a, type: string, masking: {method: partial, char: x, args: {char: y}}}]",
     "contract.duplicate_key", "schema.a.masking.args.char"),
    ("quality_rules: [unique]", "contract.wrong_kind", "quality_rules[0]"),
    ("quality_rules: [{id: a}]", "contract.missing_key", "quality_rules[0]"),
    ("quality_rules: [{column: nope, rule: unique}]", "contract.unknown_column",
     "quality_rules[0].column"),
    ("quality_rules: [{columns: [nope], rule: unique}]", "contract.unknown_column",
     "quality_rules[0].columns[0]"),
    ("quality_rules: [{rule: x, max_rows: -1}]", "contract.wrong_kind",
     "quality_rules[0].max_rows"),
    ("quality_rules: [{rule: x, max_rows: 1.5}]", "contract.wrong_kind",
     "quality_rules[0].max_rows"),
    ("quality_rules: [{rule: x, max_rows: true}]", "contract.wrong_kind",
     "quality_rules[0].max_rows"),
    ("quality_rules: [{rule: x, max_pct: 101}]", "contract.bad_number",
     "quality_rules[0].max_pct"),
    ("quality_rules: [{rule: x, max_pct: 5%}]", "contract.wrong_kind",
     "quality_rules[0].max_pct"),
    ("quality_rules: [{rule: x, args: [1]}]", "contract.wrong_kind", "quality_rules[0].args"),
    ("quality_rules: [{rule: x, args: {a: [.inf]}}]", "contract.bad_number",
     "quality_rules[0].args.a[0]"),
    ("quality_rules: [{rule: x, dimension: acuracy}]", "contract.unknown_word",
     "quality_rules[0].dimension"),
    ("quality_rules: [{rule: x, id: y}, {rule: z, id: y}]", "contract.duplicate_id",
     "quality_rules[1].id"),
    ("quality_rules: [{rule: freshness, args: {max_age: 1mo}}]", "contract.bad_duration",
     "quality_rules[0].args.max_age"),
    ("quality_rules: [{rule: freshness, args: {max_age: 24}}]", "contract.bad_duration",
     "quality_rules[0].args.max_age"),
    ("service_levels: [{freshness: 24h}]", "contract.wrong_kind", "service_levels"),
    ("service_levels: {freshness: 24}", "contract.bad_duration", "service_levels.freshness"),
    ("service_levels: {freshness: }", "contract.wrong_kind", "service_levels.freshness"),
    ("service_levels: {freshness: {}}", "contract.missing_key",
     "service_levels.freshness"),
    ("service_levels: {freshness: {value: 24h, column: a}}", "contract.unknown_column",
     "service_levels.freshness.column"),
    ("service_levels: {error_rate: 1%, errorRate: 2%}", "contract.duplicate_key",
     "service_levels.errorRate"),
    ("status: actve", "contract.unknown_word", "status"),
    ("extra_columns: allow", "contract.unknown_word", "extra_columns"),
    ("domain: a/b", "contract.bad_name", "domain"),
    ("datset: x", "contract.unknown_key", "datset"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "pointer"), WRONG, ids=[row[0] for row in WRONG])
def test_what_is_wrong_has_a_code_and_a_place(text: str, code: str, pointer: str) -> None:
    head = HEAD.replace("dataset: ledger\n", "") if text.startswith("dataset") else HEAD
    head = head.replace("owner: finance\n", "") if text.startswith("owner") else head
    error = refused(f"{head}{text}\n")
    assert (error.code, error.where.pointer) == (code, pointer), str(error)
    assert error.where.line == head.count("\n") + 1
    assert len(error.findings) == 1, str(error)


@pytest.mark.parametrize("text", ["1.0", "v1.0.0", "1.2", "1.2.3.4", "01.2.3", "latest", "1.0.0-"])
def test_versions_are_semantic(text: str) -> None:
    assert refused(f"dataset: d\nversion: {text}\n").code == "contract.bad_version"


@pytest.mark.parametrize("text", ["1.0.0", "'1.0.0'", "1.0.0-rc.1+b5", "10.20.30"])
def test_versions_keep_their_text(text: str) -> None:
    assert load(f"dataset: d\nversion: {text}\n").version == text.strip("'")


@pytest.mark.parametrize(
    "name", ["../x", "a/b", "a b", "", ".a", "a.", "a..b", "ä", "1a", "-a", "CON\0", "a" * 201]
)
def test_names_of_datasets_are_safe_for_every_destination(name: str) -> None:
    quoted = name.replace("\0", "\\0")
    assert refused(f'dataset: "{quoted}"\nversion: 1.0.0\n').code in {
        "contract.bad_name",
        "contract.wrong_kind",
    }


def test_everything_that_is_wrong_is_said_at_once() -> None:
    error = refused(
        "dataset: ledger\nversion: 1.0\nownr: x\nschema:\n  - {name: a, type: strng}\n"
        "quality_rules:\n  - {column: b, rule: unique}\n"
    )
    assert [finding.code for finding in error.findings] == [
        "contract.bad_version",
        "contract.unknown_key",
        "contract.unknown_type",
        "contract.unknown_column",
    ]
    assert [finding.where.line for finding in error.findings] == [2, 3, 5, 7]
    assert error.findings[0] is error
    assert len(error.to_dict()["others"]) == 3


def test_secrets_are_not_repeated() -> None:
    secret = "c2VjcmV0LWtleS1tYXRlcmlhbA"
    error = refused(
        f"{SCHEMA}  - {{name: a, type: string, masking: {{method: hash, key: {secret}}}}}\n"
    )
    assert secret not in str(error)
    assert secret not in repr(error)
    assert secret not in str(error.to_dict())


def test_bounds_are_not_repeated() -> None:
    error = refused(
        SCHEMA + "  - {name: a, type: string}\nquality_rules:\n"
        "  - {column: a, rule: eq, args: {value: 555-12-3456}, max_rows: 555-12-3456}\n"
    )
    assert "555" not in str(error)


def test_names_are_escaped_in_messages() -> None:
    error = refused(f'{SCHEMA}  - {{name: "a\\e[31m\\u202e", type: strng}}\n')
    assert "\x1b" not in str(error)
    assert "\u202e" not in str(error)


def test_an_owner_is_asked_for() -> None:
    contract = load("dataset: d\nversion: 1.0.0\n")
    assert contract.owner == ""
    assert [remark.message for remark in contract.remarks] == ["no owner is named"]


def test_columns_are_limited() -> None:
    text = SCHEMA + "".join(f"  - {{name: c{i}, type: string}}\n" for i in range(4))
    assert load(text, limits=Limits(columns=4)).columns
    with pytest.raises(ContractError) as raised:
        load(text, limits=Limits(columns=3))
    assert raised.value.code == "contract.too_large"
    assert raised.value.help == "the limit is columns"


@pytest.mark.parametrize(
    ("text", "word"),
    [("dataContractSpecification: 1.1.0\n", "Data Contract Specification"),
     ("models: []\nx: 1\n", "dbt"), ("a: 1\n", "no contract")],
)  # fmt: skip
def test_other_documents_are_told_apart(text: str, word: str) -> None:
    error = refused(text)
    assert error.code == "contract.unknown_form"
    assert word in error.message

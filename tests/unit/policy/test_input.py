"""The documents that policies see are of the documented form and hold no values."""

from __future__ import annotations

import json
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest
from meshgate.contract import Column, Contract, Mask, ServiceLevel
from meshgate.policy import policy_input, read_input, sources

CONTRACT = Contract(
    id="ledger",
    dataset="ledger",
    version="1.2.0",
    owner="finance-team@company.com",
    domain="finance",
    columns=(
        Column("amount", "decimal(18,2)", required=True),
        Column(
            "person",
            "struct",
            columns=(
                Column(
                    "email", "string", pii="email", mask=Mask("hash", "finance.ledger.person.email")
                ),
                Column("phones", "list", items=Column("items", "string", pii="phone", tags=("x",))),
            ),
        ),
    ),
    service_levels=(
        ServiceLevel("freshness", "24h", 86400),
        ServiceLevel("latency", "0.5s", Decimal("0.5"), "created"),
        ServiceLevel("availability", "99.9%"),
    ),
    tags=("gold",),
)
PUBLICATION: dict[str, Any] = {
    "publish_id": "p1",
    "product": "finance.ledger",
    "domain": "finance",
    "phase": "before_data",
    "publisher": {"id": "ana", "roles": ("engineer",)},
    "publishers": ("ana",),
    "domains": ("finance",),
}
REPORT: Any = SimpleNamespace(
    status="fail",
    ok=False,
    rows=10,
    accepted_rows=9,
    rejected_rows=1,
    checks=(
        SimpleNamespace(
            id="amount.not_null",
            check="not_null",
            columns=("amount",),
            severity="error",
            status="fail",
            tested=10,
            failed_rows=1,
        ),
        SimpleNamespace(
            id="fresh", check="freshness", columns=(), severity="error", status="pass", tested=None,
            failed_rows=None,
        ),
    ),
)  # fmt: skip


def validate(document: dict[str, Any], name: str = "input") -> dict[str, Any]:
    plain = json.loads(json.dumps(document, allow_nan=False))
    jsonschema.validate(plain, json.loads(sources.schema(name)))
    assert isinstance(plain, dict)
    return plain


def test_before_the_data_there_is_no_report() -> None:
    document = validate(policy_input(CONTRACT, None, {}, {}, PUBLICATION))
    assert "report" not in document
    assert document["infrastructure"] == dict.fromkeys(
        ("adapter", "storage", "encryption", "region")
    )


def test_before_the_commit_there_is_one() -> None:
    document = validate(policy_input(CONTRACT, REPORT, {}, {}, PUBLICATION))
    assert document["report"]["summary"] == {
        "pass": 1,
        "fail": 1,
        "warn": 0,
        "error": 0,
        "not_enforced": 0,
    }
    assert [check["id"] for check in document["report"]["checks"]] == ["amount.not_null", "fresh"]


def test_nested_columns_have_dotted_names() -> None:
    document = policy_input(CONTRACT, None, {}, {}, PUBLICATION)
    columns = {column["name"]: column for column in document["schema"]["columns"]}
    assert list(columns) == [
        "amount",
        "person",
        "person.email",
        "person.phones",
        "person.phones[]",
    ]
    assert columns["person.email"]["mask"] == "hash"
    assert columns["person.phones[]"]["pii"] == "phone"
    assert document["schema"]["has_pii_tags"] is True


def test_columns_inside_lists_of_lists_are_seen() -> None:
    person = Column("item", "struct", columns=(Column("email", "string", pii="email"),))
    rows = Column("item", "list", items=person)
    contract = Contract("a", "a", "1.0.0", columns=(Column("grid", "list", items=rows),))
    schema = policy_input(contract, None, {}, {}, PUBLICATION)["schema"]
    names = [column["name"] for column in schema["columns"]]
    assert names == ["grid", "grid[]", "grid[][]", "grid[][].email"]
    assert schema["has_pii_tags"] is True


def test_without_personal_data_the_flag_is_false() -> None:
    contract = Contract("a", "a", "1.0.0", columns=(Column("x", "string", tags=("pii",)),))
    assert policy_input(contract, None, {}, {}, {})["schema"]["has_pii_tags"] is False


def test_service_levels_are_numbers() -> None:
    levels = policy_input(CONTRACT, None, {}, {}, PUBLICATION)["contract"]["service_levels"]
    assert [level["seconds"] for level in levels] == [86400, 0.5, None]


def test_masking_is_what_the_mesh_states() -> None:
    masking = {
        "person.email": {"method": "hash", "domain": "d", "key_id": "k", "key": b"secret"},
        "x": {"method": "redact", "domain": "d"},
    }
    document = validate(policy_input(CONTRACT, None, masking, {}, PUBLICATION))
    assert document["masking"]["person.email"] == {"method": "hash", "domain": "d", "key_id": "k"}
    assert document["masking"]["x"]["key_id"] is None
    assert "secret" not in json.dumps(document)


def test_nobody_is_named_where_nobody_is() -> None:
    document = policy_input(CONTRACT, None, {}, {}, {**PUBLICATION, "publisher": None})
    assert document["publication"]["publisher"] == {"id": None, "roles": []}


@pytest.mark.parametrize("user", [None, {}, {"id": "ana"}, {"id": "ana", "roles": ("analyst",)}])
def test_readers(user: dict[str, Any] | None) -> None:
    document = validate(
        read_input(CONTRACT, user=user, product="finance.ledger", domain="finance"), "read"
    )
    assert document["user"]["id"] == (user or {}).get("id")
    assert document["purpose"] is None

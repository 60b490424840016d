"""The values of a contract: canonical JSON, digest, equality, immutability."""

from __future__ import annotations

import dataclasses
import json
import pickle
from decimal import Decimal

import pytest
from meshgate.canonical import Frozen, encode, freeze
from meshgate.contract import Check, Column, Contract, Mask, NotEnforced, Positions, ServiceLevel
from meshgate.errors import ContractError, Where

FULL = Contract(
    id="ledger",
    dataset="ledger",
    version="1.0.0",
    owner="finance",
    domain="finance",
    columns=(
        Column(
            "email",
            "string",
            pii="email",
            tags=("pii", "pii:email"),
            mask=Mask("hash", "ledger.email", Frozen({"bytes": 16}), "env:KEY"),
        ),
        Column("address", "struct", columns=(Column("street", "string", required=True),)),
        Column("tags", "list", items=Column("item", "string"), metadata=freeze({"a": [1, None]})),
    ),
    checks=(
        Check("r", "between", ("amount",), freeze({"min": Decimal("0.10"), "max": 2**70})),
        Check("s", "unique", ("a", "b"), max_pct=Decimal("0.5"), max_rows=3),
    ),
    not_enforced=(NotEnforced("n", "sql", "no engine"),),
    service_levels=(ServiceLevel("freshness", "24h", 86400, "at"),),
    strict=True,
    metadata=freeze({"team": {"name": "ä"}}),
)


def test_numbers_keep_their_digits() -> None:
    text = FULL.to_json()
    assert '"min":0.10' in text
    assert f'"max":{2**70}' in text
    assert encode(Decimal("1E+3")) == "1000"
    assert encode(Decimal("-0.0")) == "-0.0"


@pytest.mark.parametrize("value", [1.5, Decimal("NaN"), Decimal("Infinity"), object()])
def test_inexact_values_have_no_canonical_form(value: object) -> None:
    with pytest.raises(TypeError):
        encode({"a": [value]})


def test_the_canonical_form_is_sorted_compact_and_utf8() -> None:
    def check(pairs: list[tuple[str, object]]) -> dict[str, object]:
        assert [key for key, _ in pairs] == sorted(key for key, _ in pairs)
        return dict(pairs)

    text = FULL.to_json()
    json.loads(text, object_pairs_hook=check)
    assert ", " not in text
    assert ": " not in text
    assert "ä" in text


def test_the_canonical_form_comes_back_equal() -> None:
    back = Contract.from_json(FULL.to_json())
    assert back == FULL
    assert back.digest == FULL.digest
    assert hash(back) == hash(FULL)
    assert back.columns == FULL.columns
    assert back.checks == FULL.checks


def test_the_digest_is_pinned() -> None:
    digest = Contract(id="a", dataset="a", version="1.0.0").digest
    assert digest == ("sha256:f713f96a38e4341dfa5bc146174995f76b937791519de5371597bbd1d0a099b2")


def test_a_contract_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        FULL.version = "2.0.0"
    with pytest.raises(TypeError):
        FULL.columns[0].mask.args["bytes"] = 32
    assert {FULL.columns[2]: 1}[FULL.columns[2]] == 1


def test_a_contract_travels_to_other_processes() -> None:
    assert pickle.loads(pickle.dumps(FULL)) == FULL


def test_positions_and_remarks_do_not_take_part() -> None:
    moved = dataclasses.replace(FULL, positions=Positions("x.yaml", {"": (1, 1, "")}))
    assert moved == FULL
    assert moved.digest == FULL.digest


def test_a_pointer_falls_back_to_its_nearest_parent() -> None:
    positions = Positions("x.yaml", {"": (1, 1, ""), "/checks/0": (7, 3, "quality_rules[0]")})
    assert positions["/checks/0/args/min"] == Where("x.yaml", 7, 3, "quality_rules[0]")
    assert positions["/columns/4"].line == 1
    assert "/nowhere" in positions
    with pytest.raises(KeyError):
        Positions()["/checks/0"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        "null",
        "{}",
        '{"id":"a"}',
        FULL.to_json()[:-1] + ',"more":1}',
        FULL.to_json().replace('"strict":true', '"strict":1'),
        FULL.to_json().replace('"id":"r"', '"id":7'),
        FULL.to_json().replace('"max_rows":3', '"max_rows":"3"'),
        FULL.to_json().replace("0.10", "NaN"),
        FULL.to_json().replace('"id":"ledger"', '"id":"ledger","id":"ledger"'),
        "[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_text_that_is_no_canonical_form_is_refused(text: str | bytes) -> None:
    with pytest.raises(ContractError) as raised:
        Contract.from_json(text)
    assert raised.value.code == "contract.bad_json"


def test_columns_are_found_by_exact_name() -> None:
    assert FULL.column("email") is FULL.columns[0]
    assert FULL.column("Email") is None

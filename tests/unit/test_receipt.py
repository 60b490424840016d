"""A receipt is a value: frozen, canonical, with a digest that a commit and the catalog share."""

from __future__ import annotations

import dataclasses
import pickle

import pytest
from meshgate.errors import CatalogError, Denied
from meshgate.receipt import Receipt

CONTRACT = {"id": "c", "version": "1.2.0", "digest": "sha256:c", "owner": "o", "domain": "finance"}


def receipt(**changes):
    parts = {
        "product": "finance.ledger",
        "state": "PUBLISHED",
        "publish_id": "p1",
        "published_at": "2026-01-01T00:00:00.000000Z",
        "contract": CONTRACT,
        "report": {"rows": 3, "checks": [{"id": "a", "columns": ["x"]}]},
        "destination": {"adapter": "delta", "files": [{"name": "f", "rows": 3}]},
    }
    return Receipt(**{**parts, **changes})


def test_a_receipt_survives_json_and_pickle():
    given = receipt()
    assert Receipt.from_json(given.to_json()) == given
    assert Receipt.from_dict(given.to_dict()) == given
    assert pickle.loads(pickle.dumps(given)) == given
    assert hash(Receipt.from_json(given.to_json())) == hash(given)


def test_nothing_of_a_receipt_can_be_changed():
    given = receipt()
    with pytest.raises(dataclasses.FrozenInstanceError):
        given.product = "other"
    with pytest.raises(TypeError):
        given.report["rows"] = 4
    with pytest.raises(TypeError):
        given.report["checks"][0]["id"] = "b"
    given.to_dict()["report"]["rows"] = 4
    assert given.report["rows"] == 3


def test_the_digest_leaves_out_what_only_the_destination_knows():
    given = receipt()
    done = given.committed(7, 2)
    assert done.version == 7
    assert done.destination["quarantine_version"] == 2
    assert done.digest == given.digest
    assert receipt(product="finance.other").digest != given.digest


def test_the_canonical_form_does_not_depend_on_the_order_of_keys():
    turned = dict(reversed(CONTRACT.items()))
    assert receipt(contract=turned).to_json() == receipt().to_json()


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{}", "null", '{"product": 1}', "[" * 100_000),
        receipt().to_json().replace('"format":1', '"format":2'),
        receipt().to_json().replace('"product"', '"prod"'),
    ],
)
def test_what_is_no_receipt_is_refused(text):
    with pytest.raises(CatalogError) as caught:
        Receipt.from_json(text)
    assert caught.value.code == "catalog.bad_receipt"


@pytest.mark.parametrize("value", [object(), b"x", {1, 2}])
def test_other_values_are_refused(value):
    with pytest.raises(TypeError):
        receipt(report={"x": value})


def test_nan_and_lone_surrogates_are_refused():
    with pytest.raises(ValueError, match="JSON compliant"):
        receipt(report={"x": float("nan")}).to_json()
    with pytest.raises(UnicodeEncodeError):
        receipt(product="\ud800")


def test_a_denial_says_why_and_where():
    reasons = [
        {"message": "e-mail is not masked", "file": "governance/privacy.rego", "line": 6},
        {"message": "two\nlines \x1b[31m", "file": None, "policy": "data.p", "line": None},
    ]
    denied = receipt(state="DENIED", decision={"allowed": False, "reasons": reasons})
    assert denied.denial() == (
        "finance.ledger 1.2.0 is denied; nothing became visible\n"
        "  e-mail is not masked  (governance/privacy.rego:6)\n"
        "  two lines  [31m  (data.p)"
    )
    assert str(Denied(denied)) == denied.denial()


def test_a_denial_without_reasons_says_that_nothing_allowed_it():
    assert "no policy allowed it" in receipt(state="DENIED", decision={}).denial()

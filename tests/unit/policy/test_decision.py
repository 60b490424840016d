"""Decisions and reasons are values: frozen, equal by content, stable as plain dicts."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError

import pytest
from meshgate import Decision
from meshgate.decision import Reason

REASON = Reason("no owner", "policy.denied", "acme.owners", "governance/owners.rego", 7)
DECISION = Decision(
    allowed=False,
    reasons=(REASON, Reason("the disk is full", "policy.log_failed")),
    policies=("governance/owners.rego:7",),
    decision_id="d1",
    policy_digest="sha256:00",
    undefined=True,
    error="policy.log_failed",
    phase="before_data",
)


def test_they_survive_json() -> None:
    text = json.dumps(DECISION.to_dict())
    assert Decision.from_dict(json.loads(text)) == DECISION
    assert json.dumps(Decision.from_dict(json.loads(text)).to_dict()) == text


def test_the_dict_is_stable() -> None:
    assert DECISION.to_dict() == {
        "allowed": False,
        "reasons": [
            {
                "message": "no owner",
                "code": "policy.denied",
                "policy": "acme.owners",
                "file": "governance/owners.rego",
                "line": 7,
            },
            {
                "message": "the disk is full",
                "code": "policy.log_failed",
                "policy": None,
                "file": None,
                "line": None,
            },
        ],
        "policies": ["governance/owners.rego:7"],
        "decision_id": "d1",
        "policy_digest": "sha256:00",
        "undefined": True,
        "error": "policy.log_failed",
        "phase": "before_data",
    }


def test_nothing_changes_them() -> None:
    with pytest.raises(FrozenInstanceError):
        DECISION.allowed = True  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        REASON.message = ""  # type: ignore[misc]
    assert hash(DECISION) == hash(Decision.from_dict(DECISION.to_dict()))


def test_a_reason_reads_with_its_place() -> None:
    assert str(REASON) == "no owner  governance/owners.rego:7"
    assert str(DECISION.reasons[1]) == "the disk is full"


def test_truth_is_permission() -> None:
    assert not DECISION

"""Cases as data: what loading refuses and where, and what policies decide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from meshgate import PolicyError
from meshgate.policy import PolicySet, check, test

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
SEED = yaml.safe_load((HERE / "seed.yaml").read_text())
LOADING = yaml.safe_load((HERE / "loading.yaml").read_text())
DECIDING = yaml.safe_load((HERE / "deciding.yaml").read_text())
GOVERNANCE = "data_mesh.governance"
NOW_NS = 1_700_000_000_000_000_000


def notes(cases: list[dict[str, Any]]) -> list[Any]:
    return [pytest.param(case, id=case["note"]) for case in cases]


@pytest.mark.parametrize("syntax", SEED["sources"])
@pytest.mark.parametrize("case", notes(SEED["cases"]))
def test_the_seed_policy_decides_as_written(syntax: str, case: dict[str, Any]) -> None:
    policies = PolicySet.load(
        {"governance/data_privacy.rego": SEED["sources"][syntax]},
        require=[GOVERNANCE],
        central=False,
    )
    decision = policies.decide(case["input"], "before_data")
    assert decision.allowed is case["allowed"]
    assert decision.undefined is False
    assert decision.error is None
    if not case["allowed"]:
        (reason,) = decision.reasons
        assert reason.code == "policy.not_allowed"
        assert reason.message == f"`data.{GOVERNANCE}.allow_publish` is false"


@pytest.mark.parametrize("syntax", SEED["without_default"])
@pytest.mark.parametrize("case", notes(SEED["cases"]))
def test_without_a_default_it_is_undefined(syntax: str, case: dict[str, Any]) -> None:
    policies = PolicySet.load(
        {"p.rego": SEED["without_default"][syntax]}, require=[GOVERNANCE], central=False
    )
    decision = policies.decide(case["input"], "before_data")
    assert decision.allowed is case["allowed"]
    assert decision.undefined is not case["allowed"]
    assert decision.error is None


def test_the_shipped_file_is_the_seed_policy() -> None:
    text = (ROOT / "governance" / "data_privacy.rego").read_text()
    assert text == SEED["sources"]["v0"]
    policies = PolicySet.load(ROOT / "governance", require=[GOVERNANCE], central=False)
    case = SEED["cases"][0]
    decision = policies.decide(case["input"], "before_data")
    assert decision.policies == ("governance/data_privacy.rego:6",)


def test_the_tests_of_the_governance_folder_pass() -> None:
    outcomes = test.run(ROOT / "governance")
    assert outcomes
    assert [str(outcome) for outcome in outcomes if outcome.outcome != "passed"] == []


@pytest.mark.parametrize("case", notes(LOADING))
def test_loading(case: dict[str, Any], capfd: pytest.CaptureFixture[str]) -> None:
    modules = {"p.rego": case["text"], **case.get("more", {})}
    found = check(modules)
    assert capfd.readouterr() == ("", "")
    errors = [finding for finding in found if finding.severity == "error"]
    if "finding" in case:
        first = errors[0]
        assert [first.code, first.line, first.column] == case["finding"], [*map(str, found)]
        assert first.file == "p.rego"
        if "help" in case:
            assert first.help == case["help"]
        with pytest.raises(PolicyError) as raised:
            PolicySet.load(modules)
        assert raised.value.code == first.code
        assert str(raised.value.where) == f"p.rego:{first.line}:{first.column}"
    else:
        assert errors == []
        assert [[f.code, f.line, f.column] for f in found] == case["warnings"]


@pytest.mark.parametrize("case", notes(DECIDING))
def test_deciding(case: dict[str, Any], capfd: pytest.CaptureFixture[str]) -> None:
    modules = case["modules"]
    modules = {"p.rego": modules} if isinstance(modules, str) else modules
    policies = PolicySet.load(modules, require=case.get("require", ()), central=False)
    phase, document = case.get("phase", "before_data"), case.get("input", {})
    if phase == "read":
        decision = policies.decide_read(document, now_ns=NOW_NS)
    else:
        decision = policies.decide(document, phase, now_ns=NOW_NS)
    assert capfd.readouterr() == ("", "")
    assert decision.allowed is case["allowed"], decision
    assert decision.error == case.get("error")
    assert decision.undefined is case.get("undefined", False)
    assert decision.phase == phase
    reasons = [
        [reason.code, reason.message, f"{reason.file}:{reason.line}" if reason.file else None]
        for reason in decision.reasons
    ]
    assert reasons == case.get("reasons", [])
    assert list(decision.policies) == case.get("policies", [])

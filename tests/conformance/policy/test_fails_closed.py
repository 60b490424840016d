"""Every way in which deciding can go wrong is a denial: nothing but `true` opens the gate."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from meshgate import Decision, PolicyError
from meshgate.policy import DecisionLog, Limits, PolicySet

V1 = "package p\n\n"

# What the required rule is, or how it goes wrong, and the code of what went wrong (None = nothing
# went wrong, the rule just is not true).
RULES: dict[str, tuple[str, str | None]] = {
    "undefined": ('allow_publish if input.contract.strict == "never"\n', None),
    "undefined input": ("allow_publish if input.contract.domain\n", None),
    "false": ("default allow_publish := false\n", None),
    "null": ("allow_publish := null\n", "policy.evaluation_failed"),
    "text true": ('allow_publish := "true"\n', "policy.evaluation_failed"),
    "text undefined": ('allow_publish := "undefined"\n', "policy.evaluation_failed"),
    "one": ("allow_publish := 1\n", "policy.evaluation_failed"),
    "object": ("allow_publish := {}\n", "policy.evaluation_failed"),
    "object with true": ('allow_publish["x"] := true\n', "policy.evaluation_failed"),
    "array": ("allow_publish := []\n", "policy.evaluation_failed"),
    "array of true": ("allow_publish := [true]\n", "policy.evaluation_failed"),
    "set": ("allow_publish contains true\n", "policy.evaluation_failed"),
    "empty set": ("allow_publish contains true if false\n", "policy.evaluation_failed"),
    "conflict": (
        "allow_publish := true if input.publication\n\nallow_publish := false if input.contract\n",
        "policy.evaluation_failed",
    ),
    "conflict in a function": (
        "f(x) := true if x\n\nf(x) := false if x\n\nallow_publish if f(true)\n",
        "policy.evaluation_failed",
    ),
    "division by zero": ("allow_publish if 1 / count([]) == 1\n", "policy.evaluation_failed"),
    "wrong type": ('allow_publish if startswith(null, "a")\n', "policy.evaluation_failed"),
    "wrong type under not": (
        'allow_publish if not startswith(null, "a")\n',
        "policy.evaluation_failed",
    ),
    "bad pattern": ('allow_publish if not regex.match("(", "a")\n', "policy.evaluation_failed"),
    "timeout": (
        "r := numbers.range(1, 1000)\n\nallow_publish if {\n"
        "\tcount([1 | some i in r; some j in r; some k in r]) > 0\n}\n",
        "policy.timeout",
    ),
    "timeout under not": (
        "r := numbers.range(1, 1000)\n\nx if {\n"
        "\tcount([1 | some i in r; some j in r; some k in r]) < 0\n}\n\nallow_publish if not x\n",
        "policy.timeout",
    ),
    "range": ("allow_publish if not numbers.range(1, 1000000000)\n", "policy.limit"),
    "huge text": (
        'allow_publish if not sprintf("%999999999d", [1]) == ""\n',
        "policy.limit",
    ),
    "panic": ("allow_publish if input.report.rows % 3 >= 0\n", "policy.panic"),
    "panic under not": ("allow_publish if not input.report.rows % 3 == 7\n", "policy.panic"),
}

DOCUMENT: dict[str, Any] = {
    "contract": {"strict": True},
    "publication": {"phase": "before_commit"},
    "report": {"rows": 1e16},
}


@pytest.fixture
def quiet(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    yield
    assert capfd.readouterr() == ("", "")


def denied(decision: Decision) -> bool:
    assert decision.allowed is False
    assert not decision
    assert decision.reasons
    assert decision.decision_id
    return True


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("way", RULES)
def test_a_required_rule_that_is_not_true(way: str) -> None:
    text, error = RULES[way]
    policies = PolicySet.load({"p.rego": V1 + text}, require=["p"], central=False)
    decision = policies.decide(DOCUMENT, "before_commit")
    assert denied(decision)
    assert decision.error == error
    assert decision.undefined is (way in {"undefined", "undefined input"})
    (reason,) = decision.reasons
    assert reason.policy == "p"
    if error is None:
        assert reason.code == "policy.not_allowed"


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("way", [way for way, (_, error) in RULES.items() if error])
def test_a_denial_that_cannot_be_evaluated(way: str) -> None:
    text, _ = RULES[way]
    if not re.search(r"allow_publish := .* if|allow_publish if", text):
        pytest.skip("the rule has a value")
    text = text.replace("allow_publish", "deny")
    policies = PolicySet.load({"p.rego": V1 + text}, central=False)
    assert denied(policies.decide(DOCUMENT, "before_commit"))


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("way", RULES)
def test_a_reader_whom_nothing_allows(way: str) -> None:
    text, _ = RULES[way]
    text = text.replace("allow_publish", "allow_read")
    if "input." in text:
        pytest.skip("readers have another input")
    policies = PolicySet.load({"p.rego": V1 + text}, central=False)
    assert denied(policies.decide_read({"user": {"id": "ana", "roles": []}}))


@pytest.mark.usefixtures("quiet")
def test_a_broken_package_does_not_hide_the_others() -> None:
    policies = PolicySet.load(
        {
            "a.rego": 'package a\n\ndeny contains "x" if 1 / count([]) == 1\n',
            "b.rego": 'package b\n\ndeny contains "from b"\n',
        },
        central=False,
    )
    decision = policies.decide({}, "before_data")
    assert [reason.message for reason in decision.reasons] == [
        "`data.a.deny` could not be evaluated",
        "from b",
    ]
    assert decision.error == "policy.evaluation_failed"


def test_permission_of_another_package_opens_nothing() -> None:
    policies = PolicySet.load(
        {
            "p.rego": V1 + "default allow_publish := false\n",
            "q.rego": "package q\n\nallow_publish := true\n\nallow := true\n",
        },
        require=["p"],
        central=False,
    )
    assert denied(policies.decide(DOCUMENT, "before_commit"))


@pytest.mark.parametrize("missing", ["q", "p.deny.x", "data.p.nothing", "", ".", "p.", "data"])
def test_a_required_package_that_does_not_exist(missing: str) -> None:
    texts = {"p.rego": V1 + "allow_publish := true\n"}
    with pytest.raises(PolicyError) as raised:
        PolicySet.load(texts, require=[missing], central=False)
    assert raised.value.code == "policy.unknown_entry_point"
    policies = PolicySet.load(texts, central=False)
    decision = policies.decide(DOCUMENT, "before_commit", require=[missing])
    assert denied(decision)
    assert decision.error == "policy.unknown_entry_point"


def test_a_function_is_no_entry_point() -> None:
    with pytest.raises(PolicyError):
        PolicySet.load({"p.rego": V1 + "allow_publish(x) := true\n"}, require=["p"])


def test_a_misspelt_required_package_is_named() -> None:
    with pytest.raises(PolicyError) as raised:
        PolicySet.load(
            {"p.rego": "package data_mesh.governance\n\nallow_publish := true\n"},
            require=["data_mesh.governence"],
        )
    assert raised.value.help == "did you mean `data_mesh.governance`?"


@pytest.mark.parametrize(
    "document",
    [
        {"x": float("nan")},
        {"x": float("inf")},
        {"x": object()},
        {"x": {1, 2}},
        {("a", "b"): 1},
        {"x": b"bytes"},
        {"x": "\ud800"},
    ],
    ids=["nan", "inf", "object", "set", "key", "bytes", "surrogate"],
)
def test_an_input_that_is_not_json(document: Any) -> None:
    policies = PolicySet.load({"p.rego": V1 + "x := 1\n"}, central=False)
    decision = policies.decide(document, "before_commit")
    assert denied(decision)
    assert decision.error == "policy.bad_input"


def test_an_input_that_contains_itself() -> None:
    document: dict[str, Any] = {}
    document["x"] = document
    policies = PolicySet.load({"p.rego": V1 + "x := 1\n"}, central=False)
    assert denied(policies.decide(document, "before_commit"))


def test_an_input_that_is_too_deep_or_too_large() -> None:
    policies = PolicySet.load(
        {"p.rego": V1 + "x := 1\n"}, limits=Limits(max_input_bytes=10_000), central=False
    )
    deep: Any = 1
    for _ in range(80):
        deep = [deep]
    for document in ({"x": deep}, {"x": "a" * 10_000}):
        decision = policies.decide(document, "before_commit")
        assert denied(decision)
        assert decision.error == "policy.bad_input"


@pytest.mark.parametrize("data", [{"p": {"deny": []}}, {"p": {"deny": {}}}, {"p": []}, {"p": None}])
def test_data_cannot_overrule_a_rule(data: dict[str, Any]) -> None:
    with pytest.raises(PolicyError) as raised:
        PolicySet.load({"p.rego": V1 + 'deny contains "x"\n'}, data=data)
    assert raised.value.code == "policy.data_shadows_rule"
    assert str(raised.value.where) == "p.rego:3:1"


def test_data_beside_rules_is_read() -> None:
    policies = PolicySet.load(
        {"p.rego": V1 + "allow_publish if data.p.settings.open\n"},
        data={"p": {"settings": {"open": True}}, "q": 1},
        require=["p"],
        central=False,
    )
    assert policies.decide({}, "before_data").allowed


@pytest.mark.parametrize("data", [{"x": float("nan")}, {"x": object()}, {1: 2}])
def test_data_that_is_not_json(data: Any) -> None:
    if 1 in data:
        data = {"x": {2, 3}}
    with pytest.raises(PolicyError) as raised:
        PolicySet.load({"p.rego": V1 + "x := 1\n"}, data=data)
    assert raised.value.code == "policy.bad_data"


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as raised:
        PolicySet.load(tmp_path / "governance")
    assert raised.value.code == "policy.unreadable"


def test_the_log_cannot_be_written(tmp_path: Path) -> None:
    policies = PolicySet.load((), log=DecisionLog(tmp_path / "no folder" / "log.jsonl"))
    decision = policies.decide_read({})
    assert denied(decision)
    assert decision.error == "policy.log_failed"
    assert decision.reasons[-1].code == "policy.log_failed"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device")
def test_the_disk_of_the_log_is_full() -> None:
    policies = PolicySet.load((), log=DecisionLog("/dev/full"))
    assert denied(policies.decide_read({}))


def test_the_log_is_a_link(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.touch()
    (tmp_path / "log").symlink_to(target)
    policies = PolicySet.load((), log=DecisionLog(tmp_path / "log"))
    assert denied(policies.decide_read({}))
    assert target.read_bytes() == b""


def test_the_log_is_private(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        PolicySet.load((), log=DecisionLog(tmp_path / "log")).decide_read({})
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o600


@pytest.mark.parametrize("now_ns", [0, -1, -(2**63), 2**63 - 1])
def test_a_clock_that_is_wrong_allows_nothing_more(now_ns: int) -> None:
    text = V1 + "allow_publish if time.now_ns() > 1700000000000000000\n"
    policies = PolicySet.load({"p.rego": text}, require=["p"], central=False)
    decision = policies.decide({}, "before_data", now_ns=now_ns)
    assert decision.allowed is (now_ns > 1_700_000_000_000_000_000)


@pytest.mark.parametrize("value", ["undefined", "<undefined>", "<error>", "true", 1, [1], None])
def test_only_true_in_a_stored_decision_counts(value: Any) -> None:
    stored = PolicySet.load(()).decide_read({}).to_dict()
    assert Decision.from_dict(stored).allowed
    assert not Decision.from_dict({**stored, "allowed": value}).allowed

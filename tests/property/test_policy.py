"""Whatever the input, the text or the clock: deciding ends, in silence, and only `true` allows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from meshgate import Decision
from meshgate.policy import PolicySet, check, sources

SILENT = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
JSON: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
SEED = PolicySet.load(
    {
        "p.rego": "package p\n\ndefault allow_publish = false\n\nallow_publish {\n"
        "    input.schema.has_pii_tags == true\n"
        '    input.infrastructure.encryption == "AES-256"\n}\n'
    },
    require=["p"],
    central=False,
)
CENTRAL = PolicySet.load()
ECHO = PolicySet.load(
    {"p.rego": "package p\n\nallow_publish := input.contract.strict\n"},
    require=["p"],
    central=False,
)
BROKEN = PolicySet.load(
    {"p.rego": 'package p\n\ndeny contains "x" if startswith(input.contract.owner, "a")\n'},
    central=False,
)


def is_sound(decision: Decision) -> bool:
    assert decision.allowed is (decision.reasons == ())
    assert not (decision.allowed and (decision.error or decision.undefined))
    assert Decision.from_dict(json.loads(json.dumps(decision.to_dict()))) == decision
    return True


def like(true: Any) -> st.SearchStrategy[Any]:
    return st.just(true) | JSON


@SILENT
@given(
    flag=like(True),
    encryption=like("AES-256"),
    whole=st.sampled_from(["", "schema", "infrastructure"]),
    junk=JSON,
)
def test_the_seed_policy_is_its_two_lines(
    flag: Any, encryption: Any, whole: str, junk: Any
) -> None:
    document: dict[str, Any] = {
        "schema": {"has_pii_tags": flag},
        "infrastructure": {"encryption": encryption},
    }
    if whole:
        document[whole] = junk
    decision = SEED.decide(document, "before_data")
    assert is_sound(decision)

    def member(name: str, key: str) -> Any:
        part = document[name]
        return part.get(key) if isinstance(part, dict) else None

    expected = member("schema", "has_pii_tags") is True
    expected &= member("infrastructure", "encryption") == "AES-256"
    assert decision.allowed is expected


@SILENT
@given(value=JSON)
def test_only_true_is_true(value: Any) -> None:
    decision = ECHO.decide({"contract": {"strict": value}}, "before_data")
    assert is_sound(decision)
    assert decision.allowed is (value is True)
    assert decision.undefined is False


@SILENT
@given(document=st.dictionaries(st.text(), JSON, max_size=5), phase=st.booleans())
def test_the_central_policies_deny_what_is_not_a_product(
    document: dict[str, Any], phase: bool
) -> None:
    decision = CENTRAL.decide(document, "before_commit" if phase else "before_data")
    assert is_sound(decision)
    assert not decision.allowed


@SILENT
@given(owner=JSON)
def test_reasons_of_failures_hold_no_values(owner: Any) -> None:
    decision = BROKEN.decide({"contract": {"owner": owner}}, "before_data")
    if isinstance(owner, str):
        assert decision.allowed is not owner.startswith("a")
    else:
        # The engine cannot write the largest doubles into its own message, which is dropped anyway.
        assert [reason.message for reason in decision.reasons] in (
            ["`data.p.deny` could not be evaluated"],
            ["`data.p.deny` made the engine fail"],
        )


@SILENT
@given(now_ns=st.integers(-(2**63), 2**63 - 1))
def test_the_clock_is_what_was_given(now_ns: int) -> None:
    clock = PolicySet.load(
        {"p.rego": f"package p\n\nallow_publish if time.now_ns() == {now_ns}\n"},
        require=["p"],
        central=False,
    )
    assert clock.decide({}, "before_data", now_ns=now_ns).allowed


WORDS = [
    *("package p\n", "import rego.v1\n", "import future.keywords\n", "import data.q as q\n"),
    *("deny", "allow_publish", "x", "y", "f", "input", "data", "_", "msg", "count", "walk"),
    *("contains", "if", "in", "some", "every", "not", "else", "default", "with", "as", "import"),
    *("[", "]", "{", "}", "(", ")", "{", "}", ",", ".", ":=", "=", "==", "|", "+", "-", "*", ";"),
    *(":", "&", "%", "/", "<", "!=", "`", '"', '"a"', "`a`", "1", "-1", "1e9", "0.1", "null"),
    *("true", "false", "set()", "\n", "\n", "\n", " ", "\t", "# x\n", "\\", "é", "\0", "$"),
]


@settings(
    max_examples=500,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(words=st.lists(st.sampled_from(WORDS), max_size=40), spaced=st.booleans())
def test_any_text_loads_or_is_refused_in_silence(
    capfd: pytest.CaptureFixture[str], words: list[str], spaced: bool
) -> None:
    text = "package p\n\n" + (" " if spaced else "").join(words)
    found = check({"p.rego": text}, central=False)
    assert capfd.readouterr() == ("", "")
    if not any(finding.severity == "error" for finding in found):
        assert is_sound(PolicySet.load({"p.rego": text}, central=False).decide({}, "before_commit"))
        assert capfd.readouterr() == ("", "")


TEXTS = [text for _, text in sources.central()]


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_a_policy_with_one_change_loads_or_is_refused_in_silence(
    capfd: pytest.CaptureFixture[str], data: st.DataObject
) -> None:
    text = data.draw(st.sampled_from(TEXTS)).replace("meshgate.central", "mine")
    at = data.draw(st.integers(0, len(text) - 1))
    length = data.draw(st.integers(0, 12))
    text = text[:at] + data.draw(st.sampled_from(["", *WORDS])) + text[at + length :]
    found = check({"p.rego": text})
    if not any(finding.severity == "error" for finding in found):
        assert not PolicySet.load({"p.rego": text}).decide({}, "before_commit").allowed
    assert capfd.readouterr() == ("", "")

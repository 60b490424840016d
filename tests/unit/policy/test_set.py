"""Loading: where policies come from, what they are called, and what a set says of itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from meshgate import PolicyError, UsageError
from meshgate.policy import Limits, PolicySet, check, sources, test

DENY = 'package p\n\ndeny contains "x"\n'


def files(policies: PolicySet) -> list[str]:
    return sorted(file for package in policies.packages() for file in package["files"])


def folder(tmp_path: Path) -> Path:
    root = tmp_path / "governance"
    (root / "sub").mkdir(parents=True)
    (root / "a.rego").write_text("package a\n\nx := 1\n")
    (root / "a_test.rego").write_text("package a_test\n\ntest_x if data.a.x == 1\n")
    (root / "sub" / "b.rego").write_text("package b\n\nx := 1\n")
    (root / "README.md").write_text("no policy")
    return root


def test_a_folder_is_read_with_what_is_below(tmp_path: Path) -> None:
    root = folder(tmp_path)
    policies = PolicySet.load(root, central=False)
    assert files(policies) == ["governance/a.rego", "governance/sub/b.rego"]


def test_the_current_folder_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder(tmp_path))
    assert files(PolicySet.load(".", central=False)) == [
        "governance/a.rego",
        "governance/sub/b.rego",
    ]


def test_files_and_several_sources(tmp_path: Path) -> None:
    root = folder(tmp_path)
    policies = PolicySet.load([root / "a.rego", str(root / "sub")], central=False)
    assert files(policies) == ["governance/a.rego", "sub/b.rego"]


def test_a_file_twice_is_refused(tmp_path: Path) -> None:
    root = folder(tmp_path)
    with pytest.raises(PolicyError) as raised:
        PolicySet.load([root, root / "a.rego"], central=False)
    assert raised.value.code == "policy.duplicate_module"


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    root = folder(tmp_path)
    (tmp_path / "secret.rego").write_text("package s\n")
    (root / "s.rego").symlink_to(tmp_path / "secret.rego")
    with pytest.raises(PolicyError) as raised:
        PolicySet.load(root)
    assert raised.value.code == "policy.unreadable"
    assert str(raised.value.where) == "governance/s.rego"


@pytest.mark.parametrize("content", [b"package p\n\xff", b"\xff\xfep\x00"])
def test_text_that_is_not_utf8(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "p.rego").write_bytes(content)
    with pytest.raises(PolicyError) as raised:
        PolicySet.load(tmp_path / "p.rego")
    assert raised.value.code == "policy.unreadable"


def test_a_large_file_is_not_read_whole(tmp_path: Path) -> None:
    (tmp_path / "p.rego").write_bytes(b"package p\n" + b"#" * 100_000)
    with pytest.raises(PolicyError) as raised:
        PolicySet.load(tmp_path / "p.rego", limits=Limits(max_file_bytes=1_000))
    assert raised.value.code == "policy.too_large"


def test_a_byte_order_mark_and_windows_lines_mean_nothing() -> None:
    plain = PolicySet.load({"p.rego": DENY}, central=False)
    marked = PolicySet.load({"p.rego": "\ufeff" + DENY.replace("\n", "\r\n")}, central=False)
    assert marked.digest == plain.digest
    assert marked.decide({}, "before_data").reasons == plain.decide({}, "before_data").reasons


def test_the_digest_names_texts_names_and_data() -> None:
    def digest(texts: dict[str, str], data: dict[str, Any] | None = None) -> str:
        return PolicySet.load(texts, data=data, central=False).digest

    base = digest({"p.rego": DENY})
    assert base.startswith("sha256:")
    assert len(base) == 7 + 64
    assert base == digest({"p.rego": DENY})
    others = [
        digest({"q.rego": DENY}),
        digest({"p.rego": DENY + "# more\n"}),
        digest({"p.rego": DENY}, {"x": 1}),
        digest({"p.rego": DENY, "q.rego": "package q\n"}),
        PolicySet.load({"p.rego": DENY}).digest,
    ]
    assert len({base, *others}) == 6
    texts = {"b.rego": "package b\n", "a.rego": "package a\n"}
    assert digest(texts) == digest(dict(reversed(texts.items())))


def test_packages_say_what_they_define() -> None:
    text = (
        "package p\n\ndefault allow_publish := false\n\nallow_read := true\n\n"
        'violation contains "x" if not input.report.ok\n'
    )
    assert PolicySet.load({"p.rego": text}, central=False).packages() == (
        {
            "package": "p",
            "files": ["p.rego"],
            "deny": ["data.p.violation"],
            "allow_publish": True,
            "allow_read": True,
            "reads_report": True,
        },
    )


def test_everything_that_is_wrong_is_found() -> None:
    found = check(
        {
            "b.rego": "package b\n\nx := input.shcema\n\ny := nothing(1)\n",
            "a.rego": "package a\n\nx := {\n",
        }
    )
    assert [(f.file, f.code, f.line) for f in found] == [
        ("a.rego", "policy.syntax", 4),
        ("b.rego", "policy.unknown_input", 3),
        ("b.rego", "policy.unknown_function", 5),
    ]
    assert str(found[1]) == (
        "b.rego:3:12: `input.shcema` is not part of the input (did you mean `input.schema`?)"
    )
    with pytest.raises(PolicyError) as raised:
        PolicySet.load({"b.rego": "package b\n\nx := input.shcema\n\ny := nothing(1)\n"})
    assert raised.value.help == (
        "did you mean `input.schema`?; 1 more error: `meshgate lint` lists them"
    )


def test_warnings_do_not_refuse() -> None:
    policies = PolicySet.load({"p.rego": "package p\n\nx if print(1)\n"}, central=False)
    (finding,) = policies.check()
    assert (finding.severity, finding.code) == ("warning", "policy.print_ignored")


def test_there_are_two_phases() -> None:
    with pytest.raises(UsageError) as raised:
        PolicySet.load(()).decide({}, "after_lunch")
    assert raised.value.code == "usage.phase"


def test_it_shows_what_it_is() -> None:
    policies = PolicySet.load({"p.rego": DENY}, central=False)
    assert repr(policies) == f"PolicySet(1 packages, {policies.digest})"


def test_shipped_texts_are_there() -> None:
    assert len(sources.central()) == 5
    assert '"schema"' in sources.schema("input")


def test_limits_are_knobs() -> None:
    text = "package p\n\nallow_publish if count(numbers.range(1, 1000)) == 1000\n"
    for limits, allowed in ((Limits(), True), (Limits(max_elements=100), False)):
        policies = PolicySet.load({"p.rego": text}, require=["p"], limits=limits, central=False)
        assert policies.decide({}, "before_data").allowed is allowed


def test_tests_of_policies(tmp_path: Path) -> None:
    (outcome,) = test.run(folder(tmp_path))
    assert (outcome.outcome, outcome.package, outcome.name) == ("passed", "a_test", "test_x")
    assert str(outcome).endswith("a_test.test_x  governance/a_test.rego:3")


def test_outcomes_of_tests() -> None:
    text = (
        "package p_test\n\nf(x) := x\n\ng(x) := x + 1\n\n"
        'test_true := true\n\ntest_false if false\n\ntest_text := "true"\n\n'
        "test_error if 1 / count([]) == 1\n\ntodo_later if false\n\n"
        "test_clock if time.now_ns() == 5\n\ntest_mock if f(1) == 2 with f as g\n\n"
        'test_cases[name] := value if some name, value in {"a": true, "b": false}\n'
    )
    outcomes = test.run({"p_test.rego": text}, now_ns=5)
    assert {f"{o.name}{'.' + o.case if o.case else ''}": o.outcome for o in outcomes} == {
        "test_true": "passed",
        "test_false": "failed",
        "test_text": "failed",
        "test_error": "error",
        "todo_later": "skipped",
        "test_clock": "passed",
        "test_mock": "passed",
        "test_cases.a": "passed",
        "test_cases.b": "failed",
    }


def test_tests_of_broken_policies_are_refused() -> None:
    with pytest.raises(PolicyError):
        test.run({"p_test.rego": "package p_test\n\ntest_x if count()\n"})

"""The decision log: one JSON object a line, whatever the names hold."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from meshgate.policy import DecisionLog, PolicySet

NOW_NS = 1_700_000_000_123_456_789


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_a_decision_is_one_line(tmp_path: Path) -> None:
    log = DecisionLog(tmp_path / "log.jsonl")
    policies = PolicySet.load(
        {"p.rego": 'package p\n\ndeny contains "no"\n'}, log=log, central=False
    )
    document = {"publication": {"product": "a.b", "phase": "before_data"}}
    decision = policies.decide(document, "before_data", now_ns=NOW_NS)
    (entry,) = lines(log.path)
    assert entry.pop("metrics")["elapsed_us"] >= 0
    assert entry == {
        **decision.to_dict(),
        "timestamp": "2023-11-14T22:13:20.123456789Z",
        "clock_ns": NOW_NS,
        "input": document,
    }


def test_the_input_can_stay_out(tmp_path: Path) -> None:
    log = DecisionLog(tmp_path / "log.jsonl", with_input=False)
    PolicySet.load((), log=log, central=False).decide_read({"user": {"id": "ana"}})
    (entry,) = lines(log.path)
    assert "input" not in entry
    assert "ana" not in log.path.read_text()


def test_names_forge_no_line(tmp_path: Path) -> None:
    name = 'x"}\n{"allowed":true}\r\u2028\x1b[31m\x00'
    text = (
        "package p\n\ndeny contains msg if {\n"
        '\tmsg := sprintf("no %s", [input.contract.owner])\n}\n'
    )
    log = DecisionLog(tmp_path / "log.jsonl")
    policies = PolicySet.load({"p.rego": text}, log=log, central=False)
    policies.decide({"contract": {"owner": name}}, "before_data")
    policies.decide({"contract": {"owner": "b"}}, "before_data")
    raw = log.path.read_bytes()
    assert raw.count(b"\n") == 2
    assert not set(raw.replace(b"\n", b"")) & {*range(32), *range(127, 256)}
    assert [entry["allowed"] for entry in lines(log.path)] == [False, False]
    assert lines(log.path)[0]["reasons"][0]["message"] == f"no {name}"


def test_a_torn_line_stays_alone(tmp_path: Path) -> None:
    log = DecisionLog(tmp_path / "log.jsonl")
    log.path.write_bytes(b'{"decision_id":"to')
    PolicySet.load((), log=log, central=False).decide_read({})
    torn, whole = log.path.read_bytes().splitlines()
    assert torn == b'{"decision_id":"to'
    assert json.loads(whole)["allowed"] is True


def test_many_threads_write_whole_lines(tmp_path: Path) -> None:
    log = DecisionLog(tmp_path / "log.jsonl")
    policies = PolicySet.load((), log=log, central=False)
    ids: list[str] = []

    def ask() -> None:
        for _ in range(10):
            ids.append(policies.decide_read({"purpose": "x" * 5_000}).decision_id)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(entry["decision_id"] for entry in lines(log.path)) == sorted(ids)
    assert len(set(ids)) == 80


def test_an_unusable_input_is_logged_as_denied(tmp_path: Path) -> None:
    log = DecisionLog(tmp_path / "log.jsonl")
    policies = PolicySet.load((), log=log, central=False)
    assert not policies.decide_read({"x": float("nan")})
    (entry,) = lines(log.path)
    assert entry["error"] == "policy.bad_input"
    assert entry["input"] == {}

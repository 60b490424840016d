"""The harness of the benches: what it keeps, what it refuses, and how it tells it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from benches import __main__ as command
from benches import harness, measure, results, worker, workloads
from benches.harness import Machine, Refused, Result
from benches.lineitem import COLUMNS, spoil
from benches.peers import ABOUT, OFFERS, PEERS, REASONS
from benches.stream import endless
from benches.workloads import CASES, Outcome, Sizes, select_cases

HOST = Machine(
    "a processor", 2, 2**34, "Linux", "3.11", {"polars": "2.1.0"}, "0.1.0", "release", ""
)
OURS = Result("w1", "meshgate", 1, 1000, 10, 0.5, 0.6, 3, 2**20)
THEIRS = Result("w1", "polars", 1, 1000, 10, 2.0, 1.1, 3, 2**22)
ABSENT = Result("w1", "pandera", 1, note="not installed: pandera")
WRONG = Result("w1", "duckdb", 1, note="counts differ", failed=True)


def test_of_two_rounds_the_least_time_and_the_most_memory_stay() -> None:
    busy = replace(OURS, cpu=0.7, wall=0.4, memory=2**21)
    assert OURS.best(busy) == replace(OURS, cpu=0.5, wall=0.4, memory=2**21, runs=6)


def test_a_round_without_a_measurement_spoils_the_result() -> None:
    assert OURS.best(replace(WRONG, peer="meshgate")).cpu is None


@pytest.mark.parametrize("profile", ["debug", "quick"])
def test_only_a_release_build_is_measured(monkeypatch: pytest.MonkeyPatch, profile: str) -> None:
    monkeypatch.setattr(harness, "build_profile", lambda: profile)
    with pytest.raises(Refused, match=profile):
        harness.require_release(["meshgate", "polars"], smoke=False)
    assert harness.require_release(["meshgate"], smoke=True) == profile
    assert harness.require_release(["polars"], smoke=False) == profile


def test_without_an_extension_only_peers_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harness, "build_profile", lambda: "none")
    with pytest.raises(Refused, match="not built"):
        harness.require_release(["meshgate"], smoke=True)
    assert harness.require_release(["duckdb"], smoke=False) == "none"


def test_threads_are_told_to_every_library() -> None:
    told = harness.environment(2)
    assert told["POLARS_MAX_THREADS"] == told["MESHGATE_THREADS"] == "2"


def test_a_worker_s_answer_becomes_a_result() -> None:
    base = Result("w1", "polars", 1)
    told = {"steps": 5, "bytes": 9, "cpu": [2.0, 1.0], "wall": [3.0, 4.0], "memory": None}
    assert harness.result_of(base, told) == replace(
        base, steps=5, bytes=9, cpu=1.0, wall=3.0, runs=2
    )
    assert harness.result_of(base, {"failed": "counts"}).failed
    assert not harness.result_of(base, {"skipped": "not installed"}).failed


def test_tables_show_ratios_and_say_who_is_missing() -> None:
    shown = results.text([OURS, THEIRS, ABSENT, WRONG], HOST, smoke=False)
    assert "4.00x" in shown
    assert "pandera: not measured: not installed" in shown
    assert "duckdb: WRONG, not timed: counts differ" in shown
    smoke = results.text([OURS, THEIRS], HOST, smoke=True)
    assert "measure nothing" in smoke
    assert "4.00x" not in smoke


def test_a_peer_alone_has_no_ratio() -> None:
    assert results.ratio(THEIRS, [THEIRS]) == "-"
    assert results.ratio(THEIRS, [replace(OURS, threads=2), THEIRS]) == "-"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(2.0, "2 s"), (0.0123, "12.3 ms"), (4.5e-5, "45 us"), (7.8e-9, "7.8 ns"), (None, "-")],
)
def test_seconds_have_a_fitting_unit(value: float | None, shown: str) -> None:
    assert results.seconds(value) == shown


def test_json_holds_everything() -> None:
    held = json.loads(results.document([OURS], HOST, Sizes(), "python -m benches", 2))
    assert held["results"][0]["cpu"] == 0.5
    assert held["machine"]["build"] == "release"


def test_the_measured_section_is_replaced_and_the_rest_stays(tmp_path: Path) -> None:
    file = tmp_path / "RESULTS.md"
    results.write_section(file, results.markdown([OURS], HOST, Sizes(), "first"))
    file.write_text("before\n" + file.read_text() + "after\n")
    results.write_section(file, results.markdown([OURS, THEIRS], HOST, Sizes(), "second"))
    text = file.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "second" in text
    assert "first" not in text
    file.write_text("no section")
    with pytest.raises(ValueError, match="no section between"):
        results.write_section(file, "x")


def test_workloads_are_chosen_by_name_or_by_their_beginning() -> None:
    assert [case.name for case in select_cases("w2, w1")] == ["w2-checks", "w2-full", "w1"]
    assert [case.name for case in select_cases("w4-unique")] == ["w4-unique"]
    with pytest.raises(ValueError, match="unknown workload"):
        select_cases("w")


def test_every_peer_says_what_it_does_and_why_not() -> None:
    assert set(PEERS) == set(OFFERS) == set(ABOUT)
    assert all(name in REASONS or set(OFFERS[name]) == set(CASES) for name in PEERS)


def test_wrong_arguments_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--workload", "w9"]) == 2
    assert command.main(["--peers", "excel"]) == 2
    assert "unknown peer 'excel'" in capsys.readouterr().err


def test_planted_rows_of_lineitem_are_counted() -> None:
    rows = 2_000
    made = {name: pa.array(["A"] * rows, pa.string_view()) for name in COLUMNS}
    for name in ("l_orderkey", "l_linenumber"):
        made[name] = pa.array(range(rows))
    for name in ("l_quantity", "l_extendedprice", "l_discount", "l_tax"):
        made[name] = pa.array([1] * rows).cast(pa.decimal128(21, 2))
    for name in ("l_shipdate", "l_commitdate", "l_receiptdate"):
        made[name] = pa.array([0] * rows, pa.int32()).cast(pa.date32())
    spoiled, failed = spoil(pa.table(made))
    assert all(spoiled[name].null_count == failed[f"{name}.not_null"] for name in COLUMNS)
    assert len(failed) == 27
    longer = [c for c in spoiled["l_comment"].to_pylist() if c is not None and len(c) > 44]
    assert len(longer) == failed["l_comment.length"]


def test_the_stream_has_as_many_rows_as_asked_for_and_distinct_ids() -> None:
    ids = endless(70_000, shuffled=True).read_all()["event_id"].to_pylist()
    assert len(set(ids)) == len(ids) == 70_000
    assert endless(70_000).read_all()["event_id"].to_pylist() == list(range(70_000))


def test_an_endless_stream_does_not_end() -> None:
    reader = endless(None)
    assert sum(reader.read_next_batch().num_rows for _ in range(3)) == 3 * 65_536


class Blind:
    """A peer that sees nothing."""

    UNIQUE = "surplus"
    SPLIT = "later"
    MAC_KEY = b"key"

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome

    def prepare(self, *_: object) -> object:
        return lambda: self.outcome


def test_a_peer_that_misses_what_was_planted_is_not_timed() -> None:
    with pytest.raises(worker.Disagrees, match="differ"):
        worker.verify(Blind(Outcome({})), CASES["w2-checks"], 1)


def test_a_peer_that_forgets_to_mask_is_not_timed() -> None:
    planted = workloads.planted_ledger()
    faulty = pa.array(planted.faulty_rows)
    good = sorted(set(range(planted.table.num_rows)) - set(planted.faulty_rows))
    outcome = Outcome(
        workloads.ledger_failures(planted),
        planted.table.take(pa.array(good)),
        planted.table.take(faulty),
    )
    with pytest.raises(worker.Disagrees, match="not masked"):
        worker.verify(Blind(outcome), CASES["w2-full"], 1)


def test_a_peer_that_sees_ghosts_is_not_timed() -> None:
    with pytest.raises(worker.Disagrees, match="good rows"):
        worker.clean(CASES["w1"], Outcome({"l_tax.between": 1}))


def test_cost_counts_the_work_and_returns_its_result() -> None:
    cost, result = measure.timed(lambda: sum(range(200_000)))
    assert result == sum(range(200_000))
    assert cost.cpu > 0
    assert cost.wall > 0

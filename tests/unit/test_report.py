from __future__ import annotations

import pickle
from typing import Any

import pyarrow as pa
import pytest
from meshgate.contract import Check, Column, Contract
from meshgate.engine import Plan
from meshgate.report import Metrics, Report


def contract(**threshold: Any) -> Contract:
    return Contract(
        id="t",
        dataset="t",
        version="1.0.0",
        columns=(Column("a", "integer"),),
        checks=(Check("a.not_null", "not_null", ("a",), **threshold),),
    )


def report(values: list[int | None], **threshold: Any) -> Report:
    data = pa.table({"a": pa.array(values, pa.int64())})
    return Plan.compile(contract(**threshold), data).check(data, threads=1)


@pytest.mark.parametrize(
    ("rows_per_second", "said"),
    [(840.4, "840 rows/s"), (96_500.0, "96,500 rows/s"), (2.34e7, "23.4 M rows/s")],
)
def test_the_speed_of_a_run_is_in_a_unit_that_says_something(rows_per_second, said) -> None:
    told = Report("t", "pass", 1, 1, 0, (), metrics=Metrics(8, 0.001, rows_per_second))
    assert f"1 row   {said}" in str(told)


def test_a_notebook_shows_it_as_text_that_is_escaped() -> None:
    fresh = Report("<b>t</b>", "pass", 1, 1, 0, ())
    assert fresh._repr_html_().startswith("<pre>✓ &lt;b&gt;t&lt;/b&gt;   pass   1 row")


def test_totals_are_there_before_the_outcomes_are_read() -> None:
    fresh = report([1, None])
    assert (fresh.status, fresh.rows, fresh.accepted_rows, fresh.rejected_rows) == ("fail", 2, 1, 1)
    assert not fresh.ok
    assert "1 rejected" in repr(fresh)
    assert "checks" not in vars(fresh)
    assert [c.id for c in fresh.findings] == ["a.not_null"]
    assert "checks" in vars(fresh)


def test_a_spotless_report_has_no_findings_and_reads_nothing_for_them() -> None:
    fresh = report([1, 2])
    assert fresh.findings == ()
    assert "checks" not in vars(fresh)
    assert {c.status for c in fresh.checks} == {"pass"}


def test_tolerated_failures_are_findings() -> None:
    fresh = report([1, None], max_rows=1)
    assert fresh.status == "pass"
    assert [c.failed_rows for c in fresh.findings] == [1]


def test_a_fresh_report_equals_what_is_read_from_its_json() -> None:
    fresh = report([1, None])
    assert Report.from_json(fresh.to_json()) == fresh
    assert report([1, None]) == fresh
    assert report([1, 2]) != fresh


def test_a_fresh_report_can_be_pickled() -> None:
    fresh = report([1, None])
    copy = pickle.loads(pickle.dumps(fresh))
    assert copy == fresh
    assert copy.metrics == fresh.metrics


def test_a_report_has_no_other_attributes() -> None:
    with pytest.raises(AttributeError, match="verdict"):
        _ = report([1]).verdict  # type: ignore[attr-defined]

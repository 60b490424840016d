"""What counts as data, and as data that can be opened again."""

from __future__ import annotations

import pyarrow as pa
import pytest
from meshgate import source
from meshgate.errors import SourceError
from meshgate.gate import Gate

CONTRACT = """\
dataset: numbers
version: 1.0.0
owner: finance-team@example.com
schema: [{name: a, type: integer}]
quality_rules: [{column: a, rule: unique}]
"""


def test_what_duckdb_has_executed_is_a_stream():
    connection = pytest.importorskip("duckdb").connect()
    result = connection.execute("SELECT i::INT AS a FROM range(100000) t(i)")
    assert not source.repeats(result)
    report = Gate(CONTRACT).check(result)
    assert (report.status, report.rows) == ("pass", 100_000)
    with pytest.raises(SourceError):  # it is fetched once
        Gate(CONTRACT).check(result)


def test_a_relation_of_duckdb_can_be_opened_again():
    relation = pytest.importorskip("duckdb").sql("SELECT 1::INT AS a")
    assert source.repeats(relation)
    once, again = (Gate(CONTRACT).check(relation) for _ in range(2))
    assert (once, once.rows) == (again, 1)


@pytest.mark.parametrize("data", [17, {"a": [1]}, b"bytes", pa.Table, []])
def test_what_holds_no_arrow_data_is_refused(data):
    with pytest.raises(SourceError) as caught:
        Gate(CONTRACT).check(data)
    assert caught.value.code == "source.not_arrow"

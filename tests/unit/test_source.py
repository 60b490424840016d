"""What counts as data, and as data that can be opened again."""

from __future__ import annotations

import pyarrow as pa
import pytest
from meshgate import source
from meshgate.errors import SourceError
from meshgate.gate import Gate
from pyarrow import csv, feather, parquet

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


def test_a_reader_is_read_once():
    """The second time it is empty, and no rows break no promise."""
    gate, reader = Gate(CONTRACT), pa.table({"a": [1, 2]}).to_reader()
    assert gate.check(reader).rows == 2
    with pytest.raises(SourceError) as caught:
        gate.check(reader)
    assert caught.value.code == "source.read_before"
    assert gate.check(pa.table({"a": [1, 2]}).to_reader()).rows == 2


def test_whatever_has_a_path_is_one(tmp_path):
    file = tmp_path / "x.parquet"
    parquet.write_table(pa.table({"a": [1]}), file)

    class Named:
        def __fspath__(self):
            return str(file)

    assert Gate(CONTRACT).check(Named()).rows == 1
    assert source.repeats(Named())


def test_a_generator_that_was_read_before_is_said_to_be(tmp_path):
    batches = (pa.record_batch({"a": [n]}) for n in range(3))
    assert Gate(CONTRACT).check(batches).rows == 3
    with pytest.raises(SourceError, match="gives no batch") as caught:
        Gate(CONTRACT).check(batches)
    assert "read before" in caught.value.help


@pytest.mark.parametrize("data", [17, {"a": [1]}, b"bytes", pa.Table, []])
def test_what_holds_no_arrow_data_is_refused(data):
    with pytest.raises(SourceError) as caught:
        Gate(CONTRACT).check(data)
    assert caught.value.code == "source.not_arrow"


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("x.parquet", lambda table, file: parquet.write_table(table, file)),
        ("x.arrow", lambda table, file: feather.write_feather(table, file)),
        ("x.csv", lambda table, file: csv.write_csv(table, file)),
    ],
)
def test_a_folder_of_files_with_other_columns_is_refused(tmp_path, name, write):
    """Scanned as one, the second file would have nulls where it has nothing."""
    for at, columns in enumerate((["a", "b"], ["b", "a"])):  # the order is no difference
        write(pa.table({column: [at] for column in columns}), tmp_path / f"{at}-{name}")
    assert Gate(CONTRACT).check(tmp_path).rows == 2
    write(pa.table({"b": [7]}), tmp_path / f"2-{name}")
    with pytest.raises(SourceError) as caught:
        Gate(CONTRACT).check(tmp_path)
    assert caught.value.code == "source.unreadable"
    assert f"2-{name}" in str(caught.value)


def test_a_folder_of_files_with_other_types_is_refused(tmp_path):
    parquet.write_table(pa.table({"a": [1]}), tmp_path / "0.parquet")
    parquet.write_table(pa.table({"a": ["one"]}), tmp_path / "1.parquet")
    with pytest.raises(SourceError) as caught:
        Gate(CONTRACT).check(tmp_path)
    assert "1.parquet" in str(caught.value)


def test_an_arrow_file_holds_a_file_or_a_stream(tmp_path):
    table = pa.table({"a": pa.array(range(1000))})
    for make in (pa.ipc.new_file, pa.ipc.new_stream):
        path = tmp_path / f"{make.__name__}.arrow"
        with make(str(path), table.schema) as writer:
            writer.write_table(table, max_chunksize=100)
        report = Gate(CONTRACT).check(path)
        assert (report.status, report.rows) == ("pass", 1000)
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(SourceError) as caught:
            Gate(CONTRACT).check(path)
        assert str(path) in caught.value.message

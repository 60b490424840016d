from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from meshgate.cli.read import head, selected, text, write
from meshgate.errors import StageError, UsageError
from pyarrow import feather, parquet


def reader() -> pa.RecordBatchReader:
    table = pa.table({"a": range(10), "b": [str(i) for i in range(10)]})
    return pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=3))


def test_head_reads_no_more_batches_than_it_shows() -> None:
    pulled = []

    def batches():
        for batch in reader():
            pulled.append(batch.num_rows)
            yield batch

    stream = pa.RecordBatchReader.from_batches(reader().schema, batches())
    assert head(stream, 4)["a"].to_pylist() == [0, 1, 2, 3]
    assert len(pulled) <= 3
    assert head(reader(), 0).num_rows == 0
    assert head(reader(), 99).num_rows == 10


def test_columns_are_picked_in_the_asked_order() -> None:
    assert selected(reader(), "b, a").schema.names == ["b", "a"]
    assert selected(reader(), None).schema.names == ["a", "b"]
    with pytest.raises(UsageError, match="no column 'c'"):
        selected(reader(), "a,c")
    with pytest.raises(UsageError, match="'a' twice"):
        selected(reader(), "a,b,a")


@pytest.mark.parametrize("ending", [".parquet", ".arrow", ".csv", ".PARQUET"])
def test_all_rows_are_written(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"out{ending}"
    assert write(reader(), file) == 10
    if ending.lower() == ".parquet":
        assert parquet.read_table(file)["a"].to_pylist() == list(range(10))
    elif ending == ".arrow":
        assert feather.read_table(file)["a"].to_pylist() == list(range(10))
    else:
        assert file.read_text().count("\n") == 11


def test_nothing_is_overwritten_and_nothing_half_written_stays(tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    file.write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        write(reader(), file)
    assert file.read_text() == "mine"
    with pytest.raises(UsageError, match="ending"):
        write(reader(), tmp_path / "out.xlsx")
    with pytest.raises(StageError):
        write(reader(), tmp_path / "no such folder" / "out.csv")
    nested = pa.table({"a": [[1], [2]]}).to_reader()
    with pytest.raises(StageError):
        write(nested, tmp_path / "nested.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_values_fit_on_a_line() -> None:
    assert text(None) == "-"
    assert text(date(2026, 1, 31)) == "2026-01-31"
    assert text(["a.unique", None]) == "a.unique, -"
    assert len(text("x" * 100)) == 40


def test_an_interrupted_output_leaves_no_file(tmp_path: Path) -> None:
    def batches():
        yield from reader()
        raise KeyboardInterrupt

    stream = pa.RecordBatchReader.from_batches(reader().schema, batches())
    with pytest.raises(KeyboardInterrupt):
        write(stream, tmp_path / "out.csv")
    assert list(tmp_path.iterdir()) == []

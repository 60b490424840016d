"""CSV and JSON lines through a gate: the contract leads where the reader can only guess."""

from __future__ import annotations

import datetime
import os
from decimal import Decimal

import pyarrow as pa
import pytest
from meshgate.errors import SourceError
from meshgate.gate import Gate
from meshgate.mesh import Mesh
from pyarrow import parquet

CONTRACT = """\
dataset: ledger
version: 1.0.0
owner: finance-team@example.com
schema:
  - {name: id, type: string}
  - {name: amount, type: "decimal(10,2)"}
  - {name: rate, type: number}
  - {name: day, type: date}
  - {name: note, type: string}
"""
NOT_NULL = "quality_rules:\n  - {column: note, rule: not_null}\n"
CSV = "id,amount,rate,day,note\n0012,12.50,3,2026-01-31,\n0013,7,4,2026-02-01,\n"


def accepted(contract, file):
    mesh = Mesh.embedded(file.parent / "mesh")
    try:
        return mesh.gate(contract).validate_and_mask(file).accepted.to_pylist()
    finally:
        mesh.close()


def test_csv_is_read_as_the_contract_promises(tmp_path):
    file = tmp_path / "ledger.csv"
    file.write_text(CSV)
    assert Gate(CONTRACT).check(file).status == "pass"
    assert accepted(CONTRACT, file)[0] == {
        "id": "0012",
        "amount": Decimal("12.50"),
        "rate": 3.0,
        "day": datetime.date(2026, 1, 31),
        "note": None,
    }


def test_json_lines_are_read_as_the_contract_promises(tmp_path):
    file = tmp_path / "ledger.jsonl"
    file.write_text(
        '{"id": "0012", "amount": 12.10, "rate": 3, "day": null, "note": null}\n'
        '{"id": "0013", "amount": 0.1, "rate": 4, "day": null, "note": null}\n'
    )
    assert Gate(CONTRACT).check(file).status == "pass"
    assert [row["amount"] for row in accepted(CONTRACT, file)] == [
        Decimal("12.10"),
        Decimal("0.10"),
    ]


def test_a_csv_of_a_head_only_has_the_promised_types(tmp_path):
    file = tmp_path / "ledger.csv"
    file.write_text(CSV.splitlines()[0] + "\n")
    report = Gate(CONTRACT).check(file)
    assert (report.status, report.rows) == ("pass", 0)


@pytest.mark.parametrize(("cell", "nulls"), [("", 1), ('""', 0), ("NA", 0), ("null", 0)])
def test_an_empty_cell_is_null_and_nothing_else_is(tmp_path, cell, nulls):
    file = tmp_path / "ledger.csv"
    file.write_text(f"id,amount,rate,day,note\n1,1,1,2026-01-31,{cell}\n")
    assert Gate(CONTRACT + NOT_NULL).check(file).rejected_rows == nulls


def test_what_cannot_be_the_promised_type_fails_the_check_of_the_type(tmp_path):
    file = tmp_path / "ledger.csv"
    file.write_text("id,amount,rate,day,note\n1,much,1,2026-01-31,x\n")
    report = Gate(CONTRACT).check(file)
    assert [check.id for check in report.checks if check.status == "fail"] == ["amount.type_is"]


def test_a_csv_that_changes_its_mind_names_the_file_and_no_value(tmp_path):
    file = tmp_path / "ledger.csv"
    good, other = "0012,12.50,3,2026-01-31,x\n", "0013,secret-value,4,2026-02-01,x\n"
    file.write_text(CSV.splitlines()[0] + "\n" + good * 60_000 + other)
    with pytest.raises(SourceError) as caught:
        Gate(CONTRACT).check(file)
    assert caught.value.code == "source.failed"
    assert str(file) in str(caught.value)
    assert "secret-value" not in str(caught.value)


def test_a_parquet_file_with_damaged_pages_is_named(tmp_path):
    file = tmp_path / "ledger.parquet"
    ids = pa.array([os.urandom(8).hex() for _ in range(1000)])
    parquet.write_table(pa.table({"id": ids}), file)
    damaged = bytearray(file.read_bytes())
    damaged[4:64] = bytes(byte ^ 0x5A for byte in damaged[4:64])
    file.write_bytes(damaged)
    with pytest.raises(SourceError) as caught:
        Gate(CONTRACT).check(file)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet", "a.arrow"])
def test_a_file_without_a_byte_is_said_to_be_empty(tmp_path, name):
    file = tmp_path / name
    file.touch()
    with pytest.raises(SourceError) as caught:
        Gate(CONTRACT).check(file)
    assert caught.value.code == "source.unreadable"
    assert "is empty" in str(caught.value)

"""CSV and JSON lines through a gate: the contract leads where the reader can only guess."""

from __future__ import annotations

import datetime
import os
from decimal import Decimal

import pyarrow as pa
import pytest
from meshgate.contract import Column, Contract
from meshgate.engine import Plan, open_source
from meshgate.errors import LimitError, PlanError, SourceError
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
    assert caught.value.message == f"{file} cannot be read to its end: a cell is no decimal(10,2)"
    assert caught.value.data == "line 60002, column amount"
    assert "secret-value" not in str(caught.value)


def told(file, text, contract=CONTRACT):
    """What is said of a file that cannot be read: never one of its values."""
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SourceError) as caught:
        Gate(contract).check(file)
    assert "secret" not in str(caught.value)
    assert str(file) in caught.value.message
    return caught.value


HEAD = "id,amount,rate,day,note\n"
GOOD = "0012,12.50,3,2026-01-31,x\n"
ANYWHERE = [
    ("1,1,1,2026-01-31,x,secret\n", "line {}", "(6)"),
    ("1,1,secret\n", "line {}", "(3)"),
    ("1,1.255,1,2026-01-31,secret\n", "line {}, column amount", "no decimal(10,2)"),
]
# Among the lines that are guessed from, the guess gives way and the check of the type tells.
LATER = [
    ("1,1,1,secret,x\n", "line {}, column day", "no date"),
    ('1,1,1,2026-01-31,"two\nlines"\n1,secret,1,2026-01-31,x\n', "line {2}, column amount", "no"),
    ("1,1,1,2026-01-31,secret\udcff\n", "line {}, column note", "UTF-8"),
]
BROKEN_CSV = [
    *((before, *case) for before in (1, 60_000) for case in ANYWHERE),
    *((60_000, *case) for case in LATER),
]


@pytest.mark.parametrize(("before", "line", "where", "what"), BROKEN_CSV)
def test_a_line_of_csv_that_cannot_be_read_is_named(tmp_path, before, line, where, what):
    text = (HEAD + GOOD * before + line).encode(errors="surrogateescape")
    error = told(tmp_path / "ledger.csv", text)
    number = before + (4 if "{2}" in where else 2)
    assert error.data == where.replace("{2}", "{}").format(number)
    assert what in error.message
    assert error.help


@pytest.mark.parametrize("before", [1, 60_000])
def test_text_that_is_not_utf_8_is_named_and_not_taken_for_bytes(tmp_path, before):
    line = "1,1,1,2026-01-31,secret \xe9\n".encode("latin-1")
    error = told(tmp_path / "ledger.csv", (HEAD + GOOD * before).encode() + line)
    assert error.data == f"line {before + 2}, column note"
    assert "UTF-8" in error.message


def test_a_bad_cell_late_in_a_csv_leaves_nothing_at_the_destination(tmp_path):
    file = tmp_path / "ledger.csv"
    file.write_text(HEAD + GOOD * 60_000 + "1,secret,1,2026-01-31,x\n")
    mesh = Mesh.embedded(tmp_path / "mesh")
    with pytest.raises(SourceError) as caught:
        mesh.gate(CONTRACT).publish(file, publish_id="p")
    assert caught.value.data == "line 60002, column amount"
    assert mesh.products() == []
    assert not list(tmp_path.rglob("mesh/warehouse/**/*.parquet"))
    file.write_text(HEAD + GOOD)
    assert mesh.gate(CONTRACT).publish(file, publish_id="p").state == "PUBLISHED"
    mesh.close()


def test_a_quote_that_is_never_closed_is_an_error_at_its_line(tmp_path):
    text = HEAD + GOOD + '0013,1,1,2026-01-31,"secret\n' + GOOD * 3
    error = told(tmp_path / "ledger.csv", text)
    assert (error.code, error.data) == ("source.unreadable", "line 3")
    assert "quote that is never closed" in error.message


def test_a_quote_inside_of_a_cell_is_a_character(tmp_path):
    file = tmp_path / "ledger.csv"
    file.write_text(HEAD + '1,1,1,2026-01-31,5" pipe\n2,1,1,2026-01-31,"5"" pipe"\n')
    assert [row["note"] for row in accepted(CONTRACT, file)] == ['5" pipe', '5" pipe']


def test_cells_may_hold_line_breaks_however_long_the_file_is(tmp_path):
    file = tmp_path / "ledger.csv"
    file.write_text(HEAD + '1,1,1,2026-01-31,"two\nlines, one cell"\n' * 60_000)
    report = Gate(CONTRACT).check(file)
    assert (report.status, report.rows) == ("pass", 60_000)


def test_a_folder_names_the_file_that_is_broken(tmp_path):
    (tmp_path / "a.csv").write_text(HEAD + GOOD)
    (tmp_path / "b.csv").write_text(HEAD + GOOD + "1,secret,1,2026-01-31,x\n")
    with pytest.raises(SourceError) as caught:
        Gate(CONTRACT).check(tmp_path)
    assert str(tmp_path / "b.csv") in caught.value.message
    assert caught.value.data == "line 3, column amount"


def test_a_csv_with_a_column_twice_says_which(tmp_path):
    assert "'id'" in told(tmp_path / "ledger.csv", "id,id\n1,secret\n").message


ROW = '{"id": "a", "amount": 1.25, "rate": 1, "day": null, "note": null}\n'
BROKEN_JSON = [
    pytest.param('{"id": "secret"\n', "line {}", "not JSON", id="cut off"),
    pytest.param('["secret"]\n', "line {}", "no object", id="a list"),
    pytest.param(ROW.replace('"a"', "17"), "line {}, column id", "a number", id="another kind"),
    pytest.param(ROW.replace("1.25", "1.255"), "line {}, column amount", "decimal", id="digits"),
    pytest.param(b'{"id": "secret\xff"}\n', "line {}", "UTF-8", id="bytes"),
]


@pytest.mark.parametrize("before", [1, 60_000])
@pytest.mark.parametrize(("line", "where", "what"), BROKEN_JSON)
def test_a_line_of_json_that_cannot_be_read_is_named(tmp_path, before, line, where, what):
    tail = line if isinstance(line, bytes) else line.encode()
    error = told(tmp_path / "ledger.jsonl", (ROW * before).encode() + tail)
    assert error.data == where.format(before + 1)
    assert what in error.message
    assert error.help


@pytest.mark.parametrize("depth", [129, 20_000, 200_000])
@pytest.mark.parametrize("before", [0, 60_000])
def test_brackets_without_end_are_refused_and_end_no_process(tmp_path, depth, before):
    file = tmp_path / "ledger.jsonl"
    for text in ("[" * depth + "]" * depth, "[" * depth, "[\n" * depth, '{"a": ' * depth):
        file.write_text(ROW * before + '{"id": ' + text + "}\n")
        with pytest.raises(LimitError) as caught:
            Gate(CONTRACT).check(file)
        assert caught.value.code == "limit.too_large"
        line = before + (128 if text[1] == "\n" else 1)
        assert caught.value.data == f"line {line}"


def test_brackets_inside_of_texts_are_text(tmp_path):
    file = tmp_path / "ledger.jsonl"
    file.write_text(ROW + ROW.replace('"a"', '"' + "[" * 300 + '\\"' + "{" * 300 + '"'))
    assert Gate(CONTRACT).check(file).rows == 2


@pytest.mark.parametrize(("name", "text"), [("a.csv", "amount\n1.25\n"), ("a.csv", "amount\n"),
                                            ("a.jsonl", '{"amount": 1.25}\n')])  # fmt: skip
def test_a_decimal_without_digits_is_refused_for_text_with_its_place(tmp_path, name, text):
    file = tmp_path / name
    file.write_text(text)
    head = "dataset: d\nversion: 1.0.0\nowner: o\nschema:\n"
    with pytest.raises(PlanError) as caught:
        Gate(head + "  - {name: amount, type: decimal}\n").check(file)
    assert caught.value.code == "plan.open_decimal"
    assert (caught.value.where.line, caught.value.where.column) == (5, 26)
    assert "decimal(18,2)" in caught.value.help
    assert Gate(head + "  - {name: amount, type: 'decimal(5,2)'}\n").check(file).ok


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


def test_a_promised_unit_and_zone_are_given_to_what_is_as_exact(tmp_path):
    path = tmp_path / "moments.csv"
    path.write_text(
        "a,b,c,d\n2024-05-01T00:00:00Z,2024-05-01 00:00:00,12:00:00,2024-05-01 00:00:00.5\n"
    )
    types = ("timestamp[us, tz=Europe/Berlin]", "timestamp_ntz[ms]", "time[us]", "timestamp[us]")
    columns = tuple(Column(name, type_) for name, type_ in zip("abcd", types, strict=True))
    contract = Contract(id="m", dataset="m", version="1.0.0", columns=columns)
    report = Plan.compile(contract, open_source(path, contract)).check(path)
    reasons = {check.id: check.reason for check in report.checks if check.status == "fail"}
    # A guess with a fraction may hold more digits than the promise.
    assert reasons == {"d.type_is": "promised as timestamp[us], the data has timestamp_ntz[ns]"}

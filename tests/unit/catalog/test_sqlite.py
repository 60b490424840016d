"""The catalog in a SQLite file: durable, private, on one host, and suspicious of its own file."""

from __future__ import annotations

import sqlite3

import pytest
from meshgate.catalog import products, sqlite
from meshgate.catalog.ledger import Ledger
from meshgate.catalog.store import Store
from meshgate.errors import CatalogError

from tests.unit.catalog.world import CONTRACT, publish


@pytest.fixture
def opened(tmp_path):
    made = Store(tmp_path / "catalog.db")
    yield made
    made.close()


@pytest.fixture
def ledger(opened):
    return Ledger(opened)


def test_every_connection_is_durable(opened):
    for _ in range(2):
        with opened.reading() as connection:
            pragmas = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "synchronous", "busy_timeout", "trusted_schema")
            }
        assert pragmas == {
            "journal_mode": "wal",
            "synchronous": 2,
            "busy_timeout": 30_000,
            "trusted_schema": 0,
        }


def test_a_damaged_database_is_a_typed_error_without_its_text(tmp_path):
    path = tmp_path / "catalog.db"
    path.write_bytes(b"secret@example.com" * 400)
    with pytest.raises(CatalogError) as caught:
        Store(path)
    assert caught.value.code == "catalog.corrupt"
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_flipped_bytes_are_typed_errors(tmp_path, ledger, opened):
    for number in range(20):
        publish(ledger, f"p{number}", number + 1)
    opened.close()
    original = (tmp_path / "catalog.db").read_bytes()
    outcomes = set()
    for position in range(0, len(original), max(1, len(original) // 120)):
        damaged = bytearray(original)
        damaged[position] ^= 0xFF
        path = tmp_path / "damaged.db"
        path.write_bytes(damaged)
        try:
            made = Store(path)
            products.find(made)
            Ledger(made).unfinished()
            made.close()
            outcomes.add("ok")
        except CatalogError as error:
            outcomes.add(error.code)
    assert "ok" in outcomes
    assert outcomes <= {
        "ok",
        "catalog.corrupt",
        "catalog.unavailable",
        "catalog.format",
        "catalog.bad_receipt",
    }


def test_planted_triggers_do_not_reach_outside(tmp_path, ledger, opened):
    opened.close()
    with sqlite3.connect(tmp_path / "catalog.db") as connection:
        connection.execute(
            "CREATE TRIGGER t AFTER INSERT ON publication "
            "BEGIN SELECT load_extension('/nowhere.so'); END"
        )
    connection.close()
    with pytest.raises(CatalogError):
        ledger.begin("finance.ledger", "p1", CONTRACT.digest)


def test_another_format_is_refused(tmp_path, opened):
    opened.close()
    with sqlite3.connect(tmp_path / "catalog.db") as connection:
        connection.execute("UPDATE meshgate SET format = 99")
    connection.close()
    with pytest.raises(CatalogError) as caught:
        Store(tmp_path / "catalog.db")
    assert caught.value.code == "catalog.format"


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "9p"])
def test_a_network_file_system_is_refused(tmp_path, monkeypatch, kind):
    mounts = f"/dev/vda / ext4 rw 0 0\nserver:/x {tmp_path} {kind} rw 0 0\n"
    monkeypatch.setattr(sqlite.Path, "read_text", lambda *_, **__: mounts)
    with pytest.raises(CatalogError) as caught:
        Store(tmp_path / "catalog.db")
    assert caught.value.code == "catalog.network_file_system"


def test_the_database_is_its_owner_s_alone(tmp_path, opened):
    assert (tmp_path / "catalog.db").stat().st_mode & 0o777 == 0o600

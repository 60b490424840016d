"""The ledger: one state per publish id, PUBLISHED is final, and nothing is half recorded."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import warnings

import pytest
from meshgate.catalog import products, store
from meshgate.catalog.ledger import ABORTED, ALLOWED, BEGUN, DENIED, PUBLISHED, Ledger
from meshgate.catalog.store import Store
from meshgate.contract import Column, Contract, ServiceLevel
from meshgate.errors import CatalogError
from meshgate.receipt import Receipt

CONTRACT = Contract(
    "c",
    "ledger",
    "1.0.0",
    owner="ana@example.com",
    domain="finance",
    columns=(Column("id", "int64"),),
    service_levels=(ServiceLevel("freshness", "24h", 86400), ServiceLevel("latency", "15m", 900)),
)
EVENTS = {"catalog": "{}", "openlineage": "{}"}


@pytest.fixture
def opened(tmp_path):
    made = Store(tmp_path / "catalog.db")
    yield made
    made.close()


@pytest.fixture
def ledger(opened):
    return Ledger(opened)


def receipt(publish_id="p1", state="PUBLISHED", version=1, at="2026-01-01T00:00:00.000000Z"):
    return Receipt(
        product="finance.ledger",
        state=state,
        publish_id=publish_id,
        published_at=at,
        contract={
            "id": "c",
            "version": "1.0.0",
            "digest": CONTRACT.digest,
            "owner": CONTRACT.owner,
            "domain": "finance",
        },
        input_digest="i",
        report={"accepted_rows": 2, "rejected_rows": 1, "checks": []},
        decision={"allowed": state == "PUBLISHED", "phase": "before_commit", "reasons": []},
        destination=None if state == DENIED else {"version": version, "files": []},
    )


def publish(ledger, publish_id="p1", version=1, **parts):
    done = receipt(publish_id, version=version, **parts)
    ledger.publish(done, CONTRACT.to_json(), EVENTS, 0.25)
    return done


def state(ledger, publish_id="p1"):
    entry = ledger.entry("finance.ledger", publish_id)
    return None if entry is None else entry.state


def test_a_publication_goes_through_its_states(ledger):
    assert state(ledger) is None
    ledger.begin("finance.ledger", "p1", CONTRACT.digest)
    assert state(ledger) == BEGUN
    ledger.allow(receipt(), "0" * 16)
    assert state(ledger) == ALLOWED
    assert [entry.publish_id for entry in ledger.unfinished()] == ["p1"]
    done = publish(ledger)
    assert state(ledger) == PUBLISHED
    assert ledger.unfinished() == []
    assert ledger.receipt("finance.ledger", "p1") == done


def test_published_is_final(ledger):
    done = publish(ledger)
    assert ledger.begin("finance.ledger", "p1", CONTRACT.digest).state == PUBLISHED
    ledger.abort("finance.ledger", "p1")
    ledger.allow(receipt(), "0" * 16)
    ledger.deny(receipt(state=DENIED))
    publish(ledger, version=9)
    assert state(ledger) == PUBLISHED
    assert ledger.receipt("finance.ledger", "p1") == done


@pytest.mark.parametrize("end", [ABORTED, DENIED])
def test_what_is_not_published_may_begin_again(ledger, end):
    ledger.begin("finance.ledger", "p1", CONTRACT.digest)
    if end == ABORTED:
        ledger.abort("finance.ledger", "p1")
    else:
        ledger.deny(receipt(state=DENIED))
    assert state(ledger) == end
    assert ledger.begin("finance.ledger", "p1", CONTRACT.digest).state == BEGUN


def test_the_same_id_of_two_products_is_two_publications(ledger):
    publish(ledger)
    assert ledger.entry("finance.other", "p1") is None


def test_a_denial_without_an_id_is_kept(ledger, opened):
    ledger.deny(receipt(None, state=DENIED))
    publish(ledger)
    found = products.get(opened, "finance.ledger")
    assert found.denials == 1
    assert [r.state for r in found.receipts] == ["DENIED", "PUBLISHED"]


def test_a_product_that_was_only_denied_is_not_listed(ledger, opened):
    ledger.deny(receipt(state=DENIED))
    assert products.find(opened) == []
    with pytest.raises(CatalogError) as caught:
        products.get(opened, "finance.ledger")
    assert caught.value.code == "catalog.unknown_product"


def test_a_product_shows_promises_and_measurements(ledger, opened):
    from datetime import datetime, timezone

    publish(ledger)
    publish(ledger, "p2", 3, at="2026-01-02T00:00:00.000000Z")
    now = datetime(2026, 1, 3, 6, tzinfo=timezone.utc)
    found = products.get(opened, "finance.ledger", now)
    assert (found.owner, found.domain) == ("ana@example.com", "finance")
    assert found.columns[0]["name"] == "id"
    assert found.promise == CONTRACT
    assert [v.number for v in found.versions] == [1, 3]
    assert found.latest.rows == 2
    levels = {level.name: level for level in found.service_levels}
    assert float(levels["freshness"].measured_s) == 30 * 3600
    assert levels["freshness"].met is False
    assert (float(levels["latency"].measured_s), levels["latency"].met) == (0.25, True)
    assert found.to_dict()["service_levels"][0]["promised_s"] == 86400


def test_versions_are_found_by_time(ledger, opened):
    from datetime import datetime, timezone

    publish(ledger)
    publish(ledger, "p2", 3, at="2026-01-02T00:00:00.000000Z")

    def as_of(*moment):
        when = datetime(*moment, tzinfo=timezone.utc)
        return products.version_as_of(opened, "finance.ledger", when)

    assert [as_of(2025, 12, 31), as_of(2026, 1, 1), as_of(2026, 1, 5)] == [None, 1, 3]


def test_the_outbox_is_sent_at_least_once_and_in_order(ledger):
    publish(ledger)
    publish(ledger, "p2", 2)
    sent = []

    def failing(event):
        sent.append(event.key)
        if len(sent) == 2:
            raise ConnectionError

    with pytest.raises(ConnectionError):
        ledger.relay(failing)
    assert ledger.relay(lambda event: sent.append(event.key)) == 3
    assert ledger.relay(lambda event: sent.append(event.key)) == 0
    keys = [f"finance.ledger/{id_}/{kind}" for id_ in ("p1", "p2") for kind in EVENTS]
    assert sent == [keys[0], keys[1], *keys[1:]]


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


def test_a_broken_transaction_leaves_nothing(ledger, opened, monkeypatch):
    monkeypatch.setattr(
        "meshgate.catalog.ledger._record_product", lambda *_: (_ for _ in ()).throw(MemoryError)
    )
    with pytest.raises(MemoryError):
        publish(ledger)
    assert state(ledger) is None
    assert products.find(opened) == []


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
    monkeypatch.setattr(store.Path, "read_text", lambda *_, **__: mounts)
    with pytest.raises(CatalogError) as caught:
        Store(tmp_path / "catalog.db")
    assert caught.value.code == "catalog.network_file_system"


def test_the_database_is_its_owner_s_alone(tmp_path, opened):
    assert (tmp_path / "catalog.db").stat().st_mode & 0o777 == 0o600


def _begin_many(path, worker, rounds):
    ledger = Ledger(Store(path))
    for number in range(rounds):
        ledger.begin("finance.ledger", f"{worker}-{number}", CONTRACT.digest)


def test_four_processes_share_a_new_database(tmp_path):
    context = multiprocessing.get_context("spawn")
    path = tmp_path / "catalog.db"
    workers = [context.Process(target=_begin_many, args=(path, w, 10)) for w in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0] * 4
    assert len(Ledger(Store(path)).unfinished()) == 40


def test_the_store_works_after_a_fork(ledger):
    publish(ledger)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other tests may have made threads
        child = os.fork()
    if child == 0:
        code = 1
        try:
            ledger.begin("finance.ledger", "child", CONTRACT.digest)
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert state(ledger, "child") == BEGUN

"""The catalog in PostgreSQL: durable, one writer at a time, and whole after the server's crash."""

from __future__ import annotations

import sys
import threading

import pytest
from meshgate import settings
from meshgate.catalog.ledger import ALLOWED, BEGUN, Ledger
from meshgate.catalog.store import Store
from meshgate.errors import CatalogError, UsageError

from tests.needs import need
from tests.postgres import server
from tests.unit.catalog.world import CONTRACT, publish, receipt, state


def test_every_connection_is_durable_and_does_not_wait_for_ever(postgres_url):
    store = Store(postgres_url)
    with store.reading() as connection:
        found = {
            name: connection.exec_driver_sql(f"SHOW {name}").scalar()
            for name in ("synchronous_commit", "lock_timeout", "transaction_isolation")
        }
    store.close()
    assert found == {
        "synchronous_commit": "on",
        "lock_timeout": "30s",
        "transaction_isolation": "repeatable read",
    }


def test_a_server_that_does_not_sync_is_refused():
    with server() as running:
        running.stop()
        running.start(fsync="off")
        with pytest.raises(CatalogError) as caught:
            Store(running.url())
    assert caught.value.code == "catalog.not_durable"


def test_an_allowed_publication_outlives_a_crash_of_the_server():
    with server() as running:
        store = Store(running.url())
        ledger = Ledger(store)
        ledger.begin("finance.ledger", "p1", CONTRACT.digest)
        ledger.allow(receipt(), "0" * 16)
        ledger.begin("finance.ledger", "p2", CONTRACT.digest)
        running.stop("immediate")
        with pytest.raises(CatalogError) as caught:
            ledger.abort("finance.ledger", "p1")
        assert caught.value.code == "catalog.unavailable"
        running.start()
        assert (state(ledger, "p1"), state(ledger, "p2")) == (ALLOWED, BEGUN)
        done = publish(ledger)
        assert ledger.receipt("finance.ledger", "p1") == done
        store.close()


def test_a_writer_waits_and_sees_what_the_one_before_wrote(postgres_url):
    first, second = Store(postgres_url), Store(postgres_url)
    seen = []

    def write_later():
        with second.writing() as connection:
            count = connection.exec_driver_sql("SELECT count(*) FROM publication").scalar()
            seen.append(count)

    with first.writing() as connection:
        waiting = threading.Thread(target=write_later)
        waiting.start()
        connection.exec_driver_sql(
            "INSERT INTO publication (product, publish_id, state, contract_digest, updated_at) "
            "VALUES ('p', 'i', 'BEGUN', 'd', 't')"
        )
        with second.reading() as reader:  # a reader waits for nobody
            assert reader.exec_driver_sql("SELECT count(*) FROM publication").scalar() == 0
        assert not seen
    waiting.join(30)
    assert seen == [1]
    first.close()
    second.close()


def test_more_rows_than_a_32_bit_number_holds(postgres_url):
    store = Store(postgres_url)
    ledger = Ledger(store)
    large = receipt(version=2**40).to_dict()
    large["report"]["accepted_rows"] = 10**12
    ledger.publish(type(receipt()).from_dict(large), CONTRACT.to_json(), {})
    assert ledger.newest("finance.ledger").report["accepted_rows"] == 10**12
    store.close()


def test_a_password_is_told_to_nobody(tmp_path):
    need("psycopg")
    url = "postgresql+psycopg://ana:zq7secret@/nowhere?host=/nonexistent"
    (tmp_path / "mesh.toml").write_text(f'[catalog]\ndatabase = "{url}"\n')
    read = settings.read(tmp_path / "mesh.toml")
    assert "zq7secret" not in repr(read)
    with pytest.raises(CatalogError) as caught:
        Store(read.catalog)
    assert caught.value.code == "catalog.unavailable"
    assert "zq7secret" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "url", ["mysql://ana@host/db", "sqlite:///catalog.db", "postgresql+psycopg2://h/d", "://"]
)
def test_other_databases_are_refused(url):
    with pytest.raises(UsageError) as caught:
        Store(url)
    assert caught.value.code == "usage.catalog_url"


def test_a_missing_driver_names_the_extra(monkeypatch):
    for name in [*(n for n in sys.modules if n.startswith("psycopg")), "psycopg"]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UsageError) as caught:
        Store("postgresql://ana@host/db")
    assert caught.value.code == "usage.extra_missing"
    assert "meshgate[postgres]" in caught.value.help

"""The ledger: one state per publish id, PUBLISHED is final, and nothing is half recorded."""

from __future__ import annotations

import multiprocessing
import os
import warnings

import pytest
from meshgate.catalog import products
from meshgate.catalog.ledger import ABORTED, ALLOWED, BEGUN, DENIED, PUBLISHED, Ledger
from meshgate.catalog.store import Store
from meshgate.errors import CatalogError

from tests.unit.catalog.world import CONTRACT, EVENTS, publish, receipt, state


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


def test_a_broken_transaction_leaves_nothing(ledger, opened, monkeypatch):
    monkeypatch.setattr(
        "meshgate.catalog.ledger._record_product", lambda *_: (_ for _ in ()).throw(MemoryError)
    )
    with pytest.raises(MemoryError):
        publish(ledger)
    assert state(ledger) is None
    assert products.find(opened) == []


def _begin_many(database, worker, rounds):
    store = Store(database)
    for number in range(rounds):
        Ledger(store).begin("finance.ledger", f"{worker}-{number}", CONTRACT.digest)
    store.close()


def test_four_processes_share_a_new_database(database):
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_begin_many, args=(database, w, 10)) for w in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0] * 4
    store = Store(database)
    assert len(Ledger(store).unfinished()) == 40
    store.close()


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

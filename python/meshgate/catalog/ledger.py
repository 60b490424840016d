"""What happened to every publish id, and what is to be told about it.

    BEGUN -> ALLOWED -> PUBLISHED        a crash leaves BEGUN or ALLOWED; `unfinished` lists them
          -> DENIED                      nothing is visible; the id may begin again
          -> ABORTED                     certain that nothing is visible; the id may begin again

PUBLISHED is final. The row, the receipt, the version and the events of the outbox are written in
one transaction, so nobody sees one without the others. Nothing here is ordered by wall clock.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa

from meshgate.catalog import tables as t
from meshgate.catalog.store import Store
from meshgate.errors import CatalogError
from meshgate.receipt import Receipt

BEGUN, ALLOWED, PUBLISHED = "BEGUN", "ALLOWED", "PUBLISHED"
DENIED, ABORTED = "DENIED", "ABORTED"


@dataclass(frozen=True)
class Entry:
    """One publish id of one product, and its state; `pending` is the receipt of an ALLOWED one."""

    product: str
    publish_id: str
    state: str
    attempt: str | None
    input_digest: str | None
    contract_digest: str
    pending: str | None = None


@dataclass(frozen=True)
class Event:
    """One thing to tell others. `key` is the same whenever the same event is sent again."""

    id: int
    product: str
    publish_id: str
    kind: str
    payload: str

    @property
    def key(self) -> str:
        """``product/publish_id/kind``: by it receivers drop what they already have."""
        return f"{self.product}/{self.publish_id}/{self.kind}"


class Ledger:
    """The states of publish ids, over one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def entry(self, product: str, publish_id: str) -> Entry | None:
        """The state of this publish id; None when it never began."""
        with self._store.reading() as connection:
            return _entry(connection, product, publish_id)

    def begin(self, product: str, publish_id: str, contract_digest: str) -> Entry:
        """The publish id is BEGUN; a published one is left as it is."""
        with self._store.writing() as connection:
            held = _entry(connection, product, publish_id)
            if held is None or held.state != PUBLISHED:
                _put(connection, product, publish_id, BEGUN, contract_digest=contract_digest)
                held = Entry(product, publish_id, BEGUN, None, None, contract_digest)
            return held

    def allow(self, receipt: Receipt, attempt: str) -> None:
        """The publish id is ALLOWED, with its decision; its files are durable by now."""
        with self._store.writing() as connection:
            held = _entry(connection, receipt.product, str(receipt.publish_id))
            if held is not None and held.state == PUBLISHED:
                return  # by a publisher on another host; the commit will say so
            _put(
                connection,
                receipt.product,
                str(receipt.publish_id),
                ALLOWED,
                attempt=attempt,
                input_digest=receipt.input_digest,
                contract_digest=receipt.contract["digest"],
                pending=receipt.to_json(),
            )
            _decided(connection, receipt)

    def deny(self, receipt: Receipt) -> None:
        """The denial is recorded, with its receipt; the publish id may begin again."""
        with self._store.writing() as connection:
            if receipt.publish_id is not None:
                held = _entry(connection, receipt.product, receipt.publish_id)
                if held is None or held.state != PUBLISHED:
                    _put(
                        connection,
                        receipt.product,
                        receipt.publish_id,
                        DENIED,
                        input_digest=receipt.input_digest,
                        contract_digest=receipt.contract["digest"],
                    )
            _decided(connection, receipt)
            _keep(connection, receipt)

    def abort(self, product: str, publish_id: str) -> None:
        """The publish id is ABORTED: certain that nothing is visible."""
        with self._store.writing() as connection:
            held = _entry(connection, product, publish_id)
            if held is not None and held.state in (BEGUN, ALLOWED):
                connection.execute(
                    t.publication.update()
                    .where(_is(t.publication, product, publish_id))
                    .values(state=ABORTED, pending=None, updated_at=_now())
                )

    def publish(
        self,
        receipt: Receipt,
        contract: str | None,
        events: Mapping[str, str],
        seconds: float | None = None,
    ) -> None:
        """The publish id is PUBLISHED, with receipt, version and events; twice is as once.

        `contract` is its canonical JSON, or None to keep what the product has; `events` are
        payloads by kind; `seconds` go from the publication's start to its commit.
        """
        product, publish_id = receipt.product, str(receipt.publish_id)
        with self._store.writing() as connection:
            held = _entry(connection, product, publish_id)
            if held is not None and held.state == PUBLISHED:
                return
            _put(
                connection,
                product,
                publish_id,
                PUBLISHED,
                input_digest=receipt.input_digest,
                contract_digest=receipt.contract["digest"],
            )
            number = _keep(connection, receipt)
            _record_version(connection, receipt, number, seconds)
            _record_product(connection, receipt, contract)
            for kind, payload in events.items():
                connection.execute(
                    t.outbox.insert().values(
                        product=product, publish_id=publish_id, kind=kind, payload=payload
                    )
                )

    def receipt(self, product: str, publish_id: str) -> Receipt | None:
        """The receipt of a published id."""
        with self._store.reading() as connection:
            body = connection.execute(
                sa.select(t.receipt.c.body)
                .where(_is(t.receipt, product, publish_id))
                .where(t.receipt.c.state == PUBLISHED)
            ).scalar()
        return None if body is None else Receipt.from_json(body)

    def newest(self, product: str) -> Receipt | None:
        """The receipt of the product's newest version."""
        with self._store.reading() as connection:
            body = connection.execute(
                sa.select(t.receipt.c.body)
                .where(t.receipt.c.product == product, t.receipt.c.state == PUBLISHED)
                .order_by(t.receipt.c.id.desc())
                .limit(1)
            ).scalar()
        return None if body is None else Receipt.from_json(body)

    def unfinished(self) -> list[Entry]:
        """Publish ids whose outcome the catalog does not know."""
        with self._store.reading() as connection:
            rows = connection.execute(
                sa.select(t.publication)
                .where(t.publication.c.state.in_((BEGUN, ALLOWED)))
                .order_by(t.publication.c.product, t.publication.c.publish_id)
            ).mappings()
            return [_as_entry(row) for row in rows]

    def relay(self, send: Callable[[Event], None]) -> int:
        """Every event of the outbox is sent at least once, in order; the number sent now.

        An event is marked after `send` returns. What `send` raises ends the relay; later events
        stay for the next one.
        """
        count = 0
        while True:
            with self._store.reading() as connection:
                row = (
                    connection.execute(
                        sa.select(t.outbox)
                        .where(t.outbox.c.sent == 0)
                        .order_by(t.outbox.c.id)
                        .limit(1)
                    )
                    .mappings()
                    .first()
                )
            if row is None:
                return count
            event = Event(row["id"], row["product"], row["publish_id"], row["kind"], row["payload"])
            send(event)
            with self._store.writing() as connection:
                connection.execute(
                    t.outbox.update().where(t.outbox.c.id == event.id).values(sent=1)
                )
            count += 1


def _entry(connection: sa.Connection, product: str, publish_id: str) -> Entry | None:
    row = (
        connection.execute(sa.select(t.publication).where(_is(t.publication, product, publish_id)))
        .mappings()
        .first()
    )
    return None if row is None else _as_entry(row)


def _as_entry(row: Mapping[Any, Any]) -> Entry:
    return Entry(
        row["product"],
        row["publish_id"],
        row["state"],
        row["attempt"],
        row["input_digest"],
        row["contract_digest"],
        row["pending"],
    )


def _is(table: sa.Table, product: str, publish_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.product == product, table.c.publish_id == publish_id)


def _put(
    connection: sa.Connection, product: str, publish_id: str, state: str, **values: str | None
) -> None:
    values = {"pending": None, **values, "state": state, "updated_at": _now()}
    changed = connection.execute(
        t.publication.update().where(_is(t.publication, product, publish_id)).values(**values)
    )
    if changed.rowcount == 0:
        connection.execute(
            t.publication.insert().values(product=product, publish_id=publish_id, **values)
        )


def _keep(connection: sa.Connection, receipt: Receipt) -> int:
    done = connection.execute(
        t.receipt.insert().values(
            product=receipt.product,
            publish_id=receipt.publish_id,
            state=receipt.state,
            digest=receipt.digest,
            body=receipt.to_json(),
        )
    )
    key = done.inserted_primary_key
    if key is None:
        raise CatalogError(code="catalog.unavailable", message="the database gave no row number")
    return int(key[0])


def _decided(connection: sa.Connection, receipt: Receipt) -> None:
    body = receipt.to_dict()["decision"]
    connection.execute(
        t.decision.insert().values(
            product=receipt.product,
            publish_id=receipt.publish_id,
            phase=str(body.get("phase", "")),
            allowed=body.get("allowed") is True,
            body=json.dumps(body, sort_keys=True, allow_nan=False),
            at=_now(),
        )
    )


def _record_version(
    connection: sa.Connection, receipt: Receipt, number: int, seconds: float | None
) -> None:
    report = receipt.report or {}
    connection.execute(
        t.version.insert().values(
            product=receipt.product,
            # A destination that has dropped its log knows the id and not the version.
            version=-number if receipt.version is None else receipt.version,
            publish_id=receipt.publish_id,
            contract_version=receipt.contract["version"],
            published_at=receipt.published_at,
            rows=report.get("accepted_rows"),
            rejected_rows=report.get("rejected_rows"),
            seconds=None if seconds is None else f"{seconds:.3f}",
            receipt=number,
        )
    )


def _record_product(connection: sa.Connection, receipt: Receipt, contract: str | None) -> None:
    held = connection.execute(
        sa.select(t.product.c.name).where(t.product.c.name == receipt.product)
    ).scalar()
    if contract is None and held is not None:
        return
    known: dict[str, Any] = {} if contract is None else json.loads(contract, parse_float=str)
    values = {
        "domain": receipt.contract.get("domain"),
        "owner": _storable(receipt.contract.get("owner", "")),
        "description": _storable(known.get("description", "")),
        "contract": contract or "{}",
        "contract_digest": receipt.contract["digest"],
        "updated_at": receipt.published_at,
    }
    if held is None:
        connection.execute(t.product.insert().values(name=receipt.product, **values))
    else:
        connection.execute(
            t.product.update().where(t.product.c.name == receipt.product).values(**values)
        )
    connection.execute(t.service_level.delete().where(t.service_level.c.product == receipt.product))
    for level in known.get("service_levels", ()):
        seconds = level["seconds"]
        connection.execute(
            t.service_level.insert().values(
                product=receipt.product,
                name=level["name"],
                column=level["column"] or "",
                value=level["value"],
                seconds=None if seconds is None else str(seconds),
            )
        )


def _storable(text: str) -> str:
    """PostgreSQL stores every character but one."""
    return text.replace("\0", "\ufffd")


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")

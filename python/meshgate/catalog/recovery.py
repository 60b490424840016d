"""Brings the catalog in line with the destinations: after a crash, or from nothing.

The destination decides. A publish id that it holds is PUBLISHED, whatever the catalog thought; one
that it does not hold, and that no living process works on, is ABORTED and its files are removed.
When the destination cannot be asked, nothing changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from meshgate.catalog.ledger import Ledger
from meshgate.errors import MeshgateError, StageError
from meshgate.receipt import Receipt

Events = Callable[[Receipt], Mapping[str, str]]


class Commit(Protocol):
    """One commit that carries a receipt."""

    @property
    def version(self) -> int | None:
        """The destination's version."""

    @property
    def receipt(self) -> str | None:
        """The receipt's JSON."""


class Held(Protocol):
    """What a destination holds of one publish id."""

    @property
    def main(self) -> Commit | None:
        """The product's commit."""

    @property
    def quarantine(self) -> Commit | None:
        """The quarantine's commit."""


class Destination(Protocol):
    """The part of an adapter that recovery asks."""

    def claim(
        self, product: str, publish_id: str, timeout_s: float = ...
    ) -> AbstractContextManager[None]:
        """Holds the publish id."""

    def find(self, product: str, publish_id: str) -> Held:
        """What is visible of this publish id."""

    def abandon(self, product: str, publish_id: str) -> int:
        """Removes files of dead attempts."""

    def products(self) -> list[str]:
        """The products that exist there."""

    def receipts(self, product: str) -> Iterator[Commit]:
        """The commits that carry a receipt, oldest first."""

    def description(self, product: str) -> Mapping[str, str]:
        """What the product's table says about itself."""


def completed(held: Held, pending: str | None = None) -> Receipt | None:
    """The receipt of a published id with its versions; None if it is not published.

    `pending` is the catalog's copy, for a destination whose log entry is gone.

    Raises:
        CatalogError: ``catalog.bad_receipt``.
    """
    body = None if held.main is None else held.main.receipt or pending
    if held.main is None or body is None:
        return None
    receipt = Receipt.from_json(body)
    aside = None if held.quarantine is None else held.quarantine.version
    return receipt.committed(held.main.version, aside)


def reconcile(ledger: Ledger, destination: Destination, events: Events) -> int:
    """Every publish id whose holder is dead is PUBLISHED or ABORTED; the number changed."""
    changed = 0
    for entry in ledger.unfinished():
        product, publish_id = entry.product, entry.publish_id
        try:
            with destination.claim(product, publish_id, timeout_s=0.0):
                held = destination.find(product, publish_id)
                receipt = completed(held, entry.pending)
                if receipt is not None:
                    ledger.publish(receipt, _contract(destination, receipt), events(receipt))
                elif held.main is None:
                    destination.abandon(product, publish_id)
                    ledger.abort(product, publish_id)
                changed += 1
        except StageError:
            continue  # held by a living process, or the destination does not answer: keep
    return changed


def rebuild(ledger: Ledger, destination: Destination) -> int:
    """Every receipt in the destination's commits is in the catalog; the number found.

    No events: whoever lost the catalog has told the others already.

    Raises:
        StageError: ``stage.unreadable``.
        CatalogError: ``catalog.*``.
    """
    count = 0
    for product in destination.products():
        for commit in destination.receipts(product):
            if commit.receipt is None:
                continue
            receipt = Receipt.from_json(commit.receipt)
            held = destination.find(product, str(receipt.publish_id))
            aside = None if held.quarantine is None else held.quarantine.version
            receipt = receipt.committed(commit.version, aside)
            ledger.publish(receipt, _contract(destination, receipt), {})
            count += 1
    return count


def _contract(destination: Destination, receipt: Receipt) -> str | None:
    """The table's own copy of the contract, if it is the one of this receipt."""
    try:
        text = destination.description(receipt.product).get("meshgate.contract")
    except MeshgateError:
        return None
    if text is None:
        return None
    digest = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    return text if digest == receipt.contract.get("digest") else None

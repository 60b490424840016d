"""Keeps `order_states`, the newest state of every order, up to date with `order_events`.

    python projections/order_states.py MESH [PUBLISHER]

Run it as often as you like, from a scheduler or after each publication of events: it reads only
what the events have gained, and does nothing when they have gained nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path

from meshgate import Mesh, Receipt

CONTRACT = Path(__file__).with_suffix(".yaml")
EVENTS = "sales.order_events"
KEY = ["order_id"]
NEWEST = ["happened_on", "event_id"]  # late events lose, whenever they arrive


def project(mesh: Mesh, publisher: str | None = None) -> Receipt | None:
    """The receipt of what was published; None when there were no new events."""
    return mesh.project(EVENTS, mesh.gate(CONTRACT), KEY, NEWEST, publisher)


def main(place: str, publisher: str | None = None) -> None:
    """Projects once, and says what came of it."""
    receipt = project(Mesh(place), publisher)
    if receipt is None:
        print(f"{EVENTS} has gained nothing")
    else:
        print(f"{receipt.product} version {receipt.version}: {receipt.report['rows']:,} orders")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""A contract, its receipts, and a ledger that publishes them."""

from __future__ import annotations

from meshgate.catalog.ledger import DENIED
from meshgate.contract import Column, Contract, ServiceLevel
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

"""A document that every central policy allows."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def document() -> dict[str, Any]:
    """What policies see before the commit of a product that may leave."""
    email = {
        "name": "email",
        "type": "string",
        "tags": ["contact"],
        "pii": "email",
        "classification": "confidential",
        "required": True,
        "mask": "hash",
    }
    amount = {
        "name": "amount",
        "type": "decimal(18,2)",
        "tags": [],
        "pii": None,
        "classification": None,
        "required": False,
        "mask": None,
    }
    check = {
        "id": "email.not_null",
        "check": "not_null",
        "columns": ["email"],
        "severity": "error",
        "status": "pass",
        "tested": 3,
        "failed_rows": 0,
    }
    return {
        "schema": {"columns": [email, amount], "has_pii_tags": True},
        "contract": {
            "id": "monthly_ledger",
            "dataset": "monthly_ledger",
            "version": "1.2.0",
            "owner": "finance-team@company.com",
            "domain": "finance",
            "digest": "sha256:00",
            "status": "active",
            "strict": False,
            "tags": [],
            "service_levels": [
                {"name": "freshness", "value": "24h", "seconds": 86400, "column": None}
            ],
        },
        "report": {
            "status": "pass",
            "ok": True,
            "rows": 3,
            "accepted_rows": 3,
            "rejected_rows": 0,
            "checks": [check],
            "summary": {"pass": 1, "fail": 0, "warn": 0, "error": 0, "not_enforced": 0},
        },
        "masking": {
            "email": {"method": "hash", "domain": "finance.monthly_ledger.email", "key_id": "k1"}
        },
        "infrastructure": {
            "adapter": "delta",
            "storage": "file",
            "encryption": "AES-256",
            "region": None,
        },
        "publication": {
            "publish_id": "p1",
            "product": "finance.monthly_ledger",
            "domain": "finance",
            "phase": "before_commit",
            "publisher": {"id": "ana", "roles": ["engineer"]},
            "publishers": ["ana", "role-of-others"],
            "domains": ["finance", "sales"],
        },
    }

"""The documents that policies see. Names, counts and statuses; never a value of the data.

`input.schema.json` and `read.schema.json` beside this file are their documentation, and what the
paths in policies are checked against.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from meshgate.contract import walk

if TYPE_CHECKING:
    from meshgate.contract import Column, Contract, ServiceLevel
    from meshgate.report import Report

STATUSES = ("pass", "fail", "warn", "error", "not_enforced")


def policy_input(
    contract: Contract,
    report: Report | None,
    masking: Mapping[str, Mapping[str, Any]],
    infrastructure: Mapping[str, Any],
    publication: Mapping[str, Any],
) -> dict[str, Any]:
    """What policies see when a product is to be published.

    Args:
        contract: what is promised.
        report: what the run found; None before the data is read.
        masking: method, domain and key id by the dotted path of each masked column.
        infrastructure: adapter, storage, encryption, region; what is not stated is null.
        publication: publish_id, product, domain, phase, publisher, publishers, domains.
    """
    columns = [_column(path, column) for path, column in walk(contract.columns)]
    document: dict[str, Any] = {
        "schema": {
            "columns": columns,
            "has_pii_tags": any(column["pii"] is not None for column in columns),
        },
        "contract": _contract(contract),
        "masking": {
            str(path): {
                "method": mask["method"],
                "domain": mask["domain"],
                "key_id": mask.get("key_id"),
            }
            for path, mask in masking.items()
        },
        "infrastructure": {
            name: infrastructure.get(name)
            for name in ("adapter", "storage", "encryption", "region")
        },
        "publication": {
            **{
                name: publication.get(name) for name in ("publish_id", "product", "domain", "phase")
            },
            "publisher": _person(publication.get("publisher")),
            "publishers": list(publication.get("publishers") or ()),
            "domains": list(publication.get("domains") or ()),
        },
    }
    if report is not None:
        document["report"] = _report(report)
    return document


def read_input(
    contract: Contract,
    *,
    user: Mapping[str, Any] | None,
    product: str,
    domain: str | None = None,
    purpose: str | None = None,
) -> dict[str, Any]:
    """What policies see when a product is to be read."""
    return {
        "user": _person(user),
        "product": product,
        "domain": domain,
        "contract": _contract(contract),
        "purpose": purpose,
    }


def _person(person: Mapping[str, Any] | None) -> dict[str, Any]:
    person = person or {}
    return {"id": person.get("id"), "roles": list(person.get("roles") or ())}


def _column(path: str, column: Column) -> dict[str, Any]:
    return {
        "name": path,
        "type": column.type,
        "tags": list(column.tags),
        "pii": column.pii,
        "classification": column.classification,
        "required": column.required,
        "mask": None if column.mask is None else column.mask.method,
    }


def _contract(contract: Contract) -> dict[str, Any]:
    return {
        "id": contract.id,
        "dataset": contract.dataset,
        "version": contract.version,
        "owner": contract.owner,
        "domain": contract.domain,
        "digest": contract.digest,
        "status": contract.status,
        "strict": contract.strict,
        "tags": list(contract.tags),
        "service_levels": [_service_level(level) for level in contract.service_levels],
    }


def _service_level(level: ServiceLevel) -> dict[str, Any]:
    seconds = level.seconds
    return {
        "name": level.name,
        "value": level.value,
        "seconds": float(seconds) if isinstance(seconds, Decimal) else seconds,
        "column": level.column,
    }


def _report(report: Report) -> dict[str, Any]:
    statuses = [check.status for check in report.checks]
    return {
        "status": report.status,
        "ok": report.ok is True,
        "rows": report.rows,
        "accepted_rows": report.accepted_rows,
        "rejected_rows": report.rejected_rows,
        "checks": [
            {
                "id": check.id,
                "check": check.check,
                "columns": list(check.columns),
                "severity": check.severity,
                "status": check.status,
                "tested": check.tested,
                "failed_rows": check.failed_rows,
            }
            for check in report.checks
        ],
        "summary": {status: statuses.count(status) for status in STATUSES},
    }

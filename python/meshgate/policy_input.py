"""What the policies are asked: the contract, the report, the masks and the place, as one document.

It holds names, counts and statuses, never a row. Its JSON Schema ships with the package; a policy
that reads a path that is not in it does not load.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from meshgate.contract import Column, Contract

BEFORE_DATA, BEFORE_COMMIT = "before_data", "before_commit"
_COUNTED = ("pass", "fail", "warn", "error", "not_enforced")
_OF_A_CHECK = ("id", "check", "columns", "severity", "status", "tested", "failed_rows")
_OF_A_REPORT = ("status", "ok", "rows", "accepted_rows", "rejected_rows")


@dataclass(frozen=True)
class Setting:
    """Who publishes what and where: everything that is known before the data is read.

    Attributes:
        publisher: ``id`` and ``roles``.
        publishers: who may publish in the domain, as the mesh states it.
        domains: the mesh's domains.
        masking: per masked column ``method``, ``domain`` and ``key_id``.
    """

    product: str
    domain: str | None
    publish_id: str | None
    publisher: Mapping[str, Any]
    publishers: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    infrastructure: Mapping[str, Any] = field(default_factory=dict)
    masking: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def ask(
    contract: Contract, setting: Setting, phase: str, report: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The input document of one decision; the report is absent before the data is read."""
    described = list(_columns(contract.columns, ""))
    document: dict[str, Any] = {
        "schema": {
            "columns": described,
            "has_pii_tags": any(column["pii"] is not None for column in described),
        },
        "contract": {
            "id": contract.id,
            "dataset": contract.dataset,
            "version": contract.version,
            "owner": contract.owner,
            "domain": setting.domain,
            "digest": contract.digest,
            "status": contract.status,
            "strict": contract.strict,
            "tags": list(contract.tags),
            "service_levels": [
                {
                    "name": level.name,
                    "value": level.value,
                    "seconds": _plain(level.seconds),
                    "column": level.column,
                }
                for level in contract.service_levels
            ],
        },
        "masking": {name: dict(mask) for name, mask in setting.masking.items()},
        "infrastructure": dict(setting.infrastructure),
        "publication": {
            "publish_id": setting.publish_id,
            "product": setting.product,
            "domain": setting.domain,
            "phase": phase,
            "publisher": dict(setting.publisher),
            "publishers": list(setting.publishers),
            "domains": list(setting.domains),
        },
    }
    if report is not None:
        document["report"] = _report(report)
    return document


def masking(contract: Contract, key_ids: Mapping[str | None, str]) -> dict[str, dict[str, Any]]:
    """Per masked column its method, domain and key id, as the contract demands it."""
    return {
        name: {
            "method": column.mask.method,
            "domain": column.mask.domain,
            "key_id": key_ids.get(column.mask.key),
        }
        for name, column in _named(contract.columns, "")
        if column.mask is not None
    }


def _report(report: Mapping[str, Any]) -> dict[str, Any]:
    checks = [{key: check.get(key) for key in _OF_A_CHECK} for check in report["checks"]]
    return {
        **{key: report[key] for key in _OF_A_REPORT},
        "checks": checks,
        "summary": {
            status: sum(check["status"] == status for check in checks) for status in _COUNTED
        },
    }


def _columns(columns: tuple[Column, ...], parent: str) -> Iterator[dict[str, Any]]:
    for name, column in _named(columns, parent):
        yield {
            "name": name,
            "type": column.type,
            "tags": list(column.tags),
            "pii": column.pii,
            "classification": column.classification,
            "required": column.required,
            "mask": None if column.mask is None else column.mask.method,
        }


def _named(columns: tuple[Column, ...], parent: str) -> Iterator[tuple[str, Column]]:
    for column in columns:
        name = f"{parent}{column.name}"
        yield name, column
        yield from _named(column.columns, name + ".")
        if column.items is not None:
            yield name + "[]", column.items
            yield from _named(column.items.columns, name + "[].")


def _plain(seconds: int | Decimal | None) -> int | float | None:
    return float(seconds) if isinstance(seconds, Decimal) else seconds

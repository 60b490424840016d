"""What others are told about a publication: our own event, and one of OpenLineage.

The same receipt gives the same events, so a receiver can drop what it already has.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from meshgate.receipt import Receipt

_SPEC = "https://openlineage.io/spec"
_PRODUCER = "https://github.com/meshgate/meshgate"
_NAMESPACE = uuid.UUID("6d657368-6761-5465-8000-000000000000")


def events(receipt: Receipt, mesh: str) -> dict[str, str]:
    """The payloads by kind: ``catalog`` and ``openlineage``; JSON without any row."""
    return {"catalog": _json(_catalog(receipt)), "openlineage": _json(_lineage(receipt, mesh))}


def _catalog(receipt: Receipt) -> dict[str, Any]:
    report = receipt.report or {}
    return {
        "product": receipt.product,
        "publish_id": receipt.publish_id,
        "version": receipt.version,
        "published_at": receipt.published_at,
        "contract": dict(receipt.contract),
        "receipt_digest": receipt.digest,
        "accepted_rows": report.get("accepted_rows"),
        "rejected_rows": report.get("rejected_rows"),
    }


def _lineage(receipt: Receipt, mesh: str) -> dict[str, Any]:
    """A run event that is complete; facets 2-0-2, 1-0-2 (statistics), 1-1-0 (assertions)."""
    report = receipt.report or {}
    files = (receipt.destination or {}).get("files", ())
    statistics = {
        **_facet("1-0-2/OutputStatisticsOutputDatasetFacet"),
        "rowCount": report.get("accepted_rows"),
        "size": sum(file["bytes"] for file in files),
        "fileCount": len(files),
    }
    assertions = [
        {
            "assertion": check["check"],
            "success": check["status"] in ("pass", "warn"),
            **({"column": check["columns"][0]} if len(check["columns"]) == 1 else {}),
        }
        for check in report.get("checks", ())
        if check["status"] in ("pass", "fail", "warn")
    ]
    return {
        "eventType": "COMPLETE",
        "eventTime": receipt.published_at,
        "producer": _PRODUCER,
        "schemaURL": f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": str(uuid.uuid5(_NAMESPACE, f"{receipt.product}/{receipt.publish_id}"))},
        "job": {"namespace": mesh, "name": f"publish {receipt.product}"},
        "inputs": [],
        "outputs": [
            {
                "namespace": mesh,
                "name": receipt.product,
                "facets": {
                    "dataQualityAssertions": {
                        **_facet("1-1-0/DataQualityAssertionsDatasetFacet"),
                        "assertions": assertions,
                    }
                },
                "outputFacets": {"outputStatistics": statistics},
            }
        ],
    }


def _facet(name: str) -> dict[str, str]:
    version, kind = name.split("/")
    return {"_producer": _PRODUCER, "_schemaURL": f"{_SPEC}/facets/{version}/{kind}.json"}


def _json(entries: dict[str, Any]) -> str:
    return json.dumps(entries, sort_keys=True, separators=(",", ":"), allow_nan=False)

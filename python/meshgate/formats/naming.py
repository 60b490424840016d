"""Names and versions of contracts: what they may look like, and how free text becomes a name."""

from __future__ import annotations

import re

# SemVer 2.0.0, https://semver.org: the official pattern without named groups.
SEMVER = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?"
    r"(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?",
    re.ASCII,
)
# Names become folders, tables and topics: nothing that means something to a file system.
DATASET = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_][A-Za-z0-9_-]*)*")
NAME_CHARS = 200
RESERVED = "__quarantine"
"""The ending of the table beside a product."""


def is_name(text: str) -> bool:
    """Whether the text can name a dataset or a domain as it stands."""
    return (
        len(text) <= NAME_CHARS
        and DATASET.fullmatch(text) is not None
        and not text.lower().endswith(RESERVED)
    )


def to_name(text: str) -> str:
    """A name made of free text.

    >>> to_name("Orders Event Stream (v2)")
    'orders_event_stream_v2'
    """
    name = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_").lower()[:NAME_CHARS]
    return name if is_name(name) else f"_{name}"[:NAME_CHARS]


def qualified(dataset: str, domain: str | None) -> str:
    """The dataset's name with its domain in front, once."""
    if not domain or dataset.startswith(f"{domain}."):
        return dataset
    return f"{domain}.{dataset}"


def mask_prefix(id: str, dataset: str, domain: str | None) -> str:
    """What the pseudonymisation domains of a contract's columns begin with.

    It is the contract's id, so that no two products can be joined by accident; a contract that is
    only known by its dataset's name adds the domain.
    """
    return qualified(dataset, domain) if id in {"", dataset} else id

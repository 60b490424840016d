"""Proof of one publication, or of one denial: what was decided about which data, and where it went.

A receipt never changes and holds no cell's value. The commit at the destination carries it without
the versions, which are not known before the commit; the catalog's copy adds them. Both have the
same digest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any

from meshgate.errors import CatalogError

FORMAT = 1
_AFTER_COMMIT = ("version", "quarantine_version")


@dataclass(frozen=True)
class Receipt:
    """What one publication was, for programs and for the commit that carries it.

    Attributes:
        product: the product's full name, such as ``finance.monthly_ledger``.
        state: ``PUBLISHED`` or ``DENIED``.
        publish_id: names the intent; None when a denial came before the data was read and the
            caller gave none.
        published_at: RFC 3339, UTC; for a denial the time of the decision.
        contract: ``id``, ``version`` and ``digest`` of the contract.
        publisher: ``id`` and ``roles`` of who published.
        input_digest: of the rows that came in; equal for equal rows.
        report: the canonical report; None when no data was read.
        decision: the one that allowed or denied, with its reasons and policies.
        masks: per masked column its method, domain and key id.
        destination: ``adapter``, ``files`` and ``quarantine_files`` (name, rows, bytes, sha256),
            ``version`` and ``quarantine_version``; None for a denial.
    """

    product: str
    state: str
    publish_id: str | None
    published_at: str
    contract: Mapping[str, Any]
    publisher: Mapping[str, Any] = field(default_factory=dict)
    plan_digest: str | None = None
    policy_digest: str | None = None
    input_digest: str | None = None
    report: Mapping[str, Any] | None = None
    decision: Mapping[str, Any] = field(default_factory=dict)
    masks: tuple[Mapping[str, Any], ...] = ()
    destination: Mapping[str, Any] | None = None
    format: int = FORMAT

    def __post_init__(self) -> None:
        for item in fields(self):
            object.__setattr__(self, item.name, _freeze(getattr(self, item.name)))

    def __hash__(self) -> int:
        return hash(self.to_json())

    def __reduce__(self) -> tuple[Any, ...]:
        return (Receipt.from_json, (self.to_json(),))

    def to_dict(self) -> dict[str, Any]:
        """A copy made of plain dicts, lists and scalars."""
        return {item.name: _thaw(getattr(self, item.name)) for item in fields(self)}

    def to_json(self) -> str:
        """The canonical JSON: keys sorted, compact, no NaN."""
        return _canonical(self.to_dict())

    @classmethod
    def from_dict(cls, entries: Mapping[str, Any]) -> Receipt:
        """The receipt that `to_dict` wrote; keys of a later format are refused.

        Raises:
            CatalogError: ``catalog.bad_receipt``.
        """
        try:
            receipt = cls(**entries)
        except (TypeError, ValueError):
            raise _unreadable() from None
        texts = (receipt.product, receipt.state, receipt.published_at)
        if receipt.format != FORMAT or not all(isinstance(text, str) for text in texts):
            raise _unreadable()
        if not all(isinstance(part, Mapping) for part in (receipt.contract, receipt.decision)):
            raise _unreadable()
        return receipt

    @classmethod
    def from_json(cls, text: str) -> Receipt:
        """The receipt that `to_json` wrote.

        Raises:
            CatalogError: ``catalog.bad_receipt``.
        """
        try:
            entries = json.loads(text)
        except (ValueError, RecursionError):
            raise _unreadable() from None
        if not isinstance(entries, dict):
            raise _unreadable()
        return cls.from_dict(entries)

    @property
    def digest(self) -> str:
        """``sha256:`` over the canonical JSON without what only the destination could add."""
        entries = self.to_dict()
        if entries["destination"] is not None:
            for key in _AFTER_COMMIT:
                entries["destination"].pop(key, None)
        return "sha256:" + hashlib.sha256(_canonical(entries).encode()).hexdigest()

    @property
    def version(self) -> int | None:
        """The destination's version that made the product visible."""
        return None if self.destination is None else self.destination.get("version")

    def committed(self, version: int | None, quarantine_version: int | None) -> Receipt:
        """The same receipt with what is only known after the commit."""
        destination = dict(_thaw(self.destination) or {})
        destination.update(version=version, quarantine_version=quarantine_version)
        return replace(self, destination=destination)

    def denial(self) -> str:
        """Why the product may not leave, for people: one line per reason, with file and line."""
        name = f"{self.product} {self.contract.get('version', '')}".rstrip()
        lines = [f"{name} is denied; nothing became visible"]
        for reason in self.decision.get("reasons", ()):
            place = reason.get("file") or reason.get("policy") or ""
            if place and reason.get("line") is not None:
                place += f":{reason['line']}"
            lines.append(f"  {_one_line(reason.get('message', ''))}" + f"  ({place})" * bool(place))
        if len(lines) == 1:
            lines.append("  no policy allowed it")
        return "\n".join(lines)


def _one_line(text: object) -> str:
    return "".join(c if c.isprintable() else " " for c in str(text))


def _canonical(entries: object) -> str:
    return json.dumps(
        entries, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def _freeze(value: Any) -> Any:
    if isinstance(value, Mapping):
        return MappingProxyType({str(key): _freeze(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return tuple(_freeze(item) for item in value)
    if isinstance(value, str):
        value.encode()  # a lone surrogate has no place in a document: ValueError
        return value
    if value is None or isinstance(value, int | float):
        return value
    raise TypeError(f"a receipt holds no values of type {type(value).__name__}")


def _thaw(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _thaw(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_thaw(item) for item in value]
    return value


def _unreadable() -> CatalogError:
    return CatalogError(
        code="catalog.bad_receipt",
        message="a stored receipt cannot be read",
        help="it was written by a later meshgate, or something else wrote it",
    )

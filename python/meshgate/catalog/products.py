"""What a consumer finds: products, their versions, promises, and what was measured."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from meshgate.catalog import tables as t
from meshgate.catalog.store import Store
from meshgate.contract import Contract
from meshgate.errors import CatalogError, StageError
from meshgate.receipt import Receipt

_SHOWN = 12
"""So many version numbers stand in a message."""


@dataclass(frozen=True)
class ServiceLevel:
    """One promise beside what was measured.

    Attributes:
        value: as promised, such as ``24h``.
        promised_s: in seconds; None when the promise is no duration.
        measured_s: freshness: since the newest publication, or since the newest time in the
            column; latency: from the start of the last publication to its commit, or the largest
            delay that the last report saw in the column. None when nobody measures it.
        met: None when it cannot be said.
    """

    name: str
    column: str | None
    value: str
    promised_s: Decimal | None
    measured_s: Decimal | None
    met: bool | None


@dataclass(frozen=True)
class Version:
    """One published version; `number` is the destination's, None if it has forgotten it."""

    number: int | None
    publish_id: str
    contract_version: str
    published_at: str
    rows: int | None
    rejected_rows: int | None


@dataclass(frozen=True)
class Product:
    """One product as of now.

    Attributes:
        promise: the contract of the latest publication; bare where its text was lost.
        columns: as promised by the contract of the latest publication.
        report: of the latest publication, as its receipt has it.
        versions: oldest first.
        denials: how many publications were denied.
    """

    name: str
    domain: str | None
    owner: str
    description: str
    contract: Mapping[str, Any]
    columns: tuple[Mapping[str, Any], ...]
    promise: Contract
    report: Mapping[str, Any] | None
    versions: tuple[Version, ...]
    service_levels: tuple[ServiceLevel, ...]
    denials: int
    _store: Store

    @property
    def latest(self) -> Version:
        """The newest version."""
        return self.versions[-1]

    def published(self, number: int) -> int:
        """The same number, if it is that of a published version.

        Raises:
            StageError: ``stage.no_version``.
        """
        numbers = [version.number for version in self.versions if version.number is not None]
        if number not in numbers:
            shown = ", ".join(map(str, numbers[-_SHOWN:]))
            raise StageError(
                code="stage.no_version",
                message=f"{self.name} has no version {number}",
                help=f"there is {shown}"
                if len(numbers) == 1
                else f"there are {'… ' * (len(numbers) > _SHOWN)}{shown}",
            )
        return number

    @property
    def schema(self) -> tuple[Mapping[str, Any], ...]:
        """The promised columns; the same as `columns`."""
        return self.columns

    @property
    def receipts(self) -> tuple[Receipt, ...]:
        """Every receipt, oldest first, also those of denials."""
        with self._store.reading() as connection:
            bodies = connection.execute(
                sa.select(t.receipt.c.body)
                .where(t.receipt.c.product == self.name)
                .order_by(t.receipt.c.id)
            ).scalars()
            return tuple(Receipt.from_json(body) for body in bodies)

    def to_dict(self) -> dict[str, Any]:
        """For programs; without the receipts."""
        return {
            "name": self.name,
            "domain": self.domain,
            "owner": self.owner,
            "description": self.description,
            "contract": dict(self.contract),
            "columns": [dict(column) for column in self.columns],
            "report": self.report,
            "versions": [vars(version) for version in self.versions],
            "service_levels": [
                {
                    **vars(level),
                    "promised_s": _number(level.promised_s),
                    "measured_s": _number(level.measured_s),
                }
                for level in self.service_levels
            ],
            "denials": self.denials,
        }


def find(store: Store, now: datetime | None = None) -> list[Product]:
    """Every product that was ever published, by name."""
    with store.reading() as connection:
        names = connection.execute(sa.select(t.product.c.name).order_by(t.product.c.name))
        return [_product(connection, store, name, now) for name in names.scalars()]


def get(store: Store, name: str, now: datetime | None = None) -> Product:
    """The product of this name.

    Raises:
        CatalogError: ``catalog.unknown_product``.
    """
    with store.reading() as connection:
        return _product(connection, store, name, now)


def version_as_of(store: Store, name: str, moment: datetime) -> int | None:
    """The version that was the newest at that moment; None before the first.

    Raises:
        CatalogError: ``catalog.unknown_product``.
    """
    at = _utc(moment)
    found = [v.number for v in get(store, name).versions if _utc(_time(v.published_at)) <= at]
    return found[-1] if found else None


def _product(connection: sa.Connection, store: Store, name: str, now: datetime | None) -> Product:
    row = (
        connection.execute(sa.select(t.product).where(t.product.c.name == name)).mappings().first()
    )
    if row is None:
        raise CatalogError(
            code="catalog.unknown_product",
            message=f"the catalog has no product {name!r}",
            help="`meshgate catalog list` shows the products",
        )
    rows = connection.execute(
        sa.select(t.version).where(t.version.c.product == name).order_by(t.version.c.receipt)
    ).mappings()
    entries = sorted(rows, key=lambda v: (v["version"] >= 0, v["version"], v["receipt"]))
    last = entries[-1]
    body = connection.execute(
        sa.select(t.receipt.c.body).where(t.receipt.c.id == last["receipt"])
    ).scalar()
    receipt = Receipt.from_json(body or "")
    denials = connection.execute(
        sa.select(sa.func.count())
        .select_from(t.receipt)
        .where(t.receipt.c.product == name, t.receipt.c.state == "DENIED")
    ).scalar()
    levels = connection.execute(
        sa.select(t.service_level)
        .where(t.service_level.c.product == name)
        .order_by(t.service_level.c.name, t.service_level.c.column)
    ).mappings()
    contract = json.loads(row["contract"])
    promise = Contract.from_json(row["contract"]) if contract else _bare(name, receipt)
    return Product(
        name=name,
        domain=row["domain"],
        owner=row["owner"],
        description=row["description"],
        contract=dict(receipt.contract),
        columns=tuple(contract.get("columns", ())),
        promise=promise,
        report=receipt.to_dict()["report"],
        versions=tuple(_version(entry) for entry in entries),
        service_levels=tuple(
            _level(level, last, receipt.report or {}, now or datetime.now(timezone.utc))
            for level in levels
        ),
        denials=int(denials or 0),
        _store=store,
    )


def _bare(name: str, receipt: Receipt) -> Contract:
    said, domain = receipt.contract, receipt.contract.get("domain")
    dataset = name.removeprefix(f"{domain}.") if domain else name
    return Contract(
        said["id"], dataset, said["version"], owner=said.get("owner", ""), domain=domain
    )


def _version(entry: Mapping[Any, Any]) -> Version:
    number = entry["version"]
    return Version(
        number if number >= 0 else None,
        entry["publish_id"],
        entry["contract_version"],
        entry["published_at"],
        entry["rows"],
        entry["rejected_rows"],
    )


def _level(
    level: Mapping[Any, Any], last: Mapping[Any, Any], report: Mapping[str, Any], now: datetime
) -> ServiceLevel:
    promised = None if level["seconds"] is None else Decimal(level["seconds"])
    age = (_utc(now) - _utc(_time(last["published_at"]))).total_seconds()
    measured: Decimal | None = None
    if level["column"]:
        measured = _observed(report, level["name"], level["column"])
    elif level["name"] == "freshness":
        measured = Decimal(0)
    elif level["name"] == "latency" and last["seconds"] is not None:
        measured = Decimal(last["seconds"])
    if level["name"] == "freshness" and measured is not None:
        measured += Decimal(str(round(age, 3)))  # what was fresh then has grown older since
    met = None if promised is None or measured is None else measured <= promised
    return ServiceLevel(
        level["name"], level["column"] or None, level["value"], promised, measured, met
    )


def _observed(report: Mapping[str, Any], check: str, column: str) -> Decimal | None:
    for outcome in report.get("checks", ()):
        if outcome["check"] == check and list(outcome["columns"]) == [column]:
            seconds = re.match(r"(\d+(?:\.\d+)?) s\Z", outcome["observed"] or "")
            return None if seconds is None else Decimal(seconds[1])
    return None


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        return moment.replace(tzinfo=timezone.utc)
    return moment.astimezone(timezone.utc)


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)

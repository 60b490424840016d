"""One organisation's platform: storage, catalog, policies and keys, in one file.

Opening a mesh looks at what a crash may have left and brings the catalog in line with the
destination. The policies are read once, then; a changed policy needs a newly opened mesh.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meshgate import adapters, enrichment, keys, settings
from meshgate.catalog import events, products, recovery
from meshgate.catalog.ledger import Event, Ledger
from meshgate.catalog.store import Store
from meshgate.errors import CatalogError, PolicyError, StageError, UsageError
from meshgate.gate import Gate
from meshgate.policy import PolicySet, read_input
from meshgate.projections import latest
from meshgate.receipt import Receipt
from meshgate.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    from meshgate.adapters.base import Adapter
    from meshgate.catalog.products import Product
    from meshgate.contract import Contract

_EMBEDDED = """\
# One mesh in one folder. Relative paths start here.

[mesh]
name = "{name}"

[storage]
adapter = "delta"
location = "warehouse"
# What is true of the disk below; policies ask for it. "AES-256" if it is encrypted.
encryption = "{encryption}"

[catalog]
database = "catalog.db"

[keys]
default = "file:keys/master.key"

[policies]
folder = "governance"
require = []

# [domains.finance]
# publishers = ["ana", "role:finance-engineer"]
"""
_ENCRYPTION = ("none", "AES-256")


class Mesh:
    """A mesh as its file states it. It may be used from several threads and after a fork.

    Args:
        path: a ``mesh.toml``, or the folder that holds one.

    Raises:
        UsageError: ``usage.mesh_*``. CatalogError: ``catalog.*``. PolicyError: ``policy.*``.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        place = Path(path)
        self.settings: Settings = settings.read(place / settings.FILE if place.is_dir() else place)
        self.folder = self.settings.folder
        self.adapter: Adapter = adapters.open(
            self.settings.adapter,
            location=self.folder / self.settings.location,
            encryption=self.settings.encryption,
            region=self.settings.region,
            compression=self.settings.compression,
        )
        database = self.settings.catalog
        self._store = Store(database if "://" in database else self.folder / database)
        self.ledger = Ledger(self._store)
        self._policies: dict[tuple[str, ...], PolicySet] = {}
        for domain in (None, *self.settings.domains):
            self.policies(domain)  # what is wrong with them is said now
        recovery.reconcile(self.ledger, self.adapter, self.events)

    def __repr__(self) -> str:
        return f"<Mesh {self.settings.name} in {self.folder}>"

    @classmethod
    def embedded(cls, folder: str | os.PathLike[str], *, encryption: str = "none") -> Mesh:
        """The mesh in this folder; made if there is none, with a random masking key.

        `encryption` is what is true of the disk, ``none`` or ``AES-256``; it counts for a new mesh.

        Raises:
            UsageError: ``usage.bad_mesh`` when the folder cannot become one.
        """
        place = Path(folder)
        file = place / settings.FILE
        if not file.exists():
            if encryption not in _ENCRYPTION:
                raise UsageError(
                    code="usage.bad_mesh",
                    message="encryption is neither none nor AES-256",
                    help="say what is true of the disk; mesh.toml takes any text",
                )
            _make(place, encryption)
        return cls(file)

    def gate(
        self, contract: str | bytes | os.PathLike[str] | Contract, domain: str | None = None
    ) -> Gate:
        """The gate of one contract, given as a document or as a value.

        Raises:
            ContractError: ``contract.*``. UsageError: ``usage.unknown_domain``.
        """
        gate = Gate(contract, self, domain)
        known = self.settings.domains
        if known and gate.domain is not None and gate.domain not in known:
            raise UsageError(
                code="usage.unknown_domain",
                message=f"the mesh has no domain {gate.domain!r}",
                help="it has " + ", ".join(sorted(known)),
            )
        return gate

    def products(self) -> list[Product]:
        """Every product that was ever published, by name."""
        return products.find(self._store)

    def product(self, name: str) -> Product:
        """Versions, owner, columns, last report, service levels and receipts of one product.

        Raises:
            CatalogError: ``catalog.unknown_product``.
        """
        return products.get(self._store, name)

    def read(
        self,
        name: str,
        version: int | None = None,
        as_of: datetime | str | None = None,
        user: str | Mapping[str, Any] | None = None,
        purpose: str | None = None,
        columns: Sequence[str] | None = None,
    ) -> pa.RecordBatchReader:
        """The product as a stream that Polars, DuckDB and pandas take.

        `version` is a published one of the catalog, by default the newest; `as_of` is a moment, for
        the version that was the newest then. `user` is an id or ``{"id": ..., "roles": [...]}``;
        some policies also ask for a `purpose`. `columns` leaves the others out.

        Raises:
            PolicyError: ``policy.read_denied``. CatalogError, StageError, UsageError
        """
        product = self.product(name)
        self._may_read(product, user, purpose)
        if as_of is not None:
            if version is not None:
                raise UsageError(
                    code="usage.two_versions",
                    message="version and as_of both say which version",
                    help="give one of them",
                )
            version = products.version_as_of(self._store, name, _moment(as_of))
            if version is None:
                raise CatalogError(
                    code="catalog.no_version",
                    message="the product had no version then",
                    help=f"the first was published at {product.versions[0].published_at}",
                )
        elif version is not None:
            version = product.published(version)
        return self.adapter.read(name, version, columns=columns)

    def read_quarantine(
        self, name: str, user: str | Mapping[str, Any] | None = None, purpose: str | None = None
    ) -> pa.RecordBatchReader:
        """The rejected rows of the product, masked, with the ids of the checks.

        Raises:
            PolicyError: ``policy.read_denied``. CatalogError, StageError
        """
        self._may_read(self.product(name), user, purpose)
        return self.adapter.read_quarantine(name)

    def project(
        self,
        source: str,
        gate: Gate,
        key: Sequence[str],
        order: Sequence[str],
        publisher: str | Mapping[str, Any] | None = None,
    ) -> Receipt | None:
        """The newest row of every key of an event product, published as the gate's product.

        Only what the source has gained is read; late and repeated events change nothing. The
        target's contract has no masks: what it reads is masked already.

        Args:
            source: the product that holds the events.
            gate: of the target, whose columns the source must have.
            key: the columns that name an entity.
            order: the columns by which the newest row is found; the last should be an event id.
            publisher: as for `Gate.publish`.

        Returns:
            The receipt, or None when the source has gained nothing.

        Raises:
            Denied, UsageError, and what `Gate.publish` raises.
        """
        if enrichment.masks(gate.contract, {}):
            raise UsageError(
                code="usage.projection_masked",
                message="a projection's contract has masks, and its source is masked already",
                help="mask in the source's contract; tag the column here without a mask",
            )
        version = self.product(source).latest.number
        done = self.adapter.watermark(gate.product, latest.watermark(source))
        if version is None or (done is not None and version <= done):
            return None
        stored, events = self._gained(source, gate, done, version)
        return gate.publish(
            latest.latest(stored, events, key, order),
            publish_id=latest.publish_id(source, version),
            publisher=publisher,
            mode="replace",
            watermarks={latest.watermark(source): version},
        )

    def _gained(
        self, source: str, gate: Gate, done: int | None, version: int
    ) -> tuple[pa.Table | None, pa.Table]:
        names = [column.name for column in gate.contract.columns]
        if done is not None:
            try:
                gained = latest.chosen(
                    self.adapter.read(source, version, since=done).read_all(), names
                )
                return self.adapter.read(gate.product).read_all().select(names), gained
            except StageError as error:
                if error.code != "stage.rewritten":
                    raise
        return None, latest.chosen(self.adapter.read(source, version).read_all(), names)

    def relay(self, send: Callable[[Event], None]) -> int:
        """Sends every event of the outbox at least once, in order; the number sent now."""
        return self.ledger.relay(send)

    def rebuild(self) -> int:
        """The catalog holds every receipt of the destination's commits; the number of receipts.

        Raises:
            StageError, CatalogError
        """
        return recovery.rebuild(self.ledger, self.adapter)

    def audit(self) -> dict[str, list[int]]:
        """The versions of each product that somebody has written around the gate.

        Whoever may write to the storage can do so; a destination that takes writes of the gate's
        account only is what prevents it. A version counts that changes rows and has no receipt,
        or whose receipt the catalog does not know.

        Raises:
            StageError, CatalogError
        """
        found = {}
        for product in self.adapter.products():
            versions = set(self.adapter.bypassed(product))
            for commit in self.adapter.receipts(product):
                receipt = Receipt.from_json(commit.receipt or "")
                known = self.ledger.receipt(product, str(receipt.publish_id))
                if known is None or known.digest != receipt.digest:
                    versions.add(-1 if commit.version is None else commit.version)
            if versions:
                found[product] = sorted(versions)
        return found

    def gc(self, older_than_s: float = 7 * 86_400) -> list[str]:
        """Removes staged files that no commit references and that are older; their names.

        Args:
            older_than_s: seconds; longer than the longest publication.
        """
        keep: dict[str, set[str]] = {}
        for entry in self.ledger.unfinished():
            keep.setdefault(entry.product, set()).add(entry.publish_id)
        return [
            name
            for product in self.adapter.products()
            for name in self.adapter.gc(product, older_than_s, frozenset(keep.get(product, ())))
        ]

    def policies(self, domain: str | None) -> PolicySet:
        """The policies that decide in this domain, loaded once.

        Raises:
            PolicyError: ``policy.*``.
        """
        own = self.settings.domains.get(domain or "")
        require = (*self.settings.require, *(() if own is None else own.require))
        if require not in self._policies:
            folder = self.settings.policies
            source = () if folder is None else self.folder / folder
            self._policies[require] = PolicySet.load(source, require=require)
        return self._policies[require]

    def publisher(self, who: str | Mapping[str, Any] | None) -> dict[str, Any]:
        """Who publishes, as policies see it: the caller's word, or the account's name."""
        return _person(who) or {
            "id": os.environ.get("MESHGATE_USER") or _account(),
            "roles": [],
        }

    def keys(self, references: Iterable[str | None]) -> dict[str, bytes]:
        """The masking keys by reference; None stands for the mesh's default key.

        Raises:
            UsageError: ``usage.key_*``.
        """
        found = {}
        for reference in references:
            if reference is not None:
                found[reference] = keys.load(reference, self.folder)
            elif self.settings.key is not None:
                found[keys.DEFAULT] = keys.load(self.settings.key, self.folder)
        return found

    @property
    def default_key(self) -> tuple[Path, str | None]:
        """Where relative paths of key files start, and the reference of the default key."""
        return self.folder, self.settings.key

    @cached_property
    def digest_key(self) -> bytes:
        """The key of input digests: what was published cannot be guessed from a receipt."""
        return keys.derive(self.keys((None,)).get(keys.DEFAULT, keys.NONE), "input digest")

    def events(self, receipt: Receipt) -> dict[str, str]:
        """What others are told about a publication, by kind."""
        return events.events(receipt, self.settings.name)

    def close(self) -> None:
        """The catalog's connections are closed; the mesh can still be used."""
        self._store.close()

    def _may_read(
        self, product: Product, user: str | Mapping[str, Any] | None, purpose: str | None
    ) -> None:
        question = read_input(
            product.promise,
            user=_person(user),
            product=product.name,
            domain=product.domain,
            purpose=purpose,
        )
        decision = self.policies(product.domain).decide_read(question)
        if decision.allowed is not True:
            reasons = "; ".join(reason.message for reason in decision.reasons)
            raise PolicyError(
                code="policy.read_denied",
                message=f"{product.name} may not be read" + (f": {reasons}" if reasons else ""),
                help="name who reads with user=..., or ask " + (product.owner or "its owner"),
            )


def _make(place: Path, encryption: str) -> None:
    try:
        _fill(place, encryption)
    except OSError:
        raise UsageError(
            code="usage.bad_mesh",
            message=f"the folder of the mesh, {str(place)!r}, cannot be made",
            help="look at what stands there, at its permissions and the free space",
        ) from None


def _fill(place: Path, encryption: str) -> None:
    for name, mode in (("warehouse", 0o777), ("governance", 0o777), ("keys", 0o700)):
        (place / name).mkdir(mode=mode, parents=True, exist_ok=True)
    key = place / "keys" / "master.key"
    try:
        keys.create(key)
    except UsageError:
        if not key.exists():  # else another process was faster, or the mesh lost its file
            raise
    text = _EMBEDDED.format(name=_toml(place.absolute().name), encryption=encryption)
    temporary = place / f".{os.urandom(8).hex()}.tmp"
    try:
        with temporary.open("w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # never over a file that somebody else has made meanwhile
            os.link(temporary, place / settings.FILE)
    finally:
        temporary.unlink(missing_ok=True)


def _toml(text: str) -> str:
    return "".join(c for c in text if c.isalnum() or c in " ._-") or "mesh"


def _person(who: str | Mapping[str, Any] | None) -> dict[str, Any] | None:
    if who is None:
        return None
    entries: Mapping[str, Any] = {"id": who} if isinstance(who, str) else who
    identity, roles = entries.get("id"), entries.get("roles", ())
    if not isinstance(identity, str) or not all(isinstance(role, str) for role in roles):
        raise UsageError(
            code="usage.bad_person",
            message="who acts is named by an id and a list of roles, all texts",
            help='for instance {"id": "ana", "roles": ["analyst"]}',
        )
    return {"id": identity, "roles": list(roles)}


def _account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def _moment(when: datetime | str) -> datetime:
    if isinstance(when, str):
        try:
            when = datetime.fromisoformat(when.replace("Z", "+00:00"))
        except ValueError:
            raise UsageError(
                code="usage.bad_moment",
                message="as_of is no ISO 8601 date or time",
                help="for instance 2026-01-31 or 2026-01-31T18:00:00Z",
            ) from None
    return when if when.tzinfo else when.replace(tzinfo=timezone.utc)

"""The gate of one contract: nothing leaves unless the contract holds and the policies allow it.

`publish` is the protocol, in its order:

1. a publish id that is published already gets its receipt again: the data is read for its digest
   only, and nothing is staged;
2. the contract is compiled against the data's schema;
3. the policies decide on what is known before the data is read;
4. the run checks, masks and splits; both sides are staged, invisible;
5. the report has a status for every clause, and the policies decide on it;
6. deny: what was staged is removed; allow: it is made durable and committed once;
7. the catalog records the receipt.

Anything that goes wrong before the commit leaves nothing visible. In doubt it denies.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from meshgate import formats, keys, references
from meshgate.attempt import Attempt
from meshgate.checked import Checked
from meshgate.contract import Contract, walk
from meshgate.engine import Plan, Run, Source, Split, open_source
from meshgate.errors import ContractError, UsageError, Where
from meshgate.limits import Limits
from meshgate.portable import Portable
from meshgate.published import asked

if TYPE_CHECKING:
    import pyarrow as pa

    from meshgate.mesh import Mesh
    from meshgate.profile import Profile
    from meshgate.receipt import Receipt
    from meshgate.report import Report


MODES = ("append", "replace")
Watch = Callable[[int], None]
"""Is told how many rows were read so far."""


@dataclass(frozen=True)
class CheckedTables(Checked):
    """Data that went through the gate and was not published, as tables."""

    accepted: pa.Table = field(repr=False)
    quarantined: pa.Table = field(repr=False)

    def splits(self) -> Iterable[Split]:
        """Both sides, batch by batch."""
        for batch in self.accepted.to_batches():
            yield Split(batch, None)
        for batch in self.quarantined.to_batches():
            yield Split(None, batch)

    def intact(self) -> bool:
        """Whether the tables have as many rows as the report counted."""
        counts = (self.accepted.num_rows, self.quarantined.num_rows)
        return counts == (self.report.accepted_rows, self.report.rejected_rows)


class Gate:
    """One contract in one mesh. It never changes and may be used from several threads.

    Attributes:
        product: the full name under which it publishes, such as ``finance.monthly_ledger``.
        domain: None for a product outside of every domain.

    Args:
        limits: what its runs may use, before the environment's and the mesh's.
    """

    def __init__(
        self,
        contract: Contract | str | bytes | os.PathLike[str],
        mesh: Mesh | None = None,
        domain: str | None = None,
        limits: Limits | None = None,
    ) -> None:
        if not isinstance(contract, Contract):
            contract = formats.load(contract, domain=domain)
        if None not in (domain, contract.domain) and domain != contract.domain:
            raise UsageError(
                code="usage.other_domain",
                message="the contract names another domain than the caller",
                help="leave out domain=, or correct the contract",
            )
        if contract.domain is None and domain is not None:
            contract = replace(contract, domain=domain)
        self.contract, self._mesh, self._own = contract, mesh, limits or Limits()
        self.domain = contract.domain
        self.product = f"{self.domain}.{contract.dataset}" if self.domain else contract.dataset
        if not formats.is_name(self.product):
            raise ContractError(
                code="contract.bad_name",
                message="domain and dataset together cannot name a product",
                where=contract.positions.get("/dataset"),
                help="up to 200 letters, digits, _ and -, with dots between the parts, and not "
                "__quarantine at the end",
            )

    def __repr__(self) -> str:
        return f"<Gate {self.product} {self.contract.version}>"

    @property
    def mesh(self) -> Mesh:
        """Where it publishes.

        Raises:
            UsageError: ``usage.gate_without_mesh`` for a gate that was made to check only.
        """
        if self._mesh is None:
            raise UsageError(
                code="usage.gate_without_mesh",
                message="a gate without a mesh can check, and nothing else",
                help="take it from a mesh: Mesh.embedded(folder).gate(contract)",
            )
        return self._mesh

    @overload
    def check(
        self,
        data: Any,
        now: datetime | int | None = None,
        *,
        watch: Watch | None = None,
        profile: Literal[False] = False,
        references: Mapping[str, Any] | None = None,
    ) -> Report: ...

    @overload
    def check(
        self,
        data: Any,
        now: datetime | int | None = None,
        *,
        watch: Watch | None = None,
        profile: Literal[True],
        references: Mapping[str, Any] | None = None,
    ) -> tuple[Report, Profile]: ...

    def check(
        self,
        data: Any,
        now: datetime | int | None = None,
        *,
        watch: Watch | None = None,
        profile: bool = False,
        references: Mapping[str, Any] | None = None,
    ) -> Report | tuple[Report, Profile]:
        """What the contract says about the data; nothing is staged, nothing is published.

        Works without a mesh.

        Args:
            data: whatever speaks Arrow, or a path.
            now: the moment that freshness is judged at; the default is the clock.
            watch: is told how many rows were read so far, now and then.
            profile: return what the values look like beside the report, from the same pass.
            references: data by the names that foreign keys point to; what is not here is looked up
                among the products of the mesh.

        Raises:
            PlanError, SourceError, LimitError, UsageError
        """
        opened, plan = self._open(data)
        run = plan.run(
            opened,
            now=_ns(now),
            limits=self._limits,
            outputs=False,
            profile=profile,
            progress=_told(watch),
            references=self._references(references),
        )
        for _ in run:
            continue
        return (run.report, run.profile) if profile else run.report

    def validate_and_mask(
        self,
        data: Any,
        now: datetime | int | None = None,
        *,
        watch: Watch | None = None,
        references: Mapping[str, Any] | None = None,
    ) -> CheckedTables:
        """Accepted rows and quarantine, both masked, with the report; nothing is published.

        Takes the arguments of `check`.

        Raises:
            PlanError, SourceError, LimitError, UsageError
        """
        import pyarrow as pa

        opened, plan = self._open(data)
        run = plan.run(
            opened,
            now=_ns(now),
            limits=self._limits,
            digest_key=self.mesh.digest_key,
            progress=_told(watch),
            references=self._references(references),
        )
        accepted, rejected = [], []
        for split in run:
            if split.accepted is not None:
                accepted.append(split.accepted)
            if split.rejected is not None:
                rejected.append(split.rejected)
        schemas = (plan.accepted_schema, plan.quarantine_schema)
        return CheckedTables(
            run.report,
            self.contract.digest,
            plan.digest,
            run.input_digest,
            *schemas,
            *map(pa.Table.from_batches, (accepted, rejected), schemas),
        )

    def publish(
        self,
        data: Any,
        publish_id: str | None = None,
        publisher: str | Mapping[str, Any] | None = None,
        now: datetime | int | None = None,
        *,
        mode: str = "append",
        evolve: bool = False,
        watermarks: Mapping[str, int] | None = None,
        watch: Watch | None = None,
        references: Mapping[str, Any] | None = None,
    ) -> Receipt:
        """The product is visible, durable and recorded; or nothing is, and an error says why.

        Args:
            data: whatever speaks Arrow, a path, or what `validate_and_mask` returned, here or in
                `meshgate.distributed`.
            publish_id: names the intent, such as a scheduler's interval. The same id publishes
                once, however often it is tried. By default it follows from contract, policies and
                data, so equal data is appended once, and not replaced by itself.
            publisher: who publishes, an id or ``{"id": ..., "roles": [...]}``; by default the
                mesh's.
            now: the time of the publication; the default is the clock.
            mode: ``append``, or ``replace`` the whole product.
            evolve: new nullable columns join the product's table.
            watermarks: how far sources were followed, kept in the same commit.
            watch: is told how many rows were read so far, now and then.
            references: as for `check`; the publisher reads the products of the mesh.

        Raises:
            Denied: the policies do not allow it.
            PlanError, SourceError, LimitError, UsageError, StageError, CommitFailed: nothing
                became visible.
            CommitUnknown: look first. CatalogError with a receipt: it is visible.
        """
        if mode not in MODES:
            raise UsageError(
                code="usage.bad_mode",
                message=f"there is no mode {mode!r}",
                help=" or ".join(MODES),
            )
        now_ns = _ns(now)
        who = self.mesh.publisher(publisher)
        with Attempt(self, publish_id, who, now_ns, mode, evolve, watermarks) as attempt:
            published = attempt.claim()
            if published is not None:
                return attempt.same(published, self._input_digest(data))
            checked = data if isinstance(data, Checked) else None
            if checked is None:
                opened, plan = self._open(data)
                attempt.decide("before_data")
                run = plan.run(
                    opened,
                    now=now_ns,
                    limits=self._limits,
                    digest_key=self.mesh.digest_key,
                    progress=_told(watch),
                    references=self._references(references, who),
                    published=attempt.published(plan, self._limits),
                )
                attempt.stage(run, plan.accepted_schema, plan.quarantine_schema)
                attempt.ran(run.report, run.input_digest, plan.digest)
            else:
                self._ours(checked)
                self._compared()
                attempt.decide("before_data")
                attempt.ran(checked.report, checked.input_digest, checked.plan_digest)
            if publish_id is None and (published := attempt.claim()) is not None:
                return attempt.same(published, attempt.input_digest)
            if checked is not None:
                attempt.stage(checked.splits(), checked.accepted_schema, checked.quarantine_schema)
            attempt.decide("before_commit")
            return attempt.commit()

    def publish_to_catalog(self, stream: Any, payload: Any = None, **options: Any) -> Receipt:
        """The same as `publish`: of the payload if there is one, else of the stream."""
        return self.publish(stream if payload is None else payload, **options)

    @property
    def _limits(self) -> Limits:
        limits = self._own.over(Limits.environment())
        if self._mesh is None:
            return limits
        said = self._mesh.settings
        folder = None if said.spill_folder is None else said.folder / said.spill_folder
        return limits.over(Limits(said.memory_bytes, folder, said.spill_bytes))

    @cached_property
    def key_ids(self) -> Mapping[str | None, str]:
        """The public ids of the keys that the contract's masks refer to; None is the default."""
        return {
            None if reference == keys.DEFAULT else reference: keys.key_id(key)
            for reference, key in self._keys.items()
        }

    @property
    def portable(self) -> Portable:
        """How this gate's plan travels to other processes: with references instead of keys."""
        named = {c.mask.key for _, c in walk(self.contract.columns) if c.mask is not None}
        references = {reference: reference for reference in named if reference is not None}
        folder, default = (Path(), None) if self._mesh is None else self._mesh.default_key
        if default is not None:
            references[keys.DEFAULT] = default
        return Portable(self.contract.to_json(), references, str(folder.absolute()))

    @cached_property
    def _keys(self) -> Mapping[str, bytes]:
        wanted = {c.mask.key for _, c in walk(self.contract.columns) if c.mask is not None}
        found: dict[str, bytes] = {}
        for reference in wanted:
            try:
                if self._mesh is not None:
                    found |= self._mesh.keys((reference,))
                elif reference is not None:
                    found[reference] = keys.load(reference, Path())
            except UsageError as error:
                raise UsageError(
                    code=error.code,
                    message=error.message,
                    where=self._key_place(reference),
                    help=error.help,
                ) from None
        return found

    def _key_place(self, reference: str | None) -> Where | None:
        """Where the contract names the key; the mesh names its own."""
        for at, column in enumerate(self.contract.columns if reference is not None else ()):
            masks = (inner.mask for _, inner in walk((column,)))
            if any(mask is not None and mask.key == reference for mask in masks):
                return self.contract.positions.get(f"/columns/{at}/mask")
        return None

    def _open(self, data: Any) -> tuple[Source, Plan]:
        opened = open_source(data, self.contract)
        return opened, Plan.compile(self.contract, opened, self._keys)

    def _references(
        self, given: Mapping[str, Any] | None, who: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        return references.find(self.contract, self._mesh, given or {}, self.product, who)

    def _input_digest(self, data: Any) -> str | None:
        if isinstance(data, Checked):
            self._ours(data)
            return data.input_digest
        opened, plan = self._open(data)
        key = self.mesh.digest_key
        run = plan.run(opened, limits=self._limits, outputs=False, digest_key=key)
        for _ in run:
            continue
        return run.input_digest

    def _ours(self, checked: Checked) -> None:
        if checked.contract_digest != self.contract.digest or not checked.intact():
            raise UsageError(
                code="usage.other_contract",
                message="the checked data is not what this contract's gate returned",
                help="pass what validate_and_mask of the same gate returned, unchanged",
            )

    def _compared(self) -> None:
        if asked(self.contract):
            raise UsageError(
                code="usage.keys_not_compared",
                message="a check of the contract compares keys with what is published, and checked "
                "data was compared with itself only",
                help="publish the data itself instead of what validate_and_mask returned",
            )


def _told(watch: Watch | None) -> Callable[[Run], None] | None:
    return None if watch is None else lambda run: watch(run.rows)


def _ns(now: datetime | int | None) -> int:
    if now is None:
        return time.time_ns()
    if isinstance(now, datetime):
        moment = now if now.tzinfo else now.replace(tzinfo=timezone.utc)
        return (
            (moment - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(microseconds=1) * 1000
        )
    return now

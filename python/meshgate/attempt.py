"""One attempt to publish: what it holds, what it has staged, and how it ends.

It ends in exactly one way: published (now or before), denied, aborted, or unknown. Whatever ends it
before the commit is sent removes what was staged, and nothing was visible; from then on nothing is
removed unless the destination says for certain that nothing happened.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from meshgate.adapters.base import Found, Holding, Publication, Staged, Staging
from meshgate.catalog import recovery
from meshgate.catalog.ledger import PUBLISHED
from meshgate.decision import Decision, Reason
from meshgate.enrichment import (
    PUBLISH_ID,
    PUBLISHED_AT,
    Lineage,
    columns,
    enriched,
    masks,
    table,
)
from meshgate.errors import (
    CatalogError,
    CommitFailed,
    Denied,
    EngineError,
    MeshgateError,
    StageError,
    UsageError,
)
from meshgate.policy import policy_input
from meshgate.published import Published
from meshgate.receipt import Receipt

if TYPE_CHECKING:
    import pyarrow as pa

    from meshgate.engine import Plan, Run
    from meshgate.gate import Gate
    from meshgate.limits import Limits
    from meshgate.policy import PolicySet
    from meshgate.report import Report

# Ids that follow from the data tell how it was published: what was appended is not the whole.
_APPENDED, _REPLACED = "auto-", "auto-replace-"
_RACES = 100
_LINEAGE = {"published_at": PUBLISHED_AT, "publish_id": PUBLISH_ID}


class Attempt:
    """A publication on its way. Use it as a context; `Gate.publish` is the order of its methods."""

    def __init__(
        self,
        gate: Gate,
        publish_id: str | None,
        publisher: Mapping[str, Any],
        now_ns: int,
        mode: str = "append",
        evolve: bool = False,
        watermarks: Mapping[str, int] | None = None,
    ) -> None:
        self.gate, self.mesh, self.contract = gate, gate.mesh, gate.contract
        self.product, self.publish_id = gate.product, publish_id
        self._publisher, self._now_ns = publisher, now_ns
        self._mode, self._evolve, self._watermarks = mode, evolve, watermarks or {}
        self._started = time.monotonic()
        self._claimed = ExitStack()
        self._staging: Staging | Staged | None = None
        self._in_doubt = False
        self._begun = False
        self._policies: PolicySet = gate.mesh.policies(gate.domain)
        self._decision: Decision | None = None
        self._report: Report | None = None
        self.input_digest: str | None = None
        self._plan_digest: str | None = None
        self._aside: Receipt | None = None
        self._published: Published | None = None
        self._run: Run | None = None
        self._accepted: pa.Schema | None = None

    def __enter__(self) -> Attempt:
        return self

    def __exit__(self, *_error: object) -> None:
        try:
            if not self._in_doubt:
                self._abort()
        finally:
            self._claimed.close()

    def claim(self) -> Receipt | None:
        """Holds the publish id; the receipt if it is published already.

        Only now it is safe to touch files of earlier attempts: whoever made them is dead.

        Raises:
            StageError, CatalogError
        """
        if self.publish_id is None:
            return None
        adapter, ledger = self.mesh.adapter, self.mesh.ledger
        self._claimed.enter_context(adapter.claim(self.product, self.publish_id))
        found = adapter.find(self.product, self.publish_id)
        held = ledger.entry(self.product, self.publish_id)
        self._aside = _carried(found)
        if found.main is None:
            if held is not None and held.state == PUBLISHED:
                raise CatalogError(
                    code="catalog.destination_lost",
                    message="the catalog says published, the destination does not hold it",
                    help="restore the destination, or rebuild the catalog and publish again",
                )
            adapter.abandon(self.product, self.publish_id)
            ledger.begin(self.product, self.publish_id, self.contract.digest)
            self._begun = True
            return None
        receipt = ledger.receipt(self.product, self.publish_id)
        if receipt is None:
            receipt = recovery.completed(found, None if held is None else held.pending)
            if receipt is None:
                raise _lost()
            self._record(receipt, None)
        return receipt

    def same(self, receipt: Receipt, input_digest: str | None) -> Receipt:
        """The stored receipt, if it is of the same contract and the same rows.

        Raises:
            StageError: ``stage.publish_id_reused``.
        """
        what = []
        if receipt.input_digest != input_digest:
            what.append("other data")
        if receipt.contract["digest"] != self.contract.digest:
            what.append("another contract")
        if what:
            raise StageError(
                code="stage.publish_id_reused",
                message="this publish_id has published " + " under ".join(what),
                help="a publish_id names one intent: take a new one for new data",
            )
        return receipt

    def decide(self, phase: str) -> None:
        """The policies allow it in this phase.

        Raises:
            Denied: with the receipt; whatever was staged is removed.
        """
        try:
            decision = self._policies.decide(self._question(phase), phase)
        except Exception:  # in doubt: deny
            reason = Reason("the policies could not be evaluated", "policy.failed")
            decision = Decision(
                allowed=False,
                reasons=(reason,),
                policies=(),
                decision_id=os.urandom(16).hex(),
                policy_digest=self._policies.digest,
                undefined=False,
                error="policy.failed",
                phase=phase,
            )
        self._decision = decision
        if decision.allowed is not True:
            self._abort()
            receipt = self._receipt("DENIED", None)
            self.mesh.ledger.deny(receipt)
            raise Denied(receipt)

    def published(self, plan: Plan, limits: Limits) -> Published | None:
        """The keys of what is published, if the plan compares keys with them.

        Raises:
            StageError, PlanError, LimitError.
        """
        if not plan.across:
            return None
        self._accepted = self._lineage().schema(plan.accepted_schema)
        self._published = Published(
            plan,
            self._holding(),
            self.product,
            columns(self.contract, self.gate.key_ids),
            limits,
            replaces=self._mode == "replace",
        )
        return self._published

    def _holding(self) -> Holding:
        return self.mesh.adapter.holding(self.publication(), self._accepted)

    def stage(self, run: Any, accepted_schema: Any, quarantine_schema: Any) -> None:
        """Every split of the run is in files that nobody sees; the report is there.

        Without any column there is nothing to stage: the report says which are missing.

        Raises:
            StageError, and what the run raises.
        """
        lineage = self._lineage()
        if not accepted_schema.names:
            for _ in run:
                continue
            return
        if self._published is not None:
            self._run = run
        self._staging = self.mesh.adapter.stage(
            self.publication(),
            enriched(run, lineage),
            lineage.schema(accepted_schema),
            lineage.schema(quarantine_schema),
        )

    def _lineage(self) -> Lineage:
        names = tuple(_LINEAGE[word] for word in self.mesh.settings.lineage)
        lineage = Lineage(names, self._now_ns, self.publish_id)
        if PUBLISH_ID in names and self.publish_id is None:
            raise UsageError(
                code="usage.lineage_needs_id",
                message="rows carry their publish_id here, so it must be known before the data",
                help="pass publish_id=..., or publish what validate_and_mask returned",
            )
        return lineage

    def ran(self, report: Report, input_digest: str | None, plan_digest: str | None) -> None:
        """What the run found; without a publish id from the caller, it follows from it."""
        self._report, self.input_digest, self._plan_digest = report, input_digest, plan_digest
        if input_digest is None:
            raise EngineError(
                code="engine.out_of_order", message="the run has no digest of its input"
            )
        if self.publish_id is None:
            self.publish_id = self._derived(input_digest)
        if self._aside is not None:  # an earlier attempt got as far as the quarantine
            self.same(self._aside, input_digest)

    def _derived(self, input_digest: str) -> str:
        identity = (self.contract.digest, self._policies.digest, input_digest)
        prefix, parts = _APPENDED, list(identity)
        if self._mode == "replace":
            prefix, newest = _REPLACED, self.mesh.ledger.newest(self.product)
            if newest is not None:
                held = (newest.contract["digest"], newest.policy_digest, newest.input_digest)
                if held == identity and str(newest.publish_id).startswith(_REPLACED):
                    return str(newest.publish_id)
                parts.append(str(newest.publish_id))  # after something else it is another intent
        return prefix + hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]

    def commit(self) -> Receipt:
        """The publication is visible, durable and recorded.

        Raises:
            StageError, CommitFailed: nothing is visible.
            CommitUnknown: look first; nothing was removed.
            CatalogError: ``catalog.not_recorded``: it is visible; the error carries the receipt.
        """
        adapter, ledger = self.mesh.adapter, self.mesh.ledger
        if self._staging is None or self.publish_id is None:
            raise EngineError(code="engine.out_of_order", message="nothing was staged")
        staged = adapter.seal(self._staging, self.publish_id)
        self._staging = staged
        if self._published is not None and self._run is not None:
            self._published.write(self._run, (file.name for file in staged.accepted))
        receipt = self._receipt("PUBLISHED", staged)
        ledger.allow(receipt, staged.attempt)
        found = self._send(staged, receipt.to_json())
        publication = self.publication()
        receipt = recovery.completed(found, receipt.to_json()) or receipt
        self._record(receipt, time.monotonic() - self._started)
        self.same(receipt, self.input_digest)  # another host may have been faster, with other data
        with suppress(MeshgateError):  # the next publication describes it again
            adapter.describe(publication, staged)
        return receipt

    def _send(self, staged: Staged, receipt: str) -> Found:
        """Commits; anew as long as others change the product and nothing follows from it."""
        for _ in range(_RACES):
            self._in_doubt = True
            try:
                return self.mesh.adapter.commit(self.publication(), staged, receipt)
            except (StageError, CommitFailed) as error:
                self._in_doubt = False
                if error.code != "commit.moved" or self._published is None:
                    raise
            self._published.moved(self._holding())
        raise CommitFailed(
            code="commit.moved",
            message="too many others changed the product at the same time",
            help="nothing became visible; publish again",
        )

    def publication(self) -> Publication:
        """What the adapter is told about it."""
        return Publication(
            self.product,
            columns(self.contract, self.gate.key_ids),
            table(self.contract, self.product, self.gate.domain),
            self._mode,
            self._evolve,
            self._watermarks,
            None if self._published is None else self._published.base,
        )

    def _record(self, receipt: Receipt, seconds: float | None) -> None:
        ours = receipt.contract["digest"] == self.contract.digest
        contract = self.contract.to_json() if ours else None
        try:
            self.mesh.ledger.publish(receipt, contract, self.mesh.events(receipt), seconds)
        except CatalogError as error:
            raise CatalogError(
                receipt=receipt,
                code="catalog.not_recorded",
                message="the product is published, the catalog could not record it",
                help=f"open the mesh again: it asks the destination and records it ({error.code})",
            ) from None

    def _abort(self) -> None:
        if self._published is not None:
            self._published.discard()
        staging, self._staging = self._staging, None
        if staging is not None:
            with suppress(MeshgateError):  # gc removes what stays
                self.mesh.adapter.abort(staging)
        if self._begun and self.publish_id is not None:
            with suppress(MeshgateError):  # the next start finds it and asks the destination
                self.mesh.ledger.abort(self.product, self.publish_id)

    def _question(self, phase: str) -> dict[str, Any]:
        settings = self.mesh.settings
        domain = settings.domains.get(self.gate.domain or "")
        domains: tuple[str, ...] = tuple(settings.domains)
        publishers = () if domain is None else _publishers(domain.publishers, self._publisher)
        if not domains and self.gate.domain is not None:
            # A mesh that names no domains leaves publishing to whoever holds its file.
            domains, publishers = (self.gate.domain,), (self._publisher["id"],)
        publication = {
            "publish_id": self.publish_id,
            "product": self.product,
            "domain": self.gate.domain,
            "phase": phase,
            "publisher": self._publisher,
            "publishers": publishers,
            "domains": domains,
        }
        masking: Mapping[str, Mapping[str, Any]] = masks(self.contract, self.gate.key_ids)
        if self._report is not None:  # what was done, instead of what is to be done
            masking = {mask.column: mask.to_dict() for mask in self._report.masks}
        infrastructure = self.mesh.adapter.infrastructure
        return policy_input(self.contract, self._report, masking, infrastructure, publication)

    def _receipt(self, state: str, staged: Staged | None) -> Receipt:
        report = None if self._report is None else self._report.to_dict()
        decision = {} if self._decision is None else self._decision.to_dict()
        destination = None
        if staged is not None:
            aside = [file.to_dict() for file in staged.rejected]
            if self._aside is not None:
                aside = (self._aside.to_dict()["destination"] or {}).get("quarantine_files", [])
            destination = {
                "adapter": self.mesh.adapter.name,
                "files": staged.files,
                "quarantine_files": aside,
            }
        return Receipt(
            product=self.product,
            state=state,
            publish_id=self.publish_id,
            published_at=_rfc3339(self._now_ns),
            contract={
                "id": self.contract.id,
                "version": self.contract.version,
                "digest": self.contract.digest,
                "owner": self.contract.owner,
                "domain": self.gate.domain,
            },
            publisher=self._publisher,
            plan_digest=self._plan_digest,
            policy_digest=self._policies.digest,
            input_digest=self.input_digest,
            report=report,
            decision=decision,
            masks=tuple((report or {}).get("masks", ())),
            destination=destination,
        )


def _rfc3339(now_ns: int) -> str:
    moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=now_ns // 1000)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _publishers(entries: tuple[str, ...], who: Mapping[str, Any]) -> tuple[str, ...]:
    """Ids and roles as policies compare them; an id that is spelt like a role is no role."""
    roles = {entry.removeprefix("role:") for entry in entries if entry.startswith("role:")}
    roles = {role for role in roles if role != who["id"] or role in who["roles"]}
    return (*(entry for entry in entries if not entry.startswith("role:")), *sorted(roles))


def _carried(found: Found) -> Receipt | None:
    """The receipt of a quarantine that is committed while the product is not."""
    if found.main is not None or found.quarantine is None or found.quarantine.receipt is None:
        return None
    return Receipt.from_json(found.quarantine.receipt)


def _lost() -> CatalogError:
    return CatalogError(
        code="catalog.receipt_lost",
        message="this publish_id is published, and its receipt is nowhere to be found",
        help="the destination's log was cleaned and the catalog does not know it; "
        "take another publish_id for new data",
    )

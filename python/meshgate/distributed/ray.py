"""Ray: the plan runs in tasks, one per block of the dataset.

The dataset is computed once; its blocks are the parts, in their order. A task runs once, and what
it handed back is never computed anew: a worker that is lost fails the job instead of answering
twice. What goes through Ray's object store is masked.

    from meshgate.distributed import ray

    checked = ray.validate_and_mask(gate, dataset)
    checked.report, checked.accepted, checked.quarantined
    gate.publish(checked)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from meshgate.checked import Checked
from meshgate.distributed import envelope, parts
from meshgate.distributed.envelope import ACCEPTED, REJECTED, Envelope
from meshgate.distributed.parts import Gate, Merged, Places, Sides, Task
from meshgate.errors import SourceError
from meshgate.report import Report

if TYPE_CHECKING:
    from ray.data import Dataset


@dataclass(frozen=True)
class CheckedDataset(Checked):
    """A dataset that went through a gate: both sides are Ray's, masked, and the report is here."""

    _envelopes: tuple[Any, ...] = field(repr=False)
    _places: Places = field(repr=False)

    @property
    def accepted(self) -> Dataset:
        """The accepted rows, masked."""
        return self._side(ACCEPTED, self.accepted_schema)

    @property
    def quarantined(self) -> Dataset:
        """The rejected rows, masked, with ``_mg_row`` and ``_mg_checks``."""
        return self._side(REJECTED, self.quarantine_schema)

    def splits(self) -> Iterable[Sides]:
        """Both sides, streamed to the driver block by block."""
        return parts.sides(self.report, self._places, _stream(self._envelopes))

    def _side(self, side: str, schema: pa.Schema) -> Dataset:
        import ray.data

        places = ray.put(self._places)
        open_ = _task(_opened)
        return ray.data.from_arrow_refs(
            [open_.remote(block, places, side, schema) for block in self._envelopes]
        )


def validate_and_mask(gate: Gate, dataset: Dataset, now: int | None = None) -> CheckedDataset:
    """Accepted rows and quarantine as Ray datasets, both masked, with one report of the whole.

    Args:
        gate: a gate of a mesh.
        dataset: a Ray dataset. Its rows are numbered by block.
        now: nanoseconds since 1970 that ages are judged at; the default is the clock.

    Raises:
        PlanError, LimitError, UsageError. SourceError: ``source.job_failed``.
    """
    (report, digest, places), plan, envelopes = _judged(gate, dataset, now, outputs=True)
    schemas = (plan.accepted_schema, plan.quarantine_schema)
    digests = (plan.contract.digest, plan.digest, digest)
    return CheckedDataset(report, *digests, *schemas, envelopes, places)


def check(gate: Gate, dataset: Dataset, now: int | None = None) -> Report:
    """What the contract says about the dataset; no row leaves the workers.

    Raises:
        PlanError, LimitError, UsageError. SourceError: ``source.job_failed``.
    """
    return _judged(gate, dataset, now, outputs=False)[0].report


def _judged(
    gate: Gate, dataset: Any, now: int | None, *, outputs: bool
) -> tuple[Merged, Any, tuple[Any, ...]]:
    try:
        import ray
    except ImportError:
        raise parts.missing("ray") from None
    if not hasattr(dataset, "to_arrow_refs"):
        raise parts.foreign(dataset, "Ray dataset")
    try:
        blocks = dataset.to_arrow_refs()
        schema = _schema(blocks)
    except ray.exceptions.RayError:
        raise parts.job_failed() from None
    task, plan = parts.task(gate, schema, time.time_ns() if now is None else now, outputs=outputs)
    judge = _task(_judge)
    envelopes = tuple(judge.remote(task, part, block) for part, block in enumerate(blocks))
    return parts.merged(task, plan, _stream(envelopes), len(blocks)), plan, envelopes


def _task(function: Callable[..., Any]) -> Any:
    """A task that runs once: a second attempt could see other rows than the first."""
    import ray

    return ray.remote(max_retries=0)(function)


def _schema(blocks: list[Any]) -> pa.Schema:
    """The schema of all blocks; a column that is null in one of them has the type of the others."""
    import ray

    found = ray.get([_task(_schema_of).remote(block) for block in blocks])
    try:
        return pa.unify_schemas([schema for schema in found if schema is not None])
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        raise SourceError(
            code="source.unreadable",
            message="the blocks of the dataset have different columns",
            help="cast the dataset to one schema before it is judged",
        ) from None


def _schema_of(block: pa.Table) -> pa.Schema | None:
    return block.schema.remove_metadata() if block.num_columns else None


def _judge(task: Task, part: int, block: pa.Table) -> pa.Table:
    batches = block.to_batches() if block.num_columns else ()
    return pa.Table.from_batches(task.judge(part, batches), envelope.SCHEMA)


def _opened(block: pa.Table, places: Places, side: str, schema: pa.Schema) -> pa.Table:
    return pa.Table.from_batches(
        [batch for found in envelope.rows(block) for batch in places.side(found, side)], schema
    )


def _stream(envelopes: tuple[Any, ...]) -> envelope.Envelopes:
    def stream(*kinds: str) -> Iterator[Envelope]:
        import ray

        for block in envelopes:
            try:
                found = ray.get(block)
            except ray.exceptions.RayError:
                raise parts.job_failed() from None
            yield from (each for each in envelope.rows(found) if each.kind in kinds)

    return stream

"""Spark: the plan runs in the executors, through `mapInArrow`.

The frame is computed once and kept on the executors' disks (`localCheckpoint`), as masked rows:
what is reported, read and published are the same rows. An executor that is lost takes its rows with
it, and Spark then fails instead of computing others.

    from meshgate.distributed import spark

    checked = spark.validate_and_mask(gate, frame)
    checked.report, checked.accepted, checked.quarantined
    gate.publish(checked)
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from meshgate.checked import Checked
from meshgate.distributed import envelope, parts
from meshgate.distributed.envelope import ACCEPTED, REJECTED, Envelope
from meshgate.distributed.parts import Gate, Places, Sides, Task
from meshgate.report import Report

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_ENVELOPE = "part int not null, kind string not null, content binary not null"


@dataclass(frozen=True)
class CheckedFrame(Checked):
    """A frame that went through a gate: both sides are Spark's, masked, and the report is here."""

    _envelopes: DataFrame = field(repr=False)
    _places: Places = field(repr=False)

    @property
    def accepted(self) -> DataFrame:
        """The accepted rows, masked."""
        return self._side(ACCEPTED)

    @property
    def quarantined(self) -> DataFrame:
        """The rejected rows, masked, with ``_mg_row`` (bigint) and ``_mg_checks``."""
        return self._side(REJECTED)

    def splits(self) -> Iterable[Sides]:
        """Both sides, streamed to the driver part by part."""
        return parts.sides(self.report, self._places, _stream(self._envelopes))

    def _side(self, side: str) -> DataFrame:
        from pyspark.sql.pandas.types import from_arrow_schema

        arrow = self.accepted_schema if side == ACCEPTED else _signed(self.quarantine_schema)
        places = self._places

        def opened(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                for found in envelope.rows(batch):
                    yield from (rows.cast(arrow) for rows in places.side(found, side))

        kinds = (ACCEPTED,) if side == ACCEPTED else (ACCEPTED, REJECTED)
        return _of(self._envelopes, *kinds).mapInArrow(opened, from_arrow_schema(arrow))


def validate_and_mask(gate: Gate, frame: DataFrame, now: int | None = None) -> CheckedFrame:
    """Accepted rows and quarantine as Spark frames, both masked, with one report of the whole.

    Args:
        gate: a gate of a mesh.
        frame: a Spark DataFrame. Its rows are numbered by partition, as `frame.toArrow()` has them.
        now: nanoseconds since 1970 that ages are judged at; the default is the clock.

    Raises:
        PlanError, LimitError, UsageError. SourceError: ``source.job_failed``.
    """
    task, plan, envelopes = _judged(gate, frame, now, outputs=True)
    report, digest, places = parts.merged(task, plan, _stream(envelopes))
    schemas = (plan.accepted_schema, plan.quarantine_schema)
    digests = (plan.contract.digest, plan.digest, digest)
    return CheckedFrame(report, *digests, *schemas, envelopes, places)


def check(gate: Gate, frame: DataFrame, now: int | None = None) -> Report:
    """What the contract says about the frame; no row leaves the executors.

    Raises:
        PlanError, LimitError, UsageError. SourceError: ``source.job_failed``.
    """
    task, plan, envelopes = _judged(gate, frame, now, outputs=False)
    return parts.merged(task, plan, _stream(envelopes)).report


def _judged(
    gate: Gate, frame: Any, now: int | None, *, outputs: bool
) -> tuple[Task, Any, DataFrame]:
    try:
        from pyspark import StorageLevel
    except ImportError:
        raise parts.missing("spark") from None
    if not hasattr(frame, "mapInArrow"):
        raise parts.foreign(frame, "Spark DataFrame")
    with _told_without_its_text():
        schema = frame.limit(0).toArrow().schema
    task, plan = parts.task(gate, schema, time.time_ns() if now is None else now, outputs=outputs)

    def judged(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from pyspark import TaskContext

        context = TaskContext.get()
        if context is None:
            raise parts.incomplete()
        yield from task.judge(context.partitionId(), batches)

    with _told_without_its_text():
        envelopes = frame.mapInArrow(judged, _ENVELOPE)
        return task, plan, envelopes.localCheckpoint(storageLevel=StorageLevel.DISK_ONLY)


def _of(envelopes: DataFrame, *kinds: str) -> DataFrame:
    return envelopes.where(envelopes["kind"].isin(*kinds))


def _stream(envelopes: DataFrame) -> envelope.Envelopes:
    def stream(*kinds: str) -> Iterator[Envelope]:
        with _told_without_its_text():
            for row in _of(envelopes, *kinds).toLocalIterator():
                yield Envelope(row["part"], row["kind"], bytes(row["content"]))

    return stream


@contextmanager
def _told_without_its_text() -> Iterator[None]:
    """Whatever Spark or its JVM raise becomes our error: their texts quote plans and values."""
    try:
        yield
    except Exception:
        raise parts.job_failed() from None


def _signed(schema: pa.Schema) -> pa.Schema:
    """Spark has no unsigned integers; ordinals fit into signed ones."""
    at = schema.get_field_index(parts.ROW)
    return schema.set(at, pa.field(parts.ROW, pa.int64(), nullable=False))

"""Judging one part of a frame, and putting the parts together.

A part knows its rows from 0. The frame's order is that of its parts, so a row's ordinal in the
whole is its own plus the rows of the parts before. Keys are judged over their fingerprints, in
that order: rows that repeat an earlier key are moved to the quarantine when the sides are read.
"""

from __future__ import annotations

import json
import secrets
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from meshgate.distributed import envelope
from meshgate.distributed.envelope import (
    ACCEPTED,
    ERROR,
    KEYS,
    PART,
    REJECTED,
    Envelope,
    Envelopes,
)
from meshgate.errors import EngineError, MeshgateError, SourceError, UsageError
from meshgate.report import Report

ROW, CHECKS = "_mg_row", "_mg_checks"
_DIGEST = "input digest"


class Portable(Protocol):
    """How a gate's plan travels: see `meshgate.portable`."""

    def plan(self, schema: Any) -> Any:
        """The plan for data of this schema, with the keys that are found here."""

    def key_ids(self) -> Mapping[str, str]:
        """The public ids of the keys that are found here."""

    def derived(self, purpose: str) -> bytes:
        """A key for another purpose."""


class Gate(Protocol):
    """What is asked of a gate."""

    @property
    def portable(self) -> Portable:
        """How its plan travels."""


@dataclass(frozen=True)
class Task:
    """What every part is told. It is pickled and sent; it holds no key and no value.

    Attributes:
        schema: the frame's Arrow schema, as bytes.
        expected: digest of the plan and ids of the keys, as whoever started it has them.
        nonce: random, so that fingerprints of two frames cannot be compared.
        outputs: hand back the rows; otherwise only judge.
    """

    portable: Portable
    schema: bytes = field(repr=False)
    expected: tuple[str, Mapping[str, str]] = field(repr=False)
    now_ns: int
    outputs: bool
    nonce: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)

    def judge(self, part: int, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The envelopes of one part; the last holds what it contributes to the report, or an error.

        An error of the frame itself is raised, so that the engine may try again; what a repetition
        would not mend is handed back.

        Raises:
            SourceError: ``source.unreadable``.
        """
        source = _Guarded(batches, pa.ipc.read_schema(pa.py_buffer(self.schema)))
        try:
            yield from self._judged(part, source)
        except MeshgateError as error:
            if source.broken:
                raise _unreadable() from None
            yield envelope.row(part, ERROR, envelope.failure(error))

    def _judged(self, part: int, source: _Guarded) -> Iterator[pa.RecordBatch]:
        plan = self.portable.plan(source.schema)
        if (plan.digest, self.portable.key_ids()) != self.expected:
            raise UsageError(
                code="usage.workers_differ",
                message="a worker has another meshgate, or other keys, than the driver",
                help="install one version everywhere, and give every worker the same keys",
            )
        run = plan.run(
            source.reader(),
            now=self.now_ns,
            threads=1,  # the engine around us runs as many parts at once as there are cores
            outputs=self.outputs,
            digest_key=self.portable.derived(_DIGEST),
            part_key=self.portable.derived(f"fingerprints {self.nonce}"),
        )
        for split in run:
            if split.accepted is not None:
                yield envelope.row(part, ACCEPTED, envelope.packed(split.accepted))
            if split.rejected is not None:
                yield envelope.row(part, REJECTED, envelope.packed(split.rejected))
            if split.keys is not None:
                yield envelope.row(part, KEYS, envelope.packed(split.keys))
        found = {"rows": run.rows, "part": run.part}
        yield envelope.row(part, PART, json.dumps(found).encode())


def task(gate: Gate, schema: pa.Schema, now_ns: int, *, outputs: bool) -> tuple[Task, Any]:
    """What every part of a frame of this schema is told, and the plan.

    Raises:
        PlanError: ``plan.*``, ``plan.not_in_parts``. UsageError: ``usage.key_*``.
    """
    portable = gate.portable
    plan = portable.plan(schema)
    plan.merge(now=now_ns)  # what cannot be judged in parts is refused before a job starts
    expected = (plan.digest, dict(portable.key_ids()))
    return Task(portable, schema.serialize().to_pybytes(), expected, now_ns, outputs), plan


@dataclass(frozen=True)
class Places:
    """Where the rows of the parts are in the whole, and which of them repeat a key.

    Attributes:
        bases: ordinal of the first row of every part.
        repeated: ``_mg_row`` (ordinals in the whole, ascending) and ``_mg_checks``.
        order: the ids of all checks, in the contract's order.
    """

    bases: Mapping[int, int]
    repeated: pa.Table
    order: tuple[str, ...]

    def side(self, found: Envelope, side: str) -> Iterator[pa.RecordBatch]:
        """What an envelope holds for one side, ``accepted`` or ``rejected``."""
        if found.kind == ACCEPTED:
            batch = self.accepted(found.part, found.content)[side == REJECTED]
        else:
            reject = found.kind == side == REJECTED
            batch = self.rejected(found.part, found.content) if reject else None
        if batch is not None:
            yield batch

    def accepted(
        self, part: int, content: bytes
    ) -> tuple[pa.RecordBatch | None, pa.RecordBatch | None]:
        """What stays accepted of an envelope, and what moves to the quarantine."""
        batch = envelope.unpacked(content)
        if CHECKS not in batch.schema.names:  # the plan has no keys
            return batch, None
        at = self._found(batch, part)
        if at is None:
            return batch.drop_columns([ROW, CHECKS]), None
        moves = at.is_valid()
        stays = batch.filter(pc.invert(moves)).drop_columns([ROW, CHECKS])
        moved = self._placed(batch.filter(moves), part, at.drop_null())
        return (stays if stays.num_rows else None), moved

    def rejected(self, part: int, content: bytes) -> pa.RecordBatch:
        """The rejected rows of an envelope, with ordinals in the whole and all failed checks."""
        batch = envelope.unpacked(content)
        return self._placed(batch, part, self._found(batch, part))

    def _placed(self, batch: pa.RecordBatch, part: int, at: pa.Int64Array | None) -> pa.RecordBatch:
        *columns, rows, checks = batch.columns
        if at is not None:
            more = self.repeated[CHECKS].take(at).to_pylist()
            both = [
                sorted({*own, *(found or ())}, key=self.order.index)
                for own, found in zip(checks.to_pylist(), more, strict=True)
            ]
            checks = pa.array(both, checks.type)
        rows = pc.add(rows, pa.scalar(self.bases[part], pa.uint64()))
        return pa.RecordBatch.from_arrays([*columns, rows, checks], schema=batch.schema)

    def _found(self, batch: pa.RecordBatch, part: int) -> pa.Int64Array | None:
        """Where the rows of a part stand in `repeated`; None if none does."""
        if not batch.num_rows or not self.repeated.num_rows:
            return None
        ordinals = pc.add(batch.column(ROW), pa.scalar(self.bases[part], pa.uint64()))
        known = _Ordinals(self.repeated[ROW])
        first = bisect_right(known, ordinals[0].as_py() - 1)
        last = bisect_right(known, ordinals[-1].as_py())
        if first == last:
            return None
        window = self.repeated[ROW].slice(first, last - first).combine_chunks()
        at = pc.index_in(ordinals, window)
        if at.null_count == len(at):
            return None
        return pc.add(at.cast(pa.int64()), first)


class Merged(NamedTuple):
    """The parts of one frame, put together."""

    report: Report
    digest: str | None
    places: Places


def merged(task: Task, plan: Any, envelopes: Envelopes, count: int | None = None) -> Merged:
    """The report of the whole frame, and where its rows are.

    `count` is how many parts there are, where the engine tells.

    Raises:
        MeshgateError: the first that a part handed back. LimitError: ``limit.memory``.
        EngineError: rows of a part are missing.
    """
    merge = plan.merge(now=task.now_ns, digest_key=task.portable.derived(_DIGEST))
    bases: dict[int, int] = {}
    rows, last = 0, -1
    for part, kind, content in envelopes(PART, ERROR):
        if kind == ERROR:
            raise envelope.failed(content)
        if part <= last:
            raise incomplete()
        found = json.loads(content)
        merge.part(found["part"])
        bases[part], last = rows, part
        rows += found["rows"]
    if count not in (None, len(bases)):
        raise incomplete()
    repeated = [b for _, _, c in envelopes(KEYS) if (b := merge.keys(envelope.unpacked(c)))]
    report, digest = merge.finish()
    columns = {
        ROW: pa.chunked_array([b.column(ROW) for b in repeated], pa.uint64()),
        CHECKS: pa.chunked_array(
            [b.column(CHECKS) for b in repeated], plan.quarantine_schema.field(CHECKS).type
        ),
    }
    order = tuple(check.id for check in report.checks)
    return Merged(report, digest, Places(bases, pa.table(columns).combine_chunks(), order))


@dataclass(frozen=True)
class Sides:
    """Some rows of a frame, split."""

    accepted: pa.RecordBatch | None
    rejected: pa.RecordBatch | None


def sides(report: Report, places: Places, envelopes: Envelopes) -> Iterator[Sides]:
    """All rows, split; at the end they are as many as the report counted.

    Raises:
        EngineError: ``engine.parts_incomplete``.
    """
    accepted = rejected = 0
    for part, kind, content in envelopes(ACCEPTED, REJECTED):
        if kind == ACCEPTED:
            split = Sides(*places.accepted(part, content))
        else:
            split = Sides(None, places.rejected(part, content))
        accepted += split.accepted.num_rows if split.accepted is not None else 0
        rejected += split.rejected.num_rows if split.rejected is not None else 0
        yield split
    if (accepted, rejected) != (report.accepted_rows, report.rejected_rows):
        raise incomplete()


def incomplete() -> EngineError:
    """The error of rows that are missing, or came twice."""
    return EngineError(
        code="engine.parts_incomplete",
        message="the parts of the frame do not add up to what was judged",
        help="judge the frame again; nothing was published",
    )


def job_failed() -> SourceError:
    """The error of an engine that gave up; its own message can quote values."""
    return SourceError(
        code="source.job_failed",
        message="the engine's job failed, so the frame was not judged",
        help="its own log says why; nothing was published",
    )


def missing(extra: str) -> UsageError:
    """The error of an engine that is not installed."""
    return UsageError(
        code="usage.extra_missing",
        message=f"the package of {extra} is not installed",
        help=f"pip install 'meshgate[{extra}]'",
    )


def foreign(data: object, wanted: str) -> UsageError:
    """The error of data that belongs to another engine."""
    return UsageError(
        code="usage.other_engine",
        message=f"{type(data).__name__} is no {wanted}",
        help="a gate checks everything else that speaks Arrow by itself: gate.check(data)",
    )


class _Guarded:
    """The batches of a part, of one schema; knows whether their own source failed."""

    def __init__(self, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> None:
        self.schema, self.broken = schema, False
        self._batches = batches

    def reader(self) -> pa.RecordBatchReader:
        return pa.RecordBatchReader.from_batches(self.schema, self._each())

    def _each(self) -> Iterator[pa.RecordBatch]:
        try:
            for batch in self._batches:
                yield batch.cast(self.schema)
        except Exception:
            self.broken = True
            raise


class _Ordinals:
    """An Arrow column as `bisect` takes it."""

    def __init__(self, column: pa.ChunkedArray) -> None:
        self._column = column

    def __len__(self) -> int:
        return len(self._column)

    def __getitem__(self, at: int) -> int:
        ordinal: int = self._column[at].as_py()
        return ordinal


def _unreadable() -> SourceError:
    return SourceError(
        code="source.unreadable",
        message="a part of the frame cannot be read",
        help="what the frame is computed from failed; see the engine's own log",
    )

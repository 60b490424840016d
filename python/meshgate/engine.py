"""Plans and runs: the engine's surface for Python.

A `Plan` is a contract compiled once against a schema. A `Run` is one pass over one stream: an
iterator of `Split` that whoever writes the output pulls, and that ends with a `Report`. Python is
crossed once per window of batches, never per row, and sees no value.

One file because plans, runs and sources are one surface over `_native`, which nothing else but
the policies may import.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from meshgate import _native, errors, source
from meshgate.contract import Contract
from meshgate.errors import MeshgateError, UsageError
from meshgate.explanation import Explained, Explanation
from meshgate.limits import Limits, whole_number
from meshgate.profile import Profile
from meshgate.report import Metrics, Report

if TYPE_CHECKING:
    import pyarrow as pa

DEFAULT_KEY = "default"
"""The reference under which a mesh hands over its own key."""

_LOOKS = source.Looks(_native.Quotes, _native.Nesting)
_CLASSES: dict[str, type[MeshgateError]] = {
    "contract": errors.ContractError,
    "plan": errors.PlanError,
    "source": errors.SourceError,
    "limit": errors.LimitError,
    "engine": errors.EngineError,
}


@dataclass(frozen=True, slots=True)
class Split:
    """What became of some rows of the stream.

    Attributes:
        accepted: rows that failed no check of severity error, masked; None when there are none.
            Of a part whose plan has keys they carry the two columns of rejected rows.
        rejected: the other rows, masked, with ``_mg_row`` (uint64) and ``_mg_checks``
            (list of string).
        keys: fingerprints of the keys of all rows, of a part whose plan has keys.
    """

    accepted: pa.RecordBatch | None
    rejected: pa.RecordBatch | None
    keys: pa.RecordBatch | None = None


@dataclass(frozen=True, slots=True)
class Across:
    """A clause whose keys are compared with those of what is published."""

    clause: int
    columns: tuple[str, ...]
    nulls_equal: bool


class Published(Protocol):
    """The keys of what is published, as a run needs them."""

    @property
    def indexes(self) -> Sequence[KeyIndex]:
        """One for each clause of `Plan.across`."""

    def bring(self, clause: int, doubts: Sequence[int], damaged: Sequence[int]) -> None:
        """The segments in doubt are proved by their rows, and the damaged ones replaced."""


@dataclass(frozen=True, slots=True)
class Absent:
    """Stands for reference data that nobody has; its clauses are not enforced, for this reason."""

    reason: str


class Plan:
    """A contract compiled against a schema: immutable, shared between threads.

    Example:
        >>> import pyarrow as pa
        >>> from meshgate.contract import Check, Column, Contract
        >>> contract = Contract(
        ...     id="t", dataset="t", version="1.0.0", columns=(Column("a", "integer"),),
        ...     checks=(Check("a.not_null", "not_null", ("a",)),),
        ... )
        >>> data = pa.table({"a": [1, None]})
        >>> Plan.compile(contract, data).check(data).rejected_rows
        1
    """

    def __init__(self, contract: Contract, native: _native.Plan) -> None:
        self.contract = contract
        self._native = native

    @classmethod
    def compile(
        cls, contract: Contract, schema: Any, keys: Mapping[str, bytes] | None = None
    ) -> Plan:
        """A plan for data of this schema.

        Args:
            contract: the contract.
            schema: anything with ``__arrow_c_schema__``, data that speaks Arrow, or an open
                `Source`.
            keys: master keys by the references of the contract; ``default`` is the mesh's own.

        Raises:
            PlanError: ``plan.*``, with the place in the contract.
        """
        if isinstance(schema, Source):
            native_schema: Any = schema.native
        elif hasattr(schema, "__arrow_c_schema__"):
            native_schema = schema
        else:
            native_schema = open_source(schema, contract, rows=False).native
        with _Faults(contract):
            native = _native.Plan.compile(
                contract.to_json().encode(), native_schema, dict(keys or {})
            )
        return cls(contract, native)

    @property
    def accepted_schema(self) -> pa.Schema:
        """Schema of accepted batches: the promised columns, masked, in contract order."""
        import pyarrow as pa

        return pa.schema(self._native.accepted_schema)

    @property
    def quarantine_schema(self) -> pa.Schema:
        """Schema of rejected batches: the accepted columns, nullable, and two more."""
        import pyarrow as pa

        return pa.schema(self._native.quarantine_schema)

    @cached_property
    def digest(self) -> str:
        """``sha256:`` over the contract's digest, the engine's version and both output schemas."""
        parts = [self.contract.digest, _native.__version__]
        for schema in (self.accepted_schema, self.quarantine_schema):
            parts.extend(f"{field.name} {field.type} {field.nullable}" for field in schema)
        text = json.dumps(parts, separators=(",", ":"))
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()

    @property
    def references(self) -> tuple[str, ...]:
        """The names of the reference data that foreign keys point to."""
        return tuple(self._native.references)

    @property
    def across(self) -> tuple[Across, ...]:
        """The clauses whose keys are compared with those of what is published."""
        return tuple(Across(at, tuple(names), equal) for at, names, equal in self._native.across)

    def key_index(
        self, across: Across, schema: pa.Schema, identity: str, limits: Limits
    ) -> KeyIndex:
        """The index of a clause's keys, in segments that the caller keeps.

        Args:
            across: one of `across`.
            schema: its columns as they are stored, in its order.
            identity: says what the keys are; segments of another identity are not read.
            limits: for `KeyIndex.build`.

        Raises:
            PlanError: ``plan.not_applicable`` if the columns are stored as something else.
        """
        with _Faults(self.contract):
            native = _native.KeyIndex(self._native, across.clause, schema, identity)
        return KeyIndex(self.contract, native, across, limits)

    def explain(self) -> Explanation:
        """One line per clause: enforced, decided by the schema, or not enforced and why.

        Its costs are estimates for a machine with AVX-512; ``benches/RESULTS.md`` has measurements.
        """
        return Explanation(
            Explained(**{**line, "columns": tuple(line["columns"])})
            for line in json.loads(self._native.explain())
        )

    def run(
        self,
        data: Any,
        *,
        now: int | None = None,
        threads: int | None = None,
        limits: Limits | None = None,
        outputs: bool = True,
        digest_key: bytes | None = None,
        part_key: bytes | None = None,
        profile: bool = False,
        progress: Callable[[Run], None] | None = None,
        references: Mapping[str, Any] | None = None,
        published: Published | None = None,
    ) -> Run:
        """Starts a run over data; nothing is read before the run is pulled.

        Args:
            data: as `open_source` takes it, or an open `Source`.
            now: nanoseconds since the epoch for ages; the present by default.
            threads: at most so many; ``MESHGATE_THREADS`` or all cores by default.
            limits: bounds for what uniqueness remembers; keys that outgrow them are spilled. A run
                with outputs reads data that can be opened again twice then, and ends with
                ``limit.memory`` on a stream.
            outputs: produce batches; otherwise only judge.
            digest_key: compute a keyed digest of the input.
            part_key: judge a part of a stream that `merge` puts together: the run ends with a
                `part` instead of a report, and leaves keys to the merge, as fingerprints under
                this key.
            profile: look at the values too.
            progress: called after each window with the run.
            references: data by the names that foreign keys point to, as `open_source` takes it; or
                an `Absent`. It is read before the first row.
            published: the keys of what is published; without them the clauses of `across` cannot
                pass.

        Raises:
            UsageError: ``usage.unknown_reference``. PlanError: ``plan.reference_mismatch``.
        """
        opened = open_source(data, self.contract)
        environment = Limits.environment()
        limits = environment if limits is None else limits.over(environment)
        options: dict[str, Any] = {
            "now_ns": time.time_ns() if now is None else now,
            "threads": (whole_number("MESHGATE_THREADS") if threads is None else threads) or 0,
            "memory_bytes": limits.memory_bytes,
            "spill": limits.spill,
            "replay": opened.again is not None,
            "seed": secrets.randbits(64),
            "digest_key": digest_key,
            "part_key": part_key,
            "published": [] if published is None else [i.native for i in published.indexes],
        }
        bring = None if published is None else published.bring
        with _Faults(self.contract):
            known = self._references(references) if references else {}
        native = self._start(opened, outputs=outputs, profile=profile, references=known, **options)
        again = None if opened.again is None else Again(opened.again, self._start, options, bring)
        is_part = part_key is not None
        run = Run(self.contract, native, progress, again, opened.file, bring, is_part=is_part)
        run.stops = opened.stops
        return run

    def _start(self, opened: Source, **options: Any) -> _native.Run:
        with _Faults(self.contract):
            return self._native.run(opened.native, **options)

    def merge(self, *, now: int, digest_key: bytes | None = None) -> Merge:
        """Begins to put the parts of a stream together; the arguments are those of their runs.

        Raises:
            PlanError: ``plan.not_in_parts`` for a check that needs all rows in one place.
        """
        with _Faults(self.contract):
            native = self._native.merge(
                now_ns=now,
                threads=whole_number("MESHGATE_THREADS") or 0,
                memory_bytes=Limits.environment().memory_bytes,
                seed=secrets.randbits(64),
                digest_key=digest_key,
            )
        return Merge(self.contract, native)

    def _references(self, given: Mapping[str, Any]) -> dict[str, _native.Source | str]:
        for name in given.keys() - {*self.references}:
            raise UsageError(
                code="usage.unknown_reference",
                message=f"no foreign key of the contract points to {name!r}",
                help="they point to " + (", ".join(self.references) or "nothing"),
            )
        return {
            name: data.reason if isinstance(data, Absent) else open_source(data).native
            for name, data in given.items()
        }

    def check(self, data: Any, **options: Any) -> Report:
        """The report of a run that produces nothing else.

        Args:
            data: as `run` takes it.
            options: of `run`.
        """
        run = self.run(data, outputs=False, **options)
        for _ in run:
            pass
        return run.report


@dataclass(frozen=True, slots=True)
class Again:
    """The data of a run, which can be opened again, and how another run over it is started.

    It is, where wide keys must be compared in full before they count as repeated, and where keys
    outgrow the memory budget while rows are split: then the other run judges the keys of all rows,
    on disk, and the first one goes on with what that has found.
    """

    open: Callable[[], Source]
    start: Callable[..., _native.Run]
    options: Mapping[str, Any]
    bring: Bring | None

    def known(self, watch: Callable[[], None]) -> _native.Known:
        """Which rows repeat a key."""
        judging = self.start(self.open(), outputs=False, keep_rows=True, **self.options)
        while _next(judging, self.bring) is not None:
            watch()
        self.replay(judging)
        return judging.known()

    def replay(self, run: _native.Run) -> None:
        """The keys of this run are judged, with a second look at the data if that is wanted."""
        if run.judge():
            run.replay(self.open().native)


class Run:
    """One pass of a plan over one stream. Iterate it to its end, then read `report`, `profile`.

    An error of the source or the engine is raised where the iteration meets it; it is kept in
    `error`, so that a writer that wraps what it pulls cannot hide it.
    """

    def __init__(
        self,
        contract: Contract,
        native: _native.Run,
        progress: Callable[[Run], None] | None,
        again: Again | None,
        file: str | None = None,
        bring: Bring | None = None,
        *,
        is_part: bool = False,
    ) -> None:
        self.contract, self._file, self._bring = contract, file, bring
        self.error: MeshgateError | None = None
        self.stops: Sequence[BaseException] = ()
        self.input_digest: str | None = None
        self.part: str | None = None
        self._is_part = is_part
        self._native = native
        self._progress, self._again = progress, again
        self._report: Report | None = None
        self._profile: Profile | None = None
        self._started = time.perf_counter()

    @property
    def rows(self) -> int:
        """Rows judged so far."""
        return self._native.rows

    @property
    def bytes(self) -> int:
        """Bytes of Arrow buffers judged so far."""
        return self._native.bytes

    @property
    def report(self) -> Report:
        """What the run found; until the stream is at its end, ``usage.run_unfinished``."""
        if self._report is None:
            raise self._unfinished("report", "iterate the run to its end first")
        return self._report

    @property
    def profile(self) -> Profile:
        """What the values look like; it exists when the report does, if it was asked for."""
        if self._profile is None:
            raise self._unfinished("profile", "run with profile=True, and to the end")
        return self._profile

    def _unfinished(self, what: str, help_: str) -> MeshgateError:
        return self.error or UsageError(
            code="usage.run_unfinished",
            message=f"the {what} of a run exists when all of its batches were pulled",
            help=help_,
        )

    def __iter__(self) -> Iterator[Split]:
        if self._report is not None or self.part is not None or self.error is not None:
            return
        try:
            while True:
                triple = self._pull()
                self._tell()
                if triple is None:
                    break
                yield Split(*map(_batch, triple))
            if self._is_part:
                self.part = self._native.part()
            else:
                self._finish()
        except _native.EngineFault as fault:
            if self.stops:
                raise self.stops[0] from None
            self.error = _error(fault, self.contract, self._file)
            raise self.error from None
        except MeshgateError as error:
            self.error = error
            raise

    def _tell(self) -> None:
        if self._progress is not None:
            self._progress(self)

    def _pull(self) -> _Triple | None:
        while True:
            try:
                return _next(self._native, self._bring)
            except _native.EngineFault:
                if self._again is None or not self._native.starved:
                    raise
            self._native.know(self._again.known(self._tell))

    def write_keys(self, across: Across, path: Path, files: Iterable[str]) -> None:
        """Writes the keys of the accepted rows as a segment that covers these files; once.

        Raises:
            LimitError: ``limit.key_index``, ``limit.spill``.
        """
        with _Faults(self.contract):
            self._native.write_keys(across.clause, str(path), list(files))

    def _finish(self) -> None:
        if (told := self._native.profile()) is not None:
            self._profile = Profile.from_dict(json.loads(told))
        if self._again is not None:
            self._again.replay(self._native)
        found, self.input_digest = self._native.finish()
        seconds = time.perf_counter() - self._started
        metrics = Metrics(self.bytes, seconds, self.rows / seconds if seconds else 0.0)
        self._report = _report(found, self.contract, metrics)


class KeyIndex:
    """The keys of one clause in what is published: `Plan.key_index`.

    A segment is a file with the keys of some data files of the table, which it names. None of these
    methods syncs a file.
    """

    def __init__(
        self, contract: Contract, native: _native.KeyIndex, across: Across, limits: Limits
    ) -> None:
        self.contract, self.native, self.across, self._limits = contract, native, across, limits

    def look(self, path: Path) -> tuple[frozenset[str], int] | None:
        """The data files that a segment covers and how many keys it has; None if it is unsound."""
        with _Faults(self.contract):
            found = self.native.look(str(path))
        return None if found is None else (frozenset(found[0]), found[1])

    def hold(self, paths: Iterable[Path]) -> bool:
        """These segments have all published keys; False, and nothing changes, if one is unsound."""
        with _Faults(self.contract):
            return self.native.hold([str(path) for path in paths])

    def mend(self, at: int, path: Path) -> bool:
        """Another segment of the same data files in this place; False if it is unsound too."""
        with _Faults(self.contract):
            return self.native.mend(at, str(path))

    def build(self, path: Path, rows: Any, files: Iterable[str]) -> None:
        """Writes a segment from the stored key columns of these data files.

        Raises:
            LimitError: ``limit.key_index``, ``limit.memory``, ``limit.spill``.
        """
        limits = self._limits
        with _Faults(self.contract):
            self.native.build(
                str(path),
                open_source(rows).native,
                sorted(files),
                memory_bytes=limits.memory_bytes,
                spill=limits.spill,
            )

    def merge(self, path: Path, paths: Iterable[Path]) -> list[int]:
        """Writes several segments as one; or nothing, and says which of them are unsound.

        Raises:
            LimitError: ``limit.key_index``.
        """
        with _Faults(self.contract):
            return self.native.merge(str(path), [str(other) for other in paths])

    def disjoint(self, path: Path, paths: Iterable[Path]) -> bool:
        """Whether it is certain that a segment has no key of the others."""
        with _Faults(self.contract):
            return self.native.disjoint(str(path), [str(other) for other in paths])

    def prove(self, rows: Any) -> None:
        """Decides what is in doubt by the stored key columns of all rows that may matter."""
        with _Faults(self.contract):
            self.native.prove(open_source(rows).native)


class Merge:
    """The parts of one stream, put together: the report is that of one run over all rows.

    Parts and fingerprints are taken in the order of the stream. After an error there is no report.
    """

    def __init__(self, contract: Contract, native: _native.Merge) -> None:
        self.contract = contract
        self._native = native

    def part(self, part: str) -> None:
        """Takes the `Run.part` of the next part."""
        with _Faults(self.contract):
            self._native.part(part)

    def keys(self, batch: pa.RecordBatch) -> pa.RecordBatch | None:
        """Takes the `Split.keys` of the next rows; which rejected rows repeat an earlier key.

        Returns:
            ``_mg_row`` and ``_mg_checks`` (those about keys only), or None.

        Raises:
            LimitError: ``limit.memory``.
        """
        with _Faults(self.contract):
            return _batch(self._native.keys(batch))

    def finish(self) -> tuple[Report, str | None]:
        """The report of the whole stream, and the digest of its rows in any order.

        Raises:
            EngineError: fingerprints of some rows were not taken.
        """
        with _Faults(self.contract):
            found, digest = self._native.finish()
        return _report(found, self.contract, Metrics()), digest


class Source:
    """Data that is open: its schema is known, and it can be run once.

    Attributes:
        again: opens the same data once more; None for a stream.
        file: the path that the data is given by, if it is.
        stops: what stopped the program while the data's producer ran, such as Ctrl-C.
    """

    __slots__ = ("again", "file", "native", "stops")

    def __init__(
        self,
        native: _native.Source,
        again: Callable[[], Source] | None = None,
        file: str | None = None,
        stops: Sequence[BaseException] = (),
    ) -> None:
        self.native, self.again, self.file, self.stops = native, again, file, stops

    @property
    def schema(self) -> pa.Schema:
        """The schema of the data, all fields nullable."""
        import pyarrow as pa

        return pa.schema(self.native.schema)


def open_source(data: Any, contract: Contract | None = None, *, rows: bool = True) -> Source:
    """Opens data: anything that speaks Arrow, or a path; CSV and JSON lines as a contract promises.

    Args:
        data: as said.
        contract: what CSV and JSON lines are read as.
        rows: its rows will be read, and not only its schema.

    Raises:
        SourceError: ``source.*``; the data's own library is never quoted.
    """
    if isinstance(data, Source):
        return data
    if rows:
        source.refuse_read(data)
    stops: list[BaseException] = []
    speaking = source.arrow(data, contract, _LOOKS, stops)
    try:
        again = partial(open_source, data, contract) if source.repeats(data) else None
        return Source(_native.Source(speaking), again, source.file(data), stops)
    except _native.EngineFault as fault:
        raise _error(fault, None) from None
    except Exception:
        raise errors.SourceError(
            code="source.not_arrow",
            message=f"{type(data).__name__} could not be opened as an Arrow stream",
            help="its own library refused: does a column mix kinds of values, does its query run?",
        ) from None


def error_codes() -> tuple[errors.Code, ...]:
    """The engine's own rows of the table of error codes."""
    return tuple(errors.Code(**row) for row in json.loads(_native.error_codes()))


_Triple: TypeAlias = tuple["_native.Batch | None", "_native.Batch | None", "_native.Batch | None"]


Bring: TypeAlias = Callable[[int, Sequence[int], Sequence[int]], None]
"""`Published.bring`."""


def _next(run: _native.Run, bring: Bring | None) -> _Triple | None:
    """What the run hands out next, None at its end; what it wants to know meanwhile is brought."""
    while True:
        try:
            return next(run)
        except StopIteration:
            return None
        except _native.EngineFault:
            if bring is None or not run.wanted:
                raise
        for wanted in run.wanted:
            bring(*wanted)
        run.brought()


class _Faults:
    """Inside, faults of the engine are errors of meshgate; no generator, since batches are many."""

    __slots__ = ("contract",)

    def __init__(self, contract: Contract) -> None:
        self.contract = contract

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, fault: BaseException | None, traceback: object) -> None:
        if isinstance(fault, _native.EngineFault):
            raise _error(fault, self.contract) from None


def _report(found: _native.Report, contract: Contract, metrics: Metrics) -> Report:
    return Report.unread(
        lambda: Report.from_dict(json.loads(found.to_json()), places=contract.positions),
        spotless=found.spotless,
        dataset=found.dataset,
        status=found.status,
        rows=found.rows,
        accepted_rows=found.accepted_rows,
        rejected_rows=found.rejected_rows,
        metrics=metrics,
    )


def _batch(native: _native.Batch | None) -> pa.RecordBatch | None:
    if native is None:
        return None
    import pyarrow as pa

    return pa.record_batch(native)


def _error(
    fault: _native.EngineFault, contract: Contract | None, file: str | None = None
) -> MeshgateError:
    code, message, clause, data, help_ = fault.args
    broken = code == "source.failed"
    if file is not None and (broken or (code == "source.invalid_arrow" and source.is_text(file))):
        return source.broke_off(file, data, contract)
    where = None if contract is None or clause is None else contract.positions.get(clause)
    kind = _CLASSES.get(code.partition(".")[0], errors.EngineError)
    return kind(code=code, message=message, where=where, data=data, help=help_)

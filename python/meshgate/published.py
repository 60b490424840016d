"""The keys of what a product has published, for `unique` over the whole dataset.

Beside the table lie segments: files with the sorted keys of some of its data files. Data files are
written once and named by chance, so the segments whose files together are exactly those of the
table are its index, whatever else lies there: what a crash, a denial or another version left behind
covers files that the table does not have. What no segment covers is read from the table, its key
columns only. So there is no step at which anything wrong could be believed, and nothing to repair.

A publication writes its own segment before its commit. Segments are merged so that each has more
keys than all smaller ones together: there are few, and a key is written anew a few times at most.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from meshgate.adapters.base import Holding, KeyFiles
from meshgate.contract import Contract
from meshgate.engine import Across, KeyIndex, Plan, Run
from meshgate.errors import CommitFailed, LimitError, StageError
from meshgate.limits import Limits

FORMAT = 1
"""Part of every identity: keys are encoded otherwise in another format."""
_RACES = 100


@dataclass(frozen=True)
class _Segment:
    path: Path
    files: frozenset[str]
    keys: int


class _Index:
    """The index of one clause."""

    def __init__(
        self, index: KeyIndex, kept: KeyFiles, masks: Mapping[str, Mapping[str, str]]
    ) -> None:
        self.index, self.kept = index, kept
        self._masks = masks
        self._segments: list[_Segment] = []

    @property
    def across(self) -> Across:
        return self.index.across

    def open(self, holding: Holding, files: frozenset[str]) -> list[Path]:
        """The segments whose data files are these, made where they are missing; they are held."""
        for _ in range(_RACES):
            self._segments = self._cover(holding, files)
            paths = [segment.path for segment in self._segments]
            if self.index.hold(paths):
                return paths
        raise LimitError(
            code="limit.key_index",
            message="the index of published keys is changed all the time",
            help="too many others publish this product at once; publish again",
        )

    def _cover(self, holding: Holding, files: frozenset[str]) -> list[_Segment]:
        found = [s for path in self.kept.paths() if (s := self._look(path)) and s.files <= files]
        chosen: list[_Segment] = []
        missing = set(files)
        for segment in sorted(found, key=lambda s: (-len(s.files), s.path)):
            if segment.files <= missing:
                chosen.append(segment)
                missing -= segment.files
        if missing:
            chosen.append(self._build(holding, frozenset(missing)))
        merged = self._merged(sorted(chosen, key=lambda s: s.keys))
        if merged is None:
            return self._cover(holding, files)
        chosen = merged
        kept = {segment.path for segment in chosen}
        for segment in found:
            if segment.path not in kept:
                self.kept.remove(segment.path)
        return chosen

    def _look(self, path: Path) -> _Segment | None:
        said = self.index.look(path)
        return None if said is None or not said[0] else _Segment(path, *said)

    def _build(self, holding: Holding, files: frozenset[str]) -> _Segment:
        for name in sorted(files):
            for column in self.across.columns:
                if holding.masks(name, column) not in (None, self._masks.get(column, {})):
                    raise StageError(
                        code="stage.masked_otherwise",
                        message="the published keys cannot be compared: they are masked otherwise "
                        "than this contract masks them",
                        data=f"column {column}",
                        help="publish with mode='replace', or make the scope of the check "
                        '"publication"',
                    )
        written = self.kept.new()
        self.index.build(written, holding.read(files, self.across.columns), files)
        return self._kept(written)

    def _merged(self, segments: list[_Segment]) -> list[_Segment] | None:
        """The segments by size, the small ones merged until each outweighs all before it.

        None if some turned out to be damaged; these are gone.
        """
        total, count = 0, 0
        for at, segment in enumerate(segments):
            if at and segment.keys <= total:
                count = at + 1
            total += segment.keys
        if not count:
            return segments
        written = self.kept.new()
        damaged = self.index.merge(written, [segment.path for segment in segments[:count]])
        for at in damaged:
            self.kept.remove(segments[at].path)
        if damaged:
            return None
        return self._merged(sorted([self._kept(written), *segments[count:]], key=lambda s: s.keys))

    def _kept(self, written: Path) -> _Segment:
        segment = self._look(self.kept.keep(written))
        if segment is None:
            raise LimitError(
                code="limit.key_index",
                message="the index of published keys cannot be read back",
                help="look at the storage beside the product's table",
            )
        return segment

    def bring(self, holding: Holding, doubts: Sequence[int], damaged: Sequence[int]) -> None:
        """Proves and mends segments that are held."""
        for at in damaged:
            torn = self._segments[at]
            self.kept.remove(torn.path)
            self._segments[at] = self._build(holding, torn.files)
            self.index.mend(at, self._segments[at].path)
        if doubts:
            files = frozenset[str]().union(*(self._segments[at].files for at in doubts))
            self.index.prove(holding.read(files, self.across.columns))

    def write(self, run: Run, files: frozenset[str]) -> Path:
        """The keys of the run's accepted rows are a durable segment, which covers these files."""
        written = self.kept.new()
        run.write_keys(self.across, written, sorted(files))
        return self.kept.keep(written)


class Published:
    """What one publication needs of the keys of its product."""

    def __init__(
        self,
        plan: Plan,
        holding: Holding,
        product: str,
        masks: Mapping[str, Mapping[str, str]],
        limits: Limits,
        *,
        replaces: bool,
    ) -> None:
        self._holding = holding
        self.base: frozenset[str] | None = None if replaces else holding.files
        self._own: dict[int, Path] = {}
        self._indexes = [
            self._index(plan, across, product, masks, limits) for across in plan.across
        ]
        for index in self._indexes:
            index.kept.clear(index.open(holding, self.base or frozenset()))

    def _index(
        self,
        plan: Plan,
        across: Across,
        product: str,
        masks: Mapping[str, Mapping[str, str]],
        limits: Limits,
    ) -> _Index:
        masks = {column: _mask(masks.get(column, {})) for column in across.columns}
        fields = [self._holding.field(column) for column in across.columns]
        facts = [
            FORMAT,
            product,
            across.columns,
            [str(field.type) for field in fields],
            across.nulls_equal,
            masks,
        ]
        text = json.dumps(facts, separators=(",", ":"), sort_keys=True)
        import pyarrow as pa

        identity = hashlib.sha256(text.encode()).hexdigest()
        index = plan.key_index(across, pa.schema(fields), identity, limits)
        return _Index(index, self._holding.keys(identity[:32]), masks)

    @property
    def indexes(self) -> list[KeyIndex]:
        """One for each clause."""
        return [index.index for index in self._indexes]

    def bring(self, clause: int, doubts: Sequence[int], damaged: Sequence[int]) -> None:
        """The segments in doubt are proved by the table, and the damaged ones made again."""
        for index in self._indexes:
            if index.across.clause == clause:
                index.bring(self._holding, doubts, damaged)

    def write(self, run: Run, files: Iterable[str]) -> None:
        """The keys of the accepted rows are durable; they count once these are the table's files.

        Raises:
            LimitError, StageError
        """
        names = frozenset(files)
        if names:
            for index in self._indexes:
                self._own[index.across.clause] = index.write(run, names)

    def moved(self, holding: Holding) -> None:
        """No key of this publication was published meanwhile; `base` is what the product holds now.

        Raises:
            CommitFailed: ``commit.moved`` if one is, or rows of before are gone.
        """
        if self.base is None or not self.base <= holding.files:
            raise _moved()
        fresh = holding.files - self.base
        for index in self._indexes:
            paths = index.open(holding, fresh)
            own = self._own.get(index.across.clause)
            if own is not None and not index.index.disjoint(own, paths):
                raise _moved()
        self._holding, self.base = holding, holding.files

    def discard(self) -> None:
        """What was written for this publication is gone; without its files it was nothing."""
        for index in self._indexes:
            own = self._own.pop(index.across.clause, None)
            if own is not None:
                index.kept.remove(own)


def asked(contract: Contract) -> bool:
    """Whether a clause wants keys to be compared with what is published."""
    return any(check.args.get("scope") == "dataset" for check in contract.checks)


def _mask(said: Mapping[str, str]) -> dict[str, str]:
    """What a column's metadata says of its mask."""
    return {key: text for key, text in said.items() if key.startswith("meshgate.mask.")}


def _moved() -> CommitFailed:
    return CommitFailed(
        code="commit.moved",
        message="others have changed the product meanwhile, and keys of this publication may be "
        "published by now",
        help="nothing became visible; publish again, and the keys are compared anew",
    )

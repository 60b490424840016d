"""A table in memory that publications are added to, with its index in a real folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
from meshgate.adapters.delta_holding import _field
from meshgate.adapters.key_files import KeyFiles
from meshgate.adapters.storage_types import storage_schema, store
from meshgate.engine import Plan
from meshgate.limits import Limits
from meshgate.published import Published
from meshgate.report import Report


class Table:
    """What a product holds: data files that are tables, and the index beside them.

    Attributes:
        read_files: how many data files were read back so far.
    """

    def __init__(self, root: Path) -> None:
        self.root, self.held, self.read_files = root, {}, 0
        self._count = 0

    def publish(
        self, plan: Plan, batches: Sequence[pa.RecordBatch], limits: Limits | None = None
    ) -> tuple[Report, pa.Table | None, pa.Table | None]:
        """The report of one publication, its accepted rows as stored, and its quarantine."""
        stored = storage_schema(plan.accepted_schema, {}, {})
        holding = Holding(self, stored)
        limits = limits or Limits()
        published = Published(plan, holding, "p", {}, limits, replaces=False)
        data = pa.Table.from_batches(batches)
        run = plan.run(data, published=published, limits=limits)
        accepted, rejected = [], []
        for split in run:
            if split.accepted is not None and split.accepted.num_rows:
                accepted.append(store(split.accepted, stored))
            if split.rejected is not None:
                rejected.append(split.rejected)
        self._count += 1
        name = f"f{self._count}.parquet"
        if accepted:
            published.write(run, [name])
            self.held[name] = pa.Table.from_batches(accepted)
        sides = [pa.Table.from_batches(side) if side else None for side in (accepted, rejected)]
        return run.report, *sides

    def segments(self) -> list[Path]:
        """The files of the index, oldest first."""
        found = self.root.glob(".meshgate/keys/*/*.keys")
        return sorted(found, key=lambda path: path.stat().st_mtime_ns)


class Holding:
    """The table at one version."""

    def __init__(self, table: Table, schema: pa.Schema) -> None:
        self._table, self._schema = table, schema
        self.files = frozenset(table.held)

    def field(self, column: str) -> pa.Field:
        return _field(self._schema, column).with_name(column)

    def keys(self, identity: str) -> KeyFiles:
        return KeyFiles(self._table.root, identity)

    def read(self, files: Iterable[str], columns: Sequence[str]) -> pa.RecordBatchReader:
        names = sorted(files)
        self._table.read_files += len(names)
        rows = pa.concat_tables([self._table.held[name] for name in names])
        return rows.select(list(columns)).to_reader(7)

    def masks(self, _file: str, _column: str) -> Mapping[str, str]:
        return {}

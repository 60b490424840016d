"""The newest row of every key.

Which rows win does not depend on how the events were cut into publications, on late events, or on
events that came twice: all rows of a key, stored and new, are ordered by the same columns.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from meshgate.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

_POSITION = "_mg_position"


def latest(
    stored: pa.Table | None, events: pa.Table, key: Sequence[str], order: Sequence[str]
) -> pa.Table:
    """One row per key: the last by `order`, of the stored rows and the events.

    Args:
        stored: what the target holds; None for the first time.
        events: what the source has gained, with the columns of the target.
        key: the columns that name an entity. Null is a key like any other.
        order: the columns by which the newest is found, such as time and event id. Null loses
            against everything. They should tell any two events of a key apart.

    Raises:
        UsageError: ``usage.projection_columns``.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if stored is not None:
        events = pa.concat_tables([stored, chosen(events, stored.column_names).cast(stored.schema)])
    _known([name for name in (*key, *order) if name not in events.column_names])
    if not key or not order:
        raise UsageError(
            code="usage.projection_columns",
            message="a projection needs the columns of its key and of its order",
            help='for instance key=["order_id"], order=["updated_at", "event_id"]',
        )
    directions = [(name, "descending") for name in order]
    newest_first = pc.sort_indices(events, sort_keys=directions)  # nulls come last
    events = events.take(newest_first)
    positions = pa.array(range(events.num_rows), pa.int64())
    keyed = events.select(list(key)).append_column(_POSITION, positions)
    first = keyed.group_by(list(key), use_threads=False).aggregate([(_POSITION, "min")])
    kept = first[f"{_POSITION}_min"].combine_chunks().sort()
    return events.take(kept)


def chosen(events: pa.Table, names: Sequence[str]) -> pa.Table:
    """The columns of these names, which the target has.

    Raises:
        UsageError: ``usage.projection_columns``.
    """
    _known([name for name in names if name not in events.column_names])
    return events.select(list(names))


def publish_id(source: str, version: int) -> str:
    """The same source at the same version is the same intent."""
    name = source if len(source) <= 80 else hashlib.sha256(source.encode()).hexdigest()[:40]
    return f"projection-{name}-{version}"


def watermark(source: str) -> str:
    """Under which name the target keeps how far the source was followed."""
    return f"meshgate-projection/{source}"


def _known(missing: list[str]) -> None:
    if missing:
        raise UsageError(
            code="usage.projection_columns",
            message=f"the source has no column {missing[0]}",
            help="key, order and the target's contract name columns of the source",
        )

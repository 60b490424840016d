"""An endless stream of sensor events, cheap to produce: what it costs is hardly the producer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

SENSORS = tuple(f"sensor-{i:02d}" for i in range(12))
VALUE_MIN, VALUE_MAX = -40.0, 125.0
BATCH_ROWS = 65_536
_DISTINCT = 8
ODD = np.int64(0x5851F42D4C957F2D)  # odd, so that multiplying is a bijection of 64-bit integers


def endless_schema() -> pa.Schema:
    """The columns of the stream."""
    return pa.schema(
        [
            ("event_id", pa.int64()),
            ("at", pa.timestamp("us", "UTC")),
            ("sensor", pa.string()),
            ("value", pa.float64()),
        ]
    )


def endless(
    rows: int | None, *, shuffled: bool = False, faults: bool = False
) -> pa.RecordBatchReader:
    """A reader of so many rows; None never ends.

    The ids are 0, 1, 2, ..., or distinct and in random order when `shuffled`. With `faults` the
    first seven batches have, each, three values out of range, two unknown sensors and one null
    sensor; in the second to the seventh batch one id (where `shuffled`) is one of the batch before.
    """
    schema = endless_schema()
    return pa.RecordBatchReader.from_batches(schema, _batches(rows, shuffled, faults))


def _batches(rows: int | None, shuffled: bool, faults: bool) -> Iterator[pa.RecordBatch]:
    schema = endless_schema()
    rng = np.random.default_rng(31)
    parts = [_part(rng) for _ in range(_DISTINCT)]
    start = index = 0
    while rows is None or start < rows:
        size = BATCH_ROWS if rows is None else min(BATCH_ROWS, rows - start)
        ids = np.arange(start, start + size, dtype=np.int64)
        if shuffled:
            ids = ids * ODD
        sensor, value = parts[index % _DISTINCT]
        if faults and index < 7:
            if shuffled and index:
                ids[-1] = (np.array([start - 2]) * ODD)[0]
            sensor, value = _spoil(sensor, value)
        at = 1_735_689_600_000_000 + np.arange(start, start + size, dtype=np.int64)
        columns = [
            pa.array(ids),
            pa.array(at, schema.field("at").type),
            sensor.slice(0, size),
            value.slice(0, size),
        ]
        yield pa.record_batch(columns, schema=schema)
        start += size
        index += 1


def _part(rng: np.random.Generator) -> tuple[pa.Array, pa.Array]:
    sensor = pa.array(SENSORS).take(pa.array(rng.integers(0, len(SENSORS), BATCH_ROWS)))
    value = rng.uniform(VALUE_MIN, VALUE_MAX, BATCH_ROWS)
    return sensor, pa.array(value, mask=rng.random(BATCH_ROWS) < 0.06)


def _spoil(sensor: pa.Array, value: pa.Array) -> tuple[pa.Array, pa.Array]:
    names, numbers = sensor.to_pylist(), value.to_numpy(zero_copy_only=False).copy()
    missing = value.is_null().to_numpy(zero_copy_only=False).copy()
    names[10], names[20], names[30] = "sensor-99", "", None
    numbers[[40, 50, 60]] = VALUE_MIN - 1, VALUE_MAX + 1, np.inf
    missing[[40, 50, 60]] = False
    return pa.array(names, pa.string()), pa.array(numbers, mask=missing)

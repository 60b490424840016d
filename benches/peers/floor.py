"""The floor: one sequential read of the same buffers, at the speed of memory.

For the stream it is what draining the stream costs without looking at it. It checks nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa

from benches.workloads import Case, Outcome, Rows

UNIQUE = "surplus"
MAC_KEY = None
CHECKS = False
DEVIATIONS = ("reads every byte of the input once and checks nothing",)


def prepare(case: Case, rows: Rows, threads: int) -> Callable[[], Outcome]:
    """Reads each buffer as 64-bit words (their maximum, the fastest reduction of numpy)."""
    if not isinstance(rows, pa.Table):
        return lambda: _drain(rows())
    words = buffers(rows)

    def run() -> Outcome:
        if threads == 1:
            for part in words:
                np.maximum.reduce(part)
        else:
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(_read, [words[i::threads] for i in range(threads)]))
        return Outcome()

    return run


def _read(parts: list[np.ndarray]) -> None:
    for part in parts:
        np.maximum.reduce(part)


def _drain(reader: pa.RecordBatchReader) -> Outcome:
    for _ in reader:
        pass
    return Outcome()


def buffers(table: pa.Table) -> list[np.ndarray]:
    """Each distinct buffer of the table, as 64-bit words; slices are read whole."""
    seen: dict[int, pa.Buffer] = {}
    for column in table.columns:
        for chunk in column.chunks:
            for buffer in chunk.buffers():
                if buffer is not None and buffer.size >= 8:
                    seen[buffer.address] = buffer
    return [np.frombuffer(b, np.uint8)[: b.size // 8 * 8].view(np.uint64) for b in seen.values()]

"""The workloads: what is measured, on which rows, and what a peer has to find before it counts.

W1  TPC-H lineitem, 27 checks.            W2  a ledger with personal data, 13 checks and 3 masks.
W3  batches of 1,000 rows, 20 checks.     W4  an endless stream.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

import pyarrow as pa

from benches.ledger import (
    AMOUNT_MAX,
    AMOUNT_MIN,
    EMAIL_PATTERN,
    FAULTS,
    UUID_PATTERN,
    Ledger,
    ledger,
    ledger_batches,
    ledger_schema,
)
from benches.lineitem import DATA, lineitem, spoil
from benches.micro import MICROS, Micro
from benches.stream import SENSORS, endless, endless_schema

__all__ = [
    "AMOUNT_MAX",
    "AMOUNT_MIN",
    "CASES",
    "CURRENCIES",
    "EMAIL_PATTERN",
    "FAULTS",
    "SENSORS",
    "UUID_PATTERN",
    "Case",
    "Ledger",
    "Outcome",
    "Sizes",
    "endless",
    "endless_schema",
    "ledger",
    "ledger_batches",
    "ledger_schema",
    "lineitem",
    "spoil",
]

LEDGER_COLUMNS = tuple(ledger_schema().names)
CARD_PATTERN = "^[0-9]{16}$"
CURRENCIES = ("USD", "EUR", "GBP", "CHF", "JPY", "CAD", "AUD", "SEK", "NOK", "PLN", "INR", "BRL")
"""What the contract allows; the ledger uses the first five."""
VALUE_DATE_MIN, VALUE_DATE_MAX = "2020-01-01", "2035-12-31"
BOOKED_MIN = "2025-01-01T00:00:00+00:00"
ID_LENGTH, EMAIL_LENGTH, NAME_LENGTH, CARD_LENGTH = 36, 64, 40, 16
KEEP_LAST = 4

HMAC_KEY = "a key for benches, not a secret: 0123456789abcdef"
"""The peers' key. It is text because the Polars extension takes no bytes."""


@dataclass(frozen=True)
class Sizes:
    """How large the inputs are.

    Attributes:
        scale: TPC-H scale factor (W1); 1 is 6 million rows.
        ledger_rows: rows of W2.
        batches: batches of 1,000 rows that one measured W3 run checks one by one.
        stream_rows: rows that are drawn from the endless stream of W4.
        micro_rows: rows of each single-kernel case.
    """

    scale: float = 1.0
    ledger_rows: int = 5_000_000
    batches: int = 200
    stream_rows: int = 200_000_000
    micro_rows: int = 10_000_000

    @staticmethod
    def smoke() -> Sizes:
        """Sizes that show that everything runs and agrees, and measure nothing."""
        return Sizes(0.01, 20_000, batches=5, stream_rows=500_000, micro_rows=20_000)


@dataclass
class Outcome:
    """What a peer found and made.

    Attributes:
        failed: failing rows for each check id; ids without failures may be left out.
        accepted, rejected: what a splitting case produced, in the peer's own form.
    """

    failed: dict[str, int] = field(default_factory=dict)
    accepted: Any = None
    rejected: Any = None

    def found(self) -> dict[str, int]:
        """The checks that failed and how often."""
        return {check: count for check, count in self.failed.items() if count}


Rows: TypeAlias = pa.Table | Callable[[], pa.RecordBatchReader]


@dataclass(frozen=True)
class Case:
    """One line of work that every peer does.

    Attributes:
        name: what `--workload` and the tables call it.
        title: what is done, for people.
        unit: what one measured step is: a row or a batch.
        load: the clean input. The stream is a factory of readers.
        planted: a small input with known violations and, for each check id, how many rows fail.
        clean: the timed rows have no violation; a peer that finds one is wrong.
        splits: the case masks and splits the rows, and does not only count.
        stream: the input is a stream of so many of `Sizes.stream_rows` (one in 1, one in 10); 0 is
            rows in memory.
    """

    name: str
    title: str
    unit: str
    load: Callable[[Sizes], Rows]
    planted: Callable[[], tuple[Rows, dict[str, int]]]
    clean: bool = True
    splits: bool = False
    stream: int = 0

    def steps(self, rows: Rows) -> int:
        """How many units a table has."""
        if not isinstance(rows, pa.Table):
            raise TypeError("a stream does not say how long it is")
        return int(rows.column(0).num_chunks if self.unit == "batch" else rows.num_rows)


def _w1_planted() -> tuple[pa.Table, dict[str, int]]:
    return spoil(lineitem(0.01))


def cached_ledger(rows: int, faults: int = 0) -> pa.Table:
    """The ledger with `faults` faulty rows of each kind, from the cache folder, in memory.

    The cache saves only the time to make it: a file holds what `ledger` returns.
    """
    file = DATA / f"ledger-{rows}-{faults}.arrow"
    if not file.exists():
        DATA.mkdir(exist_ok=True)
        table = ledger(rows, faults=dict.fromkeys(FAULTS, faults) if faults else None).table
        handle, scratch = tempfile.mkstemp(dir=DATA)
        with os.fdopen(handle, "wb") as out, pa.ipc.new_file(out, table.schema) as writer:
            writer.write_table(table)
        Path(scratch).replace(file)
    with pa.OSFile(str(file)) as source:  # read, not mapped: the rows are in memory when it starts
        return pa.ipc.open_file(source).read_all()


PLANTED_FAULTS = MappingProxyType({kind: 3 + 2 * i for i, kind in enumerate(FAULTS)})

FAULT_CHECKS: Mapping[str, tuple[str, ...]] = {
    "malformed_id": ("transaction_id.regex_match",),
    "duplicate_id": ("transaction_id.unique",),
    "null_amount": ("amount.not_null",),
    "amount_out_of_range": ("amount.between",),
    "bad_email": ("email.regex_match",),
    "null_email": ("email.not_null",),
    "unknown_currency": ("currency.in_set",),
}
"""The checks of the W2 contract that a row with such a fault fails."""


def planted_ledger(rows: int = 5_000) -> Ledger:
    """A small ledger with a different number of faults of every kind."""
    return ledger(rows, seed=23, faults=PLANTED_FAULTS)


def ledger_failures(planted: Ledger) -> dict[str, int]:
    """For each check id of the W2 contract the rows that fail it."""
    return {c: len(planted.faults[kind]) for kind in planted.faults for c in FAULT_CHECKS[kind]}


def _w2_planted() -> tuple[pa.Table, dict[str, int]]:
    planted = planted_ledger()
    return planted.table, ledger_failures(planted)


def thousands(table: pa.Table) -> pa.Table:
    """The same rows in batches of 1,000."""
    return pa.Table.from_batches(
        [
            table.slice(start, 1_000).combine_chunks().to_batches()[0]
            for start in range(0, table.num_rows, 1_000)
        ]
    )


def _w3_load(sizes: Sizes) -> pa.Table:
    return thousands(ledger(sizes.batches * 1_000).table)


def _w3_planted() -> tuple[pa.Table, dict[str, int]]:
    # One batch: a batch is a run of its own, and a duplicate must not sit in another one.
    planted = ledger(1_000, seed=29, faults=PLANTED_FAULTS)
    failed = ledger_failures(planted)
    failed["transaction_id.length"] = failed["transaction_id.regex_match"]
    return thousands(planted.table), failed


SHUFFLED = 10
"""The stream with a random key has one in so many rows: peers keep every key in memory."""


def _w4_load(shuffled: bool) -> Callable[[Sizes], Callable[[], pa.RecordBatchReader]]:
    def load(sizes: Sizes) -> Callable[[], pa.RecordBatchReader]:
        rows = sizes.stream_rows // SHUFFLED if shuffled else sizes.stream_rows
        return lambda: endless(rows, shuffled=shuffled)

    return load


def _w4_planted(
    shuffled: bool,
) -> Callable[[], tuple[Callable[[], pa.RecordBatchReader], dict[str, int]]]:
    def planted() -> tuple[Callable[[], pa.RecordBatchReader], dict[str, int]]:
        failed = {"value.between": 21, "sensor.in_set": 14, "sensor.not_null": 7}
        if shuffled:
            failed["event_id.unique"] = 6
        return (lambda: endless(400_000, shuffled=shuffled, faults=True)), failed

    return planted


def _micro(name: str, micro: Micro) -> Case:
    def load(sizes: Sizes) -> pa.Table:
        return micro.table(sizes.micro_rows)

    return Case(name, micro.title, "row", load, micro.planted, clean=micro.clean)


CASES: Mapping[str, Case] = {
    case.name: case
    for case in (
        Case(
            "w1",
            "TPC-H lineitem: 27 checks, one of them a composite unique",
            "row",
            lambda sizes: lineitem(sizes.scale),
            _w1_planted,
        ),
        Case(
            "w2-checks",
            "ledger: 13 checks (UUID format, unique, e-mail, set, range, not null)",
            "row",
            lambda sizes: cached_ledger(sizes.ledger_rows),
            _w2_planted,
        ),
        Case(
            "w2-full",
            "ledger with 0.1 % faulty rows: 13 checks, HMAC of e-mail, keep-last-4 of card, "
            "redacted name, accepted and quarantined rows apart",
            "row",
            lambda sizes: cached_ledger(sizes.ledger_rows, sizes.ledger_rows // 7_000),
            _w2_planted,
            clean=False,
            splits=True,
        ),
        Case(
            "w3",
            "batches of 1,000 rows, one after the other: 20 checks through a prepared plan",
            "batch",
            _w3_load,
            _w3_planted,
        ),
        Case(
            "w4",
            "endless stream: 6 row checks; memory must stay flat",
            "row",
            _w4_load(False),
            _w4_planted(False),
            stream=1,
        ),
        Case(
            "w4-unique",
            "endless stream: the same and a unique key in random order",
            "row",
            _w4_load(True),
            _w4_planted(True),
            stream=SHUFFLED,
        ),
        *(_micro(name, micro) for name, micro in MICROS.items()),
    )
}


def select_cases(words: str) -> list[Case]:
    """The cases of a comma-separated list: ``w2`` names all that start so, ``w2-full`` one.

    Raises `ValueError` for a word that names none.
    """
    chosen: dict[str, Case] = {}
    for word in filter(None, (part.strip() for part in words.split(","))):
        found = [n for n in CASES if n == word or n.startswith(f"{word}-")]
        if not found:
            raise ValueError(f"unknown workload {word!r}; there are {', '.join(CASES)}")
        chosen.update((name, CASES[name]) for name in found)
    return list(chosen.values())


def mac(key: bytes, value: str) -> str:
    """HMAC-SHA-256 in hex by the standard library: what a peer's masked e-mail must be."""
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()


def iter_batches(table: pa.Table) -> Iterator[pa.RecordBatch]:
    """The batches of a W3 input."""
    yield from table.to_batches()

"""Single kernels: one column, few checks, and the targets that were set, in ns per row.

A case has a clean column and one with known violations; its contract is made here, because it is
one line long.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pyarrow as pa

from benches.ledger import EMAIL_PATTERN, UUID_PATTERN, ledger
from benches.stream import ODD, SENSORS

LOW, HIGH = -40.0, 125.0
PLANTED_ROWS = 5_000
BATCH_ROWS = 131_072


@dataclass(frozen=True)
class Micro:
    """One kernel.

    Attributes:
        title: what it is, with the target.
        type: of the column `x`, in the words of a contract.
        rules: the contract's rules.
        column: makes `x` for so many rows, without and with violations.
        failed: the violations, for each check id.
        clean: the column without violations has none; a column with nulls fails `not_null`.
    """

    title: str
    type: str
    rules: str
    column: Callable[[int, bool], pa.Array]
    failed: Mapping[str, int]
    clean: bool = True

    def contract(self) -> bytes:
        """The contract, in the native form."""
        return (
            "dataset: micro\nversion: 1.0.0\nowner: benches@example.com\n"
            f"schema:\n  - {{name: x, type: {self.type}}}\nquality_rules:\n{self.rules}"
        ).encode()

    def table(self, rows: int) -> pa.Table:
        """Good rows, in batches of the size that readers make."""
        whole = pa.table({"x": self.column(rows, False)})
        return pa.Table.from_batches(whole.to_batches(max_chunksize=BATCH_ROWS), whole.schema)

    def planted(self) -> tuple[pa.Table, dict[str, int]]:
        """Rows with violations, and how many there are of each."""
        return pa.table({"x": self.column(PLANTED_ROWS, True)}), dict(self.failed)


def _floats(rows: int, faults: bool) -> pa.Array:
    rng = np.random.default_rng(41)
    values = rng.uniform(LOW + 1, HIGH - 1, rows)
    missing = np.arange(rows) % 16 == 3
    if faults:
        values[[0, 100, rows - 1]] = LOW - 1, HIGH + 1, np.inf
    return pa.array(values, mask=missing)


def _present(rows: int, faults: bool) -> pa.Array:
    values = np.random.default_rng(42).uniform(LOW + 1, HIGH - 1, rows)
    if faults:
        values[[0, 100, rows - 1]] = LOW - 1, HIGH + 1, 0.5
    return pa.array(values, mask=np.arange(rows) == 200 if faults else None)


def _keys(values: Callable[[int], np.ndarray]) -> Callable[[int, bool], pa.Array]:
    def column(rows: int, faults: bool) -> pa.Array:
        keys = values(rows)
        if faults:
            keys[[10, 400, rows - 1]] = keys[[0, 399, 5]]
        return pa.array(keys)

    return column


def _ids(rows: int, faults: bool) -> pa.Array:
    wanted = {"malformed_id": 4, "duplicate_id": 3} if faults else None
    return ledger(rows, seed=43, faults=wanted).table["transaction_id"].combine_chunks()


def _emails(rows: int, faults: bool) -> pa.Array:
    wanted = {"bad_email": 5} if faults else None
    return ledger(rows, seed=44, faults=wanted).table["email"].combine_chunks()


def _names(rows: int, faults: bool) -> pa.Array:
    index = np.random.default_rng(45).integers(0, len(SENSORS), rows)
    if faults:
        index[[1, 2, rows - 1]] = len(SENSORS)
    return pa.array((*SENSORS, "sensor-xx")).take(pa.array(index))


def _pattern(pattern: str) -> str:
    return f"  - {{column: x, rule: regex_match, args: {{pattern: '{pattern}'}}}}\n"


_BETWEEN = f"  - {{column: x, rule: between, args: {{min: {LOW}, max: {HIGH}}}}}\n"
_NOT_NULL = "  - {column: x, rule: not_null, max_pct: 10}\n"
_UNIQUE = "  - {column: x, rule: unique}\n"

MICROS: Mapping[str, Micro] = MappingProxyType(
    {
        "micro-range": Micro(
            "null count and range of float64, 6 % null (target 0.8 ns/row)",
            "float64",
            _NOT_NULL + _BETWEEN,
            _floats,
            {"x.not_null": 313, "x.between": 3},
            clean=False,
        ),
        "micro-five": Micro(
            "five checks on one float64 column (target 1.7 ns/row)",
            "float64",
            _NOT_NULL
            + _BETWEEN
            + f"  - {{column: x, rule: ge, args: {{value: {LOW}}}}}\n"
            + f"  - {{column: x, rule: lt, args: {{value: {HIGH}}}}}\n"
            + "  - {column: x, rule: ne, args: {value: 0.5}}\n",
            _present,
            {"x.not_null": 1, "x.between": 2, "x.ge": 1, "x.lt": 1, "x.ne": 1},
        ),
        "micro-unique-random": Micro(
            "unique, random int64 (target 15 ns/row)",
            "int64",
            _UNIQUE,
            _keys(lambda rows: np.arange(rows, dtype=np.int64) * ODD),
            {"x.unique": 3},
        ),
        "micro-unique-dense": Micro(
            "unique, dense int64 in random order (target 7 ns/row)",
            "int64",
            _UNIQUE,
            _keys(lambda rows: np.random.default_rng(46).permutation(rows)),
            {"x.unique": 3},
        ),
        "micro-unique-increasing": Micro(
            "unique, strictly increasing int64 (target 1 ns/row)",
            "int64",
            _UNIQUE,
            _keys(lambda rows: np.arange(rows, dtype=np.int64) * 3),
            {"x.unique": 3},
        ),
        "micro-uuid": Micro(
            "UUID text: format and unique (target 30 ns/row)",
            "string",
            _pattern(UUID_PATTERN) + _UNIQUE,
            _ids,
            {"x.regex_match": 4, "x.unique": 3},
        ),
        "micro-email": Micro(
            "e-mail pattern (target 25 ns/row)",
            "string",
            _pattern(EMAIL_PATTERN),
            _emails,
            {"x.regex_match": 5},
        ),
        "micro-set": Micro(
            "set of 12 short strings (target 5 ns/row)",
            "string",
            f"  - {{column: x, rule: in_set, args: {{values: [{', '.join(SENSORS)}]}}}}\n",
            _names,
            {"x.in_set": 3},
        ),
    }
)

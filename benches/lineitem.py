"""TPC-H lineitem: generated on this machine, cached, and spoiled at known rows.

The generator is the `tpchgen-cli` package; nothing is fetched. The cache is the gitignored folder
`data/` of the repository.
"""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

DATA = Path(__file__).resolve().parent.parent / "data"

KEY = ("l_orderkey", "l_linenumber")
RETURN_FLAGS = ("A", "N", "R")
LINE_STATUSES = ("O", "F")
SHIP_INSTRUCTIONS = ("DELIVER IN PERSON", "COLLECT COD", "NONE", "TAKE BACK RETURN")
SHIP_MODES = ("REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB")
COMMENT_LENGTH = 44

# fmt: off
COLUMNS = (
    "l_orderkey", "l_partkey", "l_suppkey", "l_linenumber", "l_quantity", "l_extendedprice",
    "l_discount", "l_tax", "l_returnflag", "l_linestatus", "l_shipdate", "l_commitdate",
    "l_receiptdate", "l_shipinstruct", "l_shipmode", "l_comment",
)
# fmt: on

BETWEEN = {
    "l_quantity": ("1", "50"),
    "l_discount": ("0", "0.10"),
    "l_tax": ("0", "0.08"),
}
SETS = {
    "l_returnflag": RETURN_FLAGS,
    "l_linestatus": LINE_STATUSES,
    "l_shipinstruct": SHIP_INSTRUCTIONS,
    "l_shipmode": SHIP_MODES,
}


def generate(table: str, scale: float) -> Path:
    """Returns the Parquet file of one TPC-H table at a scale factor, generated if not yet there.

    Raises `RuntimeError` when the generator is not installed or fails; a half-written file is
    never left under the final name.
    """
    folder = DATA / f"tpch-sf{scale:g}"
    file = folder / f"{table}.parquet"
    if file.exists():
        return file
    beside = Path(sys.executable).with_name("tpchgen-cli")
    program = str(beside) if beside.exists() else shutil.which("tpchgen-cli")
    if program is None:
        raise RuntimeError("tpchgen-cli is missing: install the package of that name")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        command = [program, "parquet", "-s", f"{scale:g}", f"--tables={table}"]
        command += ["--output-dir", scratch, "--quiet"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"tpchgen-cli failed with exit code {done.returncode}")
        (Path(scratch) / file.name).replace(file)
    return file


def lineitem(scale: float) -> pa.Table:
    """The table in memory, as pyarrow reads the file: 16 columns, strings as views."""
    table = pq.read_table(generate("lineitem", scale))
    # The file promises "not null", which would let an engine skip the checks; a producer does not.
    schema = pa.schema([pa.field(field.name, field.type) for field in table.schema])
    return pa.Table.from_arrays(table.columns, schema=schema)


def spoil(table: pa.Table, seed: int = 11) -> tuple[pa.Table, dict[str, int]]:
    """Plants violations of every check of the contract, in disjoint rows of the table.

    Returns the spoiled table and, for each check id, the rows that fail it. For the unique check
    that is the number of surplus rows; each of them repeats one other row's key, so the members of
    the duplicated keys are twice as many.
    """
    plan = _faults()
    counts = [count for _, _, count, _ in plan]
    rng = np.random.default_rng(seed)
    duplicates, longest = 9, 5
    rows = rng.choice(table.num_rows, sum(counts) + longest + 2 * duplicates, replace=False)
    failed: dict[str, int] = {}
    at = 0
    for check, column, count, value in plan:
        chosen = np.sort(rows[at : at + count])
        at += count
        table = _set(table, column, chosen, value)
        failed[check] = count
    # As long as allowed, and 88 bytes: characters are counted, not bytes.
    table = _set(table, "l_comment", np.sort(rows[at : at + longest]), "é" * COMMENT_LENGTH)
    at += longest
    sources, targets = rows[at::2], rows[at + 1 :: 2]
    keys = table.select(KEY).take(pa.array(sources)).to_pylist()
    for key, target in zip(keys, targets, strict=True):
        for column in KEY:
            table = _set(table, column, np.array([target]), key[column])
    failed["l_orderkey+l_linenumber.unique"] = duplicates
    return table, failed


def _faults() -> list[tuple[str, str, int, object]]:
    """Check id, column, rows to spoil, and the value that is wrong there."""
    plan: list[tuple[str, str, int, object]] = []
    for i, column in enumerate(COLUMNS):
        # Peers for which null equals null must not see two equal keys here.
        count = 1 if column in KEY else 2 + i
        plan.append((f"{column}.not_null", column, count, None))
    cent = Decimal("0.01")
    for i, (column, (_, high)) in enumerate(BETWEEN.items()):
        plan.append((f"{column}.between", column, 5 + i, Decimal(high) + cent))
    plan.append(("l_extendedprice.gt", "l_extendedprice", 4, Decimal("0.00")))
    for i, column in enumerate(SETS):
        plan.append((f"{column}.in_set", column, 8 + i, "none of them"))
    late = dt.date(2099, 1, 1)
    plan.append(("l_shipdate+l_receiptdate.compare", "l_shipdate", 7, late))
    plan.append(("l_comment.length", "l_comment", 6, "é" * (COMMENT_LENGTH + 1)))
    return plan


def _set(table: pa.Table, name: str, rows: np.ndarray, value: object) -> pa.Table:
    index = table.schema.get_field_index(name)
    field = table.schema.field(index)
    values = pa.array([value] * len(rows), _plain(field.type))
    chunks, start = [], 0
    for chunk in table.column(index).chunks:
        begin, end = np.searchsorted(rows, [start, start + len(chunk)])
        if end > begin:
            mask = np.zeros(len(chunk), bool)
            mask[rows[begin:end] - start] = True
            plain = chunk.cast(_plain(field.type))
            replaced = pc.replace_with_mask(plain, pa.array(mask), values[: int(end - begin)])
            chunk = replaced.cast(field.type)
        chunks.append(chunk)
        start += len(chunk)
    return table.set_column(index, field, pa.chunked_array(chunks, field.type))


def _plain(type_: pa.DataType) -> pa.DataType:
    """pyarrow replaces values in plain strings, not in views."""
    return pa.string() if type_ == pa.string_view() else type_

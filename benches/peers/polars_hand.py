"""Hand-written Polars, as an experienced user writes it: one select for all counts.

Nulls pass every check but `not_null`, as in the contract. HMAC comes from polars-hash.
"""

from __future__ import annotations

import datetime as dt
import functools
import operator
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import polars as pl
import polars_hash as plh
import pyarrow as pa
from polars.io.plugins import register_io_source

from benches import lineitem as li
from benches import micro, stream
from benches import workloads as wl
from benches.workloads import Case, Outcome, Rows

UNIQUE = "surplus"
SPLIT = "later"
MAC_KEY = wl.HMAC_KEY.encode()
DEVIATIONS = (
    "the input is a Polars frame in one chunk (strings as views), made before the clock starts",
    "reports counts, and in w2-full which checks a quarantined row failed; no first rows",
)

col = pl.col


def prepare(case: Case, rows: Rows, threads: int) -> Callable[[], Outcome]:
    """Makes the frame, or keeps the factory of the stream."""
    if not isinstance(rows, pa.Table):
        return functools.partial(w4, rows, case.name == "w4-unique")
    if case.name == "w3":
        frames = [pl.DataFrame(pl.from_arrow(batch)) for batch in wl.iter_batches(rows)]
        return functools.partial(w3, frames, w3_counts())
    frame = frame_of(rows)
    if case.name in MICRO:
        return functools.partial(counts_of, frame, MICRO[case.name])
    work = {"w1": w1, "w2-checks": w2_checks, "w2-full": w2_full}[case.name]
    return functools.partial(work, frame)


def frame_of(table: pa.Table) -> pl.DataFrame:
    """The table as one chunk, which is how Polars is fastest."""
    return pl.DataFrame(pl.from_arrow(table, rechunk=True)).rechunk()


def violations(found: pl.DataFrame) -> dict[str, int]:
    """Counts from a frame of one row."""
    return {name: int(value or 0) for name, value in found.row(0, named=True).items()}


def between(name: str, low: Any, high: Any) -> pl.Expr:
    """Rows outside the closed range; null where the value is."""
    return ~col(name).is_between(low, high)


def counts_of(frame: pl.DataFrame, counts: dict[str, pl.Expr]) -> Outcome:
    """One select for all counts."""
    named = (expr.alias(check) for check, expr in counts.items())
    return Outcome(violations(frame.select(named)))


X = col("x")
OUTSIDE = {"x.not_null": X.null_count(), "x.between": between("x", micro.LOW, micro.HIGH).sum()}
SURPLUS = {"x.unique": pl.len() - X.n_unique()}
MICRO = {
    "micro-range": OUTSIDE,
    "micro-five": {
        **OUTSIDE,
        "x.ge": (X < micro.LOW).sum(),
        "x.lt": (X >= micro.HIGH).sum(),
        "x.ne": (X == 0.5).sum(),
    },
    "micro-unique-random": SURPLUS,
    "micro-unique-dense": SURPLUS,
    "micro-unique-increasing": SURPLUS,
    "micro-uuid": {"x.regex_match": (~X.str.contains(wl.UUID_PATTERN)).sum(), **SURPLUS},
    "micro-email": {"x.regex_match": (~X.str.contains(wl.EMAIL_PATTERN)).sum()},
    "micro-set": {"x.in_set": (~X.is_in(stream.SENSORS)).sum()},
}


# --- W1 ---------------------------------------------------------------------------------------


def w1(frame: pl.DataFrame) -> Outcome:
    """All row checks in one select; the composite key by grouping."""
    counts = [col(name).null_count().alias(f"{name}.not_null") for name in li.COLUMNS]
    for name, (low, high) in li.BETWEEN.items():
        outside = between(name, Decimal(low), Decimal(high))
        counts.append(outside.sum().alias(f"{name}.between"))
    counts.append((col("l_extendedprice") <= 0).sum().alias("l_extendedprice.gt"))
    for name, values in li.SETS.items():
        counts.append((~col(name).is_in(values)).sum().alias(f"{name}.in_set"))
    late = col("l_shipdate") > col("l_receiptdate")
    counts.append(late.sum().alias("l_shipdate+l_receiptdate.compare"))
    long = col("l_comment").str.len_chars() > li.COMMENT_LENGTH
    counts.append(long.sum().alias("l_comment.length"))
    keys = frame.lazy().drop_nulls(li.KEY).group_by(li.KEY).len()
    surplus = keys.filter(col("len") > 1).select(
        (col("len") - 1).sum().alias("l_orderkey+l_linenumber.unique")
    )
    rows, unique = pl.collect_all([frame.lazy().select(counts), surplus])
    return Outcome(violations(rows) | violations(unique))


# --- W2 ---------------------------------------------------------------------------------------


def w2_rows() -> dict[str, pl.Expr]:
    """For each check of the W2 contract but `unique`: true where a row fails it."""
    failing = {f"{name}.not_null": col(name).is_null() for name in wl.LEDGER_COLUMNS}
    failing["transaction_id.regex_match"] = ~col("transaction_id").str.contains(wl.UUID_PATTERN)
    failing["email.regex_match"] = ~col("email").str.contains(wl.EMAIL_PATTERN)
    failing["currency.in_set"] = ~col("currency").is_in(wl.CURRENCIES)
    failing["amount.between"] = between("amount", Decimal(wl.AMOUNT_MIN), Decimal(wl.AMOUNT_MAX))
    return failing


def w2_checks(frame: pl.DataFrame) -> Outcome:
    """Counts only. A null id is one distinct value for `n_unique`, hence the correction."""
    key = col("transaction_id")
    surplus = pl.len() - key.n_unique() - (key.null_count().cast(pl.Int64) - 1).clip(0)
    counts = counting(w2_rows())
    counts.append(surplus.alias("transaction_id.unique"))
    return Outcome(violations(frame.select(counts)))


def counting(failing: dict[str, pl.Expr]) -> list[pl.Expr]:
    """One count for each check; how many nulls a column has is known to Polars."""
    return [
        (col(check.removesuffix(".not_null")).null_count() if is_null(check) else expr.sum()).alias(
            check
        )
        for check, expr in failing.items()
    ]


def is_null(check: str) -> bool:
    """Whether the check is `not_null`, by its id."""
    return check.endswith(".not_null")


def w2_masks() -> list[pl.Expr]:
    """HMAC of the e-mail, stars but for the last four of the card, nothing of the holder."""
    card, kept = col("card"), wl.KEEP_LAST
    stars = pl.when(card.str.len_chars() > kept).then(card.str.tail(kept)).otherwise(pl.lit(""))
    return [
        plh.col("email").chash.hmac_sha256(key=wl.HMAC_KEY),
        stars.str.pad_start(card.str.len_chars(), "*").alias("card"),
        pl.when(col("account_holder").is_not_null()).then(pl.lit("")).alias("account_holder"),
    ]


def w2_full(frame: pl.DataFrame) -> Outcome:
    """Accepted and rejected rows, both masked; the rejected ones with the checks they failed."""
    failing = w2_rows()
    repeated = ~col("transaction_id").is_first_distinct() & col("transaction_id").is_not_null()
    failing["transaction_id.unique"] = repeated
    flags = frame.select(expr.fill_null(False).alias(check) for check, expr in failing.items())
    bad = flags.select(pl.any_horizontal(pl.all()).alias("bad"))["bad"]
    accepted = frame.filter(~bad).with_columns(w2_masks())
    names = [pl.when(col(check)).then(pl.lit(check)) for check in failing]
    checks = flags.filter(bad).select(pl.concat_list(names).list.drop_nulls().alias("_mg_checks"))
    rejected = frame.with_row_index("_mg_row").filter(bad).with_columns(w2_masks())
    found = violations(flags.select(pl.all().sum()))
    return Outcome(found, accepted, rejected.with_columns(checks))


# --- W3 ---------------------------------------------------------------------------------------


def w3_counts() -> list[pl.Expr]:
    """The expressions of the 20 checks, made once."""
    failing = w2_rows()
    lengths = {"email": wl.EMAIL_LENGTH, "account_holder": wl.NAME_LENGTH}
    for name, most in lengths.items():
        failing[f"{name}.length"] = col(name).str.len_chars() > most
    exact = {"transaction_id": wl.ID_LENGTH, "card": wl.CARD_LENGTH}
    for name, size in exact.items():
        failing[f"{name}.length"] = col(name).str.len_chars() != size
    failing["card.regex_match"] = ~col("card").str.contains(wl.CARD_PATTERN)
    dates = (dt.date.fromisoformat(wl.VALUE_DATE_MIN), dt.date.fromisoformat(wl.VALUE_DATE_MAX))
    failing["value_date.between"] = between("value_date", *dates)
    failing["booked_at.ge"] = col("booked_at") < dt.datetime.fromisoformat(wl.BOOKED_MIN)
    counts = counting(failing)
    key = col("transaction_id")
    surplus = pl.len() - key.n_unique() - (key.null_count().cast(pl.Int64) - 1).clip(0)
    return [*counts, surplus.alias("transaction_id.unique")]


def w3(frames: Sequence[pl.DataFrame], counts: list[pl.Expr]) -> Outcome:
    """One select for each batch."""
    total: dict[str, int] = {}
    for frame in frames:
        for check, count in violations(frame.select(counts)).items():
            total[check] = total.get(check, 0) + count
    return Outcome(total)


# --- W4 ---------------------------------------------------------------------------------------


def w4(make: Callable[[], pa.RecordBatchReader], unique: bool) -> Outcome:
    """The streaming engine over a source that hands out the batches."""
    failing = {f"{name}.not_null": col(name).is_null() for name in ("event_id", "at", "sensor")}
    failing["sensor.in_set"] = ~col("sensor").is_in(stream.SENSORS)
    failing["value.between"] = between("value", stream.VALUE_MIN, stream.VALUE_MAX)
    failing["at.ge"] = col("at") < dt.datetime.fromisoformat(wl.BOOKED_MIN)
    counts = [expr.sum().alias(check) for check, expr in failing.items()]
    if unique:
        surplus = pl.len() - col("event_id").n_unique()
        counts.append(surplus.alias("event_id.unique"))
    schema = pl.DataFrame(pl.from_arrow(stream.endless_schema().empty_table())).schema

    def batches(
        with_columns: list[str] | None,
        predicate: pl.Expr | None,
        n_rows: int | None,
        batch_size: int | None,
    ) -> Iterator[pl.DataFrame]:
        for batch in make():
            frame = pl.DataFrame(pl.from_arrow(batch))
            yield frame if with_columns is None else frame.select(with_columns)

    source = register_io_source(batches, schema=schema)
    return Outcome(violations(source.select(counts).collect(engine="streaming")))


def none_of(name: str, values: Sequence[str]) -> pl.Expr:
    """Rows with none of the values, compared one by one: faster than `is_in` for short lists."""
    return functools.reduce(operator.and_, [col(name) != value for value in values])

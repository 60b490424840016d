"""pandera with its Polars back end, on a materialised frame: on a lazy one it checks no data."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pandera.polars as pa_
import polars as pl

from benches import lineitem as li
from benches import workloads as wl
from benches.peers import in_memory
from benches.peers.polars_hand import col, frame_of, w2_masks
from benches.workloads import Case, Outcome, Rows

UNIQUE = "members"
SPLIT = "all"
MAC_KEY = wl.HMAC_KEY.encode()
DEVIATIONS = (
    "the input is a Polars frame in one chunk, made before the clock starts",
    "w2-full: it drops rejected rows (all of a repeated key) and gives neither quarantine nor "
    "counts; masks with the expressions of the hand-written Polars",
    "w4: it needs the whole table in memory",
)

Check = pa_.Check


def prepare(case: Case, rows: Rows, threads: int) -> Callable[[], Outcome]:
    """Makes the frame or the frames."""
    rows = in_memory(rows)
    if case.name == "w3":
        frames = [pl.DataFrame(pl.from_arrow(batch)) for batch in wl.iter_batches(rows)]
        return functools.partial(w3, w3_schema(), frames)
    frame = frame_of(rows)
    if case.name == "w2-full":
        return functools.partial(w2_full, w2_schema(drop=True), frame)
    schema = {"w1": w1_schema, "w2-checks": w2_schema}[case.name]()
    return functools.partial(validate, schema, frame)


def column(type_: Any, *checks: Any, **more: Any) -> pa_.Column:
    """A column; pandera's columns are not null unless told."""
    return pa_.Column(type_, list(checks), **more)


def between(low: object, high: object) -> Any:
    """A closed range."""
    return Check.in_range(low, high)


def w1_schema() -> pa_.DataFrameSchema:
    """W1."""
    money = pl.Decimal(15, 2)
    columns = {name: column(pl.Int64) for name in ("l_orderkey", "l_partkey", "l_suppkey")}
    columns["l_linenumber"] = column(pl.Int32)
    for name, (low, high) in li.BETWEEN.items():
        columns[name] = column(money, between(Decimal(low), Decimal(high)))
    columns["l_extendedprice"] = column(money, Check.gt(Decimal(0)))
    for name in ("l_shipdate", "l_commitdate", "l_receiptdate"):
        columns[name] = column(pl.Date)
    for name, values in li.SETS.items():
        columns[name] = column(pl.String, Check.isin(values))
    columns["l_comment"] = column(pl.String, Check.str_length(max_value=li.COMMENT_LENGTH))
    in_order = col("l_shipdate") <= col("l_receiptdate")
    shipped = Check(lambda data: data.lazyframe.select(in_order), name="shipped_before_received")
    return pa_.DataFrameSchema(columns, checks=[shipped], unique=list(li.KEY))


def w2_columns() -> dict[str, tuple[Any, list[Any]]]:
    """The types and checks of W2; W3 adds to them."""
    return {
        "transaction_id": (pl.String, [Check.str_matches(wl.UUID_PATTERN)]),
        "booked_at": (pl.Datetime("us", "UTC"), []),
        "value_date": (pl.Date, []),
        "amount": (pl.Decimal(18, 2), [between(Decimal(wl.AMOUNT_MIN), Decimal(wl.AMOUNT_MAX))]),
        "currency": (pl.String, [Check.isin(wl.CURRENCIES)]),
        "account_holder": (pl.String, []),
        "email": (pl.String, [Check.str_matches(wl.EMAIL_PATTERN)]),
        "card": (pl.String, []),
    }


def w2_schema(*, drop: bool = False) -> pa_.DataFrameSchema:
    """W2."""
    columns = {
        name: column(type_, *checks, unique=name == "transaction_id")
        for name, (type_, checks) in w2_columns().items()
    }
    return pa_.DataFrameSchema(columns, drop_invalid_rows=drop)


def w3_schema() -> pa_.DataFrameSchema:
    """W3: the checks of W2 and more, 20 in all."""
    columns = w2_columns()
    columns["transaction_id"][1].append(Check.str_length(wl.ID_LENGTH, wl.ID_LENGTH))
    columns["email"][1].append(Check.str_length(max_value=wl.EMAIL_LENGTH))
    columns["account_holder"][1].append(Check.str_length(max_value=wl.NAME_LENGTH))
    columns["card"][1].append(Check.str_length(wl.CARD_LENGTH, wl.CARD_LENGTH))
    columns["card"][1].append(Check.str_matches(wl.CARD_PATTERN))
    dates = (dt.date.fromisoformat(wl.VALUE_DATE_MIN), dt.date.fromisoformat(wl.VALUE_DATE_MAX))
    columns["value_date"][1].append(between(*dates))
    columns["booked_at"][1].append(Check.ge(dt.datetime.fromisoformat(wl.BOOKED_MIN)))
    return pa_.DataFrameSchema(
        {
            name: column(type_, *checks, unique=name == "transaction_id")
            for name, (type_, checks) in columns.items()
        }
    )


CHECKS = {
    "not_nullable": "not_null",
    "in_range": "between",
    "greater_than": "gt",
    "greater_than_or_equal_to": "ge",
    "isin": "in_set",
    "str_length": "length",
    "str_matches": "regex_match",
    "field_uniqueness": "unique",
}
"""What pandera calls its checks, and the contract."""


def check_id(name: str | None, check: str) -> str:
    """The id of the check that a row of pandera's failure cases is about."""
    kind = check.partition("(")[0]
    if kind == "multiple_fields_uniqueness":
        return "l_orderkey+l_linenumber.unique"
    if kind == "shipped_before_received":
        return "l_shipdate+l_receiptdate.compare"
    return f"{name}.{CHECKS[kind]}"


def validate(schema: pa_.DataFrameSchema, frame: pl.DataFrame) -> Outcome:
    """All failures are collected, as a report needs."""
    try:
        schema.validate(frame, lazy=True)
    except pa_.errors.SchemaErrors as errors:
        found: dict[str, int] = {}
        cases = errors.failure_cases.group_by("column", "check").len()
        for name, check, count in cases.iter_rows():
            key = check_id(name, check)
            found[key] = found.get(key, 0) + count
        return Outcome(found)
    return Outcome()


def w2_full(schema: pa_.DataFrameSchema, frame: pl.DataFrame) -> Outcome:
    """The accepted half only."""
    good = schema.validate(frame, lazy=True)
    return Outcome({}, good.with_columns(w2_masks()), None)


def w3(schema: pa_.DataFrameSchema, frames: list[pl.DataFrame]) -> Outcome:
    """One validation for each batch."""
    total: dict[str, int] = {}
    for frame in frames:
        for check, count in validate(schema, frame).failed.items():
            total[check] = total.get(check, 0) + count
    return Outcome(total)

"""dataframely: one schema class for each contract, validated on a Polars frame.

Where dataframely has no such check, or another meaning of it, a rule with a Polars expression
stands in: sets, and lengths in characters (its own count bytes).
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import dataframely as dy
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
    "quarantines all rows of a repeated key, also the first",
    "w1: null equals null in the key; the key columns are not null in any case",
    "w2-full: masks with the expressions of the hand-written Polars",
    "w4: it needs the whole table in memory",
)


def prepare(case: Case, rows: Rows, threads: int) -> Callable[[], Outcome]:
    """Makes the frame or the frames."""
    rows = in_memory(rows)
    if case.name == "w3":
        frames = [pl.DataFrame(pl.from_arrow(batch)) for batch in wl.iter_batches(rows)]
        return functools.partial(w3, frames)
    if case.name == "w2-full":
        return functools.partial(w2_full, frame_of(rows))
    schema = {"w1": Lineitem, "w2-checks": Ledger}[case.name]
    return functools.partial(validate, schema, frame_of(rows))


def one_of(values: tuple[str, ...]) -> Callable[[pl.Expr], pl.Expr]:
    """A rule: one of the values."""
    return lambda column: column.is_in(values)


def at_most(characters: int) -> Callable[[pl.Expr], pl.Expr]:
    """A rule: not longer."""
    return lambda column: column.str.len_chars() <= characters


def exactly(characters: int) -> Callable[[pl.Expr], pl.Expr]:
    """A rule: just as long."""
    return lambda column: column.str.len_chars() == characters


def _money(name: str) -> Any:
    low, high = li.BETWEEN[name]
    return dy.Decimal(15, 2, min=Decimal(low), max=Decimal(high))


class Lineitem(dy.Schema):
    """W1."""

    l_orderkey = dy.Int64(primary_key=True)
    l_partkey = dy.Int64()
    l_suppkey = dy.Int64()
    l_linenumber = dy.Int32(primary_key=True)
    l_quantity = _money("l_quantity")
    l_extendedprice = dy.Decimal(15, 2, min_exclusive=Decimal(0))
    l_discount = _money("l_discount")
    l_tax = _money("l_tax")
    l_returnflag = dy.String(check=one_of(li.RETURN_FLAGS))
    l_linestatus = dy.String(check=one_of(li.LINE_STATUSES))
    l_shipdate = dy.Date()
    l_commitdate = dy.Date()
    l_receiptdate = dy.Date()
    l_shipinstruct = dy.String(check=one_of(li.SHIP_INSTRUCTIONS))
    l_shipmode = dy.String(check=one_of(li.SHIP_MODES))
    l_comment = dy.String(check=at_most(li.COMMENT_LENGTH))

    @dy.rule()
    def shipped_before_received(cls) -> pl.Expr:
        """The comparison of two columns."""
        return col("l_shipdate") <= col("l_receiptdate")


def _amount() -> Any:
    return dy.Decimal(18, 2, min=Decimal(wl.AMOUNT_MIN), max=Decimal(wl.AMOUNT_MAX))


class Ledger(dy.Schema):
    """W2."""

    transaction_id = dy.String(regex=wl.UUID_PATTERN, unique=True)
    booked_at = dy.Datetime(time_unit="us", time_zone="UTC")
    value_date = dy.Date()
    amount = _amount()
    currency = dy.String(check=one_of(wl.CURRENCIES))
    account_holder = dy.String()
    email = dy.String(regex=wl.EMAIL_PATTERN)
    card = dy.String()


class Wide(dy.Schema):
    """W3."""

    transaction_id = dy.String(
        regex=wl.UUID_PATTERN, unique=True, check={"length": exactly(wl.ID_LENGTH)}
    )
    booked_at = dy.Datetime(
        time_unit="us", time_zone="UTC", min=dt.datetime.fromisoformat(wl.BOOKED_MIN)
    )
    value_date = dy.Date(
        min=dt.date.fromisoformat(wl.VALUE_DATE_MIN), max=dt.date.fromisoformat(wl.VALUE_DATE_MAX)
    )
    amount = _amount()
    currency = dy.String(check=one_of(wl.CURRENCIES))
    account_holder = dy.String(check={"length": at_most(wl.NAME_LENGTH)})
    email = dy.String(regex=wl.EMAIL_PATTERN, check={"length": at_most(wl.EMAIL_LENGTH)})
    card = dy.String(regex=wl.CARD_PATTERN, check={"length": exactly(wl.CARD_LENGTH)})


RULES = {
    "nullability": "not_null",
    "min": "between",
    "max": "between",
    "min_exclusive": "gt",
    "regex": "regex_match",
    "check": "in_set",
    "check__length": "length",
    "unique": "unique",
}
"""What dataframely calls its rules, and the contract its checks."""


def check_id(rule: str) -> str:
    """The id of the check that a dataframely rule stands for."""
    if rule == "primary_key":
        return "l_orderkey+l_linenumber.unique"
    if rule == "shipped_before_received":
        return "l_shipdate+l_receiptdate.compare"
    column, _, kind = rule.partition("|")
    if column == "l_comment" and kind == "check":
        kind = "check__length"
    return f"{column}.{RULES[kind]}"


def counts(rules: dict[str, int]) -> dict[str, int]:
    """Counts of rules as counts of checks; min and max of one column are one check."""
    found: dict[str, int] = {}
    for rule, count in rules.items():
        found[check_id(rule)] = found.get(check_id(rule), 0) + count
    return found


def validate(schema: type[dy.Schema], frame: pl.DataFrame) -> Outcome:
    """`validate` is the cheapest call on good rows; on bad rows `filter` tells the counts."""
    try:
        schema.validate(frame)
    except dy.exc.ValidationError:
        return Outcome(counts(schema.filter(frame).failure.counts()))
    return Outcome()


def w2_full(frame: pl.DataFrame) -> Outcome:
    """`filter` gives both halves; the details name the rules a rejected row broke."""
    good, failure = Ledger.filter(frame)
    accepted = good.with_columns(w2_masks())
    rejected = failure.details().with_columns(w2_masks())
    return Outcome(counts(failure.counts()), accepted, rejected)


def w3(frames: list[pl.DataFrame]) -> Outcome:
    """One validation for each batch."""
    total: dict[str, int] = {}
    for frame in frames:
        for check, count in validate(Wide, frame).failed.items():
            total[check] = total.get(check, 0) + count
    return Outcome(total)

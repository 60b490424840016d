"""Hand-written SQL over the Arrow table, in place: DuckDB reads the same buffers as meshgate.

`count_if(not ...)` counts no unknowns, so nulls pass, as in the contract. HMAC is
built from `sha256`, which DuckDB has, by its definition in RFC 2104.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import duckdb
import pyarrow as pa

from benches import lineitem as li
from benches import micro, stream
from benches import workloads as wl
from benches.workloads import Case, Outcome, Rows

UNIQUE = "surplus"
SPLIT = "later"
MAC_KEY = wl.HMAC_KEY.encode()
DEVIATIONS = (
    "HMAC is two SHA-256 calls over hex and blobs, for want of a function",
    "reports counts, and in w2-full which checks a quarantined row failed; no first rows",
)


def prepare(case: Case, rows: Rows, threads: int) -> Callable[[], Outcome]:
    """Registers the Arrow table; nothing is copied."""
    con = connect(threads)
    if not isinstance(rows, pa.Table):
        return functools.partial(w4, con, rows, case.name == "w4-unique")
    if case.name == "w3":
        batches = [pa.Table.from_batches([batch]) for batch in wl.iter_batches(rows)]
        counts = f"{null_counts(wl.LEDGER_COLUMNS)}, {counting(w3_rows())}{w2_surplus()}"
        return functools.partial(w3, con, batches, counts)
    con.register("input", rows)
    if case.name in MICRO:
        return functools.partial(counts_of, con, MICRO[case.name])
    return functools.partial(WORK[case.name], con)


def connect(threads: int) -> duckdb.DuckDBPyConnection:
    """An in-memory database with so many threads."""
    con = duckdb.connect(config={"threads": threads})
    con.execute("set enable_progress_bar = false")
    return con


def counting(failing: dict[str, str]) -> str:
    """One aggregate for each condition that is true where a row fails."""
    return ", ".join(f'count_if({sql}) as "{check}"' for check, sql in failing.items())


def fetch(con: duckdb.DuckDBPyConnection, sql: str) -> dict[str, int]:
    """The one row of a query, by name."""
    done = con.execute(sql)
    names = [column[0] for column in done.description or ()]
    [row] = done.fetchall()
    return {name: int(value or 0) for name, value in zip(names, row, strict=True)}


def null_counts(names: tuple[str, ...] | list[str]) -> str:
    """`count(column)` skips nulls, and is cheaper than a filter."""
    return ", ".join(f'count(*) - count({name}) as "{name}.not_null"' for name in names)


def counts_of(con: duckdb.DuckDBPyConnection, counts: dict[str, str]) -> Outcome:
    """One statement for all counts."""
    named = ", ".join(f'{sql} as "{check}"' for check, sql in counts.items())
    return Outcome(fetch(con, f"select {named} from input"))


OUTSIDE = {
    "x.not_null": "count(*) - count(x)",
    "x.between": f"count_if(x not between {micro.LOW} and {micro.HIGH})",
}
SURPLUS = {"x.unique": "count(x) - count(distinct x)"}
MICRO = {
    "micro-range": OUTSIDE,
    "micro-five": {
        **OUTSIDE,
        "x.ge": f"count_if(x < {micro.LOW})",
        "x.lt": f"count_if(x >= {micro.HIGH})",
        "x.ne": "count_if(x = 0.5)",
    },
    "micro-unique-random": SURPLUS,
    "micro-unique-dense": SURPLUS,
    "micro-unique-increasing": SURPLUS,
    "micro-uuid": {
        "x.regex_match": f"count_if(not regexp_matches(x, '{wl.UUID_PATTERN}'))",
        **SURPLUS,
    },
    "micro-email": {"x.regex_match": f"count_if(not regexp_matches(x, '{wl.EMAIL_PATTERN}'))"},
    "micro-set": {"x.in_set": f"count_if(x not in {stream.SENSORS})"},
}


# --- W1 ---------------------------------------------------------------------------------------


def w1(con: duckdb.DuckDBPyConnection) -> Outcome:
    """One scan for the row checks and one for the key, which then reads two columns only."""
    failing = {
        f"{name}.between": f"{name} not between {low} and {high}"
        for name, (low, high) in li.BETWEEN.items()
    }
    failing["l_extendedprice.gt"] = "l_extendedprice <= 0"
    failing |= {f"{name}.in_set": f"{name} not in {values}" for name, values in li.SETS.items()}
    failing["l_shipdate+l_receiptdate.compare"] = "l_shipdate > l_receiptdate"
    failing["l_comment.length"] = f"length(l_comment) > {li.COMMENT_LENGTH}"
    found = fetch(con, f"select {null_counts(li.COLUMNS)}, {counting(failing)} from input")
    key = ", ".join(li.KEY)
    present = " and ".join(f"{part} is not null" for part in li.KEY)
    surplus = f'count(*) - count(distinct ({key})) as "l_orderkey+l_linenumber.unique"'
    return Outcome(found | fetch(con, f"select {surplus} from input where {present}"))


# --- W2 ---------------------------------------------------------------------------------------


def w2_rows() -> dict[str, str]:
    """For each row check of the W2 contract but `not_null`: true where a row fails it."""
    return {
        "transaction_id.regex_match": f"not regexp_matches(transaction_id, '{wl.UUID_PATTERN}')",
        "email.regex_match": f"not regexp_matches(email, '{wl.EMAIL_PATTERN}')",
        "currency.in_set": f"currency not in {wl.CURRENCIES}",
        "amount.between": f"amount not between {wl.AMOUNT_MIN} and {wl.AMOUNT_MAX}",
    }


def w2_surplus() -> str:
    """`count(distinct)` skips nulls, and so does the count it is taken from."""
    column = "transaction_id"
    return f', count({column}) - count(distinct {column}) as "{column}.unique"'


def w2_checks(con: duckdb.DuckDBPyConnection) -> Outcome:
    """Everything in one statement."""
    counts = f"{null_counts(wl.LEDGER_COLUMNS)}, {counting(w2_rows())}{w2_surplus()}"
    return Outcome(fetch(con, f"select {counts} from input"))


def blob(raw: bytes) -> str:
    """A literal."""
    return "'" + "".join(f"\\x{byte:02X}" for byte in raw) + "'::blob"


def hmac_sql(column: str) -> str:
    """HMAC-SHA-256 in hex."""
    key = MAC_KEY.ljust(64, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in key) for pad in (0x36, 0x5C))
    return f"sha256({blob(outer)} || unhex(sha256({blob(inner)} || encode({column}))))"


MASKED = f"""
    transaction_id, booked_at, value_date, amount, currency,
    case when account_holder is not null then '' end as account_holder,
    {hmac_sql("email")} as email,
    case when length(card) > {wl.KEEP_LAST}
         then repeat('*', length(card) - {wl.KEEP_LAST}) || right(card, {wl.KEEP_LAST})
         else repeat('*', length(card)) end as card"""


def w2_full(con: duckdb.DuckDBPyConnection) -> Outcome:
    """Masks once into a table with the list of failed checks, then splits it.

    The row ids of the table are the ordinals of the input, because DuckDB keeps the order. The
    later rows of a repeated id are found afterwards and are few.
    """
    failing = {f"{name}.not_null": f"{name} is null" for name in wl.LEDGER_COLUMNS} | w2_rows()
    flags = ", ".join(f"{sql} as f{i}" for i, sql in enumerate(failing.values()))
    names = ", ".join(f"f{i}" for i in range(len(failing)))
    checks = ", ".join(f"case when f{i} then '{check}' end" for i, check in enumerate(failing))
    con.execute(
        f"create or replace temp table checked as select * exclude ({names}), "
        f"case when {names.replace(',', ' or')} "
        f"then list_filter([{checks}], lambda x: x is not null) end as _mg_checks "
        f"from (select {MASKED}, {flags} from input)"
    )
    con.execute(
        "create or replace temp table later as select c.rowid as _mg_row from checked c join "
        "(select transaction_id, min(rowid) as first from checked where transaction_id is not "
        "null group by transaction_id having count(*) > 1) d using (transaction_id) "
        "where c.rowid > d.first"
    )
    accepted = con.sql(
        "select * exclude (_mg_checks) from checked "
        "where _mg_checks is null and rowid not in (select _mg_row from later)"
    ).to_arrow_table()
    rejected = con.sql(
        "select c.rowid as _mg_row, c.* replace (list_concat(coalesce(c._mg_checks, []), case when "
        "l._mg_row is null then [] else ['transaction_id.unique'] end) as _mg_checks) "
        "from checked c left join later l on c.rowid = l._mg_row "
        "where c._mg_checks is not null or l._mg_row is not null order by c.rowid"
    ).to_arrow_table()
    found: dict[str, int] = {}
    for names_of_row in rejected["_mg_checks"].to_pylist():
        for name in names_of_row:
            found[name] = found.get(name, 0) + 1
    return Outcome(found, accepted, rejected)


# --- W3 ---------------------------------------------------------------------------------------


def w3_rows() -> dict[str, str]:
    """The conditions of the 20 checks but `not_null` and `unique`."""
    failing = w2_rows()
    failing["transaction_id.length"] = f"length(transaction_id) <> {wl.ID_LENGTH}"
    failing["email.length"] = f"length(email) > {wl.EMAIL_LENGTH}"
    failing["account_holder.length"] = f"length(account_holder) > {wl.NAME_LENGTH}"
    failing["card.length"] = f"length(card) <> {wl.CARD_LENGTH}"
    failing["card.regex_match"] = f"not regexp_matches(card, '{wl.CARD_PATTERN}')"
    dates = f"date '{wl.VALUE_DATE_MIN}' and date '{wl.VALUE_DATE_MAX}'"
    failing["value_date.between"] = f"value_date not between {dates}"
    failing["booked_at.ge"] = f"booked_at < timestamptz '{wl.BOOKED_MIN}'"
    return failing


def w3(con: duckdb.DuckDBPyConnection, batches: list[pa.Table], counts: str) -> Outcome:
    """One statement for each batch; DuckDB binds it to the registered table again each time."""
    total: dict[str, int] = {}
    for batch in batches:
        con.register("input", batch)
        for check, count in fetch(con, f"select {counts} from input").items():
            total[check] = total.get(check, 0) + count
    return Outcome(total)


# --- W4 ---------------------------------------------------------------------------------------


def w4(
    con: duckdb.DuckDBPyConnection, make: Callable[[], pa.RecordBatchReader], unique: bool
) -> Outcome:
    """One statement over the reader."""
    failing = {f"{name}.not_null": f'"{name}" is null' for name in ("event_id", "at", "sensor")}
    failing["sensor.in_set"] = f"sensor not in {stream.SENSORS}"
    failing["value.between"] = f"value not between {stream.VALUE_MIN} and {stream.VALUE_MAX}"
    failing["at.ge"] = f"\"at\" < timestamptz '{wl.BOOKED_MIN}'"
    counts = counting(failing)
    if unique:
        counts += ', count(event_id) - count(distinct event_id) as "event_id.unique"'
    con.register("input", make())
    return Outcome(fetch(con, f"select {counts} from input"))


WORK = {"w1": w1, "w2-checks": w2_checks, "w2-full": w2_full}

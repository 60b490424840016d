"""A finance ledger with personal data: deterministic, as large as wanted, with known faulty rows.

Its columns are those of `contracts/finance-product-contract.yaml`, and its good rows keep it.
Nothing in it belongs to a person: names come from short lists, e-mail addresses from the domains
that RFC 2606 reserves, card numbers from a test prefix. Equal arguments give equal bytes, and the
first rows of a longer ledger are the rows of a shorter one (faults apart).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

CHUNK_ROWS = 131_072
"""Rows of one generated batch; each batch has a seed of its own."""

CURRENCIES = ("USD", "EUR", "GBP", "CHF", "JPY")
AMOUNT_MIN, AMOUNT_MAX = "-1000000.00", "1000000.00"
UUID_PATTERN = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
EMAIL_PATTERN = r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$"

PEOPLE = 1_000_000
"""Distinct account holders; each has one name, e-mail address and card."""

EPOCH_DAY = 20_089
"""2025-01-01 in days since 1970; the first batch is booked on that day, the next on the next."""
DAY_US = 86_400 * 1_000_000

# fmt: off
_FIRST = (
    "Ada", "Alan", "Amina", "Ana", "Anders", "Anna", "Barbara", "Bela", "Carl", "Chen", "Clara",
    "Dana", "David", "Dora", "Edith", "Elena", "Emil", "Emma", "Erik", "Fatima", "Felix", "Grace",
    "Hana", "Hedy", "Hugo", "Ines", "Ivan", "Jana", "Joan", "John", "Jonas", "Julia", "Kaito",
    "Karen", "Lars", "Laura", "Lea", "Leo", "Lina", "Linus", "Luis", "Maria", "Marta", "Max",
    "Mina", "Nadia", "Nils", "Nora", "Olga", "Omar", "Oscar", "Paula", "Pedro", "Petra", "Rosa",
    "Ruth", "Sam", "Sara", "Sofia", "Tim", "Tove", "Vera", "Wei", "Yuki",
)
# fmt: on
# fmt: off
_LAST = (
    "Adler", "Almeida", "Andersen", "Babbage", "Bauer", "Berg", "Bernard", "Brown", "Chan",
    "Costa", "Curie", "Dahl", "Diaz", "Dubois", "Engel", "Euler", "Fischer", "Fontana", "Garcia",
    "Gauss", "Germain", "Gruber", "Haas", "Hansen", "Hopper", "Huber", "Ito", "Jensen",
    "Johansson", "Kaya", "Keller", "Khan", "Kim", "Klein", "Koch", "Kovacs", "Lamarr", "Larsen",
    "Lovelace", "Martin", "Meyer", "Moreau", "Mori", "Muller", "Nakamura", "Nguyen", "Noether",
    "Novak", "Olsen", "Patel", "Perez", "Rossi", "Ruiz", "Santos", "Sato", "Schmidt", "Silva",
    "Singh", "Smith", "Svensson", "Turing", "Wagner", "Weber", "Wong",
)
# fmt: on
_MAIL = ("example.com", "example.org", "example.net", "mail.example.com", "post.example.org")

FAULTS = MappingProxyType(
    {
        "malformed_id": "transaction_id is not a UUID",
        "duplicate_id": "transaction_id of an earlier row; the rows named are the later ones",
        "null_amount": "amount is missing",
        "amount_out_of_range": f"amount outside [{AMOUNT_MIN}, {AMOUNT_MAX}]",
        "bad_email": "email is not an address",
        "null_email": "email is missing",
        "unknown_currency": "currency is none of the five",
    }
)
"""Every kind of fault that can be planted, and what is wrong with such a row."""


@dataclass(frozen=True)
class Ledger:
    """A generated ledger and what is wrong with it.

    Attributes:
        table: the rows, in batches of `CHUNK_ROWS`.
        faults: for each planted kind the ordinals of its rows, ascending. A row has one fault.
    """

    table: pa.Table
    faults: Mapping[str, tuple[int, ...]]

    @property
    def faulty_rows(self) -> tuple[int, ...]:
        """The ordinals of all rows with a planted fault, ascending."""
        return tuple(sorted(row for rows in self.faults.values() for row in rows))


def ledger_schema(amount: str = "decimal") -> pa.Schema:
    """The columns; `amount` is ``decimal`` (18 digits, 2 after the point) or ``float``."""
    types = {"decimal": pa.decimal128(18, 2), "float": pa.float64()}
    return pa.schema(
        [
            ("transaction_id", pa.string()),
            ("booked_at", pa.timestamp("us", "UTC")),
            ("value_date", pa.date32()),
            ("amount", types[amount]),
            ("currency", pa.string()),
            ("account_holder", pa.string()),
            ("email", pa.string()),
            ("card", pa.string()),
        ]
    )


def ledger(
    rows: int,
    *,
    seed: int = 7,
    faults: Mapping[str, int] | None = None,
    amount: str = "decimal",
) -> Ledger:
    """Returns a ledger of `rows` rows with so many planted faults of each kind (see `FAULTS`).

    Without faults every row is good: ids are UUIDs and distinct, nothing is null, addresses,
    currencies and amounts are valid. Raises `ValueError` for an unknown kind of fault, or when
    there are not enough rows for the faults asked for.
    """
    batches = list(ledger_batches(rows, seed=seed, amount=amount))
    clean = pa.Table.from_batches(batches, ledger_schema(amount))
    return _plant(clean, dict(faults or {}), seed)


def ledger_batches(
    rows: int, *, seed: int = 7, amount: str = "decimal"
) -> Iterator[pa.RecordBatch]:
    """Yields the good rows of `ledger` batch by batch."""
    for start in range(0, rows, CHUNK_ROWS):
        yield _batch(start, min(CHUNK_ROWS, rows - start), seed, amount)


def _batch(start: int, rows: int, seed: int, amount: str) -> pa.RecordBatch:
    # Always draws a whole chunk, so that a short last batch is a prefix of the full one.
    rng = np.random.default_rng([seed, start // CHUNK_ROWS])
    person = rng.integers(0, PEOPLE, CHUNK_ROWS)[:rows]
    spread = rng.integers(0, 2**64, (CHUNK_ROWS, 2), dtype=np.uint64)[:rows]
    currency = rng.choice(len(CURRENCIES), CHUNK_ROWS, p=_currency_weights())[:rows]
    cents = np.exp(rng.normal(8.5, 1.6, CHUNK_ROWS))[:rows].astype(np.int64).clip(1, 99_000_000)
    cents = np.where(rng.random(CHUNK_ROWS)[:rows] < 0.2, -cents, cents)  # one in five goes out
    day = EPOCH_DAY + start // CHUNK_ROWS % 365
    booked = day * DAY_US + np.sort(rng.integers(0, DAY_US, CHUNK_ROWS))[:rows]
    value_day = (day + rng.integers(0, 3, CHUNK_ROWS))[:rows].astype(np.int32)

    first = pa.array(_FIRST).take(pa.array(person % len(_FIRST)))
    last = pa.array(_LAST).take(pa.array(person // len(_FIRST) % len(_LAST)))
    number = pc.cast(pa.array(person), pa.string())
    mail = pa.array(_MAIL).take(pa.array(person % len(_MAIL)))
    local = pc.binary_join_element_wise(first, last, number, ".")
    return pa.record_batch(
        [
            _uuids(np.arange(start, start + rows, dtype=np.uint64), spread, seed),
            pa.array(booked, pa.timestamp("us", "UTC")),
            pa.array(value_day, pa.date32()),
            _amounts(cents, amount),
            pa.array(CURRENCIES).take(pa.array(currency)),
            pc.binary_join_element_wise(first, last, " "),
            pc.utf8_lower(pc.binary_join_element_wise(local, mail, "@")),
            _cards(person),
        ],
        schema=ledger_schema(amount),
    )


def _currency_weights() -> np.ndarray:
    weights: np.ndarray = 1.0 / np.arange(1, len(CURRENCIES) + 1)
    return np.asarray(weights / weights.sum())


def _amounts(cents: np.ndarray, amount: str) -> pa.Array:
    if amount == "float":
        return pa.array(cents / 100.0)
    words = np.empty((len(cents), 2), np.int64)  # little-endian 128-bit integers
    words[:, 0] = cents
    words[:, 1] = cents >> 63  # the sign, extended
    return pa.Array.from_buffers(pa.decimal128(18, 2), len(cents), [None, pa.py_buffer(words)])


def _uuids(ordinal: np.ndarray, spread: np.ndarray, seed: int) -> pa.Array:
    """Version 4 texts. The first 48 bits are a bijection of the ordinal, so no two are equal."""
    mask = np.uint64(2**48 - 1)
    odd = np.uint64(0x9E3779B97F4B)
    mixed = (ordinal + np.uint64(seed)) & mask
    for shift in (23, 29):
        mixed = mixed * odd & mask
        mixed ^= mixed >> np.uint64(shift)
    raw = np.empty((len(ordinal), 16), np.uint8)
    raw[:, :6] = mixed.astype(">u8").view(np.uint8).reshape(-1, 8)[:, 2:]
    raw[:, 6:] = np.ascontiguousarray(spread).view(np.uint8).reshape(-1, 16)[:, 6:]
    raw[:, 6] = raw[:, 6] & 0x0F | 0x40
    raw[:, 8] = raw[:, 8] & 0x3F | 0x80
    digits = np.frombuffer(b"0123456789abcdef", np.uint8)
    hexed = np.empty((len(ordinal), 32), np.uint8)
    hexed[:, 0::2] = digits[raw >> 4]
    hexed[:, 1::2] = digits[raw & 15]
    text = np.full((len(ordinal), 36), ord("-"), np.uint8)
    for at, begin, end in ((0, 0, 8), (9, 8, 12), (14, 12, 16), (19, 16, 20), (24, 20, 32)):
        text[:, at : at + end - begin] = hexed[:, begin:end]
    return _fixed_text(text)


def _cards(person: np.ndarray) -> pa.Array:
    """Sixteen digits with a test prefix and a valid check digit (Luhn), one card for a person."""
    digits = np.empty((len(person), 16), np.uint8)
    digits[:, :6] = (4, 0, 0, 0, 0, 0)
    rest = person * 7919 % 1_000_000_007  # nine digits, distinct for distinct people
    for at in range(14, 5, -1):
        digits[:, at] = rest % 10
        rest //= 10
    doubled = digits[:, 0:15:2] * 2
    total = (doubled - 9 * (doubled > 9)).sum(1) + digits[:, 1:15:2].sum(1)
    digits[:, 15] = (10 - total % 10) % 10
    return _fixed_text(digits + np.uint8(ord("0")))


def _fixed_text(text: np.ndarray) -> pa.Array:
    """A string array from a matrix of ASCII bytes, one row each."""
    rows, width = text.shape
    offsets = np.arange(rows + 1, dtype=np.int32) * np.int32(width)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(text))]
    return pa.Array.from_buffers(pa.string(), rows, buffers)


def _plant(clean: pa.Table, wanted: dict[str, int], seed: int) -> Ledger:
    unknown = set(wanted) - set(FAULTS)
    if unknown:
        raise ValueError(f"unknown fault {sorted(unknown)[0]!r}; there are {', '.join(FAULTS)}")
    total = sum(wanted.values())
    sources = wanted.get("duplicate_id", 0)
    if total and total + sources >= clean.num_rows:
        raise ValueError(f"{total} faults do not fit into {clean.num_rows} rows")
    rng = np.random.default_rng([seed, 2**32 - 1])
    # Row 0 stays good: a duplicate needs an earlier row to copy.
    picked = rng.choice(max(clean.num_rows - 1, 0), total + sources, replace=False) + 1
    rows: dict[str, tuple[int, ...]] = {}
    at = 0
    for kind in FAULTS:
        count = wanted.get(kind, 0)
        if count and kind != "duplicate_id":
            rows[kind] = tuple(sorted(int(row) for row in picked[at : at + count]))
            at += count
    if sources:  # pairs of otherwise good rows; the later one is the duplicate
        pairs = np.sort(picked[at:].reshape(-1, 2), axis=1)
        pairs = pairs[np.argsort(pairs[:, 1])]
        rows["duplicate_id"] = tuple(int(row) for row in pairs[:, 1])
    table = clean
    for kind, ordinals in rows.items():
        if kind == "duplicate_id":
            ids = clean["transaction_id"].take(pa.array(pairs[:, 0])).to_pylist()
            table = _replace(table, "transaction_id", ordinals, ids)
        else:
            column, values = _BAD[kind]
            table = _replace(table, column, ordinals, [values(i) for i in range(len(ordinals))])
    ordered = {kind: rows[kind] for kind in FAULTS if kind in rows}
    return Ledger(table, MappingProxyType(ordered))


_BAD_IDS = ("not-a-uuid-{0}", "{0:08x}-0000-4000-8000-00000000000", "{0:032x}")
_BAD_EMAILS = ("user{0}.example.com", "user {0}@example.com", "user{0}@example", "@example.com")
_BAD_AMOUNTS = ("-1000000.01", "1000000.01", "9999999.99", "-123456789.00")

_BAD: Mapping[str, tuple[str, Callable[[int], object]]] = {
    "malformed_id": ("transaction_id", lambda i: _BAD_IDS[i % 3].format(i)),
    "null_amount": ("amount", lambda _: None),
    "amount_out_of_range": ("amount", lambda i: _BAD_AMOUNTS[i % 4]),
    "bad_email": ("email", lambda i: _BAD_EMAILS[i % 4].format(i)),
    "null_email": ("email", lambda _: None),
    "unknown_currency": ("currency", lambda i: ("ZZZ", "usd", "US", "")[i % 4]),
}


def _replace(table: pa.Table, name: str, rows: tuple[int, ...], values: list[object]) -> pa.Table:
    """The table with new values (ascending `rows`) in one column; batches keep their borders."""
    index = table.schema.get_field_index(name)
    field = table.schema.field(index)
    texts = pa.array([None if value is None else str(value) for value in values], pa.string())
    typed = texts.cast(field.type)
    chunks, start = [], 0
    for chunk in table.column(index).chunks:
        begin, end = np.searchsorted(rows, [start, start + len(chunk)])
        if end > begin:
            mask = np.zeros(len(chunk), bool)
            mask[np.asarray(rows[begin:end]) - start] = True
            chunk = pc.replace_with_mask(chunk, pa.array(mask), typed[begin:end])
        chunks.append(chunk)
        start += len(chunk)
    return table.set_column(index, field, pa.chunked_array(chunks, field.type))

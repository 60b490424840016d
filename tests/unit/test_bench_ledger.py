"""The generated ledger: the same rows every time, and exactly the faults that were asked for."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import yaml

from benches.ledger import (
    AMOUNT_MAX,
    AMOUNT_MIN,
    CHUNK_ROWS,
    CURRENCIES,
    EMAIL_PATTERN,
    FAULTS,
    UUID_PATTERN,
    ledger,
    ledger_batches,
    ledger_schema,
)

ROWS = 3_000
SOME = {kind: 3 + i for i, kind in enumerate(FAULTS)}


def wrong(row: dict[str, object], seen: set[object]) -> set[str]:
    """What is wrong with one row, judged without the generator."""
    found = set()
    if not re.search(UUID_PATTERN, str(row["transaction_id"])):
        found.add("malformed_id")
    if row["transaction_id"] in seen:
        found.add("duplicate_id")
    seen.add(row["transaction_id"])
    amount = row["amount"]
    if amount is None:
        found.add("null_amount")
    elif not Decimal(AMOUNT_MIN) <= Decimal(str(amount)) <= Decimal(AMOUNT_MAX):
        found.add("amount_out_of_range")
    if row["email"] is None:
        found.add("null_email")
    elif not re.search(EMAIL_PATTERN, str(row["email"])):
        found.add("bad_email")
    if row["currency"] not in CURRENCIES:
        found.add("unknown_currency")
    return found


@pytest.mark.parametrize("amount", ["decimal", "float"])
def test_every_planted_fault_is_there_and_no_other(amount: str) -> None:
    planted = ledger(ROWS, faults=SOME, amount=amount)
    seen: set[object] = set()
    found: dict[str, list[int]] = {}
    for ordinal, row in enumerate(planted.table.to_pylist()):
        for kind in wrong(row, seen):
            found.setdefault(kind, []).append(ordinal)
    assert {kind: list(rows) for kind, rows in planted.faults.items()} == found
    assert {kind: len(rows) for kind, rows in found.items()} == SOME
    assert planted.faulty_rows == tuple(sorted(row for rows in found.values() for row in rows))


def test_a_clean_ledger_has_no_faults() -> None:
    clean = ledger(ROWS)
    assert not clean.faults
    assert not clean.faulty_rows
    assert clean.table.schema == ledger_schema()
    assert all(column.null_count == 0 for column in clean.table.columns)
    clean.table.validate(full=True)


def test_equal_arguments_give_equal_rows_and_another_seed_others() -> None:
    assert ledger(ROWS, faults=SOME).table.equals(ledger(ROWS, faults=SOME).table)
    assert not ledger(ROWS).table.equals(ledger(ROWS, seed=8).table)


def test_a_longer_ledger_begins_with_the_shorter_one() -> None:
    assert ledger(ROWS).table.equals(ledger(2 * ROWS).table.slice(0, ROWS))


def test_ids_stay_distinct_from_batch_to_batch() -> None:
    rows = CHUNK_ROWS + 1_000
    ids = pa.chunked_array([b.column("transaction_id") for b in ledger_batches(rows)])
    assert pc.count_distinct(ids).as_py() == rows


def test_cards_have_a_valid_check_digit() -> None:
    for card in ledger(200).table["card"].to_pylist():
        digits = [int(digit) for digit in card]
        doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[0::2]]
        assert len(digits) == 16
        assert (sum(doubled) + sum(digits[1::2])) % 10 == 0


@pytest.mark.parametrize(("rows", "faults"), [(10, {"null_amount": 10}), (10, {"typo": 1})])
def test_what_cannot_be_planted_is_refused(rows: int, faults: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"fault"):
        ledger(rows, faults=faults)


def test_no_rows_is_a_ledger_too() -> None:
    assert ledger(0).table.num_rows == 0


def test_the_ledger_is_what_the_finance_contract_promises() -> None:
    root = Path(__file__).resolve().parents[2]
    promised = yaml.safe_load((root / "contracts/finance-product-contract.yaml").read_text())
    assert [column["name"] for column in promised["schema"]] == ledger_schema().names
    allowed = next(r for r in promised["quality_rules"] if r["rule"] == "allowed")
    assert set(CURRENCIES) <= set(allowed["args"]["values"])
    limits = next(r for r in promised["quality_rules"] if r["rule"] == "range")["args"]
    assert (limits["min"], limits["max"]) == (float(AMOUNT_MIN), float(AMOUNT_MAX))

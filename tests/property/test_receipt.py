"""Receipts of any content survive their canonical form, and their digest does not move."""

from __future__ import annotations

import json
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st
from meshgate.receipt import Receipt

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
SCALAR = st.none() | st.booleans() | st.integers() | TEXT
JSON = st.recursive(
    SCALAR | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
MAPPING = st.dictionaries(TEXT, JSON, max_size=5)
RECEIPT = st.builds(
    Receipt,
    product=TEXT,
    state=st.sampled_from(["PUBLISHED", "DENIED"]),
    publish_id=st.none() | TEXT,
    published_at=TEXT,
    contract=MAPPING,
    publisher=MAPPING,
    plan_digest=st.none() | TEXT,
    policy_digest=st.none() | TEXT,
    input_digest=st.none() | TEXT,
    report=st.none() | MAPPING,
    decision=MAPPING,
    masks=st.lists(MAPPING, max_size=3),
    destination=st.none() | MAPPING,
)


@given(RECEIPT)
def test_a_receipt_comes_back_from_its_canonical_form(receipt):
    text = receipt.to_json()
    back = Receipt.from_json(text)
    assert back == receipt
    assert back.to_json() == text
    assert back.digest == receipt.digest
    assert Receipt.from_dict(json.loads(text)).to_json() == text


@given(RECEIPT, st.integers(0, 2**40), st.none() | st.integers(0, 2**40))
def test_the_digest_does_not_depend_on_where_it_landed(receipt, version, quarantine_version):
    done = receipt.committed(version, quarantine_version)
    assert done.version == version
    if receipt.destination is not None:
        assert done.digest == receipt.committed(version + 1, None).digest
    assert done.committed(version, quarantine_version) == done


@given(RECEIPT, MAPPING)
def test_another_report_is_another_digest(receipt, report):
    import dataclasses

    other = dataclasses.replace(receipt, report=report)
    assert (other.digest == receipt.digest) == (other.to_json() == receipt.to_json())


def test_the_digest_is_the_same_in_every_process():
    program = (
        "from meshgate.receipt import Receipt;"
        "print(Receipt('p', 'DENIED', None, 't', {'b': 1, 'a': 'ä'}).digest)"
    )
    here = Receipt("p", "DENIED", None, "t", {"a": "ä", "b": 1}).digest
    for seed in ("0", "1"):
        done = subprocess.run(
            [sys.executable, "-c", program],
            check=True,
            capture_output=True,
            text=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path), "PYTHONUTF8": "1"},
        )
        assert done.stdout.strip() == here

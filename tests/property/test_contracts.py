"""Contracts on documents that nobody thought of: round trips, stable digests, no other errors."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st
from meshgate.canonical import decode, encode, freeze
from meshgate.compare import compare
from meshgate.contract import Check, Column, Contract, Mask, NotEnforced, ServiceLevel
from meshgate.errors import ContractError
from meshgate.formats import load, load_all
from meshgate.formats.column_types import TYPES

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = [path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("contracts/*.yaml"))]

# -- values ----------------------------------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NAME = st.text("abcdefgh_.", min_size=1, max_size=6)
NUMBER = st.integers(-(2**70), 2**70) | st.decimals(
    allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9
)
LITERAL = st.recursive(
    st.none() | st.booleans() | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
).map(freeze)
ARGS = st.dictionaries(NAME, LITERAL, max_size=3).map(freeze)
MASK = st.builds(Mask, NAME, NAME, ARGS, st.none() | st.just("env:K"))
LEAF = st.builds(
    Column,
    NAME,
    st.sampled_from(TYPES),
    TEXT,
    st.booleans(),
    st.lists(TEXT, max_size=2).map(tuple),
    st.none() | NAME,
    st.none() | NAME,
    st.none() | MASK,
    metadata=ARGS,
)
COLUMN = st.recursive(
    LEAF,
    lambda inner: st.builds(
        lambda leaf, columns, items: replace(leaf, columns=tuple(columns), items=items),
        LEAF,
        st.lists(inner, max_size=2, unique_by=lambda column: column.name),
        st.none() | inner,
    ),
    max_leaves=4,
)
CHECK = st.builds(
    Check,
    NAME,
    st.sampled_from(["not_null", "unique", "between", "in_set", "row_count", "compare", "own"]),
    st.lists(NAME, max_size=2).map(tuple),
    ARGS,
    st.sampled_from(["error", "warning", "high"]),
    st.none() | st.integers(0, 10),
    st.none() | st.integers(0, 100),
    st.none() | NAME,
    TEXT,
)
CONTRACT = st.builds(
    Contract,
    id=NAME,
    dataset=NAME,
    version=st.just("1.0.0"),
    owner=TEXT,
    domain=st.none() | NAME,
    status=NAME,
    description=TEXT,
    columns=st.lists(COLUMN, max_size=4, unique_by=lambda c: c.name).map(tuple),
    checks=st.lists(CHECK, max_size=4, unique_by=lambda c: c.id).map(tuple),
    not_enforced=st.lists(
        st.builds(NotEnforced, NAME, TEXT, TEXT), max_size=2, unique_by=lambda c: c.id
    ).map(tuple),
    service_levels=st.lists(
        st.builds(
            ServiceLevel,
            st.sampled_from(["latency", "freshness", "retention", "availability", "own"]),
            st.sampled_from(["1h", "2h", "99%", "99.9%", "x"]),
            st.none() | st.integers(0, 9),
            st.none() | NAME,
        ),
        max_size=3,
    ).map(tuple),
    strict=st.booleans(),
    extra_columns=st.sampled_from(["drop", "keep"]),
    tags=st.lists(TEXT, max_size=2).map(tuple),
    metadata=ARGS,
)


@given(CONTRACT)
@settings(deadline=None)
def test_canonical_json_comes_back_equal(contract: Contract) -> None:
    text = contract.to_json()
    back = Contract.from_json(text)
    assert back.to_json() == text
    assert back == contract
    assert back.digest == contract.digest
    assert json.loads(text, parse_float=Decimal) == decode(text) == contract.to_dict()
    assert encode(freeze(decode(text))) == text


@given(CONTRACT)
@settings(deadline=None)
def test_a_contract_does_not_differ_from_itself(contract: Contract) -> None:
    assert compare(contract, Contract.from_json(contract.to_json())) == ()


@given(CONTRACT, CONTRACT)
@settings(max_examples=60, deadline=None)
def test_a_difference_is_a_change_and_a_change_is_a_difference(
    old: Contract, new: Contract
) -> None:
    changes = compare(old, new)
    assert bool(changes) == (old.to_json() != new.to_json())
    for item in changes:
        assert item.bump in {"patch", "minor", "major"}
        assert item.direction in {"loosens", "tightens", "both", "undetermined", "none"}


@given(CONTRACT, st.data())
@settings(deadline=None)
def test_one_edit_is_found_where_it_is(contract: Contract, data: st.DataObject) -> None:
    edits: list[tuple[str, Callable[[Contract], Contract]]] = [
        ("owner", lambda c: replace(c, owner=c.owner + "x")),
        ("strict", lambda c: replace(c, strict=not c.strict)),
        ("status", lambda c: replace(c, status=c.status + "x")),
        ("columns", lambda c: replace(c, columns=(*c.columns, Column("zz", "string")))),
        ("checks", lambda c: replace(c, checks=(*c.checks, Check("zz", "own", ("zz",))))),
    ]
    place, edit = data.draw(st.sampled_from(edits))
    (change,) = compare(contract, edit(contract))
    assert change.path.startswith(place)


# -- documents -------------------------------------------------------------------------------------

WORDS = st.sampled_from(["plain", "two words", "with: colon", "null", "NO", "1.0", "# x", "é", "'"])
TYPE = st.sampled_from(["string", "integer", "decimal(18,2)", "timestamp_tz", "number"])
DOCUMENT = st.fixed_dictionaries(
    {
        "dataset": st.just("ledger"),
        "version": st.just("1.0.0"),
        "owner": WORDS,
        "schema": st.lists(
            st.fixed_dictionaries(
                {"name": WORDS, "type": TYPE},
                optional={
                    "description": WORDS,
                    "required": st.booleans(),
                    "pii": st.just("email"),
                    "masking": st.just({"method": "partial", "keep_last": 4}),
                },
            ),
            min_size=1,
            max_size=4,
            unique_by=lambda column: column["name"],
        ),
    },
    optional={
        "strict": st.booleans(),
        "tags": st.lists(WORDS, max_size=3),
        "service_levels": st.just({"freshness": "24h", "latency": {"value": "15m"}}),
        "quality_rules": st.just([{"rule": "row_count", "args": {"min": 1, "max": 0.10}}]),
        "metadata": st.just({"a": [1, {"b": None}], "c": ""}),
    },
)
PLAIN = {"plain", "é", "string", "integer", "ledger", "1.0.0", "24h", "15m", "email", "freshness"}


def rendered(value: object, chance: random.Random, indent: int = 0) -> str:
    """A YAML text for the value, in one of the many ways to write it; keys in any order."""
    pad = " " * indent
    if isinstance(value, dict) and value:
        entries = list(value.items())
        chance.shuffle(entries)
        if indent and chance.random() < 0.4:
            inner = ", ".join(f"{scalar(k, chance)}: {flow(v, chance)}" for k, v in entries)
            return f"{{{inner}}}"
        lines = []
        for key, item in entries:
            block = isinstance(item, dict | list) and bool(item)
            text = rendered(item, chance, indent + 2)
            glue = f"\n{' ' * (indent + 2)}" if block and not text.startswith(("{", "[")) else " "
            comment = "  # a comment" if chance.random() < 0.2 and "\n" not in text else ""
            lines.append(f"{scalar(key, chance)}:{glue}{text}{comment}")
        return f"\n{pad}".join(lines)
    if isinstance(value, list) and value:
        if chance.random() < 0.4:
            return flow(value, chance)
        items = [f"- {rendered(item, chance, indent + 2)}" for item in value]
        return f"\n{pad}".join(items)
    return flow(value, chance)


def flow(value: object, chance: random.Random) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{scalar(k, chance)}: {flow(v, chance)}" for k, v in value.items())
        return f"{{{inner}}}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(item, chance) for item in value) + "]"
    return scalar(value, chance)


def scalar(value: object, chance: random.Random) -> str:
    if value is None:
        return chance.choice(["null", "~"])
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str):
        return f"{value:.2f}" if isinstance(value, float) else str(value)
    styles = [json.dumps(value), json.dumps(value, ensure_ascii=False)]
    styles.append("'" + value.replace("'", "''") + "'")
    if value in PLAIN:
        styles.append(value)
    return chance.choice(styles)


@given(DOCUMENT, st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_the_digest_does_not_know_how_a_document_is_written(
    document: dict[str, object], chance: random.Random
) -> None:
    plain = load(json.dumps(document).replace(" 0.1}", " 0.10}").encode())
    other = load(f"# ledger\n{rendered(document, chance)}\n".encode())
    assert other.to_json() == plain.to_json()
    assert other.digest == plain.digest
    assert other.positions[""].line is not None


@given(st.text(max_size=200) | st.binary(max_size=200))
@example("\x00")
@example(b"a: &a\n b: *a")
@settings(max_examples=200, deadline=None)
def test_any_text_is_a_contract_or_a_contract_error(document: str | bytes) -> None:
    data = document.encode("utf-8", "surrogatepass") if isinstance(document, str) else document
    try:
        load_all(data)
    except ContractError as error:
        raised = error
    else:
        return
    assert raised.where is not None
    assert raised.code.startswith("contract.")


@given(st.sampled_from(EXAMPLES), st.data())
@settings(max_examples=200, deadline=None)
def test_a_damaged_contract_is_a_contract_or_a_contract_error(
    text: str, data: st.DataObject
) -> None:
    lines = text.splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        index = data.draw(st.integers(0, len(lines) - 1))
        line = lines[index]
        at = data.draw(st.integers(0, len(line)))
        kind = data.draw(st.sampled_from(["drop", "twice", "insert", "cut", "swap", "indent"]))
        other = data.draw(st.integers(0, len(lines) - 1))
        insert = data.draw(st.sampled_from([*"{}[]:-,#&*!|>'\"%@`~?\t 0.e", "null", "<<: "]))
        lines[index] = {
            "drop": "",
            "twice": line + "\n" + line,
            "insert": line[:at] + insert + line[at:],
            "cut": line[:at],
            "swap": lines[other],
            "indent": "  " + line,
        }[kind]
    findings: tuple[ContractError, ...] = ()
    contracts: tuple[Contract, ...] = ()
    try:
        contracts = load_all("\n".join(lines).encode())
    except ContractError as error:
        findings = error.findings
    assert all(finding.where is not None for finding in findings)
    assert len(findings) <= 100
    for contract in contracts:
        assert Contract.from_json(contract.to_json()) == contract

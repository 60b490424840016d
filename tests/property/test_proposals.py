"""A proposed contract loads, and holds on the very data that it came from."""

from __future__ import annotations

import datetime
import decimal
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meshgate import formats
from meshgate.cli.run import run
from meshgate.engine import Plan
from meshgate.formats import looks, proposal
from meshgate.profile import Counted

DECIMALS = st.decimals(-999, 999, places=2).map(lambda d: d.quantize(decimal.Decimal("0.01")))
VALUES: dict[str, tuple[pa.DataType, st.SearchStrategy[object]]] = {
    "text": (pa.string(), st.text(max_size=6)),
    "code": (
        pa.large_string(),
        st.sampled_from(["A-1", "B\n2", "no", "ü: {x}", "\x00\ufeff\u2028"]),
    ),
    "whole": (pa.int16(), st.integers(-32768, 32767)),
    "big": (pa.uint64(), st.integers(0, 2**64 - 1)),
    "price": (pa.decimal128(9, 2), DECIMALS),
    "share": (pa.float64(), st.floats()),
    "half": (pa.float32(), st.floats(width=32)),
    "flag": (pa.bool_(), st.booleans()),
    "day": (pa.date32(), st.dates()),
    "moment": (pa.timestamp("us", "UTC"), st.datetimes(timezones=st.just(datetime.timezone.utc))),
    "plainly": (pa.timestamp("ms"), st.integers(-(2**40), 2**40)),
    "clock": (pa.time64("us"), st.times()),
    "blob": (pa.binary(), st.binary(max_size=4)),
    "words": (pa.list_(pa.string()), st.lists(st.text(max_size=2), max_size=2)),
    "person": (
        pa.struct([("email", pa.string()), ("n", pa.int8())]),
        st.fixed_dictionaries({"email": st.text(max_size=3), "n": st.none() | st.integers(0, 3)}),
    ),
    "by_key": (
        pa.map_(pa.string(), pa.int8()),
        st.dictionaries(st.text(max_size=2), st.integers(0, 3), max_size=2).map(
            lambda d: [*d.items()]
        ),
    ),
    "customer_phone": (pa.string(), st.text(max_size=6)),
    "birth": (pa.date32(), st.dates()),
    "nothing": (pa.null(), st.none()),
}


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    names = draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=6, unique=True))
    rows = draw(st.integers(0, 30))
    columns = []
    for name in names:
        kind, values = VALUES[name]
        pool = draw(st.lists(st.none() | values, min_size=1, max_size=3))
        some = st.sampled_from(pool) if draw(st.booleans()) else st.none() | values
        columns.append(pa.array(draw(st.lists(some, min_size=rows, max_size=rows)), kind))
    named = [draw(st.sampled_from([name, f'{name} "x"', f"{name}: [no]"])) for name in names]
    return pa.table(columns, named)


def proposed(path: Path, capfd: pytest.CaptureFixture[str], *options: str) -> str:
    code = run(["infer", str(path), *options])
    out, err = capfd.readouterr()
    assert (code, err) == (0, "")
    return out


def check(text: str, data: pa.Table) -> None:
    contract = formats.load(text)
    report = Plan.compile(contract, data).check(data)
    assert report.ok, str(report)
    assert report.rejected_rows == 0


@settings(max_examples=120, deadline=None)
@given(data=tables(), strict=st.booleans())
def test_made_up_tables_keep_their_proposal(data: pa.Table, strict: bool) -> None:
    columns, left_out = proposal.seen(data.schema)
    if not columns:
        return
    plan = Plan.compile(proposal.minimal("t", columns), data)
    looked = plan.run(data, outputs=False, profile=True)
    for _ in looked:
        continue
    keys = [
        key
        for key in proposal.candidates(columns, looked.profile)
        if len(set(data[key].to_pylist())) == data.num_rows
    ]
    text = proposal.document(
        "t", columns, looked.profile, keys, owner="x: y", left_out=left_out, strict_ranges=strict
    )
    check(text, data)
    promised = {column.name for column in formats.load(text).columns}
    assert len(promised) + len(left_out) == data.num_columns


@pytest.fixture(scope="module")
def tpch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tpch")
    tool = Path(sys.executable).with_name("tpchgen-cli")
    subprocess.run(
        [tool, "parquet", "-s", "0.01", "--output-dir", folder, "--quiet"],
        check=True,
        capture_output=True,
    )
    return folder


def files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*.parquet")))


@pytest.mark.parametrize("options", [(), ("--strict-ranges",)])
def test_tpch_keeps_its_proposals(
    tpch: Path, capfd: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    found = {
        path.stem: (proposed(path, capfd, *options), pq.read_table(path)) for path in files(tpch)
    }
    assert len(found) == 8
    for text, data in found.values():
        check(text, data)
    orders, customer = found["orders"][0], found["customer"][0]
    assert "{column: o_orderkey, rule: unique}" in orders
    assert "{column: o_orderstatus, rule: allowed, args: {values: [F, O, P]}}" in orders
    assert "o_custkey, rule: unique" not in orders
    assert ("rule: range" in orders) is bool(options)
    assert re.search(r"name: c_phone\n.*\n.*\n    pii: phone\n    masking: redact", customer)


def test_no_personal_value_is_in_a_proposal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    secrets = {
        "contact": ["ada@example.org", "bob.b@mail.example.com"],
        "call": ["+44 20 7946 0958", "(555) 010-9999"],
        "paid_with": ["4111 1111 1111 1111", "5500-0000-0000-0004"],
        "account": ["DE89370400440532013000", "GB29 NWBK 6016 1331 9268 19"],
        "last_seen_at": ["192.168.17.4", "10.0.113.250"],
        "clerk_name": ["zoltan", "yolanda"],
        "person": ["Ada Lovelace", "Charles Babbage"],
        "password": ["hunter2", "correct horse"],
        "age": [41, 97],
    }
    rows = 60
    data = pa.table(
        {name: [pair[row % 2] for row in range(rows)] for name, pair in secrets.items()}
    )
    pq.write_table(data, tmp_path / "people.parquet")
    text = proposed(tmp_path / "people.parquet", capfd, "--strict-ranges")
    as_json = proposed(tmp_path / "people.parquet", capfd, "--format", "json")
    for name, pair in secrets.items():
        assert not [value for value in map(str, pair) if value in text + as_json], name
    assert text.count("pii: ") == len(secrets) - 1  # a column of proper names is only remarked on
    assert "may hold names of people" in text
    check(text, data)


def test_what_is_nested_is_masked_as_a_whole_where_no_field_can_be() -> None:
    person = pa.struct([("n", pa.int8()), ("email", pa.string())])
    secret = {"n": 1, "email": "ada@example.org"}
    data = pa.table(
        {
            "people": pa.array([[secret]] * 3, pa.list_(person)),
            "by_key": pa.array([[("k", secret)]] * 3, pa.map_(pa.string(), person)),
            "odd": pa.array([{" ": secret}] * 3, pa.struct([(" ", person)])),
            "plain": pa.array([[1]] * 3, pa.list_(pa.int8())),
        }
    )
    columns, _ = proposal.seen(data.schema)
    assert [column.pii for column in columns] == ["email"] * 3 + [None]
    looked = Plan.compile(proposal.minimal("t", columns), data).run(data, profile=True)
    for _ in looked:
        continue
    text = proposal.document("t", columns, looked.profile, ())
    check(text, data)
    (split,) = Plan.compile(formats.load(text), data).run(data)
    assert split.accepted is not None
    assert "ada" not in str(split.accepted.to_pylist())


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("eMail", "email"),
        ("CUSTOMER_PHONE_NO", "phone"),
        ("ipAddress", "ip"),
        ("tax_id", "tax_id"),
        ("l_tax", None),
        ("cardinality", None),
        ("shipmode", None),
        ("stage", None),
        ("file_name", None),
        ("lastName", "person_name"),
    ],
)
def test_names_are_read_word_by_word(name: str, kind: str | None) -> None:
    assert looks.by_name(name) == kind


@pytest.mark.parametrize(
    "shape", ["9{4}-9{2}-9{2}", "A{2}9{8}", "9{12}", "9{3}.9{2}", "a{8}-a{4}", "9{2}:9{2}:9{2}", ""]
)
def test_dates_numbers_and_codes_are_not_personal(shape: str) -> None:
    assert looks.by_shapes([Counted(shape, 1)]) is None


@given(text=st.text(max_size=20))
def test_quoted_text_reads_back(text: str) -> None:
    document = f"dataset: t\nversion: 1.0.0\nowner: {proposal.quoted(text)}\n"
    assert formats.load(document).owner == text


def test_shapes_become_patterns() -> None:
    assert proposal.pattern(r"A{2}-9.\{a") == r"^[A-Z]{2}-[0-9]\.\{[a-z]$"

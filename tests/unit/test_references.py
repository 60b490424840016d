"""Reference data of foreign keys: passed along, found in the mesh, or missing with a reason."""

from __future__ import annotations

import pyarrow as pa
import pytest
from meshgate.canonical import Frozen
from meshgate.contract import Check, Column, Contract
from meshgate.engine import Absent, Plan
from meshgate.errors import Denied, LimitError, PlanError, SourceError, UsageError
from meshgate.gate import Gate
from meshgate.limits import Limits
from meshgate.mesh import Mesh
from pyarrow import csv, feather, parquet

ACCOUNTS = """\
dataset: accounts
version: 1.0.0
owner: finance-team@example.com
schema:
  - {name: id, type: string}
  - {name: iban, type: string, pii: iban, masking: hash}
  - name: place
    type: struct
    columns: [{name: zip, type: string}]
"""
BOOKINGS = """\
dataset: bookings
version: 1.0.0
owner: finance-team@example.com
schema:
  - {name: account, type: string}
  - {name: amount, type: int64}
quality_rules:
  - {column: account, rule: foreign_key, args: {ref: finance.accounts, columns: [id]}}
"""
REPORT = """\
package company.publish

import rego.v1

deny contains "the report is not clean" if not input.report.ok
"""


def accounts(*ids: str) -> pa.Table:
    place = pa.array([{"zip": f"{i}-zip"} for i in ids], pa.struct({"zip": pa.string()}))
    return pa.table({"id": ids, "iban": [f"DE{i}" for i in ids], "place": place})


def bookings(*ids: str | None) -> pa.Table:
    return pa.table({"account": pa.array(ids, pa.string()), "amount": range(len(ids))})


@pytest.fixture
def mesh(tmp_path):
    opened = Mesh.embedded(tmp_path / "mesh")
    yield opened
    opened.close()


def outcome(report):
    return next(c for c in report.checks if c.check == "foreign_key")


def to_column(name: str, ref: str = "finance.accounts") -> str:
    return BOOKINGS.replace("[id]", f"[{name}]").replace("finance.accounts", ref)


# ---- where the data comes from -------------------------------------------------------------------


def test_the_caller_passes_the_data() -> None:
    report = Gate(BOOKINGS).check(
        bookings("a", "x", None), references={"finance.accounts": accounts("a", "b")}
    )
    found = outcome(report)
    assert (found.status, found.failed_rows, found.first_rows) == ("fail", 1, (1,))
    assert (found.tested, found.skipped_null) == (2, 1)


@pytest.mark.parametrize("ending", ["parquet", "arrow", "csv"])
def test_the_data_can_be_a_file(tmp_path, ending: str) -> None:
    path = tmp_path / f"accounts.{ending}"
    table = accounts("a").select(["id"])
    write = {
        "parquet": parquet.write_table,
        "arrow": lambda t, p: feather.write_feather(t, p, compression="uncompressed"),
        "csv": csv.write_csv,
    }[ending]
    write(table, path)
    report = Gate(BOOKINGS).check(bookings("a", "x"), references={"finance.accounts": path})
    assert outcome(report).first_rows == (1,)


def test_a_missing_file_is_an_error_of_the_source(tmp_path) -> None:
    with pytest.raises(SourceError) as caught:
        Gate(BOOKINGS).check(
            bookings("a"), references={"finance.accounts": tmp_path / "no.parquet"}
        )
    assert caught.value.code == "source.not_found"


def test_the_data_is_a_product_of_the_mesh(mesh) -> None:
    mesh.gate(ACCOUNTS, domain="finance").publish(accounts("a", "b"))
    gate = mesh.gate(BOOKINGS, domain="finance")
    assert outcome(gate.check(bookings("a", "x"))).first_rows == (1,)
    checked = gate.validate_and_mask(bookings("x", "b"))
    assert checked.quarantined["_mg_checks"].to_pylist() == [["account.foreign_key"]]
    assert checked.accepted["account"].to_pylist() == ["b"]
    receipt = gate.publish(bookings("a", "b", None))
    assert receipt.report["rejected_rows"] == 0


def test_what_the_caller_passes_goes_before_the_mesh(mesh) -> None:
    mesh.gate(ACCOUNTS, domain="finance").publish(accounts("a"))
    gate = mesh.gate(BOOKINGS, domain="finance")
    passed = {"finance.accounts": accounts("x")}
    assert outcome(gate.check(bookings("a", "x"), references=passed)).first_rows == (0,)


def test_a_name_without_a_domain_is_looked_up_in_the_own_one(mesh) -> None:
    mesh.gate(ACCOUNTS, domain="finance").publish(accounts("a"))
    gate = mesh.gate(to_column("id", "accounts"), domain="finance")
    assert outcome(gate.check(bookings("x", "a"))).first_rows == (0,)


def test_a_key_can_be_a_field_of_a_struct(mesh) -> None:
    mesh.gate(ACCOUNTS, domain="finance").publish(accounts("a"))
    gate = mesh.gate(to_column("place.zip"), domain="finance")
    assert outcome(gate.check(bookings("a", "a-zip"))).first_rows == (0,)


# ---- when there is none --------------------------------------------------------------------------


def missing(gate: Gate) -> str | None:
    found = outcome(gate.check(bookings("a", "x")))
    assert (found.status, found.failed_rows, found.tested) == ("not_enforced", 0, 0)
    return found.reason


def test_without_data_the_clause_is_not_enforced(mesh) -> None:
    prefix = 'no reference data for "finance.accounts"'
    assert missing(Gate(BOOKINGS)) == f"{prefix}: a gate without a mesh knows no products"
    gate = mesh.gate(BOOKINGS, domain="finance")
    assert missing(gate) == f"{prefix}: the mesh has no such product"
    mesh.gate(ACCOUNTS, domain="finance").publish(accounts("a"))
    masked = mesh.gate(to_column("iban"), domain="finance")
    assert (
        missing(masked) == f"{prefix}: its column iban is masked, so raw keys are not found in it"
    )
    own = mesh.gate(to_column("account", "finance.bookings"), domain="finance")
    assert "it is this product itself" in (missing(own) or "")


def test_the_publisher_must_be_let_to_read_the_product(mesh) -> None:
    mesh.gate(ACCOUNTS, domain="finance").publish(accounts("a"))
    (mesh.folder / "governance" / "access.rego").write_text(
        "package company.access\n\nimport rego.v1\n\n"
        'default allow_read := false\n\nallow_read if input.user.id == "ana"\n'
    )
    gate = Mesh(mesh.folder).gate(BOOKINGS, domain="finance")
    reason = missing(gate)
    assert reason is not None
    assert reason.endswith("do not let the publisher read it")
    assert gate.publish(bookings("a"), publisher="ana").report["ok"]


def test_a_policy_can_refuse_what_is_not_enforced(mesh) -> None:
    (mesh.folder / "governance" / "report.rego").write_text(REPORT)
    with pytest.raises(Denied):
        Mesh(mesh.folder).gate(BOOKINGS, domain="finance").publish(bookings("a"))


# ---- what does not fit ---------------------------------------------------------------------------


def test_a_name_that_no_foreign_key_uses_is_a_slip() -> None:
    with pytest.raises(UsageError) as caught:
        Gate(BOOKINGS).check(bookings("a"), references={"finance.acounts": accounts("a")})
    assert caught.value.code == "usage.unknown_reference"
    assert "finance.accounts" in (caught.value.help or "")


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        (pa.table({"key": ["a"]}), "has no column"),
        (pa.table({"id": [1]}), "is int64, and the column here is string"),
        (pa.table({"id": [["a"]]}), "is list, and the column here is string"),
    ],
)
def test_data_that_does_not_fit_is_told_where_the_clause_stands(
    reference: pa.Table, words: str
) -> None:
    with pytest.raises(PlanError) as caught:
        Gate(BOOKINGS).check(bookings("a"), references={"finance.accounts": reference})
    assert caught.value.code == "plan.reference_mismatch"
    assert words in caught.value.message
    assert caught.value.where is not None
    assert caught.value.where.line == 8


CONTRACT = Contract(
    id="r",
    dataset="r",
    version="1.0.0",
    columns=(Column("a", "string"), Column("b", "int64")),
    checks=(
        Check("one", "foreign_key", ("a",), Frozen({"ref": "r", "columns": ("x",)})),
        Check("two", "foreign_key", ("a", "b"), Frozen({"ref": "r", "columns": ("x", "y")})),
        Check("other", "foreign_key", ("b",), Frozen({"ref": "s", "columns": ("y",)})),
    ),
)


def test_one_reference_serves_several_clauses() -> None:
    data = pa.table({"a": ["k", "k", "z"], "b": [1, 2, 1]})
    plan = Plan.compile(CONTRACT, data)
    assert plan.references == ("r", "s")
    reference = pa.table({"y": [1], "x": ["k"]})
    report = plan.check(data, references={"r": reference, "s": Absent("nobody has it")})
    found = {c.id: (c.status, c.failed_rows, c.reason) for c in report.checks}
    assert found["one"] == ("fail", 1, None)
    assert found["two"] == ("fail", 2, None)
    assert found["other"] == ("not_enforced", 0, 'no reference data for "s": nobody has it')


def test_keys_stay_within_the_memory_budget() -> None:
    data = pa.table({"a": ["k"], "b": [1]})
    many = pa.table({"x": [f"{i:032}" for i in range(20_000)], "y": range(20_000)})
    plan = Plan.compile(CONTRACT, data)
    with pytest.raises(LimitError) as caught:
        plan.check(data, references={"r": many}, limits=Limits(memory_bytes=100_000))
    assert caught.value.code == "limit.memory"


def test_groups_stay_within_the_memory_budget() -> None:
    contract = Contract(
        id="g",
        dataset="g",
        version="1.0.0",
        columns=(Column("a", "string"), Column("b", "int64")),
        checks=(
            Check("it", "aggregate", ("b",), Frozen({"fn": "sum", "min": 0, "group_by": ("a",)})),
        ),
    )
    data = pa.table({"a": [f"{i:032}" for i in range(20_000)], "b": range(20_000)})
    plan = Plan.compile(contract, data)
    assert plan.check(data).ok
    with pytest.raises(LimitError) as caught:
        plan.check(data, limits=Limits(memory_bytes=100_000))
    assert caught.value.code == "limit.memory"


def test_a_reference_whose_stream_breaks_is_an_error_of_the_source() -> None:
    def batches():
        yield pa.record_batch({"x": ["k"], "y": [1]})
        raise RuntimeError("secret")

    schema = pa.schema({"x": pa.string(), "y": pa.int64()})
    reader = pa.RecordBatchReader.from_batches(schema, batches())
    data = pa.table({"a": ["k"], "b": [1]})
    with pytest.raises(SourceError) as caught:
        Plan.compile(CONTRACT, data).check(data, references={"r": reader})
    assert "secret" not in str(caught.value)

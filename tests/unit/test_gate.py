"""The gate: the protocol in its order, with the real engine, policies, destination and catalog."""

from __future__ import annotations

import hashlib
import signal
from datetime import datetime, timezone

import meshgate
import pyarrow as pa
import pytest
from meshgate.errors import (
    CatalogError,
    CommitFailed,
    CommitUnknown,
    ContractError,
    Denied,
    PlanError,
    SourceError,
    StageError,
    UsageError,
)
from meshgate.mesh import Mesh

CONTRACT = """\
dataset: ledger
version: 1.0.0
owner: finance-team@example.com
description: what was booked
schema:
  - name: id
    type: int64
    required: true
  - name: email
    type: string
    description: whom to ask
    pii: email
    masking: hash
quality_rules:
  - column: id
    rule: unique
    max_rows: 5
service_levels:
  freshness: 24h
  latency: 15m
"""
SECRET = "ana.secret@example.com"
PRODUCT = "finance.ledger"


def data(*ids, **columns):
    ids = ids or (1, 2, 3, 3)
    emails = [SECRET] * len(ids)
    return pa.table({"id": pa.array(ids, pa.int64()), "email": emails, **columns})


@pytest.fixture
def mesh(tmp_path):
    opened = Mesh.embedded(tmp_path / "mesh")
    yield opened
    opened.close()


@pytest.fixture
def gate(mesh):
    return mesh.gate(CONTRACT, domain="finance")


def everything(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def tables(mesh):
    return sorted(p.name for p in (mesh.folder / "warehouse").rglob("*") if p.is_file())


def govern(mesh, text):
    (mesh.folder / "governance" / "p.rego").write_text(text)
    return Mesh(mesh.folder).gate(CONTRACT, domain="finance")


# ---- the four ways through -----------------------------------------------------------------------


def test_check_publishes_nothing(gate, mesh):
    report = gate.check(data())
    assert (report.rows, report.accepted_rows, report.rejected_rows) == (4, 3, 1)
    assert mesh.products() == []
    assert tables(mesh) == []


def test_check_needs_no_mesh(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text(CONTRACT.replace("masking: hash", "masking: redact"))
    gate = meshgate.Gate(path)
    assert gate.check(data()).rows == 4
    with pytest.raises(UsageError) as caught:
        gate.publish(data())
    assert caught.value.code == "usage.gate_without_mesh"


def test_validate_and_mask_returns_both_sides_masked(gate, mesh):
    checked = gate.validate_and_mask(data())
    assert checked.accepted["id"].to_pylist() == [1, 2, 3]
    assert checked.quarantined["_mg_checks"].to_pylist() == [["id.unique"]]
    for side in (checked.accepted, checked.quarantined):
        assert SECRET not in str(side.to_pylist())
    assert tables(mesh) == []


def test_publish_makes_the_product_visible_and_recorded(gate, mesh):
    receipt = gate.publish(data(), publisher="ana")
    assert (receipt.product, receipt.version, receipt.state) == (PRODUCT, 1, "PUBLISHED")
    assert receipt.publisher["id"] == "ana"
    assert receipt.report["rejected_rows"] == 1
    assert receipt.decision["allowed"] is True
    assert [mask["method"] for mask in receipt.masks] == ["hash"]
    assert mesh.read(PRODUCT).read_all()["id"].to_pylist() == [1, 2, 3]
    assert mesh.read_quarantine(PRODUCT).read_all()["_mg_row"].to_pylist() == [3]
    product = mesh.product(PRODUCT)
    assert product.receipts == (receipt,)
    assert (product.owner, product.domain) == ("finance-team@example.com", "finance")
    assert product.report == receipt.to_dict()["report"]
    assert {level.name: level.met for level in product.service_levels} == {
        "freshness": True,
        "latency": True,
    }


def test_what_was_checked_can_be_published(gate, mesh):
    checked = gate.validate_and_mask(data())
    receipt = gate.publish(checked)
    assert receipt == gate.publish(data())
    assert receipt == gate.publish(checked)
    assert mesh.read(PRODUCT).read_all().num_rows == 3
    assert [v.number for v in mesh.product(PRODUCT).versions] == [1]


def test_publish_to_catalog_is_the_same(gate):
    assert gate.publish_to_catalog(stream=data()) == gate.publish(data())
    assert gate.publish_to_catalog(stream="events", payload=data()) == gate.publish(data())


def test_many_kinds_of_data_are_taken(gate, mesh):
    polars, pandas = pytest.importorskip("polars"), pytest.importorskip("pandas")
    table = data()
    given = [
        table,
        table.to_reader(),
        polars.from_arrow(table),
        pandas.DataFrame({"id": [1, 2, 3, 3], "email": [SECRET] * 4}),
    ]
    receipts = [gate.publish(item, publish_id="same") for item in given]
    assert len(set(receipts)) == 1
    assert mesh.read(PRODUCT).read_all().num_rows == 3


def test_the_progress_is_told(gate):
    seen = []
    gate.publish(data(), watch=seen.append)
    gate.check(data(), watch=seen.append)
    gate.validate_and_mask(data(), watch=seen.append)
    assert seen
    assert max(seen) == 4


# ---- identity ------------------------------------------------------------------------------------


def test_equal_data_is_published_once(gate, mesh):
    first = gate.publish(data())
    assert first.publish_id.startswith("auto-")
    assert gate.publish(data()) == first
    assert gate.publish(data().slice(0, 2)) != first
    assert [v.number for v in mesh.product(PRODUCT).versions] == [1, 2]


def test_data_that_was_published_before_leaves_no_staged_files(gate, mesh):
    gate.publish(data())
    before = set(everything(mesh.folder / "warehouse"))
    gate.publish(data())
    assert set(everything(mesh.folder / "warehouse")) == before


def test_how_rows_are_cut_makes_no_other_publication(gate):
    table = data()
    cut = pa.Table.from_batches(table.to_batches(max_chunksize=1))
    assert gate.publish(cut) == gate.publish(table)


def test_an_id_with_other_data_is_refused(gate, mesh):
    receipt = gate.publish(data(), publish_id="2026-01")
    with pytest.raises(StageError) as caught:
        gate.publish(data(7, 8), publish_id="2026-01")
    assert caught.value.code == "stage.publish_id_reused"
    assert mesh.read(PRODUCT).read_all().num_rows == 3
    assert gate.publish(data(), publish_id="2026-01") == receipt


def test_an_id_under_another_contract_is_refused(gate, mesh):
    gate.publish(data(), publish_id="2026-01")
    other = mesh.gate(CONTRACT.replace("1.0.0", "1.1.0"), domain="finance")
    with pytest.raises(StageError) as caught:
        other.publish(data(), publish_id="2026-01")
    assert caught.value.code == "stage.publish_id_reused"


def test_an_id_that_another_host_used_meanwhile_for_other_data_is_noticed(gate, mesh, monkeypatch):
    from contextlib import nullcontext

    from meshgate.adapters.delta import Delta

    real, first = Delta.commit, []

    def overtaken(*arguments):
        if not first:
            first.append(True)
            gate.publish(data(7, 8), publish_id="2026-01")
        return real(*arguments)

    monkeypatch.setattr(Delta, "claim", lambda *_, **__: nullcontext())
    monkeypatch.setattr(Delta, "abandon", lambda *_: 0)
    monkeypatch.setattr(Delta, "commit", overtaken)
    with pytest.raises(StageError) as caught:
        gate.publish(data(1, 2), publish_id="2026-01")
    assert caught.value.code == "stage.publish_id_reused"
    assert mesh.read(PRODUCT).read_all()["id"].to_pylist() == [7, 8]
    assert len([name for name in tables(mesh) if name.endswith(".parquet")]) == 1


def test_masks_inside_structs_and_lists_are_seen_and_described(mesh):
    nested = """\
dataset: nested
version: 1.0.0
owner: a@example.com
schema:
  - name: person
    type: struct
    columns: [{name: email, type: string, pii: email, masking: hash}]
  - {name: mails, type: list, items: {type: string, pii: email, masking: redact}}
  - name: homes
    type: map
    key: {type: string, pii: email, masking: hash}
    value: {type: string, pii: address, masking: redact}
"""
    homes = pa.array([[(SECRET, SECRET)]], pa.map_(pa.string(), pa.string()))
    table = pa.table({"person": [{"email": SECRET}], "mails": [[SECRET]], "homes": homes})
    receipt = mesh.gate(nested).publish(table)
    assert [mask["column"] for mask in receipt.masks] == [
        "person.email",
        "mails[]",
        "homes[].key",
        "homes[].value",
    ]
    found = mesh.read("nested")
    person = found.schema.field("person").type.field("email").metadata
    assert person[b"meshgate.mask.method"] == b"hash"
    assert SECRET not in str(found.read_all().to_pylist())


def test_a_format_of_a_date_is_held_by_the_type_and_published(mesh):
    odcs = """\
apiVersion: v3.1.0
kind: DataContract
id: bookings
name: bookings
version: 1.0.0
status: active
team: {name: finance}
schema:
  - name: bookings
    properties:
      - {name: day, logicalType: date, logicalTypeOptions: {format: dd.MM.yyyy}}
"""
    receipt = mesh.gate(odcs).publish(pa.table({"day": pa.array([1], pa.date32())}))
    held = receipt.report["checks"][-1]
    assert (held["id"], held["status"]) == ("day.date_format", "pass")
    assert held["reason"].startswith("held by the type: day is date")
    with pytest.raises(Denied):  # a text is not what was promised, however it is spelt
        mesh.gate(odcs).publish(pa.table({"day": ["31.12.2025"]}))


def test_an_id_that_was_denied_may_be_used_again(gate, mesh):
    with pytest.raises(Denied):
        gate.publish(data(None, 2), publish_id="2026-01")
    receipt = gate.publish(data(), publish_id="2026-01")
    assert receipt.version == 1
    assert mesh.product(PRODUCT).denials == 1


def test_a_lost_catalog_still_answers_with_the_same_receipt(gate, mesh):
    receipt = gate.publish(data(), publish_id="2026-01")
    mesh.close()
    for path in mesh.folder.glob("catalog.db*"):
        path.unlink()
    again = Mesh(mesh.folder)
    assert again.gate(CONTRACT, domain="finance").publish(data(), publish_id="2026-01") == receipt
    assert again.product(PRODUCT).receipts == (receipt,)


def test_the_catalog_is_rebuilt_from_the_commits(gate, mesh):
    for number in range(3):
        gate.publish(data(number), publish_id=f"p{number}")
    before = mesh.product(PRODUCT)
    mesh.close()
    for path in mesh.folder.glob("catalog.db*"):
        path.unlink()
    again = Mesh(mesh.folder)
    assert again.products() == []
    assert again.rebuild() == 3
    assert again.rebuild() == 3
    after = again.product(PRODUCT)
    assert after.receipts == before.receipts
    assert (after.versions, after.columns, after.owner) == (
        before.versions,
        before.columns,
        before.owner,
    )


def test_a_destination_that_lost_the_product_is_said(gate, mesh, tmp_path):
    import shutil

    gate.publish(data(), publish_id="2026-01")
    shutil.rmtree(mesh.folder / "warehouse" / PRODUCT)
    with pytest.raises(CatalogError) as caught:
        gate.publish(data(), publish_id="2026-01")
    assert caught.value.code == "catalog.destination_lost"


@pytest.mark.parametrize("domain", ["../x", "a/b", "", "x" * 199, "a b"])
def test_a_product_that_cannot_be_named_is_refused_before_any_data(mesh, domain):
    if not domain:
        assert mesh.gate(CONTRACT, domain=domain).product == "ledger"
        return
    with pytest.raises(ContractError) as caught:
        mesh.gate(CONTRACT, domain=domain)
    assert caught.value.code == "contract.bad_name"
    assert (caught.value.where.line, caught.value.where.column) == (1, 10)


def test_the_name_of_the_quarantine_is_taken():
    with pytest.raises(ContractError) as caught:
        meshgate.Gate(CONTRACT.replace("dataset: ledger", "dataset: ledger__Quarantine"))
    assert (caught.value.code, caught.value.where.line) == ("contract.bad_name", 1)


def test_whatever_name_a_contract_takes_can_be_published(mesh):
    contract = CONTRACT.replace("dataset: ledger", "dataset: _2024_orders")
    assert mesh.gate(contract).publish(data(1)).product == "_2024_orders"
    assert mesh.read("_2024_orders").read_all().num_rows == 1


def test_a_key_that_is_missing_is_told_with_its_place(mesh):
    contract = CONTRACT.replace("masking: hash", 'masking: {method: hash, key: "env:NO_SUCH"}')
    for gate in (mesh.gate(contract), meshgate.Gate(contract)):
        with pytest.raises(UsageError) as caught:
            gate.check(data())
        assert caught.value.code == "usage.key_unset"
        assert (caught.value.where.line, caught.value.where.column) == (13, 14)


def test_ctrl_c_in_the_middle_leaves_nothing_and_can_be_tried_again(gate, mesh):
    def batches():
        yield from data().to_batches()
        signal.raise_signal(signal.SIGINT)
        yield from data().to_batches()

    def stream():
        return pa.RecordBatchReader.from_batches(data().schema, batches())

    for act in (gate.check, gate.validate_and_mask, gate.publish):
        with pytest.raises(KeyboardInterrupt):
            act(stream())
    assert mesh.products() == []
    assert not [name for name in tables(mesh) if name.endswith(".parquet")]
    assert gate.publish(data()).state == "PUBLISHED"


def test_a_quarantine_without_rows_has_the_columns_of_one_with_rows(mesh):
    mesh.gate(CONTRACT).publish(data(1))
    empty = mesh.read_quarantine("ledger")
    mesh.gate(CONTRACT).publish(data(2, 2))
    full = mesh.read_quarantine("ledger")
    assert empty.schema.equals(full.schema)
    assert (empty.read_all().num_rows, full.read_all().num_rows) == (0, 1)


@pytest.mark.parametrize("bad", ["../x", "", "a b", "x" * 129, "é"])
def test_a_bad_publish_id_is_refused_before_anything(gate, mesh, bad):
    with pytest.raises(StageError) as caught:
        gate.publish(data(), publish_id=bad)
    assert caught.value.code == "stage.bad_name"
    assert tables(mesh) == []


# ---- denial --------------------------------------------------------------------------------------


def test_a_report_that_failed_is_denied_and_nothing_is_left(gate, mesh):
    with pytest.raises(Denied) as caught:
        gate.publish(data(None, 2))
    receipt = caught.value.receipt
    assert receipt.state == "DENIED"
    assert receipt.destination is None
    assert receipt.report["status"] == "fail"
    assert "id.not_null" in str(caught.value)
    assert tables(mesh) == []
    assert mesh.products() == []
    assert mesh.ledger.unfinished() == []


def test_a_denial_before_the_data_reads_nothing(mesh):
    gate = mesh.gate(CONTRACT.replace("    masking: hash\n", ""), domain="finance")
    read = []

    def rows():
        read.append(True)
        yield from data().to_batches()

    stream = pa.RecordBatchReader.from_batches(data().schema, rows())
    with pytest.raises(Denied) as caught:
        gate.publish(stream)
    assert "no mask" in str(caught.value)
    assert caught.value.receipt.report is None
    assert not read
    assert tables(mesh) == []


def test_a_policy_s_reason_has_its_file_and_line(mesh):
    gate = govern(
        mesh,
        'package own\n\nimport rego.v1\n\ndeny contains "not on Mondays" if input.report.ok\n',
    )
    with pytest.raises(Denied) as caught:
        gate.publish(data())
    assert "not on Mondays" in str(caught.value)
    assert "p.rego:5" in str(caught.value)
    assert tables(mesh) == []


def test_policies_that_break_deny(gate, mesh, monkeypatch):
    from meshgate.policy import PolicySet

    def broken(*_):
        raise RuntimeError(SECRET)

    monkeypatch.setattr(PolicySet, "decide", broken)
    with pytest.raises(Denied) as caught:
        gate.publish(data(), publish_id="p1")
    assert caught.value.receipt.decision["error"] == "policy.failed"
    assert SECRET not in str(caught.value)
    assert tables(mesh) == []


@pytest.mark.parametrize("answer", [1, "true", None, [True]])
def test_only_true_allows(gate, mesh, monkeypatch, answer):
    import dataclasses

    from meshgate.policy import PolicySet

    real = PolicySet.decide

    def odd(*arguments):
        return dataclasses.replace(real(*arguments), allowed=answer)

    monkeypatch.setattr(PolicySet, "decide", odd)
    with pytest.raises(Denied):
        gate.publish(data())
    assert tables(mesh) == []


def test_who_may_publish_is_said_by_the_domain(mesh):
    (mesh.folder / "mesh.toml").write_text(
        '[keys]\ndefault = "file:keys/master.key"\n[storage]\nencryption = "AES-256"\n'
        '[domains.finance]\npublishers = ["ana", "role:engineer"]\n[domains.sales]\n'
    )
    mesh = Mesh(mesh.folder)
    gate = mesh.gate(CONTRACT, domain="finance")
    assert gate.publish(data(1), publisher="ana").version == 1
    engineer = {"id": "bob", "roles": ["engineer"]}
    assert gate.publish(data(2), publisher=engineer).version == 2
    for other in ("bob", "engineer", {"id": "eve", "roles": ["analyst"]}):
        with pytest.raises(Denied):
            gate.publish(data(3), publisher=other)
    with pytest.raises(Denied):
        mesh.gate(CONTRACT, domain="sales").publish(data(4), publisher="ana")
    with pytest.raises(UsageError) as caught:
        mesh.gate(CONTRACT, domain="hr")
    assert caught.value.code == "usage.unknown_domain"


def test_a_required_package_must_allow(mesh):
    rego = (
        "package data_mesh.governance\n\ndefault allow_publish = false\n\nallow_publish {\n"
        "    input.schema.has_pii_tags == true\n"
        '    input.infrastructure.encryption == "AES-256"\n}\n'
    )
    (mesh.folder / "governance" / "p.rego").write_text(rego)
    text = (mesh.folder / "mesh.toml").read_text()
    text = text.replace("require = []", 'require = ["data_mesh.governance"]')
    (mesh.folder / "mesh.toml").write_text(text)
    with pytest.raises(Denied):
        Mesh(mesh.folder).gate(CONTRACT, domain="finance").publish(data())
    (mesh.folder / "mesh.toml").write_text(text.replace('"none"', '"AES-256"'))
    assert Mesh(mesh.folder).gate(CONTRACT, domain="finance").publish(data()).version == 1


# ---- failures ------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, RuntimeError])
@pytest.mark.parametrize(
    "place",
    [
        "meshgate.adapters.delta.Delta.stage",
        "meshgate.attempt.Attempt.ran",
        "meshgate.adapters.delta.Delta.seal",
        "meshgate.catalog.ledger.Ledger.begin",
        "meshgate.catalog.ledger.Ledger.allow",
        "meshgate.attempt.Attempt.publication",
    ],
)
def test_an_exception_at_any_stage_leaves_nothing_visible(gate, mesh, monkeypatch, place, error):
    def fail(*_arguments, **_named):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(place, fail)
        with pytest.raises(error):
            gate.publish(data(), publish_id="p1")
    assert tables(mesh) == []
    assert mesh.ledger.unfinished() == []
    assert gate.publish(data(), publish_id="p1").version == 1


@pytest.mark.parametrize("batches", [0, 1, 2])
def test_a_source_that_fails_leaves_nothing(gate, mesh, batches):
    def rows():
        for _ in range(batches):
            yield from data().to_batches()
        raise ValueError(SECRET)

    stream = pa.RecordBatchReader.from_batches(data().schema, rows())
    with pytest.raises(SourceError) as caught:
        gate.publish(stream)
    assert SECRET not in str(caught.value)
    assert tables(mesh) == []


def test_a_source_that_fails_at_once_tells_no_value(gate):
    def batches():
        raise ValueError(SECRET)
        yield

    with pytest.raises(SourceError) as caught:
        gate.publish(batches())
    assert caught.value.code == "source.unreadable"
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("strange", [pa.table({}), pa.table({"other": [1, 2]})])
@pytest.mark.parametrize("first", ["publish", "validate_and_mask"])
def test_data_without_any_promised_column_is_denied_and_nothing_is_left(gate, mesh, strange, first):
    with pytest.raises(Denied) as caught:
        gate.publish(strange if first == "publish" else gate.validate_and_mask(strange))
    failed = [c["id"] for c in caught.value.receipt.report["checks"] if c["status"] == "fail"]
    assert failed[:2] == ["id.column_exists", "email.column_exists"]
    assert caught.value.receipt.report["rows"] == strange.num_rows
    assert tables(mesh) == []
    gate.publish(data(1))


def test_a_stream_without_rows_is_a_version_that_adds_nothing(gate, mesh):
    gate.publish(data(1, 2))
    receipt = gate.publish(data(1).slice(0, 0))
    assert (receipt.state, receipt.report["rows"], receipt.version) == ("PUBLISHED", 0, 2)
    assert mesh.read(PRODUCT).read_all().num_rows == 2
    assert mesh.read(PRODUCT, version=2).read_all().num_rows == 2
    gate.publish(data(1).slice(0, 0), mode="replace")
    assert mesh.read(PRODUCT).read_all().num_rows == 0


def test_no_rows_are_a_fault_where_the_contract_says_so(mesh):
    wanted = "quality_rules:\n  - {rule: row_count, args: {op: ge, bound: 1}}\n"
    gate = mesh.gate(CONTRACT.replace("quality_rules:\n", wanted), domain="finance")
    with pytest.raises(Denied):
        gate.publish(data(1).slice(0, 0))
    assert tables(mesh) == []


def test_data_that_does_not_fit_the_contract_is_an_error(gate, mesh):
    with pytest.raises((PlanError, Denied)):
        gate.publish(pa.table({"id": ["x"], "email": ["y"]}))
    assert tables(mesh) == []


def test_an_interrupted_commit_removes_nothing_and_is_resolved_later(gate, mesh, monkeypatch):
    from meshgate.adapters.delta import Delta

    real = Delta.commit

    def landed(*arguments):
        real(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Delta, "commit", landed)
        with pytest.raises(KeyboardInterrupt):
            gate.publish(data(), publish_id="p1")
    assert [entry.state for entry in mesh.ledger.unfinished()] == ["ALLOWED"]
    again = Mesh(mesh.folder)
    assert again.ledger.unfinished() == []
    assert again.product(PRODUCT).latest.publish_id == "p1"
    assert again.read(PRODUCT).read_all().num_rows == 3


def test_a_commit_of_unknown_outcome_keeps_its_files(gate, mesh, monkeypatch):
    from meshgate.adapters.delta import Delta

    def unknown(*_):
        raise CommitUnknown(code="commit.unknown", message="?")

    with monkeypatch.context() as patch:
        patch.setattr(Delta, "commit", unknown)
        with pytest.raises(CommitUnknown):
            gate.publish(data(), publish_id="p1")
    assert len([name for name in tables(mesh) if name.startswith("p1-")]) == 2
    assert mesh.gc(older_than_s=-1) == []
    assert gate.publish(data(), publish_id="p1").version == 1
    assert len([name for name in tables(mesh) if name.startswith("p1-")]) == 2


def test_a_commit_that_failed_for_certain_removes_its_files(gate, mesh, monkeypatch):
    from meshgate.adapters.delta import Delta

    def failed(*_):
        raise CommitFailed(code="commit.failed", message="no")

    with monkeypatch.context() as patch:
        patch.setattr(Delta, "commit", failed)
        with pytest.raises(CommitFailed):
            gate.publish(data(), publish_id="p1")
    assert tables(mesh) == []
    assert mesh.ledger.entry(PRODUCT, "p1").state == "ABORTED"


def test_a_catalog_that_fails_after_the_commit_carries_the_receipt(gate, mesh, monkeypatch):
    from meshgate.catalog.ledger import Ledger

    def away(*_):
        raise CatalogError(code="catalog.unavailable", message="away")

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "publish", away)
        with pytest.raises(CatalogError) as caught:
            gate.publish(data(), publish_id="p1")
    assert caught.value.code == "catalog.not_recorded"
    receipt = caught.value.receipt
    assert receipt.version == 1
    assert Mesh(mesh.folder).product(PRODUCT).receipts == (receipt,)


@pytest.mark.parametrize("pages", [18, 24, 30])
def test_a_catalog_on_a_full_disk_is_typed_and_nothing_is_half_done(gate, mesh, monkeypatch, pages):
    from meshgate.catalog import sqlite

    real = sqlite._durable

    def small(connection, record):
        real(connection, record)
        connection.execute(f"PRAGMA max_page_count={pages}").close()

    mesh.close()
    with monkeypatch.context() as patch:
        patch.setattr(sqlite, "_durable", small)
        mesh._store.close()
        outcomes = []
        for number in range(12):
            try:
                gate.publish(data(number), publish_id=f"p{number}")
                outcomes.append("published")
            except CatalogError as error:
                outcomes.append(error.code)
    mesh.close()
    assert set(outcomes) <= {"published", "catalog.unavailable", "catalog.not_recorded"}
    assert outcomes[-1] != "published"
    again = Mesh(mesh.folder)
    assert again.ledger.unfinished() == []
    done = sum(outcome != "catalog.unavailable" for outcome in outcomes)
    assert len(again.product(PRODUCT).versions if done else []) == done
    retried = again.gate(CONTRACT, domain="finance")
    for number in range(12):
        retried.publish(data(number), publish_id=f"p{number}")
    assert again.read(PRODUCT).read_all().num_rows == 12


def test_one_gate_publishes_from_several_threads(gate, mesh):
    from concurrent.futures import ThreadPoolExecutor

    def publish(number):
        return gate.publish(data(number % 4), publish_id=f"p{number % 4}")

    with ThreadPoolExecutor(6) as threads:
        receipts = list(threads.map(publish, range(12)))
    assert len(set(receipts)) == 4
    assert sorted(mesh.read(PRODUCT).read_all()["id"].to_pylist()) == [0, 1, 2, 3]


def test_a_description_that_fails_does_not_concern_the_publication(gate, monkeypatch):
    from meshgate.adapters.delta import Delta

    def fail(*_):
        raise StageError(code="stage.io", message="no")

    monkeypatch.setattr(Delta, "describe", fail)
    assert gate.publish(data()).version == 1


def test_changed_or_foreign_checked_data_is_refused(gate, mesh):
    import dataclasses

    checked = gate.validate_and_mask(data())
    shorter = dataclasses.replace(checked, accepted=checked.accepted.slice(1))
    other = mesh.gate(CONTRACT.replace("1.0.0", "2.0.0"), domain="finance")
    for publisher, given in ((gate, shorter), (other, checked)):
        with pytest.raises(UsageError) as caught:
            publisher.publish(given)
        assert caught.value.code == "usage.other_contract"


# ---- enrichment ----------------------------------------------------------------------------------


def test_a_product_describes_itself(gate, mesh):
    receipt = gate.publish(data())
    schema = mesh.read(PRODUCT).schema
    email = {k.decode(): v.decode() for k, v in schema.field("email").metadata.items()}
    assert email["comment"] == "whom to ask"
    assert email["meshgate.pii"] == "email"
    assert email["meshgate.mask.method"] == "hash"
    assert email["meshgate.mask.domain"] == "finance.ledger.email"
    assert email["meshgate.mask.key_id"] == receipt.masks[0]["key_id"]
    assert schema.metadata[b"meshgate.contract.version"] == b"1.0.0"
    assert schema.metadata[b"meshgate.owner"] == b"finance-team@example.com"


def test_lineage_columns_are_optional(mesh):
    path = mesh.folder / "mesh.toml"
    path.write_text(path.read_text() + '\n[publish]\nlineage = ["published_at", "publish_id"]\n')
    gate = Mesh(mesh.folder).gate(CONTRACT, domain="finance")
    with pytest.raises(UsageError) as caught:
        gate.publish(data())
    assert caught.value.code == "usage.lineage_needs_id"
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    receipt = gate.publish(data(), publish_id="2026-01", now=now)
    table = mesh.read(PRODUCT).read_all()
    assert table["_mg_publish_id"].to_pylist() == ["2026-01"] * 3
    assert table["_mg_published_at"].to_pylist() == [now] * 3
    assert receipt.published_at == "2026-01-02T03:04:05.000000Z"
    checked = gate.validate_and_mask(data(9))
    assert (
        gate.publish(checked).publish_id
        in mesh.read(PRODUCT).read_all()["_mg_publish_id"].to_pylist()
    )


def test_evolve_lets_new_columns_join(gate, mesh):
    gate.publish(data(), publish_id="p1")
    text = CONTRACT.replace("1.0.0", "1.1.0").replace(
        "quality_rules:", "  - name: note\n    type: string\nquality_rules:"
    )
    wider = mesh.gate(text, domain="finance")
    new = data(7, note=["x"])
    with pytest.raises(StageError) as caught:
        wider.publish(new, publish_id="p2")
    assert caught.value.code == "stage.schema_differs"
    wider.publish(new, publish_id="p2", evolve=True)
    table = mesh.read(PRODUCT).read_all()
    assert sorted(table["note"].to_pylist(), key=str) == [None, None, None, "x"]
    assert mesh.read(PRODUCT).schema.metadata[b"meshgate.contract.version"] == b"1.1.0"
    assert mesh.product(PRODUCT).contract["version"] == "1.1.0"


def test_replace_makes_the_data_the_whole_product(gate, mesh):
    gate.publish(data(1, 2), publish_id="p1")
    gate.publish(data(3), publish_id="p2", mode="replace")
    assert mesh.read(PRODUCT).read_all()["id"].to_pylist() == [3]
    assert mesh.read(PRODUCT, version=1).read_all()["id"].to_pylist() == [1, 2]


def test_replacing_again_by_what_was_before_is_another_publication(gate, mesh):
    for rows in ((1, 2), (3,), (1, 2)):
        gate.publish(data(*rows), mode="replace")
        assert mesh.read(PRODUCT).read_all()["id"].to_pylist() == list(rows)
    versions = len(mesh.product(PRODUCT).versions)
    gate.publish(data(1, 2), mode="replace")
    assert len(mesh.product(PRODUCT).versions) == versions == 3


def test_replacing_by_what_was_appended_last_leaves_nothing_else(gate, mesh):
    gate.publish(data(1))
    appended = gate.publish(data(2))
    replaced = gate.publish(data(2), mode="replace")
    assert replaced.publish_id != appended.publish_id
    assert mesh.read(PRODUCT).read_all()["id"].to_pylist() == [2]
    assert gate.publish(data(2), mode="replace") == replaced


def test_an_unknown_mode_is_refused(gate, mesh):
    with pytest.raises(UsageError) as caught:
        gate.publish(data(), mode="overwrite")
    assert caught.value.code == "usage.bad_mode"
    assert mesh.products() == []


# ---- what must not be found ----------------------------------------------------------------------


def test_a_planted_secret_is_found_nowhere(gate, mesh):
    gate.publish(data(), publish_id="p1")
    gate.validate_and_mask(data())
    with pytest.raises(Denied):
        gate.publish(data(None, 1), publish_id="p2")
    mesh.relay(lambda event: None)
    forms = [
        SECRET.encode(),
        SECRET.encode("utf-16-le"),
        hashlib.sha256(SECRET.encode()).hexdigest().encode(),
        hashlib.md5(SECRET.encode()).hexdigest().encode(),
        SECRET.encode().hex().encode(),
    ]
    for path, content in everything(mesh.folder).items():
        for form in forms:
            assert form not in content, path.name
    readable = [mesh.read(PRODUCT).read_all(), mesh.read_quarantine(PRODUCT).read_all()]
    assert SECRET not in str([table.to_pylist() for table in readable])


def test_the_receipt_s_files_are_the_published_bytes(gate, mesh):
    receipt = gate.publish(data())
    folder = mesh.folder / "warehouse"
    for key, product in (("files", PRODUCT), ("quarantine_files", PRODUCT + "__quarantine")):
        for entry in receipt.destination[key]:
            content = (folder / product / entry["name"]).read_bytes()
            assert hashlib.sha256(content).hexdigest() == entry["sha256"]

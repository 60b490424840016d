"""A mesh: made in a folder, opened again, read by those who may."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone

import pyarrow as pa
import pytest
from meshgate.errors import CatalogError, PolicyError, StageError, UsageError
from meshgate.mesh import Mesh

CONTRACT = """\
dataset: orders
version: 1.0.0
owner: sales@example.com
schema:
  - name: id
    type: int64
"""


def data(*ids):
    return pa.table({"id": pa.array(ids, pa.int64())})


@pytest.fixture
def mesh(tmp_path):
    opened = Mesh.embedded(tmp_path / "mesh")
    yield opened
    opened.close()


@pytest.fixture
def gate(mesh):
    return mesh.gate(CONTRACT)


def test_an_embedded_mesh_is_made_once(tmp_path):
    folder = tmp_path / "deep" / "mesh"
    first = Mesh.embedded(folder, encryption="AES-256")
    assert sorted(p.name for p in folder.iterdir() if p.name[:10] != "catalog.db") == [
        "governance",
        "keys",
        "mesh.toml",
        "warehouse",
    ]
    assert (folder / "keys").stat().st_mode & 0o777 == 0o700
    assert (folder / "keys" / "master.key").stat().st_mode & 0o777 == 0o600
    key, text = (folder / "keys" / "master.key").read_bytes(), (folder / "mesh.toml").read_text()
    again = Mesh.embedded(folder, encryption="none")
    assert (folder / "keys" / "master.key").read_bytes() == key
    assert (folder / "mesh.toml").read_text() == text
    assert again.adapter.infrastructure["encryption"] == "AES-256"
    assert again.digest_key == first.digest_key


def test_a_mesh_and_a_gate_say_what_they_are(mesh, gate):
    assert repr(gate) == "<Gate orders 1.0.0>"
    assert repr(mesh) == f"<Mesh mesh in {mesh.folder}>"


def test_two_meshes_have_different_keys(tmp_path):
    a, b = Mesh.embedded(tmp_path / "a"), Mesh.embedded(tmp_path / "b")
    assert a.keys([None]) != b.keys([None])


def test_a_mesh_opens_by_file_or_folder(mesh):
    assert Mesh(mesh.folder).settings == Mesh(mesh.folder / "mesh.toml").settings


def test_what_is_no_mesh_is_refused(tmp_path):
    with pytest.raises(UsageError) as caught:
        Mesh(tmp_path)
    assert caught.value.code == "usage.mesh_missing"
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError) as caught:
        Mesh.embedded(tmp_path / "file" / "mesh")
    assert caught.value.code == "usage.bad_mesh"
    assert str(tmp_path / "file" / "mesh") in caught.value.message
    with pytest.raises(UsageError):
        Mesh.embedded(tmp_path / "mesh", encryption="rot13")


def test_a_disk_that_is_full_makes_no_half_of_a_mesh(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(os, "link", full)
    monkeypatch.setattr("meshgate.keys.create", lambda _: None)
    with pytest.raises(UsageError) as caught:
        Mesh.embedded(tmp_path / "mesh")
    assert caught.value.code == "usage.bad_mesh"
    assert not [path for path in (tmp_path / "mesh").iterdir() if path.is_file()]


def test_an_unknown_adapter_is_refused(mesh):
    path = mesh.folder / "mesh.toml"
    path.write_text(path.read_text().replace('"delta"', '"floppy"'))
    with pytest.raises(UsageError) as caught:
        Mesh(mesh.folder)
    assert caught.value.code == "usage.unknown_adapter"


def test_policies_that_do_not_load_keep_the_mesh_shut(mesh):
    (mesh.folder / "governance" / "p.rego").write_text("package p\n\nallow {")
    with pytest.raises(PolicyError):
        Mesh(mesh.folder)


def test_an_unset_key_is_said_before_the_data_is_read(mesh, monkeypatch):
    path = mesh.folder / "mesh.toml"
    path.write_text(path.read_text().replace("file:keys/master.key", "env:NO_SUCH_KEY"))
    masked = CONTRACT.replace("type: int64", "type: int64\n    pii: id\n    masking: hash")
    gate = Mesh(mesh.folder).gate(masked)
    with pytest.raises(UsageError) as caught:
        gate.publish(data(1))
    assert caught.value.code == "usage.key_unset"


def test_products_and_versions_are_listed(mesh, gate):
    gate.publish(data(1), publish_id="a")
    mesh.gate(CONTRACT.replace("orders", "customers")).publish(data(2), publish_id="a")
    gate.publish(data(2), publish_id="b")
    assert [product.name for product in mesh.products()] == ["customers", "orders"]
    assert [v.publish_id for v in mesh.product("orders").versions] == ["a", "b"]


def test_versions_and_moments_can_be_read(mesh, gate):
    start = datetime(2026, 1, 1, tzinfo=timezone.utc)
    for number in range(3):
        moment = start + timedelta(days=number)
        gate.publish(data(number), publish_id=f"p{number}", now=moment)

    def ids(**which):
        return sorted(mesh.read("orders", **which).read_all()["id"].to_pylist())

    assert ids() == [0, 1, 2]
    assert ids(version=2) == [0, 1]
    assert ids(as_of=start + timedelta(days=1)) == [0, 1]
    assert ids(as_of="2026-01-01T12:00:00Z") == [0]
    assert ids(as_of="2027-01-01") == [0, 1, 2]
    for which, kind, code in (
        ({"as_of": "2025-01-01"}, CatalogError, "catalog.no_version"),
        ({"as_of": "yesterday"}, UsageError, "usage.bad_moment"),
        ({"as_of": "2026-01-01", "version": 1}, UsageError, "usage.two_versions"),
        ({"version": 9}, StageError, "stage.no_version"),
        ({"version": 0}, StageError, "stage.no_version"),  # the table's, before anything is in it
        ({"version": -1}, StageError, "stage.no_version"),
    ):
        with pytest.raises(kind) as caught:
            ids(**which)
        assert caught.value.code == code
    with pytest.raises(StageError, match=r"there are 1, 2, 3$"):
        ids(version=0)


def test_service_levels_of_a_column_are_measured_by_the_last_report(mesh):
    text = CONTRACT.replace("schema:", "schema:\n  - {name: at, type: timestamp_tz}")
    levels = (
        "service_levels:\n"
        "  freshness: {value: 24h, column: at}\n"
        "  latency: {value: 2h, column: at}\n"
    )
    now = datetime.now(timezone.utc)
    times = [now - timedelta(hours=1), now - timedelta(minutes=1)]
    table = pa.table({"id": [1, 2], "at": pa.array(times, pa.timestamp("us", "UTC"))})
    mesh.gate(text + levels).publish(table, now=now)
    found = {level.name: level for level in mesh.product("orders").service_levels}
    assert 60 <= found["freshness"].measured_s < 90
    assert 3600 <= found["latency"].measured_s < 3601
    assert all(level.met for level in found.values())


def test_an_unknown_product_is_said(mesh):
    for call in (mesh.read, mesh.product, mesh.read_quarantine):
        with pytest.raises(CatalogError) as caught:
            call("nothing")
        assert caught.value.code == "catalog.unknown_product"


def test_polars_and_duckdb_take_what_is_read(mesh, gate):
    polars, duckdb = pytest.importorskip("polars"), pytest.importorskip("duckdb")
    gate.publish(data(1, 2))
    assert polars.from_arrow(mesh.read("orders")).height == 2
    reader = mesh.read("orders")
    assert duckdb.from_arrow(reader).aggregate("sum(id)").fetchall() == [(3,)]


def test_without_an_access_policy_everybody_reads(mesh, gate):
    gate.publish(data(1))
    assert mesh.read("orders").read_all().num_rows == 1


def test_with_an_access_policy_only_those_who_may_read(mesh, gate):
    gate.publish(data(1))
    (mesh.folder / "governance" / "access.rego").write_text(
        "package access\n\nimport rego.v1\n\ndefault allow_read := false\n\n"
        'allow_read if "analyst" in input.user.roles\n'
    )
    guarded = Mesh(mesh.folder)
    analyst = {"id": "ana", "roles": ["analyst"]}
    assert guarded.read("orders", user=analyst).read_all().num_rows == 1
    for user in (None, "ana", {"id": "bob", "roles": ["guest"]}):
        for call in (guarded.read, guarded.read_quarantine):
            with pytest.raises(PolicyError) as caught:
                call("orders", user=user)
            assert caught.value.code == "policy.read_denied"
    with pytest.raises(UsageError) as caught:
        guarded.read("orders", user={"roles": "analyst"})
    assert caught.value.code == "usage.bad_person"


def test_events_are_sent_once_each(mesh, gate):
    gate.publish(data(1), publish_id="p1")
    gate.publish(data(1), publish_id="p1")
    sent = []
    assert mesh.relay(sent.append) == 2
    assert [event.key for event in sent] == ["orders/p1/catalog", "orders/p1/openlineage"]
    assert '"eventType":"COMPLETE"' in sent[1].payload
    assert mesh.relay(sent.append) == 0


def test_what_was_written_around_the_gate_is_listed(mesh, gate):
    from deltalake import CommitProperties, write_deltalake

    gate.publish(data(1), publish_id="p1")
    assert mesh.audit() == {}
    table = str(mesh.folder / "warehouse" / "orders")
    receipt = mesh.product("orders").receipts[0].to_json()
    write_deltalake(table, data(666), mode="append")
    forged = {"meshgate.publish-id": "p9", "meshgate.receipt": receipt.replace("p1", "p9")}
    write_deltalake(
        table, data(667), mode="append", commit_properties=CommitProperties(custom_metadata=forged)
    )
    gate.publish(data(2), publish_id="p2")
    assert mesh.audit() == {"orders": [2, 3]}


def test_a_domain_said_twice_must_be_the_same(mesh):
    with pytest.raises(UsageError) as caught:
        mesh.gate(CONTRACT + "domain: sales\n", domain="finance")
    assert caught.value.code == "usage.other_domain"
    assert mesh.gate(CONTRACT + "domain: sales\n").product == "sales.orders"


FORK = """\
import os, sys
import pyarrow as pa
from meshgate.errors import StageError
from meshgate.mesh import Mesh

mesh = Mesh.embedded(sys.argv[1])
gate = mesh.gate(sys.argv[2])
table = pa.table({"id": pa.array([1, 2])})
gate.publish(table, publish_id="before")
child = os.fork()
if child == 0:
    assert gate.check(table).ok
    try:
        gate.publish(table, publish_id="inside")
    except StageError as error:
        os._exit(7 if error.code == "stage.forked" else 1)
    os._exit(2)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
gate.publish(table, publish_id="inside")
assert mesh.read("orders").read_all().num_rows == 4
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_checks_and_is_told_that_it_cannot_publish(tmp_path):
    (tmp_path / "orders.yaml").write_text(CONTRACT)
    done = subprocess.run(
        [sys.executable, "-c", FORK, tmp_path / "mesh", tmp_path / "orders.yaml"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr

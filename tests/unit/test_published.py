"""`unique` with the scope of the dataset: against everything that the product has published."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from meshgate.engine import Plan
from meshgate.errors import CommitFailed, Denied, PlanError, StageError, UsageError
from meshgate.gate import Gate
from meshgate.mesh import Mesh

PRODUCT = "shop.orders"
LONG = "a key that is too long to be packed into sixteen bytes: "


def contract(key="int64", rule="unique", args="", mask="", more=""):
    return f"""\
dataset: orders
version: 1.0.0
owner: shop@example.com
schema:
  - name: k
    type: {key}
{mask}
  - name: n
    type: int64
{more}
quality_rules:
  - column: k
    rule: {rule}
    id: key
    args: {{scope: dataset{args}}}
  - column: n
    rule: ge
    args: {{value: 0}}
    max_rows: 1000
"""


@pytest.fixture
def mesh(tmp_path):
    mesh = Mesh.embedded(tmp_path / "mesh")
    yield mesh
    mesh.close()


def folder(mesh) -> Path:
    return mesh.adapter._root(PRODUCT)


def segments(mesh):
    return sorted((folder(mesh) / ".meshgate" / "keys").glob("*/*.keys"))


def rows(keys, kind=None, n=1):
    return pa.table({"k": pa.array(keys, kind), "n": pa.array([n] * len(keys), pa.int64())})


class Shop:
    """A gate that publishes under counted ids."""

    def __init__(self, mesh, text=None):
        self.mesh, self.gate = mesh, mesh.gate(text or contract(), domain="shop")
        self.count = 0

    def publish(self, data, **options):
        self.count += 1
        data = data if isinstance(data, pa.Table) else rows(data)
        return self.gate.publish(data, publish_id=f"p{self.count}", **options)

    def key(self, receipt):
        found = next(c for c in receipt.report["checks"] if c["id"] == "key")
        return {**found, "first_rows": list(found["first_rows"])}

    def keys(self):
        return sorted(self.mesh.adapter.read(PRODUCT).read_all()["k"].to_pylist(), key=str)

    def quarantined(self):
        found = self.mesh.adapter.read_quarantine(PRODUCT).read_all()
        return [(row["k"], row["_mg_checks"]) for row in found.to_pylist()]


@pytest.fixture
def lenient(mesh):
    """A contract that tolerates repeated keys, so that publications with some go through."""
    return Shop(mesh, contract().replace("id: key", "id: key\n    max_rows: 1000000"))


def test_a_key_that_is_published_fails_in_the_next_publication(lenient):
    lenient.publish([1, 2, 3])
    found = lenient.key(lenient.publish([3, 4, 4, 1, 3]))
    assert (found["failed_rows"], found["failed_groups"], found["surplus"]) == (4, 3, 4)
    assert found["first_rows"] == [0, 2, 3, 4]
    assert (found["tested"], found["skipped_null"]) == (5, 0)
    assert lenient.keys() == [1, 2, 3, 4]
    assert lenient.quarantined() == [(3, ["key"]), (4, ["key"]), (1, ["key"]), (3, ["key"])]


def test_a_repeated_key_denies_where_none_is_tolerated(mesh):
    shop = Shop(mesh)
    shop.publish([1, 2])
    with pytest.raises(Denied) as caught:
        shop.publish([2, 3])
    assert caught.value.receipt.report["status"] == "fail"
    assert shop.keys() == [1, 2]
    assert len(segments(mesh)) == 1, "what was not published is in no index"


def test_rows_that_another_check_rejects_are_not_published_and_not_keys(lenient):
    lenient.publish(pa.concat_tables([rows([1]), rows([2], n=-1)]))
    assert lenient.keys() == [1]
    assert lenient.key(lenient.publish([2, 1]))["failed_rows"] == 1
    assert lenient.keys() == [1, 2]


def test_the_table_is_not_read_again(lenient, monkeypatch):
    from meshgate.adapters.delta_holding import Holding

    def never(*_):
        raise AssertionError("the table was read")

    lenient.publish([1, 2, 3])
    with monkeypatch.context() as patch:
        patch.setattr(Holding, "read", never)
        for _ in range(5):
            assert lenient.key(lenient.publish([3, 7]))["failed_rows"] >= 1
    files = {file: file.read_bytes() for file in folder(lenient.mesh).glob("*.parquet")}
    for file in files:
        file.write_bytes(b"unreadable")
    assert lenient.key(lenient.publish([1, 8]))["failed_rows"] == 1
    for file, content in files.items():
        file.write_bytes(content)
    assert lenient.keys() == [1, 2, 3, 7, 8]


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
        lambda path: path.write_bytes(b"x" * path.stat().st_size),
        lambda path: path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:]),
    ],
    ids=["removed", "empty", "a byte short", "half", "other bytes", "a flipped key"],
)
@pytest.mark.parametrize("text", [False, True])
def test_an_index_that_is_lost_or_damaged_is_made_again(mesh, harm, text):
    kind = "string" if text else "int64"
    shop = Shop(mesh, contract(kind).replace("id: key", "id: key\n    max_rows: 1000000"))
    named = (lambda n: f"{LONG}{n}") if text else (lambda n: n)
    held = [named(n) for n in range(100)]
    shop.publish(held)
    for path in segments(mesh):
        harm(path)
    found = shop.key(shop.publish([named(99), named(100), named(0)]))
    assert (found["failed_rows"], found["failed_groups"]) == (2, 2)
    assert sorted(shop.keys()) == sorted([*held, named(100)])


def test_a_segment_may_be_in_doubt_and_damaged_at_once(mesh):
    shop = Shop(mesh, contract("string").replace("id: key", "id: key\n    max_rows: 99"))
    shop.publish([f"{LONG}2", "short"])
    (first,) = segments(mesh)
    shop.publish([f"{LONG}1"])
    content = first.read_bytes()
    first.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    found = shop.key(shop.publish([f"{LONG}1", f"{LONG}2", "short"]))
    assert (found["failed_rows"], found["failed_groups"]) == (3, 3)


def test_what_others_append_counts_and_what_they_delete_does_not(lenient):
    lenient.publish([1, 2, 3])
    table = DeltaTable(str(folder(lenient.mesh)))
    write_deltalake(table, rows([10]), mode="append")
    assert lenient.key(lenient.publish([10, 11]))["failed_rows"] == 1
    DeltaTable(str(folder(lenient.mesh))).delete("k = 2")
    assert lenient.key(lenient.publish([2, 3, 10]))["failed_rows"] == 2
    DeltaTable(str(folder(lenient.mesh))).optimize.compact()
    assert lenient.key(lenient.publish([1, 2, 12]))["failed_rows"] == 2
    assert lenient.keys() == [1, 10, 11, 12, 2, 3]


def test_a_replacement_is_judged_by_itself_and_is_the_base_of_what_follows(lenient):
    lenient.publish([1, 2, 3])
    found = lenient.key(lenient.publish([2, 3, 4, 4], mode="replace"))
    assert found["failed_rows"] == 1
    assert lenient.keys() == [2, 3, 4]
    assert lenient.key(lenient.publish([1, 4]))["failed_rows"] == 1
    assert lenient.keys() == [1, 2, 3, 4]


def test_segments_stay_few_and_hold_everything(lenient):
    for n in range(40):
        lenient.publish([n, n + 1000])
    assert len(segments(lenient.mesh)) <= 7
    assert lenient.key(lenient.publish([*range(40), 40]))["failed_rows"] == 40


def test_a_run_that_only_checks_says_that_it_saw_nothing_else(mesh):
    report = mesh.gate(contract(), domain="shop").check(rows([1, 2]))
    check = next(c for c in report.checks if c.id == "key")
    assert str(check.status) == "not_enforced"
    assert check.reason == "judged within this data only: what is published was not looked at"
    report = Gate(contract()).check(rows([1, 1]))
    check = next(c for c in report.checks if c.id == "key")
    assert (str(check.status), check.failed_rows) == ("fail", 1)


def test_checked_data_is_not_published_without_being_compared(mesh):
    gate = mesh.gate(contract(), domain="shop")
    checked = gate.validate_and_mask(rows([1, 2]))
    with pytest.raises(UsageError) as caught:
        gate.publish(checked)
    assert caught.value.code == "usage.keys_not_compared"


def test_parts_of_a_stream_cannot_be_compared(mesh):
    plan = Plan.compile(mesh.gate(contract(), domain="shop").contract, rows([1]))
    with pytest.raises(PlanError) as caught:
        plan.merge(now=0)
    assert caught.value.code == "plan.not_in_parts"


def test_null_keys_follow_the_check(mesh):
    equal = contract(args=", nulls_distinct: false").replace("id: key", "id: key\n    max_rows: 99")
    shop = Shop(mesh, equal)
    assert shop.key(shop.publish([None, 1]))["failed_rows"] == 0
    found = shop.key(shop.publish([None, 2, None]))
    assert (found["failed_rows"], found["failed_groups"], found["first_rows"]) == (2, 1, [0, 2])
    assert shop.keys() == [1, 2, None]


def test_nulls_are_exempt_by_default(lenient):
    lenient.publish([None, 1])
    found = lenient.key(lenient.publish([None, 1]))
    assert (found["failed_rows"], found["skipped_null"], found["tested"]) == (1, 1, 1)


def test_a_primary_key_over_the_dataset(mesh):
    text = contract(rule="primary_key").replace("id: key", "id: key\n    max_rows: 99")
    shop = Shop(mesh, text)
    shop.publish([5, 6])
    found = shop.key(shop.publish([None, 6, 7, 7]))
    assert (found["failed_rows"], found["failed_groups"]) == (3, 2)
    assert found["first_rows"] == [0, 1, 3]
    assert shop.keys() == [5, 6, 7]


def test_a_warning_keeps_the_rows_and_says_how_many(mesh):
    shop = Shop(mesh, contract().replace("id: key", "id: key\n    severity: warning"))
    shop.publish([1, 2])
    found = shop.key(shop.publish([2, 3, 3]))
    assert (found["status"], found["failed_rows"]) == ("warn", 2)
    assert shop.key(shop.publish([2, 3, 3]))["failed_groups"] == 2


def test_keys_of_other_types_are_the_same_keys(mesh):
    text = contract("string").replace("id: key", "id: key\n    max_rows: 99")
    shop = Shop(mesh, text)
    shop.publish(rows(["a", LONG, "b" * 12], pa.string()))
    encoded = rows([LONG, "a", "new"], pa.dictionary(pa.int8(), pa.large_string()))
    assert shop.key(shop.publish(encoded))["failed_rows"] == 2
    views = rows(["b" * 12, "new", LONG], pa.string_view())
    assert shop.key(shop.publish(views))["failed_rows"] == 3


# ---- masked keys ---------------------------------------------------------------------------------

HASH = "    masking: {method: hash, domain: customer, bytes: 16}"


def test_masked_keys_are_compared_as_they_are_published(mesh):
    shop = Shop(mesh, contract("string", mask=HASH).replace("id: key", "id: key\n    max_rows: 99"))
    shop.publish(["ann@example.com", "bob@example.com"])
    found = shop.key(shop.publish(["bob@example.com", "eve@example.com"]))
    assert found["failed_rows"] == 1
    for path in segments(mesh):
        assert b"example" not in path.read_bytes()
        path.unlink()
    assert shop.key(shop.publish(["eve@example.com", "ann@example.com"]))["failed_rows"] == 2
    assert len(shop.keys()) == 3


@pytest.mark.parametrize(
    "other",
    ["", HASH.replace("customer", "client"), HASH.replace("16", "20")],
    ids=["no mask", "another domain", "other arguments"],
)
def test_keys_that_were_masked_otherwise_cannot_be_compared(mesh, other):
    Shop(mesh, contract("string", mask=HASH)).publish(["ann@example.com"])
    shop = Shop(mesh, contract("string", mask=other))
    shop.count = 7
    with pytest.raises(StageError) as caught:
        shop.publish(["ann@example.com"])
    assert caught.value.code == "stage.masked_otherwise"
    assert "ann@" not in str(caught.value)
    shop.publish(["ann@example.com"], mode="replace")


@pytest.mark.parametrize("method", ["nullify", "redact", "{method: partial}"])
def test_a_mask_that_loses_the_key_is_refused(mesh, method):
    masking = f"    masking: {method}"
    with pytest.raises(PlanError) as caught:
        Shop(mesh, contract("string", mask=masking)).publish(["a", "b"])
    assert caught.value.code in ("plan.not_applicable", "plan.bad_argument")
    assert caught.value.where is not None


def test_a_condition_is_refused(mesh):
    text = contract().replace("id: key", 'id: key\n    when: "n > 1"')
    with pytest.raises(PlanError) as caught:
        Shop(mesh, text).publish([1])
    assert caught.value.code == "plan.bad_argument"


# ---- others at the same time ---------------------------------------------------------------------


def meanwhile(monkeypatch, act):
    """Calls `act` once, after the rows are staged and before the commit."""
    from meshgate.adapters.delta import Delta

    seal, done = Delta.seal, []

    def sealed(*arguments):
        if not done:
            done.append(True)
            act()
        return seal(*arguments)

    monkeypatch.setattr(Delta, "seal", sealed)


def test_a_publication_that_meets_others_goes_on_if_no_key_is_shared(lenient, monkeypatch):
    lenient.publish([1, 2])
    other = Shop(lenient.mesh, contract())
    other.count = 50
    meanwhile(monkeypatch, lambda: other.publish([7, 8]))
    assert lenient.key(lenient.publish([3, 1]))["failed_rows"] == 1
    assert lenient.keys() == [1, 2, 3, 7, 8]


def test_a_publication_whose_key_was_published_meanwhile_is_not(lenient, monkeypatch):
    lenient.publish([1, 2])
    other = Shop(lenient.mesh, contract())
    other.count = 50
    with monkeypatch.context() as patch:
        meanwhile(patch, lambda: other.publish([7, 8]))
        with pytest.raises(CommitFailed) as caught:
            lenient.publish([3, 8])
    assert caught.value.code == "commit.moved"
    lenient.count -= 1  # the same publication again
    assert lenient.key(lenient.publish([3, 8]))["failed_rows"] == 1
    assert lenient.keys() == [1, 2, 3, 7, 8]
    assert lenient.quarantined() == [(8, ["key"])]


def test_a_writer_that_knows_no_gate_is_noticed_too(lenient, monkeypatch):
    lenient.publish([1, 2])

    def append():
        write_deltalake(DeltaTable(str(folder(lenient.mesh))), rows([9]), mode="append")

    with monkeypatch.context() as patch:
        meanwhile(patch, append)
        with pytest.raises(CommitFailed):
            lenient.publish([9])
    with monkeypatch.context() as patch:
        meanwhile(patch, append)
        lenient.publish([10])
    assert lenient.keys() == [1, 10, 2, 9, 9]


def test_a_table_that_was_rewritten_meanwhile_is_not_what_was_compared(lenient, monkeypatch):
    lenient.publish([1, 2])
    with monkeypatch.context() as patch:
        meanwhile(patch, lambda: DeltaTable(str(folder(lenient.mesh))).delete("k = 1"))
        with pytest.raises(CommitFailed) as caught:
            lenient.publish([1, 3])
    assert caught.value.code == "commit.moved"
    assert lenient.key(lenient.publish([1, 3]))["failed_rows"] == 0


# ---- what is left behind -------------------------------------------------------------------------


def test_gc_forgets_indexes_that_nobody_uses(lenient):
    import os

    lenient.publish([1, 2])
    (old,) = segments(lenient.mesh)
    lenient.mesh.gc(older_than_s=3600)
    assert old.exists()
    stray = old.parent.with_name("0" * 32) / "left.keys"
    stray.parent.mkdir()
    stray.write_bytes(b"of another contract")
    os.utime(stray, (1, 1))
    lenient.mesh.gc(older_than_s=3600)
    assert old.exists()
    assert not stray.exists()


def test_segments_that_count_for_nothing_go_when_they_are_old(lenient):
    import os

    lenient.publish([1, 2])
    (replaced,) = segments(lenient.mesh)
    lenient.publish([3, 4], mode="replace")
    torn = replaced.with_name("torn.tmp")
    torn.write_bytes(b"written by a process that died")
    for path in [*segments(lenient.mesh), torn]:
        os.utime(path, (1, 1))
    assert lenient.key(lenient.publish([1, 3]))["failed_rows"] == 1
    left = segments(lenient.mesh)
    assert replaced not in left
    assert len(left) == 2
    assert not torn.exists()


def test_only_the_owner_can_read_an_index(lenient):
    lenient.publish([1, 2])
    (segment,) = segments(lenient.mesh)
    assert segment.stat().st_mode & 0o777 == 0o600
    assert segment.parent.stat().st_mode & 0o777 == 0o700


def test_readers_of_the_table_do_not_see_the_index(lenient):
    import pyarrow.dataset as ds

    lenient.publish([1, 2])
    assert ds.dataset(folder(lenient.mesh), format="parquet").count_rows() == 2
    assert lenient.mesh.adapter.bypassed(PRODUCT) == []

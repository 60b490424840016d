"""The Delta adapter: the traps of the library and of the protocol, each held by a test."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import CommitProperties, DeltaTable, Field, Transaction, write_deltalake
from deltalake.schema import PrimitiveType
from meshgate.adapters import durable
from meshgate.adapters.base import Publication
from meshgate.adapters.delta import Delta
from meshgate.adapters.delta_table import Table
from meshgate.adapters.parquet import Layout
from meshgate.errors import CommitFailed, CommitUnknown, StageError

SCHEMA = pa.schema([pa.field("id", pa.int64(), nullable=False), pa.field("email", pa.string())])
QUARANTINE = SCHEMA.append(pa.field("_mg_checks", pa.list_(pa.string())))
PRODUCT = "finance.ledger"
COLUMNS = {"email": {"comment": "whom to ask", "meshgate.mask.method": "hash"}}
TABLE = {
    "description": "the ledger",
    "meshgate.product": PRODUCT,
    "meshgate.contract.version": "1.0.0",
    "meshgate.contract": '{"big":"text"}',
}


@dataclass
class Split:
    accepted: pa.RecordBatch | None
    rejected: pa.RecordBatch | None = None


def rows(count, start=0):
    ids = pa.array(range(start, start + count), pa.int64())
    return pa.record_batch([ids, pa.array(["***"] * count)], schema=SCHEMA)


def rejected(count):
    ids = pa.array([["id.unique"]] * count, pa.list_(pa.string()))
    return pa.record_batch([*rows(count).columns, ids], schema=QUARANTINE)


@pytest.fixture
def delta(tmp_path):
    return Delta(tmp_path, encryption="AES-256", region="eu")


def publication(**parts):
    return Publication(PRODUCT, COLUMNS, TABLE, **parts)


def stage(delta, splits=None, schema=SCHEMA, quarantine=QUARANTINE, **parts):
    splits = [Split(rows(10), rejected(1))] if splits is None else splits
    return delta.stage(publication(**parts), splits, schema, quarantine)


def publish(
    delta,
    publish_id="p1",
    splits=None,
    receipt='{"r":1}',
    schema=SCHEMA,
    quarantine=QUARANTINE,
    **parts,
):
    staging = stage(delta, splits, schema, quarantine, **parts)
    sealed = delta.seal(staging, publish_id)
    return delta.commit(publication(**parts), sealed, receipt)


def count(delta, **parts):
    return delta.read(PRODUCT, **parts).read_all().num_rows


def parquet(tmp_path, product=PRODUCT):
    return sorted(path.name for path in (tmp_path / product).glob("*.parquet"))


def code(call, *arguments, kind=StageError, **named):
    with pytest.raises(kind) as caught:
        call(*arguments, **named)
    assert caught.value.__cause__ is None
    return caught.value.code


# ---- what a publication is -----------------------------------------------------------------------


def test_a_publication_is_one_version_with_quarantine_and_receipt(delta, tmp_path):
    found = publish(delta)
    assert (found.main.version, found.main.receipt) == (1, '{"r":1}')
    assert (found.quarantine.version, found.quarantine.receipt) == (1, '{"r":1}')
    assert count(delta) == 10
    assert delta.read_quarantine(PRODUCT).read_all()["_mg_checks"].to_pylist() == [["id.unique"]]
    assert delta.find(PRODUCT, "p1") == found
    assert delta.products() == [PRODUCT]
    assert [c.version for c in delta.receipts(PRODUCT)] == [1]


def test_staged_and_sealed_files_are_invisible(delta, tmp_path):
    staging = stage(delta)
    assert delta.products() == []
    sealed = delta.seal(staging, "p1")
    assert delta.products() == []
    assert delta.find(PRODUCT, "p1").main is None
    assert code(delta.read, PRODUCT) == "stage.no_table"
    delta.abort(sealed)
    delta.abort(sealed)
    assert parquet(tmp_path) == parquet(tmp_path, PRODUCT + "__quarantine") == []


def test_abort_before_seal_removes_the_temporary_files(delta, tmp_path):
    staging = stage(delta)
    assert len(list((tmp_path / PRODUCT).iterdir())) == 1
    delta.abort(staging)
    delta.abort(staging)
    assert list((tmp_path / PRODUCT).iterdir()) == []


def test_a_file_name_says_publication_attempt_and_ordinal(delta, tmp_path):
    publish(delta, "scheduled__2026-01-01T00:00:00+00:00")
    (name,) = parquet(tmp_path)
    assert name.startswith("scheduled__2026-01-01T00~3a00~3a00~2b00~3a00-")
    assert name.endswith("-00000.parquet")
    assert durable.belongs_to(name, "scheduled__2026-01-01T00:00:00+00:00")
    assert not durable.belongs_to(name, "scheduled__2026-01-01T00")


def test_the_receipt_s_digests_are_those_of_the_published_files(delta, tmp_path):
    sealed = delta.seal(stage(delta), "p1")
    delta.commit(publication(), sealed, "{}")
    for entry in sealed.files:
        content = (tmp_path / PRODUCT / entry["name"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
        assert len(content) == entry["bytes"]


def test_large_output_becomes_several_files_and_row_groups(tmp_path):
    layout = Layout(row_group_rows=100, file_bytes=1, compression="snappy")
    delta = Delta(tmp_path, layout=layout)
    publish(delta, splits=[Split(rows(60, i * 60)) for i in range(10)])
    names = parquet(tmp_path)
    assert [name[-13:-8] for name in names] == [f"{i:05d}" for i in range(5)]
    footers = [pq.read_metadata(tmp_path / PRODUCT / name) for name in names]
    assert sum(footer.num_rows for footer in footers) == count(delta) == 600
    assert footers[0].row_group(0).column(0).compression == "SNAPPY"


def test_a_publication_without_rows_is_a_version_without_files(delta, tmp_path):
    found = publish(delta, splits=[])
    assert (found.main.version, found.quarantine) == (1, None)
    assert count(delta) == 0
    assert not (tmp_path / (PRODUCT + "__quarantine")).exists()


def test_replace_makes_the_rows_the_whole_product(delta):
    publish(delta, "p1")
    publish(delta, "p2", [Split(rows(3))], mode="replace")
    assert count(delta) == 3
    assert count(delta, version=1) == 10


def test_the_quarantine_is_its_owner_s_alone(delta, tmp_path):
    publish(delta)
    folder = tmp_path / (PRODUCT + "__quarantine")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert next(folder.glob("*.parquet")).stat().st_mode & 0o777 == 0o600


def test_other_readers_see_the_same_rows(delta, tmp_path):
    polars, duckdb = pytest.importorskip("polars"), pytest.importorskip("duckdb")
    publish(delta)
    publish(delta, "p2")
    assert polars.read_delta(str(tmp_path / PRODUCT)).height == 20
    reader = delta.read(PRODUCT)
    assert duckdb.from_arrow(reader).aggregate("count(*)").fetchall() == [(20,)]
    assert polars.from_arrow(delta.read(PRODUCT)).height == 20


# ---- what it says about itself -------------------------------------------------------------------


def test_fields_and_table_describe_themselves_everywhere(delta, tmp_path):
    publish(delta)
    schema = delta.read(PRODUCT).schema
    footer = pq.read_schema(tmp_path / PRODUCT / parquet(tmp_path)[0])
    for seen in (schema, footer):
        assert seen.field("email").metadata == {
            b"comment": b"whom to ask",
            b"meshgate.mask.method": b"hash",
        }
        assert seen.metadata[b"meshgate.product"] == PRODUCT.encode()
    written = pq.read_metadata(tmp_path / PRODUCT / parquet(tmp_path)[0]).metadata
    assert written[b"meshgate.publish_id"] == b"p1"
    assert b"meshgate.contract" not in footer.metadata
    table = DeltaTable(str(tmp_path / PRODUCT))
    assert table.metadata().name == PRODUCT
    assert table.metadata().description == "the ledger"
    assert table.metadata().configuration["meshgate.contract.version"] == "1.0.0"
    assert table.schema().fields[1].metadata["comment"] == "whom to ask"
    assert delta.description(PRODUCT)["meshgate.contract"] == '{"big":"text"}'


def test_a_later_contract_redescribes_the_table(delta, tmp_path):
    publish(delta)
    later = Publication(
        PRODUCT,
        {"email": {"comment": "new words"}},
        {**TABLE, "description": "better", "meshgate.contract.version": "1.1.0"},
    )
    sealed = delta.seal(delta.stage(later, [Split(rows(1))], SCHEMA, QUARANTINE), "p2")
    delta.commit(later, sealed, "{}")
    for _ in range(2):  # the second time there is nothing to say
        delta.describe(later, sealed)
        table = DeltaTable(str(tmp_path / PRODUCT))
        assert table.version() == 3
    assert table.metadata().configuration["meshgate.contract.version"] == "1.1.0"
    assert table.metadata().configuration["delta.enableExpiredLogCleanup"] == "false"
    assert table.metadata().description == "better"
    assert table.schema().fields[1].metadata == {"comment": "new words"}
    assert count(delta) == 11
    assert publish(delta, "p3").main.version == 4


def test_describing_leaves_columns_that_others_have_added(delta, tmp_path):
    publish(delta, "p0")
    sealed = delta.seal(stage(delta), "p1")
    new = [Field("late", PrimitiveType("string"), nullable=True)]
    DeltaTable(str(tmp_path / PRODUCT)).alter.add_columns(new)
    delta.describe(publication(), sealed)
    assert delta.read(PRODUCT).schema.names == ["id", "email", "late"]


def test_describing_adds_no_feature_to_the_table(delta, tmp_path):
    # The library's own set_table_properties demands variantType of every reader here.
    schema = pa.schema([pa.field("at", pa.timestamp("us"))])
    batch = pa.record_batch([pa.array([1], pa.timestamp("us"))], schema=schema)
    first = Publication(PRODUCT, {}, {"meshgate.contract.version": "1"})
    second = Publication(PRODUCT, {}, {"meshgate.contract.version": "2"})
    sealed = delta.seal(delta.stage(first, [Split(batch)], schema, schema), "p1")
    delta.commit(first, sealed, "{}")
    delta.describe(second, sealed)
    protocol = DeltaTable(str(tmp_path / PRODUCT)).protocol()
    assert protocol.reader_features == ["timestampNtz"]
    assert delta.description(PRODUCT)["meshgate.contract.version"] == "2"


def test_log_statistics_hold_counts_only(delta, tmp_path):
    publish(delta)
    for path in (tmp_path / PRODUCT / "_delta_log").glob("*.json"):
        for line in path.read_text().splitlines():
            if "add" in (entry := json.loads(line)):
                assert json.loads(entry["add"]["stats"]) == {"numRecords": 10}


# ---- once, and only once -------------------------------------------------------------------------


def test_a_publish_id_commits_once(delta, tmp_path):  # D1
    first = publish(delta)
    again = publish(delta, receipt='{"r":2}')
    assert again == first
    assert count(delta) == 10
    assert DeltaTable(str(tmp_path / PRODUCT)).version() == 1


def test_a_handle_that_is_behind_is_fenced(delta, tmp_path, monkeypatch):  # D1
    publish(delta, "p0")
    sealed = delta.seal(stage(delta), "p1")
    real, raced = DeltaTable.create_write_transaction, []

    def race(table, *arguments, **named):
        if not raced:
            raced.append(True)
            publish(delta, "p1", receipt='{"first":1}')
        return real(table, *arguments, **named)

    monkeypatch.setattr(DeltaTable, "create_write_transaction", race)
    found = delta.commit(publication(), sealed, '{"second":1}')
    assert found.main.receipt == '{"first":1}'
    assert count(delta) == 20


def test_the_version_is_the_one_that_carries_the_id(delta, tmp_path, monkeypatch):  # D2, D3
    publish(delta, "p0")
    sealed = delta.seal(stage(delta, [Split(rows(1))]), "p1")
    real, others = DeltaTable.create_write_transaction, iter(range(3))

    def overtaken(table, *arguments, **named):
        done = real(table, *arguments, **named)
        for number in others:
            publish(delta, f"other{number}")
        return done

    monkeypatch.setattr(DeltaTable, "create_write_transaction", overtaken)
    assert delta.commit(publication(), sealed, "{}").main.version == 2
    assert delta.find(PRODUCT, "p1").main.version == 2
    assert DeltaTable(str(tmp_path / PRODUCT)).version() == 5


def test_find_waits_until_the_version_stands_still(delta, monkeypatch):  # D3
    publish(delta, "p0")
    real, others = DeltaTable.history, iter(range(3))

    def overtaken(table, limit=None):
        for number in others:
            publish(delta, f"other{number}")
            break
        return real(table, limit)

    monkeypatch.setattr(DeltaTable, "history", overtaken)
    assert delta.find(PRODUCT, "p0").main.version == 1


def test_a_conflict_is_tried_again_with_a_fresh_handle(delta, monkeypatch):
    from deltalake.exceptions import CommitFailedError

    real, fails = DeltaTable.create_write_transaction, iter(range(3))

    def conflict(table, *arguments, **named):
        for _ in fails:
            raise CommitFailedError("value secret@example.com")
        return real(table, *arguments, **named)

    monkeypatch.setattr(DeltaTable, "create_write_transaction", conflict)
    assert publish(delta).main.version == 1


def test_endless_conflicts_fail_for_certain(delta, monkeypatch):
    from deltalake.exceptions import CommitFailedError

    monkeypatch.setattr("meshgate.adapters.delta_table.RACES", 3)
    sealed = delta.seal(stage(delta, [Split(rows(1))]), "p1")

    def conflict(*_arguments, **_named):
        raise CommitFailedError("value secret@example.com")

    monkeypatch.setattr(DeltaTable, "create_write_transaction", conflict)
    assert code(delta.commit, publication(), sealed, "{}", kind=CommitFailed) == "commit.failed"
    assert delta.find(PRODUCT, "p1").main is None


@pytest.mark.parametrize("error", [OSError(5, "secret"), RuntimeError("secret"), TimeoutError()])
def test_an_error_after_the_commit_landed_is_a_success(delta, monkeypatch, error):  # P7
    real = DeltaTable.create_write_transaction

    def landed(table, *arguments, **named):
        real(table, *arguments, **named)
        raise error

    monkeypatch.setattr(DeltaTable, "create_write_transaction", landed)
    assert publish(delta).main.version == 1
    assert count(delta) == 10


def test_an_error_before_the_commit_landed_is_a_certain_failure(delta, monkeypatch):  # P7
    def lost(*_arguments, **_named):
        raise OSError(28, "secret@example.com")

    sealed = delta.seal(stage(delta, [Split(rows(1))]), "p1")
    monkeypatch.setattr(DeltaTable, "create_write_transaction", lost)
    with pytest.raises(CommitFailed) as caught:
        delta.commit(publication(), sealed, "{}")
    assert "secret" not in str(caught.value)


def test_a_commit_that_cannot_be_looked_up_is_unknown_and_nothing_is_removed(
    delta, tmp_path, monkeypatch
):  # P7
    real = DeltaTable.create_write_transaction

    def landed_and_gone(table, *arguments, **named):
        real(table, *arguments, **named)
        monkeypatch.setattr(DeltaTable, "history", lambda *_: (_ for _ in ()).throw(OSError()))
        raise TimeoutError

    publish(delta, "p0")
    sealed = delta.seal(stage(delta, [Split(rows(1))]), "p1")
    with monkeypatch.context() as patch:
        monkeypatch = patch
        patch.setattr(DeltaTable, "create_write_transaction", landed_and_gone)
        assert code(delta.commit, publication(), sealed, "{}", kind=CommitUnknown)
    assert len(parquet(tmp_path)) == 2
    assert delta.find(PRODUCT, "p1").main.version == 2


def test_a_commit_that_cannot_be_synced_is_unknown(delta, monkeypatch):
    publish(delta, "p0")
    sealed = delta.seal(stage(delta, [Split(rows(1))]), "p1")
    with monkeypatch.context() as patch:
        patch.setattr(durable, "sync_file", lambda _: (_ for _ in ()).throw(OSError(5, "x")))
        assert (
            code(delta.commit, publication(), sealed, "{}", kind=CommitUnknown) == "commit.unknown"
        )
    assert delta.find(PRODUCT, "p1").main.version == 2


def test_an_id_whose_log_entry_is_gone_is_still_found(delta, tmp_path):  # D13
    publish(delta)
    publish(delta, "p2")
    table = DeltaTable(str(tmp_path / PRODUCT))
    table.create_checkpoint()
    (tmp_path / PRODUCT / "_delta_log" / f"{1:020d}.json").unlink()
    found = delta.find(PRODUCT, "p1")
    assert (found.main.version, found.main.receipt) == (None, None)
    assert publish(delta).main.version is None
    assert count(delta) == 20


def test_ids_survive_a_checkpoint(delta, tmp_path):  # D9
    for number in range(5):
        publish(delta, f"p{number}")
    DeltaTable(str(tmp_path / PRODUCT)).create_checkpoint()
    assert [delta.find(PRODUCT, f"p{n}").main.version for n in range(5)] == [1, 2, 3, 4, 5]
    actions = (tmp_path / PRODUCT / "_delta_log" / f"{1:020d}.json").read_text()
    assert '"lastUpdated"' not in actions


def test_watermarks_are_never_set_back(delta, tmp_path):  # D4, J4
    publish(delta, "p1", watermarks={"proj/a": 50})
    assert DeltaTable(str(tmp_path / PRODUCT)).transaction_version("proj/a") == 50
    for version in (40, 50):
        assert (
            code(publish, delta, f"q{version}", watermarks={"proj/a": version}, kind=CommitFailed)
            == "commit.watermark"
        )
    publish(delta, "p2", watermarks={"proj/a": 51})
    assert DeltaTable(str(tmp_path / PRODUCT)).transaction_version("proj/a") == 51


def test_the_quarantine_of_a_first_attempt_is_kept_on_retry(delta, monkeypatch):  # P6
    sealed = delta.seal(stage(delta), "p1")
    with monkeypatch.context() as patch:
        patch.setattr(
            Table,
            "commit",
            lambda table, *a, **k: (
                _real(table, *a, **k) if table.root.name.endswith("__quarantine") else _stop()
            ),
        )
        with pytest.raises(KeyboardInterrupt):
            delta.commit(publication(), sealed, '{"first":1}')
    assert delta.find(PRODUCT, "p1").main is None
    found = publish(delta, receipt='{"second":1}')
    assert found.quarantine.receipt == '{"first":1}'
    assert found.main.receipt == '{"second":1}'
    assert delta.read_quarantine(PRODUCT).read_all().num_rows == 1


_real = Table.commit


def _stop():
    raise KeyboardInterrupt


def tear(tmp_path, version, how, product=PRODUCT):
    """What a power loss may leave of a commit that was never synced."""
    folder = tmp_path / product
    (folder / durable.PRIVATE / "durable").unlink(missing_ok=True)
    path = folder / "_delta_log" / f"{version:020d}.json"
    content = path.read_bytes()
    lines = content.splitlines(keepends=True)
    torn = {
        "empty": b"",
        "half": content[: len(content) // 2],
        "zeros": bytes(len(content)),
        "line": b"".join(lines[:-1]),
        "first line": lines[0],
    }
    path.write_bytes(torn[how])


@pytest.mark.parametrize("how", ["empty", "half", "zeros", "line", "first line"])
@pytest.mark.parametrize("version", [0, 1, 2])
def test_a_torn_last_commit_did_not_happen_and_can_be_repeated(delta, tmp_path, version, how):
    for number in range(1, version + 1):
        publish(delta, f"p{number}", [Split(rows(10))])
    if version == 0:
        publish(delta, "p1", [Split(rows(10))])
        (tmp_path / PRODUCT / "_delta_log" / f"{1:020d}.json").unlink()
    tear(tmp_path, version, how)
    last = f"p{max(version, 1)}"
    assert delta.find(PRODUCT, last).main is None
    if version == 2:
        assert delta.find(PRODUCT, "p1").main.version == 1
    assert publish(delta, last, [Split(rows(10))]).main.version == max(version, 1)
    assert count(delta) == 10 * max(version, 1)
    assert len(list((tmp_path / PRODUCT / "_delta_log").glob(".torn-*"))) == 1


def test_a_torn_commit_with_others_after_it_is_left_to_people(delta, tmp_path):
    for number in range(3):
        publish(delta, f"p{number}")
    tear(tmp_path, 2, "half")
    assert code(delta.find, PRODUCT, "p1") == "stage.unreadable"
    assert not list((tmp_path / PRODUCT / "_delta_log").glob(".torn-*"))


def test_commits_of_others_are_not_taken_for_torn(delta, tmp_path):
    publish(delta, "p0")
    DeltaTable(str(tmp_path / PRODUCT)).alter.set_table_description("by hand")
    (tmp_path / PRODUCT / durable.PRIVATE / "durable").unlink()
    assert delta.find(PRODUCT, "p0").main.version == 1
    assert delta.find(PRODUCT, "none").main is None
    assert not list((tmp_path / PRODUCT / "_delta_log").glob(".torn-*"))


@pytest.fixture
def checkpointed(delta, monkeypatch):
    monkeypatch.setattr("meshgate.adapters.delta_log.CHECKPOINT_EVERY", 4)
    for number in range(9):
        publish(delta, f"p{number}", [Split(rows(1))])
    return delta


def checkpoints(tmp_path):
    return sorted(p.name for p in (tmp_path / PRODUCT / "_delta_log").glob("0*.parquet"))


def test_checkpoints_are_made_in_time_and_keep_every_id(checkpointed, tmp_path):
    assert [int(name[:20]) for name in checkpoints(tmp_path)] == [4, 8]
    assert [checkpointed.find(PRODUCT, f"p{n}").main.version for n in range(9)] == [*range(1, 10)]
    assert len(checkpoints(tmp_path)) == 2
    assert len(list((tmp_path / PRODUCT / "_delta_log").glob("0*.json"))) == 10


@pytest.mark.parametrize("what", ["checkpoint", "hint", "both"])
def test_a_torn_checkpoint_is_set_aside(checkpointed, tmp_path, what):
    log = tmp_path / PRODUCT / "_delta_log"
    (tmp_path / PRODUCT / durable.PRIVATE / "checkpoint").write_text("4")  # lost power before 8
    if what != "hint":
        path = log / checkpoints(tmp_path)[-1]
        path.write_bytes(path.read_bytes()[:100])
    if what != "checkpoint":
        (log / "_last_checkpoint").write_bytes(b"")
    assert checkpointed.find(PRODUCT, "p8").main.version == 9
    assert [int(name[:20]) for name in checkpoints(tmp_path)] == [4]
    assert publish(checkpointed, "p9", [Split(rows(1))]).main.version == 10
    assert count(checkpointed) == 10


def test_a_checkpoint_in_the_making_is_left_alone(checkpointed, tmp_path):
    (tmp_path / PRODUCT / durable.PRIVATE / "checkpoint").unlink()
    with Table(tmp_path / PRODUCT, tmp_path / durable.PRIVATE / "locks").log.lock():
        assert checkpointed.find(PRODUCT, "p8").main.version == 9
    assert len(checkpoints(tmp_path)) == 2


def test_a_checkpoint_that_the_log_needs_is_left_alone(checkpointed, tmp_path):
    (tmp_path / PRODUCT / durable.PRIVATE / "checkpoint").unlink()
    (tmp_path / PRODUCT / "_delta_log" / f"{3:020d}.json").unlink()
    assert checkpointed.find(PRODUCT, "p8").main.version == 9
    assert len(checkpoints(tmp_path)) == 2


def test_a_checkpoint_that_fails_does_not_concern_the_publication(delta, monkeypatch, tmp_path):
    monkeypatch.setattr("meshgate.adapters.delta_log.CHECKPOINT_EVERY", 1)
    monkeypatch.setattr(DeltaTable, "create_checkpoint", lambda _: (_ for _ in ()).throw(OSError()))
    assert publish(delta).main.version == 1
    assert checkpoints(tmp_path) == []


def test_a_note_about_another_log_is_not_believed(delta, tmp_path):
    for number in range(3):
        publish(delta, f"p{number}")
    shutil.rmtree(tmp_path / PRODUCT / "_delta_log")
    publish(delta, "q", [Split(rows(1))])
    assert int((tmp_path / PRODUCT / durable.PRIVATE / "durable").read_text().split()[1]) == 1


# ---- tables that are not ours --------------------------------------------------------------------


def foreign(tmp_path, **options):
    table = pa.table({"id": pa.array([1], pa.int64()), "email": ["x"]}, schema=SCHEMA)
    write_deltalake(str(tmp_path / PRODUCT), table, **options)
    return DeltaTable(str(tmp_path / PRODUCT))


def test_a_table_with_constraints_is_refused(delta, tmp_path):  # D5
    foreign(tmp_path).alter.add_constraint({"positive": "id > 0"})
    assert code(publish, delta) == "stage.table_constraints"


@pytest.mark.parametrize(
    "options",
    [
        {"partition_by": ["email"]},
        {"configuration": {"delta.enableDeletionVectors": "true"}},
        {"configuration": {"delta.columnMapping.mode": "name"}},
    ],
)
def test_a_table_with_foreign_features_is_refused(delta, tmp_path, options):
    try:
        foreign(tmp_path, **options)
    except Exception:
        pytest.skip("this library cannot make such a table")
    assert code(publish, delta) == "stage.table_foreign"


@pytest.mark.parametrize(
    "other",
    [
        pa.schema([*SCHEMA, pa.field("extra", pa.string())]),
        pa.schema([SCHEMA.field(0)]),
        pa.schema([pa.field("id", pa.int32(), nullable=False), SCHEMA.field(1)]),
        pa.schema([pa.field("id", pa.int64()), SCHEMA.field(1)]),
        pa.schema([pa.field("ID", pa.int64(), nullable=False), SCHEMA.field(1)]),
    ],
)
def test_another_schema_is_refused_before_anything_is_written(delta, tmp_path, other):  # D7
    publish(delta)
    with pytest.raises(StageError) as caught:
        stage(delta, [], schema=other)
    assert caught.value.code == "stage.schema_differs"
    assert "column" in caught.value.data
    assert len(parquet(tmp_path)) == 1


def test_a_schema_that_changed_meanwhile_is_refused_at_the_commit(delta, tmp_path):  # D7
    publish(delta, "p0")
    sealed = delta.seal(stage(delta), "p1")
    new = [Field("late", PrimitiveType("string"), nullable=True)]
    DeltaTable(str(tmp_path / PRODUCT)).alter.add_columns(new)
    assert code(delta.commit, publication(), sealed, "{}") == "stage.schema_differs"


def test_another_order_of_columns_joins_the_table_in_its_own(delta):
    publish(delta)
    turned = pa.schema([SCHEMA.field(1), SCHEMA.field(0)])
    batch = pa.record_batch([pa.array(["x"]), pa.array([99])], schema=turned)
    publish(delta, "p2", [Split(batch)], schema=turned)
    assert delta.read(PRODUCT).schema.names == ["id", "email"]
    assert 99 in delta.read(PRODUCT).read_all()["id"].to_pylist()


def test_evolve_adds_nullable_columns_at_the_end(delta):
    publish(delta)
    wide = pa.schema([pa.field("note", pa.string()), *SCHEMA])
    quarantine = pa.schema([pa.field("note", pa.string()), *QUARANTINE])
    batch = pa.record_batch([pa.array(["n"]), *rows(1, 50).columns], schema=wide)
    assert (
        code(publish, delta, "p2", [Split(batch)], schema=wide, quarantine=quarantine)
        == "stage.schema_differs"
    )
    sealed = delta.seal(
        delta.stage(publication(evolve=True), [Split(batch)], wide, quarantine), "p2"
    )
    assert delta.read(PRODUCT).schema.names == ["id", "email"]  # nothing before the commit
    delta.commit(publication(evolve=True), sealed, "{}")
    table = delta.read(PRODUCT).read_all()
    assert table.schema.names == ["id", "email", "note"]
    assert sorted(table["note"].to_pylist(), key=str) == [*[None] * 10, "n"]
    assert "note" in delta.read_quarantine(PRODUCT).schema.names


def test_evolve_refuses_what_is_no_new_nullable_column(delta):
    publish(delta)
    for other in (
        pa.schema([SCHEMA.field(0)]),
        pa.schema([*SCHEMA, pa.field("x", pa.string(), nullable=False)]),
        pa.schema([pa.field("id", pa.string(), nullable=False), SCHEMA.field(1)]),
    ):
        assert code(stage, delta, [], schema=other, evolve=True) == "stage.schema_differs"


def test_a_staged_file_that_vanished_is_noticed_before_the_commit(delta, tmp_path):  # D6
    publish(delta, "p0")
    sealed = delta.seal(stage(delta), "p1")
    (tmp_path / PRODUCT / sealed.accepted[0].name).unlink()
    assert code(delta.commit, publication(), sealed, "{}") == "stage.file_changed"
    assert count(delta) == 10


def test_a_staged_file_of_another_size_is_noticed_before_the_commit(delta, tmp_path):  # D6
    publish(delta, "p0")
    sealed = delta.seal(stage(delta), "p1")
    with (tmp_path / PRODUCT / sealed.accepted[0].name).open("ab") as file:
        file.write(b"x")
    assert code(delta.commit, publication(), sealed, "{}") == "stage.file_changed"


def test_a_final_name_that_exists_is_never_replaced(delta, tmp_path):  # P4
    staging = stage(delta)
    taken = tmp_path / PRODUCT / durable.final_name("p1", staging.attempt, 0)
    taken.write_text("somebody else's")
    assert code(delta.seal, staging, "p1") == "stage.io"


# ---- what is left, and what is removed -----------------------------------------------------------


def test_abandon_removes_only_unreferenced_files_of_the_id(delta, tmp_path):
    publish(delta, "p1")
    delta.seal(stage(delta), "p1")
    other = delta.seal(stage(delta), "p1-x")
    assert delta.abandon(PRODUCT, "p1") == 2  # one of the product, one of its quarantine
    assert len(parquet(tmp_path)) == 2
    assert other.accepted[0].name in parquet(tmp_path)
    assert count(delta) == 10


def test_abort_keeps_what_a_commit_references(delta):
    sealed = delta.seal(stage(delta), "p1")
    delta.commit(publication(), sealed, "{}")
    delta.abort(sealed)
    assert count(delta) == 10


def test_abort_keeps_everything_when_the_table_cannot_be_read(delta, tmp_path):
    publish(delta, "p0")
    sealed = delta.seal(stage(delta), "p1")
    log = tmp_path / PRODUCT / "_delta_log" / f"{0:020d}.json"
    log.write_text("{broken")
    assert code(delta.abort, sealed) == "stage.unreadable"
    assert len(parquet(tmp_path)) == 2


def test_gc_is_guarded_by_age_and_by_unknown_outcomes(delta, tmp_path):  # P5, D10
    publish(delta, "p0")
    publish(delta, "p0b", mode="replace")
    delta.seal(stage(delta), "known")
    delta.seal(stage(delta), "unknown")
    stage(delta)
    (tmp_path / PRODUCT / "notes.txt").write_text("not ours")
    assert delta.gc(PRODUCT, 3600) == []
    removed = delta.gc(PRODUCT, -1, frozenset({"unknown"}))
    assert len(removed) == 4  # two files of "known", two temporary ones
    assert (tmp_path / PRODUCT / "notes.txt").exists()
    assert any(name.startswith("unknown-") for name in parquet(tmp_path))
    assert count(delta, version=1) == 10  # a replaced version can still be read


def test_vacuum_does_not_take_staged_files(delta, tmp_path):  # D10
    publish(delta, "p0")
    delta.seal(stage(delta), "p1")
    stage(delta)
    table = DeltaTable(str(tmp_path / PRODUCT))
    assert table.vacuum(dry_run=True) == []


# ---- names are data ------------------------------------------------------------------------------

BAD = [
    "",
    ".",
    "..",
    "../x",
    "/etc/passwd",
    "a/b",
    "a\\b",
    "a\0b",
    "a\nb",
    "-rf",
    "_delta_log",
    ".hidden",
    "a" * 300,
    "%2e%2e",
    "é",
    "a b",
    '"; DROP TABLE',
    "`x`",
    "${x}",
    "file://x",
]


@pytest.mark.parametrize("name", BAD)
def test_bad_publish_ids_are_refused_and_not_repeated(delta, tmp_path, name):
    staging = stage(delta, [])
    before = sorted(tmp_path.rglob("*"))
    for call in (
        lambda: delta.find(PRODUCT, name),
        lambda: delta.claim(PRODUCT, name),
        lambda: delta.seal(staging, name),
        lambda: delta.abandon(PRODUCT, name),
    ):
        with pytest.raises(StageError) as caught:
            call()
        assert caught.value.code == "stage.bad_name"
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", [*BAD, "x__quarantine", "X__QUARANTINE", "a:b"])
def test_bad_product_names_are_refused(delta, tmp_path, name):
    for call in (
        lambda: delta.stage(Publication(name), [], SCHEMA, QUARANTINE),
        lambda: delta.read(name),
        lambda: delta.gc(name, 0),
        lambda: delta.find(name, "p"),
    ):
        assert code(call) == "stage.bad_name"
    assert list(tmp_path.iterdir()) == []


def test_ids_that_share_a_beginning_are_told_apart():
    name = durable.final_name("a-0123456789abcdef-00000.parquet", "f" * 16, 0)
    assert durable.belongs_to(name, "a-0123456789abcdef-00000.parquet")
    assert not durable.belongs_to(name, "a")
    longest = "x:" * 64
    assert len(durable.final_name(longest, "f" * 16, 0)) < 255
    assert durable.belongs_to(durable.final_name(longest, "f" * 16, 3), longest)


# ---- storage -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "expected"), [(28, "stage.full"), (5, "stage.io")])
def test_a_storage_that_fails_while_writing_leaves_nothing(
    delta, tmp_path, monkeypatch, number, expected
):
    real, calls = os.write, iter(range(1))

    def fail(descriptor, data):
        for _ in calls:
            return real(descriptor, data)
        raise OSError(number, "secret@example.com")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", fail)
        delta._layouts = (Layout(row_group_rows=10, file_bytes=1),) * 2
        with pytest.raises(StageError) as caught:
            delta.seal(stage(delta, [Split(rows(10)) for _ in range(50)]), "p1")
    assert caught.value.code == expected
    assert "secret" not in str(caught.value)
    assert list((tmp_path / PRODUCT).glob("*")) == []
    assert publish(delta).main.version == 1


def test_a_sync_that_fails_is_never_repeated(delta, tmp_path, monkeypatch):  # P2
    staging, synced = stage(delta), []

    def fail(descriptor):
        synced.append(descriptor)
        raise OSError(5, "x")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        assert code(delta.seal, staging, "p1") == "stage.io"
    assert len(synced) == 1
    assert list((tmp_path / PRODUCT).glob("*")) == []


def test_an_error_of_the_splits_passes_through_and_leaves_nothing(delta, tmp_path):
    def broken():
        yield Split(rows(10))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stage(delta, broken())
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_a_missing_file_is_an_error_before_the_stream_begins(delta, tmp_path):
    publish(delta)
    (tmp_path / PRODUCT / parquet(tmp_path)[0]).unlink()
    assert code(delta.read, PRODUCT) == "stage.unreadable"


def test_versions_that_are_not_there(delta):
    publish(delta)
    assert code(delta.read, PRODUCT, 2) == "stage.no_version"
    assert code(delta.read, PRODUCT, -1) == "stage.no_version"
    assert count(delta, version=0) == 0


def test_what_was_added_since(delta):
    publish(delta, "p1", [Split(rows(2))])
    publish(delta, "p2", [Split(rows(3, 10))])
    assert delta.read(PRODUCT, since=1).read_all()["id"].to_pylist() == [10, 11, 12]
    assert count(delta, since=0) == 5
    assert count(delta, since=2) == 0
    publish(delta, "p3", [Split(rows(1))], mode="replace")
    assert code(delta.read, PRODUCT, since=2) == "stage.rewritten"


# ---- locks ---------------------------------------------------------------------------------------


def test_a_claim_excludes_others_and_ends_with_its_holder(delta):
    with delta.claim(PRODUCT, "p1"):
        with pytest.raises(StageError) as caught, delta.claim(PRODUCT, "p1", timeout_s=0.05):
            pass
        assert caught.value.code == "stage.busy"
        with delta.claim(PRODUCT, "p2", timeout_s=0):
            pass
    with delta.claim(PRODUCT, "p1", timeout_s=0):
        pass


def test_a_claim_leaves_no_file(delta, tmp_path):
    with delta.claim(PRODUCT, "p1"):
        pass
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_infrastructure_is_what_was_stated(delta, tmp_path):
    assert delta.infrastructure == {
        "adapter": "delta",
        "storage": "file",
        "encryption": "AES-256",
        "region": "eu",
    }
    assert Delta(Path(tmp_path)).infrastructure["encryption"] is None


def test_a_transaction_id_set_by_others_is_not_ours(delta, tmp_path):
    publish(delta, "p0")
    table = DeltaTable(str(tmp_path / PRODUCT))
    table.create_write_transaction(
        [],
        mode="append",
        schema=table.schema(),
        commit_properties=CommitProperties(app_transactions=[Transaction("p1", 1)]),
    )
    assert delta.find(PRODUCT, "p1").main is None

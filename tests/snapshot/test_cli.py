"""What every command prints, in a small mesh of its own."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from meshgate.cli.run import run
from pyarrow import parquet

Command = Callable[[str, str], None]

MESH = """\
[storage]
encryption = "AES-256"
[keys]
default = "file:keys/master.key"
[policies]
folder = "governance"
[domains.finance]
publishers = ["fiona"]
"""

ACCESS = """\
package company.access

import rego.v1

default allow_read := false

allow_read if "analyst" in input.user.roles
"""

CONTRACT = """\
dataset: ledger
version: 1.2.0
owner: finance-team@company.com
domain: finance
description: Every booking, once.
schema:
  - {name: id, type: string, required: true, description: Ledger key}
  - {name: amount, type: "decimal(9,2)", description: Value in USD}
  - {name: email, type: string, pii: email, masking: hash}
quality_rules:
  - {column: id, rule: unique, max_rows: 1}
  - {column: amount, rule: range, args: {min: 0, max: 1000}, max_rows: 1}
  - {column: email, rule: pattern, args: {pattern: "^[^@]+@[^@]+$"}, severity: warning}
service_levels:
  freshness: 24h
"""

STRICT = CONTRACT.replace(", max_rows: 1", "")
UNMASKED = CONTRACT.replace(", masking: hash", "")
OWN_KEY = CONTRACT.replace("masking: hash", 'masking: {method: hash, key: "env:NO_SUCH_KEY"}')

SEVERAL = """\
apiVersion: v3.1.0
kind: DataContract
id: 53581432-6c55-4ba2-a65f-72344a91553b
version: 1.0.0
status: active
domain: finance
team: {name: finance-team}
schema:
  - name: ledger
    properties:
      - {name: id, logicalType: string, required: true}
      - {name: amount, logicalType: number}
      - {name: email, logicalType: string}
  - name: closings
    properties:
      - name: closed_at
        logicalType: timestamp
        logicalTypeOptions: {minimum: "2020-01-01T00:00:00"}
      - {name: note, logicalType: array, unique: true}
"""

ROWS = {
    "id": ["a", "b", "c", "c", "d", "e"],
    "amount": ["1.00", "2.50", "0.00", "3.00", "-5.00", None],
    "email": ["ada@example.com", "no address", None, "bob@example.org", "eve@example.org", None],
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    for name in ("MESHGATE_MESH", "MESHGATE_USER", "NO_SUCH_KEY"):
        monkeypatch.delenv(name, raising=False)
    Path("governance").mkdir()
    Path("keys").mkdir()
    key = Path("keys/master.key")
    key.write_text(hashlib.sha256(b"the key of these tests").hexdigest())
    key.chmod(0o600)
    Path("mesh.toml").write_text(MESH)
    Path("governance/access.rego").write_text(ACCESS)
    for name, text in (
        ("ledger", CONTRACT),
        ("strict", STRICT),
        ("unmasked", UNMASKED),
        ("own_key", OWN_KEY),
    ):
        Path(f"{name}.yaml").write_text(text)
    parquet.write_table(table(), "ledger.parquet")
    return tmp_path


def table() -> pa.Table:
    amounts = pa.array(ROWS["amount"]).cast(pa.decimal128(9, 2))
    return pa.table({**ROWS, "amount": amounts})


@pytest.fixture
def command(place: Path, capfd: pytest.CaptureFixture[str], snapshot) -> Command:
    """Runs a command line and compares all that it printed with the stored text."""

    def go(name: str, arguments: str) -> None:
        capfd.readouterr()
        code = run(shlex.split(arguments))
        out, err = capfd.readouterr()
        text = f"$ meshgate {arguments}\n{out}"
        text += f"--- standard error\n{err}" if err else ""
        snapshot(f"cli/{name}", steady(text) + f"--- exit code {code}\n")

    return go


def quietly(arguments: str) -> None:
    assert run(shlex.split(arguments)) == 0


def steady(text: str) -> str:
    """The text without what differs from run to run."""
    for pattern, word in (
        (r"sha256:[0-9a-f]{64}", "sha256:<digest>"),
        (r"auto-[0-9a-f]{32}", "auto-<id>"),
        (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<uuid>"),
        (r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)", "<time>"),
        (r"\d+\.\d s\b", "<seconds> s"),
        (
            r'("(?:sha256|measured_s|bytes|key_id|name)": )("[0-9a-f-]+(?:\.parquet)?"|[\d.e-]+)',
            r"\1<varies>",
        ),
    ):
        text = re.sub(pattern, word, text)
    return text


def test_init_makes_a_mesh_and_keeps_what_is_there(command: Command) -> None:
    command("init-new", "init first")
    command("init-again", "init first")
    command("init-json", "init second --format json")


def test_what_init_makes_can_be_used(place: Path, command: Command) -> None:
    quietly("init first")
    quietly("lint first/contracts/orders.yaml first/governance")
    orders = {"order_id": ["a"], "amount": pa.array(["1.00"]).cast(pa.decimal128(12, 2))}
    parquet.write_table(pa.table({**orders, "email": ["ada@example.com"]}), "orders.parquet")
    command("init-publish", "publish --mesh first first/contracts/orders.yaml orders.parquet")


def test_lint_tells_everything_that_is_wrong(command: Command) -> None:
    Path("wrong.yaml").write_text(
        CONTRACT.replace("1.2.0", "1.2").replace("decimal(9,2)", "money").replace("pii:", "pi:")
    )
    Path("check.yaml").write_text(CONTRACT.replace("unique", "uniqe"))
    Path("argument.yaml").write_text(CONTRACT.replace("min: 0, max: 1000", "min: 5, max: 1"))
    command("lint-good", "lint ledger.yaml governance")
    command("lint-wrong", "lint ledger.yaml wrong.yaml")
    command("lint-unknown-check", "lint check.yaml")
    command("lint-bad-argument", "lint argument.yaml")
    command("lint-missing", "lint nowhere.yaml")
    command("lint-json", "lint wrong.yaml --format json")


def test_one_dataset_of_several_is_named(command: Command) -> None:
    Path("several.yaml").write_text(SEVERAL)
    command("lint-several", "lint several.yaml")
    command("lint-several-json", "lint several.yaml --format json")
    command("check-several", "check several.yaml ledger.parquet")
    command("check-one-of-several", "check several.yaml ledger.parquet --dataset ledger")
    command("publish-no-such-dataset", "publish several.yaml ledger.parquet --dataset ledgr")
    command(
        "publish-one-of-several",
        "publish several.yaml ledger.parquet --dataset ledger --user fiona --publish-id one",
    )


def test_lint_reads_policies(command: Command) -> None:
    Path("governance/typo.rego").write_text(
        'package typo\n\nimport rego.v1\n\ndeny contains "x" if input.contract.ownr == ""\n'
    )
    command("lint-policy", "lint governance")
    Path("void").mkdir()
    command("lint-nothing", "lint void")


def test_check_reports_worst_first(command: Command) -> None:
    command("check-tolerated", "check ledger.yaml ledger.parquet")
    command("check-failed", "check strict.yaml ledger.parquet")
    command("check-all", "check strict.yaml ledger.parquet --all")
    command("check-json", "check ledger.yaml ledger.parquet --format json")


def test_check_works_without_a_mesh(command: Command) -> None:
    Path("mesh.toml").unlink()
    Path("plain.yaml").write_text(UNMASKED)
    command("check-without-mesh", "check plain.yaml ledger.parquet")
    command("check-other-domain", "check plain.yaml ledger.parquet --domain sales")


def test_check_profiles_but_not_what_is_masked(command: Command) -> None:
    command("check-profile", "check ledger.yaml ledger.parquet --profile")
    command("check-profile-json", "check ledger.yaml ledger.parquet --profile --format json")


def test_infer_proposes_a_contract(command: Command) -> None:
    command("infer", "infer ledger.parquet --owner finance-team@company.com")
    command("infer-strict", "infer ledger.parquet --name finance.ledger --strict-ranges")
    command("infer-json", "infer ledger.parquet --format json")
    command("infer-bad-name", "infer ledger.parquet --name ../ledger")
    command("infer-missing-data", "infer nowhere.parquet")
    Path("head.csv").write_text("id,amount\n")
    command("infer-head-only", "infer head.csv")


def test_foreign_keys_are_looked_up_in_what_reference_names(command: Command) -> None:
    clause = "  - {column: id, rule: foreign_key, args: {ref: finance.keys, columns: [key]}}\n"
    Path("keyed.yaml").write_text(CONTRACT.replace("service_levels", clause + "service_levels"))
    parquet.write_table(pa.table({"key": ["a", "b", "c", "d"]}), "keys.parquet")
    command("check-no-reference", "check keyed.yaml ledger.parquet")
    named = "--reference finance.keys=keys.parquet"
    command("check-reference", f"check keyed.yaml ledger.parquet {named}")
    command("check-bad-reference", "check keyed.yaml ledger.parquet --reference finance.keys")
    command("check-other-reference", "check keyed.yaml ledger.parquet --reference x=keys.parquet")


def test_publish_says_what_left_and_what_stayed(command: Command) -> None:
    publish = "publish ledger.yaml ledger.parquet --user fiona --publish-id 2026-01"
    command("publish-allowed", publish)
    command("publish-again", publish)
    command("publish-json", publish + " --format json")


def test_publish_denies_with_reasons(command: Command) -> None:
    command("publish-denied-unmasked", "publish unmasked.yaml ledger.parquet --user fiona")
    command("publish-denied-report", "publish strict.yaml ledger.parquet --user fiona")
    command("publish-denied-person", "publish ledger.yaml ledger.parquet --user sam")
    command("publish-denied-json", "publish ledger.yaml ledger.parquet --user sam --format json")


def test_read_shows_rows_to_those_who_may(command: Command) -> None:
    quietly("publish ledger.yaml ledger.parquet --user fiona --publish-id 2026-01")
    command("read-rows", "read finance.ledger --user ana --role analyst")
    command("read-quarantine", "read finance.ledger --quarantine --user ana --role analyst")
    command(
        "read-columns-json",
        "read finance.ledger --user ana --role analyst --columns id,amount --limit 2 --format json",
    )
    command("read-denied", "read finance.ledger --user mallory")
    command("read-unknown", "read finance.leger --user ana --role analyst")
    command("read-no-version", "read finance.ledger --version 99 --user ana --role analyst")
    command("read-bad-moment", "read finance.ledger --as-of yesterday --user ana --role analyst")
    command("read-output", "read finance.ledger --user ana --role analyst --output out.parquet")
    command("read-twice", "read finance.ledger --columns id,id --user ana --role analyst")
    command("read-empty-user", "read finance.ledger --user ''")
    command(
        "read-output-again", "read finance.ledger --user ana --role analyst --output out.parquet"
    )


def test_a_quarantine_without_rows_is_said_to_be_empty(command: Command) -> None:
    good = table().slice(0, 1)
    parquet.write_table(good, "good.parquet")
    quietly("publish ledger.yaml good.parquet --user fiona --publish-id 2026-01")
    read = "read finance.ledger --quarantine --user ana --role analyst"
    command("read-quarantine-empty", read)
    command("read-quarantine-empty-json", f"{read} --format json")


def test_names_that_cannot_be_published_are_the_callers(command: Command) -> None:
    publish = "publish ledger.yaml ledger.parquet --user fiona"
    command("publish-bad-id", f"{publish} --publish-id ../x")
    Path("bare.yaml").write_text(CONTRACT.replace("domain: finance\n", ""))
    command("publish-bad-domain", "publish bare.yaml ledger.parquet --user fiona --domain ../x")


def test_catalog_lists_and_shows(command: Command) -> None:
    command("catalog-empty", "catalog list")
    quietly("publish ledger.yaml ledger.parquet --user fiona --publish-id 2026-01")
    assert run(shlex.split("publish ledger.yaml ledger.parquet --user sam")) == 1
    command("catalog-list", "catalog list")
    command("catalog-show", "catalog show finance.ledger")
    command("catalog-unknown", "catalog show finance.nothing")


def test_explain_knows_every_code(command: Command) -> None:
    command("explain-engine", "explain plan.unknown_check")
    command("explain-python", "explain usage.no_mesh")
    command("explain-unknown", "explain plan.unknwon_check")
    command("explain-json", "explain usage.no_mesh --format json")


def test_bad_input_is_told_clearly(command: Command) -> None:
    command("bad-missing-data", "check ledger.yaml nowhere.parquet")
    Path("torn.parquet").write_bytes(Path("ledger.parquet").read_bytes()[:200])
    command("bad-torn-parquet", "check ledger.yaml torn.parquet")
    Path("ledger.xlsx").write_bytes(b"PK")
    command("bad-ending", "check ledger.yaml ledger.xlsx")
    parquet.write_table(table().drop_columns(["amount"]), "short.parquet")
    command("bad-missing-column", "check ledger.yaml short.parquet")
    parquet.write_table(table().set_column(1, "amount", pa.array([1.5] * 6)), "float.parquet")
    command("bad-wrong-type", "check ledger.yaml float.parquet")
    parquet.write_table(table().slice(0, 0), "empty.parquet")
    command("bad-no-rows", "check ledger.yaml empty.parquet")
    parquet.write_table(pa.table({}), "nothing.parquet")
    command("bad-no-columns", "check ledger.yaml nothing.parquet")
    command("bad-unset-key", "publish own_key.yaml ledger.parquet --user fiona")
    command("bad-no-contract", "publish nowhere.yaml ledger.parquet --user fiona")
    Path("mesh.toml").unlink()
    command("bad-no-mesh", "publish ledger.yaml ledger.parquet")
    command("bad-mesh-option", "catalog list --mesh elsewhere")


def test_hostile_names_reach_no_terminal(place: Path, capfd, snapshot) -> None:
    Path("hostile.yaml").write_text(CONTRACT.replace("name: id", 'name: "id\\e[2J"'))
    run(["check", "hostile.yaml", "ledger.parquet"])
    out, err = capfd.readouterr()
    assert "\x1b" not in out + err

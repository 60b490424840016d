"""The texts of wrong contracts: one for every code, as a person sees it."""

from __future__ import annotations

from pathlib import Path

import pytest
from meshgate.codes import CODES
from meshgate.contract import Contract
from meshgate.errors import ContractError
from meshgate.formats import load

from .conftest import Snapshot

HEAD = "dataset: ledger\nversion: 1.2.0\nowner: finance\n"
ODCS = "apiVersion: v3.1.0\nkind: DataContract\nid: o\nname: o\nversion: 1.0.0\nstatus: active\n"

CASES: dict[str, str | bytes] = {
    "alias": HEAD + "tags: &a [*a]\n",
    "bad_duration": HEAD + "service_levels: {freshness: 24}\n",
    "bad_name": HEAD.replace("ledger", "../ledger"),
    "bad_number": HEAD + "quality_rules: [{rule: row_count, args: {min: .inf}}]\n",
    "bad_version": HEAD.replace("1.2.0", "1.2"),
    "contradiction": HEAD + "schema: [{name: a, type: string, required: true, nullable: true}]\n",
    "duplicate_id": HEAD + "quality_rules: [{rule: a, id: x}, {rule: b, id: x}]\n",
    "duplicate_key": HEAD + "dataset: other\n",
    "duplicate_name": HEAD + "schema: [{name: a, type: string}, {name: a, type: date}]\n",
    "empty": "# nothing yet\n",
    "encoding": HEAD.encode() + b"description: caf\xe9\n",
    "key_kind": HEAD + "? [a, b]\n: c\n",
    "literal_key": HEAD
    + "schema: [{name: a, type: string, masking: {method: hash, key: s3cr3t}}]\n",
    "merge_key": HEAD + "metadata: {<<: {a: 1}}\n",
    "missing_key": "dataset: ledger\nowner: finance\n",
    "not_found": "",
    "reserved_name": HEAD + "schema: [{name: _mg_row, type: int64}]\n",
    "several_datasets": ODCS + "team: {name: t}\nschema: [{name: a}, {name: b}]\n",
    "several_documents": HEAD + "---\n" + HEAD,
    "syntax": HEAD + "schema:\n\t- name: a\n",
    "tag": HEAD + "metadata: {a: !!python/object:os.system x}\n",
    "too_large": HEAD + "metadata: " + "[" * 65 + "]" * 65 + "\n",
    "unknown_column": HEAD
    + "schema: [{name: amount, type: decimal}]\nquality_rules: [{column: amout, rule: not_null}]\n",
    "unknown_form": "name: ledger\ncolumns: []\n",
    "unknown_key": HEAD + "strickt: true\n",
    "unknown_standard": ODCS.replace("v3.1.0", "v2.2.2"),
    "unknown_type": HEAD + "schema: [{name: a, type: varchar(20)}]\n",
    "unknown_word": HEAD + "status: actve\n",
    "unresolved_variable": ODCS.replace("v3.1.0", "v3.2.0")
    + "schema: [{name: '${TABLE}'}]\nteam: {name: t}\n",
    "wrong_kind": HEAD + "strict: yes\n",
    # Several at once, and names that a terminal should not see as they are.
    "several_findings": HEAD
    + "ownr: x\nschema:\n  - {name: a, type: strng}\n  - {nme: b, type: date}\n"
    + "quality_rules:\n  - {column: a, rule: length, max: 3}\n",
    "odcs_nesting": ODCS
    + "team: {name: t}\nschema:\n  - name: a\n    properties:\n      - name: iban\n"
    + "        logicalType: string\n        quality:\n          - metric: invalidValues\n"
    + "            mustBe: 0\n            arguments:\n            pattern: '^[A-Z]{2}'\n",
    "escaped_names": HEAD + 'schema: [{name: "a\\e[31m\\u202e.b", type: strng}]\n',
    "look_alike": HEAD.replace("owner", "\u043ewner"),
}


@pytest.mark.parametrize("name", CASES)
def test_messages_of_contract_errors(
    name: str, snapshot: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    document = CASES[name]
    if document:
        data = document if isinstance(document, bytes) else document.encode()
        Path("contract.yaml").write_bytes(data)
    with pytest.raises(ContractError) as raised:
        load("contract.yaml")
    assert raised.value.code.startswith("contract.")
    if f"contract.{name}" in {row.code for row in CODES}:
        assert raised.value.code == f"contract.{name}"
    assert "s3cr3t" not in str(raised.value)
    snapshot(f"contract/{name}", f"{raised.value}\n")


def test_message_of_a_wrong_canonical_form(snapshot: Snapshot) -> None:
    with pytest.raises(ContractError) as raised:
        Contract.from_json("{}")
    snapshot("contract/bad_json", f"{raised.value}\n")


def test_every_code_has_a_text() -> None:
    codes = {
        row.code.removeprefix("contract.") for row in CODES if row.code.startswith("contract.")
    }
    assert codes - CASES.keys() == {"bad_json"}

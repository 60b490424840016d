"""A planted secret is found nowhere in what checking, denying and publishing leave behind."""

from __future__ import annotations

import gc
import logging
import tempfile
import traceback
from pathlib import Path

import meshgate
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from meshgate.errors import MeshgateError

SECRET = "zq7Planted.Secret@leak.example"
FORMS = [SECRET.encode(), SECRET.encode("utf-16-le"), SECRET[::-1].encode(), b"zq7Planted"]

CONTRACT = """
dataset: people
version: 1.0.0
owner: crm@example.org
domain: crm
schema:
  - {name: id, type: integer}
  - {name: email, type: string, pii: email, masking: hash}
  - {name: phone, type: string, pii: phone, masking: {method: partial, keep_last: 0}}
  - {name: name, type: string, pii: person_name, masking: redact}
quality_rules:
  - {column: id, rule: unique, max_pct: 50}
  - {column: email, rule: unique, max_pct: 90}
  - {column: email, rule: pattern, args: {pattern: "^[a-z]+$"}, max_pct: 100}
  - {column: phone, rule: length, args: {max: 3}, severity: warning}
  - {column: name, rule: allowed, args: {values: [x]}, max_pct: 100}
"""


def rows(encoding: str) -> pa.Table:
    texts = pa.array([SECRET, SECRET, "other." + SECRET, None, "abc", "x"])
    if encoding == "dictionary":
        texts = texts.dictionary_encode()
    elif encoding == "view":
        texts = texts.cast(pa.string_view())
    columns = {"id": pa.array([1, 1, 2, 3, 4, 5]), "email": texts, "phone": texts, "name": texts}
    return pa.table(columns).slice(1)


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Every file as it is, and every Parquet file as it reads, with its statistics."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            found[str(path)] = path.read_bytes()
            if path.suffix == ".parquet":
                meta = pq.read_metadata(path)
                groups = [meta.row_group(i).to_dict() for i in range(meta.num_row_groups)]
                told = (
                    pq.read_table(path).to_pylist(),
                    groups,
                    meta.metadata,
                    pq.read_schema(path),
                )
                found[f"{path} as it reads"] = repr(told).encode()
    return found


@pytest.mark.parametrize("encoding", ["plain", "dictionary", "view"])
def test_a_secret_in_masked_columns_is_nowhere(
    encoding: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    caplog.set_level(logging.DEBUG)
    mesh = meshgate.Mesh.embedded(tmp_path / "mesh")
    settings = (tmp_path / "mesh" / "mesh.toml").read_text()
    domain = '\n[domains.crm]\npublishers = ["ana"]\n'
    (tmp_path / "mesh" / "mesh.toml").write_text(settings + domain)
    mesh = meshgate.Mesh(tmp_path / "mesh" / "mesh.toml")
    (tmp_path / "people.yaml").write_text(CONTRACT)
    gate = mesh.gate(tmp_path / "people.yaml")
    data = rows(encoding)

    told: list[object] = []
    checked = gate.validate_and_mask(data)
    told += [checked.report, repr(checked), str(checked.report), checked.report.to_json()]
    told += [checked.accepted.to_pylist(), checked.quarantined.to_pylist()]
    receipt = gate.publish(data, publisher="ana")
    told += [receipt.to_json(), repr(receipt), mesh.read("crm.people").read_all().to_pylist()]
    told.append(mesh.product("crm.people"))
    assert receipt.report["rejected_rows"] > 0
    for bad in (
        lambda: gate.publish(data, publisher="eve"),
        lambda: gate.publish(data.drop_columns(["phone"]), publisher="ana"),
        lambda: gate.publish(data.set_column(0, "id", data["email"]), publisher="ana"),
    ):
        with pytest.raises((MeshgateError, meshgate.Denied)) as caught:
            bad()
        told.append("".join(traceback.format_exception(caught.value)))

    gc.collect()
    places = bytes_of(tmp_path)
    places["told"] = "\n".join(f"{t} {t!r}" for t in told).encode()
    places["log"] = caplog.text.encode()
    places["terminal"] = "".join(capfd.readouterr()).encode()
    assert any("quarantine" in name and name.endswith("reads") for name in places)
    leaks = [(n, f) for n, content in places.items() for f in FORMS if f in content]
    assert not leaks


def test_the_scanner_finds_what_is_there(tmp_path: Path) -> None:
    pq.write_table(rows("plain"), tmp_path / "raw.parquet", compression="zstd")
    found = bytes_of(tmp_path)
    assert any(FORMS[0] in content for content in found.values())

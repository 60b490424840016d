"""mesh.toml: every key is checked, and what is wrong has a file and a line."""

from __future__ import annotations

import pytest
from meshgate import settings
from meshgate.errors import UsageError

FULL = """\
[mesh]
name = "acme"
[storage]
adapter = "delta"
location = "/data/warehouse"
encryption = "AES-256"
region = "eu"
compression = "snappy"
[catalog]
database = "postgresql://db/mesh"
[keys]
default = "env:MESH_KEY"
[policies]
folder = "governance"
require = ["data_mesh.governance"]
[publish]
lineage = ["published_at", "publish_id"]
[limits]
memory_bytes = 536870912
spill_folder = "/scratch"
spill_bytes = 0
[domains.finance]
publishers = ["ana", "role:finance"]
require = ["finance.rules"]
[domains.sales]
"""


def read(tmp_path, text):
    path = tmp_path / "mesh.toml"
    path.write_text(text)
    return settings.read(path)


def refused(tmp_path, text):
    with pytest.raises(UsageError) as caught:
        read(tmp_path, text)
    return caught.value


def test_every_key_is_read(tmp_path):
    found = read(tmp_path, FULL)
    assert found.folder == tmp_path
    assert (found.name, found.adapter, found.location) == ("acme", "delta", "/data/warehouse")
    assert (found.encryption, found.region, found.compression) == ("AES-256", "eu", "snappy")
    assert (found.catalog, found.key) == ("postgresql://db/mesh", "env:MESH_KEY")
    assert (found.policies, found.require) == ("governance", ("data_mesh.governance",))
    assert found.lineage == ("published_at", "publish_id")
    limits = (found.memory_bytes, found.spill_folder, found.spill_bytes)
    assert limits == (512 << 20, "/scratch", 0)
    assert found.domains["finance"].publishers == ("ana", "role:finance")
    assert found.domains["finance"].require == ("finance.rules",)
    assert found.domains["sales"] == settings.Domain()


def test_an_empty_file_is_a_mesh(tmp_path):
    found = read(tmp_path, "")
    assert (found.location, found.catalog) == ("warehouse", "catalog.db")
    assert found.encryption is None
    assert not found.domains


@pytest.mark.parametrize(
    ("text", "pointer", "line"),
    [
        ("x = 1", "x", 1),
        ("[policies]\n\nrequired = []", "policies.required", 3),
        ("[domains.finance]\npublisher = []", "domains.finance.publisher", 2),
        ("[storage]\nencryption = true", "storage.encryption", 2),
        ("[storage]\nencryption = ''", "storage.encryption", 2),
        ("[storage]\ncompression = 'gzip'", "storage.compression", 2),
        ("[policies]\nrequire = 'a'", "policies.require", 2),
        ("[policies]\nrequire = [1]", "policies.require", 2),
        ("domains = 3", "domains", 1),
        ("[domains]\nfinance = 3", "domains.finance", 2),
        ("[publish]\nlineage = ['when']", "publish.lineage", 2),
        ("[limits]\nmemory_bytes = '1 GiB'", "limits.memory_bytes", 2),
        ("[limits]\nspill_bytes = -1", "limits.spill_bytes", 2),
        ("[limits]\nspill_bytes = true", "limits.spill_bytes", 2),
    ],
)
def test_a_wrong_key_is_shown_with_its_line(tmp_path, text, pointer, line):
    error = refused(tmp_path, text)
    assert error.code == "usage.mesh_key"
    where = error.where
    assert (where.file, where.line, where.pointer) == (str(tmp_path / "mesh.toml"), line, pointer)


def test_a_mistyped_key_gets_a_hint(tmp_path):
    assert refused(tmp_path, "[policies]\nrequires = []").help == "did you mean require?"


def test_a_literal_key_is_refused_and_not_repeated(tmp_path):
    error = refused(tmp_path, "[keys]\ndefault = 'c2VjcmV0c2VjcmV0'")
    assert error.code == "usage.mesh_key"
    assert "c2Vj" not in str(error)


def test_broken_toml_has_a_place_and_no_content(tmp_path):
    error = refused(tmp_path, "[mesh]\nname = se cret\n")
    assert error.code == "usage.mesh_syntax"
    assert error.where.line == 2
    assert "cret" not in str(error)


def test_a_missing_or_huge_file_is_refused(tmp_path):
    with pytest.raises(UsageError) as caught:
        settings.read(tmp_path / "mesh.toml")
    assert caught.value.code == "usage.mesh_missing"
    assert refused(tmp_path, "#" * (1 << 21)).code == "usage.mesh_missing"
    (tmp_path / "mesh.toml").write_bytes(b"\xff")
    with pytest.raises(UsageError):
        settings.read(tmp_path / "mesh.toml")

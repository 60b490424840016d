"""The demo, on less data: it runs to its end, and what it leaves holds no personal value."""

from __future__ import annotations

import os
import re
import runpy
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "docs" / "demo.py"
PLANTED = ("email", "card")


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the demo ran."""
    folder = tmp_path_factory.mktemp("demo")
    before = Path.cwd()
    os.chdir(folder)
    try:
        demo = runpy.run_path(str(DEMO), run_name="demo")
        main = demo["main"]
        main.__globals__.update(SCALE=0.01, LEDGER_ROWS=100_000)
        with (folder / "printed").open("w") as said, redirect_stdout(said), redirect_stderr(said):
            assert main() == 0
    finally:
        os.chdir(before)
    return folder / "mesh"


def _shape(line: str) -> str:
    """The line without what depends on the data and where it is: digits, blanks, a folder."""
    line = re.sub(r"\S*(?=data/tpch)", "", line)
    return re.sub(r"[-\d.,]*\d", "#", " ".join(line.split())).replace("#, #, #, …", "#, #, #")


def test_the_readme_shows_what_the_demo_prints(left: Path) -> None:
    printed = {_shape(line) for line in (left.parent / "printed").read_text().splitlines()}
    (shown,) = re.findall(r"```text demo\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    absent = [line for line in shown.splitlines() if _shape(line) not in printed]
    assert absent == []


def test_the_demo_publishes_its_products_and_leaves_no_unfinished_file(left: Path) -> None:
    products = {
        path.name for path in (left / "warehouse").iterdir() if (path / "_delta_log").is_dir()
    }
    assert {"sales.lineitem", "sales.customer", "finance.monthly_ledger"} <= products
    assert [path for path in left.rglob("*") if path.suffix == ".tmp"] == []


def test_no_personal_value_is_in_what_the_demo_leaves(left: Path) -> None:
    ledger = pq.read_table(left / "input" / "ledger.parquet", columns=list(PLANTED))
    wanted = {
        value.encode()
        for name in PLANTED
        for value in ledger[name].drop_null().unique().to_pylist()
        if len(value) > 8 and _words(value.encode()) == [value.encode()]
    }
    assert len(wanted) > 100_000
    assert not wanted.isdisjoint(_words(repr(ledger.slice(0, 9).to_pydict()).encode()))
    said = [path.read_bytes() for path in left.rglob("*") if _is_output(left, path)]
    for path in left.glob("warehouse/**/*.parquet"):
        table = pq.read_table(path)
        metadata = pq.read_metadata(path)
        groups = [metadata.row_group(i).to_dict() for i in range(metadata.num_row_groups)]
        said.append(repr((table.to_pydict(), groups, metadata.metadata)).encode())
    for content in said:
        assert wanted.isdisjoint(_words(content))


def _is_output(left: Path, path: Path) -> bool:
    return path.is_file() and path.relative_to(left).parts[0] != "input"


def _words(content: bytes) -> list[bytes]:
    kept = b"@._+-"
    table = bytes(c if (chr(c).isalnum() and c < 128) or c in kept else 32 for c in range(256))
    return content.translate(table).split()

"""Every example of the documentation runs and prints what the page says."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.needs import need

from .pages import FENCE, Block, blocks, commands, matches, needs

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)(?:#[^)]*)?\)")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder as the pages assume it: the examples of the repository, and `meshgate`."""
    place = tmp_path / "page"
    place.mkdir()
    for examples in ("contracts", "governance", "projections"):
        shutil.copytree(ROOT / examples, place / examples)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, module in (("meshgate", " -m meshgate"), ("python", "")):
        script = programs / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}"{module} "$@"\n')
        script.chmod(0o755)
    monkeypatch.chdir(place)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("NO_COLOR", "1")
    return place


@pytest.mark.timeout(400)  # one page starts Spark and Ray
@pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")
@pytest.mark.filterwarnings("ignore::DeprecationWarning:ray.data.context")
@pytest.mark.filterwarnings("ignore:Tip. In future versions of Ray:FutureWarning")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_run_and_print_what_the_page_says(page: Path, folder: Path) -> None:
    need(*needs(page))
    names: dict[str, object] = {"__name__": "__page__"}
    printed = ""
    for block in blocks(page):
        place = f"{page.name}:{block.line}"
        if "no-run" in block.marks:
            continue
        if block.file is not None:
            target = folder / block.file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, encoding="utf-8")
        elif block.language == "python":
            printed = run_python(block, names, place)
        elif block.language == "text" and printed:
            assert matches(block.text, printed), f"{place}\n{printed}"
            printed = ""
        elif block.language == "console":
            run_commands(block, place)


def run_python(block: Block, names: dict[str, object], place: str) -> str:
    code = compile("\n" * block.line + block.text, place, "exec")
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(code, names)  # the page is our own
    return out.getvalue()


def run_commands(block: Block, place: str) -> None:
    for command in commands(block):
        done = subprocess.run(
            ["bash", "-c", command.text],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        output = done.stdout
        assert matches(command.expected, output), f"{place} $ {command.text}\n{output}"


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md"])
def test_links_lead_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    broken = [link for link in LINK.findall(text) if not (page.parent / link).exists()]
    assert not broken


def test_the_example_of_a_check_is_the_check() -> None:
    (diff,) = [b.text for b in blocks(ROOT / "CONTRIBUTING.md") if b.language == "diff"]
    parts = re.split(r"^--- (.*)\n\+\+\+ b/(.*)\n", diff, flags=re.MULTILINE)[1:]
    for old, name, body in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        added = [line[1:] for line in body.splitlines() if line.startswith("+")]
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        if old == "/dev/null":
            assert added == lines, name
        else:
            assert added
            assert set(added) <= set(lines), name

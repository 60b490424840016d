"""The tree: what may stand at the top, what no file may hold, how long a file may be."""

from __future__ import annotations

import re

from .sources import ROOT, relative, rust_code, tracked

TOP = {
    ".ci",
    ".gitattributes",
    ".gitignore",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "Makefile",
    "README.md",
    "SECURITY.md",
    "benches",
    "clippy.toml",
    "rustfmt.toml",
    "contracts",
    "docs",
    "governance",
    "projections",
    "pyproject.toml",
    "python",
    "requirements-distributed.lock",
    "requirements.lock",
    "rust",
    "tests",
}
# Where something was built or downloaded says nothing to the next reader. Written backwards, so
# that this file does not find itself.
HOSTS = ("gro.ipyp", "gro.detsohnohtyp", "oi.setarc", "gro.sjmpn", "gro.gnal-tsur", "gro.nevam")
FOREIGN = re.compile(
    r"(?<![\w.])/(?:home|root|work|Users)/\w|" + "|".join(re.escape(host[::-1]) for host in HOSTS)
)
NAMES_ITS_REGISTRY = {"Cargo.lock"}
LONG = 400  # lines that hold something; Rust without comments and test modules
REASON = re.compile(r"one file because", re.IGNORECASE)


def text_of(path: object) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def test_nothing_new_stands_at_the_top() -> None:
    assert {relative(path).split("/")[0] for path in tracked()} <= TOP


def test_no_file_names_a_machine_or_a_registry() -> None:
    wrong = [
        f"{relative(path)}: {found.group()}"
        for path in tracked()
        if path.name not in NAMES_ITS_REGISTRY
        for found in FOREIGN.finditer(text_of(path))
    ]
    assert not wrong


def test_a_long_file_says_why() -> None:
    wrong = []
    for path in tracked():
        if path.suffix == ".rs" and path.stem != "tests" and "tests" not in path.parts:
            code = rust_code(path)
        elif path.suffix == ".py" and not relative(path).startswith("tests/"):
            code = text_of(path)
        else:
            continue
        lines = sum(bool(line.strip()) for line in code.splitlines())
        header = "\n".join(text_of(path).splitlines()[:40])
        if lines > LONG and not REASON.search(header):
            wrong.append(f"{relative(path)}: {lines} lines: split it or say 'One file because'")
    assert not wrong


def test_every_module_says_what_it_is() -> None:
    openings = {".rs": "//!", ".py": '"""'}
    wrong = [
        relative(path)
        for path in tracked()
        if path.suffix in openings
        and relative(path).startswith(("rust/", "python/", "benches/", "docs/"))
        and not text_of(path).lstrip().startswith(openings[path.suffix])
    ]
    assert not wrong


def test_nothing_is_left_unfinished() -> None:
    # The last of the three words is a code of ISO 4217 too: it is a mark in front of others.
    marks = re.compile(
        r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X(?=:|\s+[a-z]))\b|todo!\(|unimplemented!\("
    )
    wrong = [
        f"{relative(path)}: {found.group()}"
        for path in tracked()
        if path.suffix in {".rs", ".py", ".rego", ".yaml", ".md", ".toml"}
        for found in marks.finditer(text_of(path))
    ]
    assert not wrong


def test_generated_and_private_files_are_not_committed() -> None:
    assert not [relative(p) for p in tracked() if p.suffix in {".so", ".pyc", ".whl", ".db"}]
    assert not (ROOT / ".env").exists()

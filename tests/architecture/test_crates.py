"""Who may use whom in Rust: bindings -> policy -> engine, and the order inside the engine."""

from __future__ import annotations

import re
import sys

import pytest

from .sources import RUST, relative, rust_code, rust_files

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# Inside the engine: a module uses its own rank and those below. What is not named is rank 0.
RANK = {
    "checks": 1,
    "unique": 1,
    "masks": 1,
    "predicate": 1,
    "profile": 1,
    "plan": 2,
    "run": 3,
    "digest": 3,  # of the rows that a run reads
    "fingerprint": 3,  # of the same
}
UNSAFE = ("rust/engine/src/kernels/", "rust/engine/src/import/", "rust/bindings/src/")
# The engine gets time, keys, seeds and folders as arguments.
WORLD = r"\bstd::(?:net|time|env|process)\b|\bSystemTime\b|\bInstant\b|\bstd::fs\b"
SPILL = "rust/engine/src/unique/"


def dependencies(crate: str) -> set[str]:
    table = tomllib.loads((RUST / crate / "Cargo.toml").read_text(encoding="utf-8"))
    return set(table.get("dependencies", {}))


def test_crates_depend_downwards_only() -> None:
    assert not dependencies("engine") & {"meshgate-policy", "meshgate-bindings", "pyo3", "regorus"}
    assert not dependencies("policy") & {"meshgate-bindings", "pyo3"}


def test_engine_modules_use_downwards_only() -> None:
    wrong = []
    for path in rust_files("engine"):
        own = path.relative_to(RUST / "engine" / "src").parts[0].removesuffix(".rs")
        if own == "lib":
            continue
        for used in re.findall(r"\bcrate::(\w+)", rust_code(path)):
            if RANK.get(used, 0) > RANK.get(own, 0):
                wrong.append(f"{relative(path)} uses crate::{used}")
    assert not wrong


@pytest.mark.parametrize("crate", ["engine", "policy", "bindings"])
def test_unsafe_stands_only_where_it_may(crate: str) -> None:
    wrong = [
        relative(path)
        for path in rust_files(crate)
        if re.search(r"\bunsafe\b", rust_code(path, tests=True))
        and not relative(path).startswith(UNSAFE)
    ]
    assert not wrong


def test_the_engine_has_no_clock_network_or_environment() -> None:
    wrong = []
    for path in rust_files("engine"):
        for found in re.findall(WORLD, rust_code(path)):
            if found == "std::fs" and relative(path).startswith(SPILL):
                continue
            wrong.append(f"{relative(path)}: {found}")
    assert not wrong


def test_lints_are_suppressed_with_a_reason() -> None:
    """The reason stands in the attribute, behind it, or in a comment above it."""
    wrong = []
    for crate in ("engine", "policy", "bindings"):
        for path in rust_files(crate):
            text = path.read_text(encoding="utf-8")
            for found in re.finditer(r"#!?\[(?:allow|expect)\(([^\]]*)\)\]([^\n]*)", text):
                above = text[: found.start()].rstrip().rpartition("\n")[2].lstrip()
                said = "reason" in found[1] or "//" in found[2]
                if not said and not re.match(r"//(?![/!])", above):
                    line = text.count("\n", 0, found.start()) + 1
                    wrong.append(f"{relative(path)}:{line} {found[0]}")
    assert not wrong

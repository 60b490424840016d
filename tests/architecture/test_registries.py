"""The registries: what they list has its cases and its pages, and what is generated is fresh."""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from types import ModuleType

import pytest
from meshgate import _native
from meshgate.cli.group import COMMANDS

from .sources import PACKAGE, ROOT

CHECKS = [check["name"] for check in json.loads(_native.checks())]
MASKS = [mask["name"] for mask in json.loads(_native.masks())]


@cache
def generator() -> ModuleType:
    """docs/generate.py, which is a script and not part of the package."""
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", CHECKS)
def test_every_check_has_its_cases(name: str) -> None:
    assert (ROOT / "tests" / "conformance" / "checks" / f"{name}.yaml").is_file()


@pytest.mark.parametrize("name", MASKS)
def test_every_mask_has_its_cases(name: str) -> None:
    assert (ROOT / "tests" / "conformance" / "masks" / f"{name}.yaml").is_file()


def test_no_case_file_is_orphaned() -> None:
    """Many cases of one check may stand in several files: `format.email.yaml`."""
    for folder, names in (("checks", CHECKS), ("masks", MASKS)):
        paths = (ROOT / "tests" / "conformance" / folder).glob("*.yaml")
        files = {path.name.partition(".")[0] for path in paths}
        assert files <= set(names)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_its_file_and_a_snapshot(command: str) -> None:
    assert (PACKAGE / "cli" / f"{command}.py").is_file()
    assert list((ROOT / "tests" / "snapshot" / "cli").glob(f"{command}*.txt"))


def test_generated_files_are_fresh() -> None:
    stale = [
        path.name
        for path, text in generator().pages().items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    assert not stale, "run `make generate` and commit what it wrote"

"""Policies as texts with names: from folders, files and mappings, and those shipped here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from os import PathLike, fspath
from pathlib import Path
from typing import TypeAlias

from meshgate.errors import PolicyError, Where

StrPath: TypeAlias = "str | PathLike[str]"
Source: TypeAlias = "StrPath | Mapping[str, str] | Iterable[StrPath]"
"""A folder, a file, several of them, or texts by name."""

SUFFIX = ".rego"
TESTS = "_test.rego"
RESERVED = "meshgate.central"
"""The package that only the policies shipped here may declare, with all below it."""


@cache
def central() -> tuple[tuple[str, str], ...]:
    """Name and text of the policies that always apply, sorted by name."""
    folder = files("meshgate.policy") / "central"
    return tuple(
        (f"meshgate/policy/central/{entry.name}", entry.read_text(encoding="utf-8"))
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(SUFFIX)
    )


@cache
def schema(name: str) -> str:
    """The text of a JSON Schema that is shipped here: ``input`` or ``read``."""
    return (files("meshgate.policy") / f"{name}.schema.json").read_text(encoding="utf-8")


def read(source: Source, *, max_bytes: int, tests: bool = False) -> list[tuple[str, str]]:
    """Name and text of every module of a source.

    The name of a file in a folder begins with the folder's own name, so that a place in a decision
    reads ``governance/data_privacy.rego:6``. Files of tests are left out unless asked for.

    Raises:
        PolicyError: ``policy.unreadable``.
    """
    if isinstance(source, Mapping):
        return [(str(name), str(text)) for name, text in source.items()]
    paths = [source] if isinstance(source, str | PathLike) else list(source)
    found: list[tuple[str, str]] = []
    for path in [Path(fspath(path)) for path in paths]:
        found += [(name, _text(file, name, max_bytes)) for name, file in _files(path, tests)]
    return found


def _files(path: Path, tests: bool) -> Iterator[tuple[str, Path]]:
    if path.is_dir():
        inside = path.resolve()
        for file in sorted(path.rglob(f"*{SUFFIX}")):
            name = f"{inside.name}/{file.relative_to(path).as_posix()}"
            if not file.resolve().is_relative_to(inside):
                raise _unreadable(name, "the file leads out of its folder")
            if file.is_file() and (tests or not file.name.endswith(TESTS)):
                yield name, file
    elif path.is_file():
        parent = path.resolve().parent.name
        yield f"{parent}/{path.name}" if parent else path.name, path
    else:
        raise _unreadable(str(path), "there is no such file or folder")


def _text(file: Path, name: str, max_bytes: int) -> str:
    try:
        with file.open("rb") as stream:
            content = stream.read(max_bytes + 1)
    except OSError:
        raise _unreadable(name, "the file cannot be read") from None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        if len(content) > max_bytes:
            return " " * (max_bytes + 1)  # too large, whatever it holds: refused as that
        raise _unreadable(name, "the file is not UTF-8 text") from None


def _unreadable(name: str, why: str) -> PolicyError:
    return PolicyError(
        code="policy.unreadable",
        message=why,
        where=Where(name),
        help="nothing is published without the policies that were configured",
    )

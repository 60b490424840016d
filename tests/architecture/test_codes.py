"""The table of error codes: complete, used, and raised by the class that owns the area."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator

from meshgate.codes import CODES

from .sources import python_modules

AREAS = {
    "ContractError": "contract",
    "PlanError": "plan",
    "SourceError": "source",
    "LimitError": "limit",
    "PolicyError": "policy",
    "StageError": "stage",
    "CommitFailed": "commit",
    "CommitUnknown": "commit",
    "CatalogError": "catalog",
    "UsageError": "usage",
    "EngineError": "engine",
}
CODE = re.compile(rf"({'|'.join(sorted(set(AREAS.values())))})\.[a-z][a-z_]*")
FILES = re.compile(r".*\.(db|json|yaml|yml|toml|rego|parquet|py)")


def engine_codes() -> set[str]:
    from meshgate import _native

    return {row["code"] for row in json.loads(_native.error_codes())}


def strings() -> Iterator[tuple[str, int, str]]:
    """Every string of the sources that looks like a code: module, line, code."""
    for name, tree in python_modules():
        if name == "codes":
            continue
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and CODE.fullmatch(node.value)
                and not FILES.fullmatch(node.value)
            ):
                yield name, node.lineno, node.value


def test_every_code_that_is_raised_is_in_a_table() -> None:
    known = {row.code for row in CODES} | engine_codes()
    missing = [f"meshgate.{n}:{line} {code}" for n, line, code in strings() if code not in known]
    assert not missing


def test_every_row_of_the_python_table_is_raised() -> None:
    used = {code for _, _, code in strings()}
    assert [row.code for row in CODES if row.code not in used] == []


def test_rows_are_sorted_unique_and_explained() -> None:
    codes = [row.code for row in CODES]
    assert codes == sorted(set(codes))
    assert not set(codes) & engine_codes(), "a code belongs to one table"
    for row in CODES:
        assert CODE.fullmatch(row.code), row.code
        assert row.title, row.code
        assert not row.title.endswith("."), row.code
        assert len(row.explanation) > 40, row.code


def test_a_class_raises_the_codes_of_its_area() -> None:
    wrong = []
    for name, tree in python_modules():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else None
            called = node.func.id if isinstance(node.func, ast.Name) else called
            for keyword in node.keywords:
                value = keyword.value
                if keyword.arg != "code" or called not in AREAS:
                    continue
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    area = value.value.split(".")[0]
                    if area != AREAS[called]:
                        wrong.append(f"meshgate.{name}:{node.lineno} {called} {value.value}")
    assert not wrong


def test_the_base_error_is_not_raised_itself() -> None:
    wrong = [
        f"meshgate.{name}:{node.lineno}"
        for name, tree in python_modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise)
        and isinstance(node.exc, ast.Call)
        and isinstance(node.exc.func, ast.Name)
        and node.exc.func.id == "MeshgateError"
    ]
    assert not wrong

"""One vocabulary: the words of the design in the names of modules and public classes."""

from __future__ import annotations

import ast
import re

from .sources import python_modules, relative, rust_code, rust_files

# The word on the left is what we say; those on the right are not used for it.
LEFT = {
    "Contract": {"Schema", "Spec", "Specification", "Config", "Configuration", "Model"},
    "Check": {"Rule", "Expectation", "Constraint", "Validator"},
    "Mask": {"Anonymizer", "Anonymiser", "Transform", "Redactor"},
    "Plan": {"Pipeline", "Job"},
    "Run": {"Session", "Execution"},
    "Violation": {"Failure", "Issue"},
    "Report": {"Summary"},
    "Quarantine": {"DeadLetter"},
    "Decision": {"Verdict"},
    "Adapter": {"Sink", "Connector", "Backend"},
    "Receipt": {"Manifest"},
    "anything": {"Manager", "Handler", "Helper", "Utils", "Util", "Misc", "Common"},
}
WRONG = {word: said for said, words in LEFT.items() for word in words}
ALLOWED = {
    "Schema",  # in Rust: arrow_schema's own type, used but not defined by us
}


def last_word(name: str) -> str:
    words = re.findall(r"[A-Z][a-z0-9]*", name)
    return words[-1] if words else name


def complaint(place: str, name: str) -> list[str]:
    word = last_word(name)
    return [f"{place}: {name} (say {WRONG[word]})"] if word in WRONG else []


def test_public_python_classes_use_the_vocabulary() -> None:
    wrong = []
    for module, tree in python_modules():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                wrong += complaint(f"meshgate.{module}", node.name)
    assert not wrong


def test_python_modules_use_the_vocabulary() -> None:
    wrong = []
    for module, _ in python_modules():
        for part in module.split("."):
            wrong += complaint(f"meshgate.{module}", part.title())
    assert not wrong


def test_public_rust_types_use_the_vocabulary() -> None:
    wrong = []
    for crate in ("engine", "policy", "bindings"):
        for path in rust_files(crate):
            for name in re.findall(r"^pub (?:struct|enum|trait) (\w+)", rust_code(path), re.M):
                if name not in ALLOWED:
                    wrong += complaint(relative(path), name)
    assert not wrong


def test_values_are_frozen() -> None:
    wrong = []
    values = {"errors", "contract", "report", "profile", "decision", "receipt", "compare"}
    for module, tree in python_modules():
        for node in ast.walk(tree):
            if module not in values or not isinstance(node, ast.ClassDef):
                continue
            for mark in node.decorator_list:
                text = ast.unparse(mark)
                if text.startswith("dataclass") and "frozen=True" not in text:
                    wrong.append(f"meshgate.{module}.{node.name}")
    assert not wrong

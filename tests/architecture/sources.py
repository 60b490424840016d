"""What the architecture tests read: the files of the repository, as text and as syntax trees."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "python" / "meshgate"
RUST = ROOT / "rust"


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that git knows or would add, so that a forgotten `git add` is no escape."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return tuple(path for line in listing.splitlines() if (path := ROOT / line).is_file())


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def python_modules() -> Iterator[tuple[str, ast.Module]]:
    """Dotted name (without the leading `meshgate.`, "" for the package itself) and syntax tree."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        yield name, ast.parse(path.read_text(encoding="utf-8"), str(path))


@dataclass(frozen=True)
class Import:
    """One import statement: who, what (absolute), and whether it runs when the module loads."""

    importer: str
    imported: str
    line: int
    at_load: bool
    for_types: bool

    def __str__(self) -> str:
        return f"meshgate.{self.importer}:{self.line} imports {self.imported}"


def python_imports() -> Iterator[Import]:
    for name, tree in python_modules():
        yield from _imports(name, tree, at_load=True, for_types=False)


def _imports(name: str, node: ast.AST, *, at_load: bool, for_types: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(name, alias.name, child.lineno, at_load, for_types)
        elif isinstance(child, ast.ImportFrom):
            base = child.module or ""
            if child.level:
                package = f"meshgate.{name}".strip(".").split(".")
                base = ".".join([*package[: len(package) - child.level], base]).strip(".")
            for alias in child.names:
                # `from meshgate import x` imports the module x.
                full = f"{base}.{alias.name}" if base == "meshgate" else base
                yield Import(name, full, child.lineno, at_load, for_types)
        else:
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            guarded = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)
            yield from _imports(
                name,
                child,
                at_load=at_load and not inside,
                for_types=for_types or guarded,
            )


def rust_files(folder: str) -> Iterator[Path]:
    yield from sorted((RUST / folder / "src").rglob("*.rs"))


def rust_code(path: Path, *, tests: bool = False) -> str:
    """The code of a Rust file without comments and strings; by default without its test module.

    Lines keep their numbers. Good enough for scanning: raw strings and nested comments are cut
    at their first plausible end.
    """
    text = path.read_text(encoding="utf-8")
    if not tests:
        if "tests" in path.relative_to(RUST).with_suffix("").parts:
            return ""  # a test module in files of its own
        start = r"^#\[cfg\(test\)\]\s*\n(?:\s*#\[[^\n]*\n)*\s*mod "
        text = re.split(start, text, maxsplit=1, flags=re.MULTILINE)[0]

    def blank(match: re.Match[str]) -> str:
        return "\n" * match.group().count("\n")

    return re.sub(
        r'//[^\n]*|/\*.*?\*/|r(#*)".*?"\1|"(?:\\.|[^"\\])*"',
        blank,
        text,
        flags=re.DOTALL,
    )

"""Reads the runnable parts out of a Markdown page.

A page is run from top to bottom in one folder of its own:

- ```` ```python ```` blocks run in one process, in order; what they print is compared with the
  ```` ```text ```` block that follows directly, if there is one;
- ```` ```console ```` blocks hold commands after `$ ` and the output they must have;
- ```` ```yaml file=NAME ```` (and any other language with `file=`) becomes a file;
- `<!-- python ... -->` runs too and is not shown: it prepares data;
- a block whose first line after the fence says `no-run` is only shown;
- a page with `<!-- needs NAME ... -->` runs where these packages and programs are installed.

In expected output `...` stands for anything, on a line of its own for any lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(
    r"^(?P<mark>```+)(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=mark)[ \t]*$"
    r"|^<!-- (?P<hidden>python)\n(?P<setup>.*?)^-->$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, what its info string says further, its text."""

    language: str
    marks: tuple[str, ...]
    text: str
    line: int

    @property
    def file(self) -> str | None:
        return next((m.removeprefix("file=") for m in self.marks if m.startswith("file=")), None)


NEEDS = re.compile(r"^<!-- needs (?P<names>[^>]*) -->$", re.MULTILINE)


def needs(page: Path) -> list[str]:
    """The packages and programs without which the page cannot run."""
    found = NEEDS.search(page.read_text(encoding="utf-8"))
    return found["names"].split() if found else []


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return list(_blocks(text))


def _blocks(text: str) -> Iterator[Block]:
    for found in FENCE.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        if found["hidden"]:
            yield Block("python", (), found["setup"], line)
            continue
        language, *marks = found["info"].split() or [""]
        yield Block(language, tuple(marks), found["body"], line)


@dataclass(frozen=True)
class Command:
    """One line after `$ ` and the output that follows it."""

    text: str
    expected: str


def commands(block: Block) -> list[Command]:
    found: list[Command] = []
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        count = 1
        while lines[count - 1].endswith("\\"):
            count += 1
        found.append(Command("\n".join(lines[:count]), "\n".join(lines[count:]).strip("\n")))
    return found


def matches(expected: str, actual: str) -> bool:
    """Whether the output is the expected one, `...` standing for anything."""
    pattern = ""
    for line in expected.strip("\n").splitlines():
        if line.strip() == "...":
            pattern += r"(?:[^\n]*\n)*"
        else:
            parts = (re.escape(part.rstrip()) for part in re.split(r"\.\.\.", line.rstrip()))
            pattern += r"[^\n]*".join(parts) + r"[ \t]*\n"
    return re.fullmatch(pattern, actual.strip("\n") + "\n") is not None

"""Writes the files that are made from tables: `make generate`. A test compares them.

The registries of checks and masks, the tables of error codes and the tables of the native form
describe themselves; what a page says of them comes from there and from nowhere else.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from meshgate import _native
from meshgate.codes import CODES
from meshgate.formats import editors, form

DOCS = Path(__file__).resolve().parent
MADE = "<!-- Made by `make generate` from the registries: edits are lost. -->"

CHECKS = f"""\
# Checks

{MADE}

A check is named for what must hold. Null passes every check except those that say that they judge
nulls; NaN fails every comparison. `severity`, `max_rows` and `max_pct` may stand beside any rule.
Decided *by row*: failing rows go to the quarantine; *by key*: the rows beyond the first of their
key do; *by dataset* or *by schema*: no single row is to blame, so none is quarantined.
"""
MASKS = f"""\
# Masks

{MADE}

A mask replaces every value of a column before anything leaves: the product, the quarantine and
the statistics of files hold masked values only. Null stays null. Keyed masks use a key of their
own per `domain`: equal values get equal masked values inside one domain, and nothing can be
joined across two. Keys come by reference, `env:NAME` or `file:PATH`; without one the mesh's
default key is used.

A mask stands wherever a type does: on fields of structs, items of lists, keys and values of maps.
Lists keep their layout; the items of null lists and those that no list has are left out. Keys of a
map stay apart under `hash` only.
"""
FORMATS = f"""\
# Formats

{MADE}

The names that the check [`format`](checks.md#format) and `logicalTypeOptions.format` of ODCS take.
A format is about the whole text, byte by byte: no space before or after it, no line end. Null
passes; the empty text passes only where the pattern says so. What JSON Schema names has the
meaning of its draft 2020-12. Below the table stands the normative pattern of each, for ASCII.
"""
ERRORS = f"""\
# Error codes

{MADE}

Codes are added, never renamed. `meshgate explain CODE` prints an entry in the terminal. Rows that
break a contract are no errors: they are in the report. A denial is none either.
"""


def pages() -> dict[Path, str]:
    """Every generated file, by path, with its text."""
    contracts = DOCS / "contracts.md"
    checks, masks = json.loads(_native.checks()), json.loads(_native.masks())
    formats = json.loads(_native.formats())
    return {
        editors.PATH: editors.text(checks, masks, formats),
        DOCS / "checks.md": checks_page(checks),
        DOCS / "formats.md": formats_page(formats),
        DOCS / "masks.md": masks_page(masks),
        DOCS / "errors.md": errors_page(),
        contracts: filled(contracts.read_text(encoding="utf-8"), "keys", keys_section()),
    }


def checks_page(checks: list[dict[str, Any]]) -> str:
    """One section per check."""
    decided = {"row": "by row", "key": "by key", "dataset": "by dataset", "schema": "by schema"}
    index = (
        [f"[`{check['name']}`](#{check['name']})", check["summary"], decided[check["scope"]]]
        for check in checks
    )
    parts = [
        CHECKS,
        table(["check", "what must hold", "decided"], index),
    ]
    for check in checks:
        parts.append(section(check, f"Judges {check['applies_to']}."))
        if check["name"] == "format":
            parts.append("[Formats](formats.md) lists the names, and what each takes.\n")
    return "\n".join(parts)


def formats_page(formats: list[dict[str, Any]]) -> str:
    """A table of the names, and the normative pattern of each."""
    index = (
        [
            ", ".join(f"`{name}`" for name in (format_["name"], *format_["aliases"])),
            format_["summary"],
            format_["source"],
            code(format_["example"]),
        ]
        for format_ in formats
    )
    parts = [FORMATS, table(["name", "what it takes", "written down in", "example"], index)]
    for format_ in formats:
        if format_["pattern"]:
            parts.append(f"## `{format_['name']}`\n\n```regex\n{format_['pattern']}\n```\n")
            if format_["beyond"]:
                parts.append(f"Beyond the pattern: {format_['beyond']}.\n")
    return "\n".join(parts)


def masks_page(masks: list[dict[str, Any]]) -> str:
    """One section per mask."""
    index = (
        [f"[`{mask['name']}`](#{mask['name']})", mask["summary"], "yes" if mask["keyed"] else "no"]
        for mask in masks
    )
    parts = [
        MASKS,
        table(["mask", "what it does", "keyed"], index),
    ]
    for mask in masks:
        parts.append(section(mask, f"Takes {mask['takes']}."))
    return "\n".join(parts)


def section(entry: Mapping[str, Any], takes: str) -> str:
    """What one check or mask says of itself."""
    said = [f"## `{entry['name']}`", "", f"{sentence(entry['summary'])} {takes}"]
    if entry["aliases"]:
        said[-1] += f" Also spelt {', '.join(f'`{alias}`' for alias in entry['aliases'])}."
    if entry["arguments"]:
        rows = (
            [
                f"`{a['name']}`",
                kind(a["kind"]),
                f"`{a['default']}`" if a["default"] else "",
                a["summary"],
            ]
            for a in entry["arguments"]
        )
        said += ["", table(["argument", "takes", "default", "meaning"], rows).rstrip()]
    said += ["", "```yaml", entry["example"].strip(), "```", ""]
    return "\n".join(said)


def kind(value: Any) -> str:
    """What an argument takes, in words."""
    if isinstance(value, str):
        # One word is a kind; several name words of contracts, which are as they are.
        return value if " " in value else value.replace("_", " ")
    ((name, detail),) = value.items()
    if isinstance(detail, dict):
        return f"{name.replace('_', ' ')} {detail['min']} to {detail['max']}"
    joined = ", ".join(f"`{word}`" for word in detail)
    return {"one_of": f"one of {joined}", "several": f"a list of {joined}"}[name]


def errors_page() -> str:
    """One entry per error code, grouped by area."""
    rows = [{"code": row.code, "title": row.title, "explanation": row.explanation} for row in CODES]
    rows += json.loads(_native.error_codes())
    areas: dict[str, list[str]] = {}
    for row in sorted(rows, key=lambda row: row["code"]):
        area = row["code"].split(".")[0]
        text = f"**`{row['code']}`** {row['title']}. {' '.join(row['explanation'].split())}"
        areas.setdefault(area, []).append(text)
    parts = [ERRORS]
    for area in sorted(areas):
        parts.append(f"## {area}\n\n" + "\n\n".join(areas[area]) + "\n")
    return "\n".join(parts)


def keys_section() -> str:
    """The tables of the native form's keys."""
    parts = []
    for title, keys in (
        ("At the top", form.ROOT),
        ("In a column", form.COLUMN),
        ("In a rule", form.RULE),
        ("In a service level", form.LEVEL),
        ("In `masking`", form.MASKING),
    ):
        rows = (
            [f"`{key.name}`" + (" (required)" if key.required else ""), key.about] for key in keys
        )
        parts.append(table([title, "what it is for"], rows))
    return "\n".join(parts)


def table(head: list[str], rows: Iterable[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines
    )


def filled(text: str, name: str, section: str) -> str:
    """The page with the generated section of this name put between its marks."""
    begin, end = f"<!-- generated: {name} -->\n", "<!-- end generated -->"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}{section}{end}{after}"


def code(text: str) -> str:
    """The text as code, also when it holds what ends code."""
    return f"``{text}``" if "`" in text else f"`{text}`"


def sentence(text: str) -> str:
    """The text with a capital and a full stop."""
    return text[:1].upper() + text[1:].rstrip(".") + "."


def main(write: Callable[[str], object] = sys.stdout.write) -> None:
    """Writes what changed and says so."""
    for path, text in pages().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            write(f"wrote {path.name}\n")


if __name__ == "__main__":
    main()

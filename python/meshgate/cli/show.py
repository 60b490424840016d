"""How reports, decisions, receipts and errors look to a person: worst first, never a value.

Everything is read from the canonical forms (`Report.to_dict()`, a receipt's parts), so that a
stored receipt looks as it did when it was new.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from meshgate.cli.terminal import BAD, CAUTION, GOOD, NAME, QUIET, Cell, Terminal, counted, number

if TYPE_CHECKING:
    from meshgate.errors import MeshgateError, Where
    from meshgate.receipt import Receipt

ORDER = ("error", "fail", "not_enforced", "warn", "pass")
WORDS: dict[str, Cell] = {
    "error": ("ERROR", BAD),
    "fail": ("FAIL", BAD),
    "not_enforced": ("not enforced", CAUTION),
    "warn": ("WARN", CAUTION),
    "pass": ("ok", GOOD),
}
# What every promised column implies; nobody wrote these checks, so one line tells that they hold.
DERIVED = ("column_exists", "type_is", "columns_match")
# Columns without a blemish are listed while a screen holds them, and counted beyond that.
LISTED_COLUMNS = 24
SHOWN_ROWS = 3


def problem(error: MeshgateError) -> list[list[Cell]]:
    """An error's parts, line by line as its own text has them."""
    rows: list[list[Cell]] = []
    for line in str(error).splitlines():
        if line.startswith("  "):
            rows.append([(line[:12], QUIET), line[12:]])
        else:
            code, colon, message = line.partition(": ")
            rows.append([(code, BAD) if colon else code, colon, message])
    return rows


def summary(report: Mapping[str, Any]) -> str:
    """How many checks did what, and how many rows were set aside."""
    outcomes = report["checks"]
    counts = {word: sum(check["status"] == word for check in outcomes) for word in ORDER}
    said = {
        "error": "did not finish",
        "fail": "failed",
        "not_enforced": "not enforced",
        "warn": "warned",
    }
    parts = [f"{number(counts[word])} {text}" for word, text in said.items() if counts[word]]
    total = counted(len(outcomes), "check")
    if parts:
        first, _, rest = parts[0].partition(" ")
        parts[0] = f"{first} of {total} {rest}"
    return ", ".join(parts) or f"{total} passed"


def rows_seen(report: Mapping[str, Any]) -> str:
    """How many rows were read, and how many of them were set aside."""
    rows, rejected = report["rows"], report["rejected_rows"]
    if not rejected:
        return counted(rows, "row")
    return f"{number(rejected)} of {counted(rows, 'row')} ({100 * rejected / rows:.3g} %) rejected"


def checks(
    terminal: Terminal,
    report: Mapping[str, Any],
    positions: Mapping[str, Where] | None = None,
    *,
    every: bool = False,
) -> None:
    """One line per check that needs attention, worst first; then one per column of the others.

    `positions` are the contract's, where its document is known; `every` gives each check a line.
    Otherwise the line of a column that the data lacks counts the checks that lack it.
    """
    ranked = sorted(report["checks"], key=lambda check: ORDER.index(check["status"]))
    idle = {} if every else _idle(ranked)
    told = {check["id"] for found in idle.values() for check in found}
    ranked = [check for check in ranked if check["id"] not in told]
    smooth = [] if every else [c for c in ranked if c["status"] == "pass" and not c["failed_rows"]]
    noticed = [check for check in ranked if check not in smooth]
    by_column: dict[str, list[str]] = {}
    for check in smooth:
        if check["check"] not in DERIVED:
            by_column.setdefault(", ".join(check["columns"]) or "-", []).append(check["check"])
    rows = [_check_row(check, positions or {}, idle.get(check["id"], ())) for check in noticed]
    if len(by_column) <= LISTED_COLUMNS:
        rows += [[WORDS["pass"], name, ", ".join(by_column[name])] for name in by_column]
    terminal.table(rows)
    if len(by_column) > LISTED_COLUMNS:
        count = sum(map(len, by_column.values()))
        terminal.line("  ", WORDS["pass"], f"  {counted(count, 'more check')} (--all lists them)")
    if smooth and not any(check["check"] in DERIVED for check in noticed):
        terminal.line("  ", WORDS["pass"], "  columns and types as promised")


def _idle(outcomes: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """For each failed `column_exists`, by its id, the checks that had nothing to look at."""
    idle: dict[str, list[Mapping[str, Any]]] = {
        check["id"]: [] for check in outcomes if _is_missing(check)
    }
    missing = {check["columns"][0]: check["id"] for check in outcomes if _is_missing(check)}
    for check in outcomes:
        lacking = [missing[column] for column in check["columns"] if column in missing]
        if lacking and check["status"] == "not_enforced":
            idle[lacking[0]].append(check)
    return idle


def _is_missing(check: Mapping[str, Any]) -> bool:
    return (check["check"], check["status"]) == ("column_exists", "fail")


def _check_row(
    check: Mapping[str, Any],
    positions: Mapping[str, Where],
    idle: Sequence[Mapping[str, Any]],
) -> list[Cell]:
    name, identity = check["check"], check["id"]
    where = positions.get(check["clause"])
    return [
        WORDS[check["status"]],
        ", ".join(check["columns"]) or "-",
        name if name in identity else f"{identity} ({name})",
        _found(check) + _not_enforced(idle),
        ("" if where is None else _line_of(where.file, where.line), QUIET),
    ]


def _not_enforced(idle: Sequence[Mapping[str, Any]]) -> str:
    names = ", ".join(check["check"] for check in idle)
    return f", so not enforced: {names}" if names else ""


def _found(check: Mapping[str, Any]) -> str:
    """What a check saw: rows and groups, or what it measured against its bound."""
    found = [check["reason"]] if check.get("reason") else []
    failed, first = check.get("failed_rows") or 0, check.get("first_rows") or ()
    if failed:
        rows = counted(failed, "row")
        if check.get("failed_groups"):
            rows += f" in {counted(check['failed_groups'], 'group')}"
        found.append(rows + (" tolerated" if check["status"] == "pass" else ""))
    if first:
        shown = ", ".join(str(row) for row in first[:SHOWN_ROWS])
        noun = "row" if failed == 1 else "rows"
        found.append(f"{noun} {shown}" + (", …" if failed > SHOWN_ROWS else ""))
    if check.get("observed") is not None and check["status"] != "pass":
        found.append(f"is {check['observed']}, promised {check.get('bound')}")
    return "   ".join(found)


def _line_of(file: str | None, line: int | None) -> str:
    return (file or "") + ("" if line is None else f":{line}")


def masks(terminal: Terminal, entries: Sequence[Mapping[str, Any]]) -> None:
    """One line per masked column: how, and in which domain equal values stay equal."""
    terminal.table(
        [
            ("mask", GOOD),
            entry["column"],
            f"masked {entry['method']}",
            f"domain {entry['domain']}" if entry.get("key_id") else "",
        ]
        for entry in entries
    )


def decision(terminal: Terminal, decision: Mapping[str, Any]) -> None:
    """Allow or deny, the policies that were asked, and the reasons."""
    if decision.get("allowed"):
        policies = ", ".join(decision.get("policies") or ()) or "no policy objects"
        terminal.line("decision  ", ("allow", GOOD), "  ", policies)
    else:
        terminal.line("decision  ", ("deny", BAD))
    terminal.table(
        [
            ("because", QUIET),
            reason["message"],
            (_line_of(reason.get("file"), reason.get("line")), QUIET),
        ]
        for reason in decision.get("reasons") or ()
    )


def denial(terminal: Terminal, receipt: Receipt, positions: Mapping[str, Where]) -> None:
    """Why nothing was published."""
    terminal.document(receipt.to_dict())
    _headline(terminal, receipt, ("denied", BAD), ", nothing was published")
    if receipt.report is not None:
        checks(terminal, receipt.report, positions)
    decision(terminal, receipt.decision)


def published(
    terminal: Terminal,
    receipt: Receipt,
    positions: Mapping[str, Where],
    *,
    before: bool,
    seconds: float,
) -> None:
    """What was published, now or before; how each column left; who allowed it."""
    terminal.document(receipt.to_dict())
    word = "published before, as " if before else "published as "
    version: Cell = (f"version {receipt.version}", NAME)
    _headline(terminal, receipt, word, version, f"   ({seconds:.1f} s)")
    if receipt.report is not None:
        checks(terminal, receipt.report, positions)
    masks(terminal, receipt.masks)
    decision(terminal, receipt.decision)
    terminal.line("receipt   ", receipt.publish_id or "", ("  " + receipt.digest, QUIET))


def _headline(terminal: Terminal, receipt: Receipt, *ending: Cell) -> None:
    rows: list[Cell] = []
    if receipt.report is not None:
        rows = [f"{rows_seen(receipt.report)}   "]
    version = receipt.contract.get("version", "")
    terminal.line((receipt.product, NAME), f" {version}   ", *rows, *ending)

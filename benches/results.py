"""The results for people (terminal, Markdown) and for programs (JSON)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from benches.harness import Machine, Result
from benches.peers import ABOUT
from benches.workloads import CASES, Sizes

HEAD = ("peer", "threads", "CPU", "wall", "CPU per step", "to meshgate", "memory")
MIB = 1024 * 1024
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def seconds(value: float | None) -> str:
    """With three digits and a fitting unit."""
    if value is None:
        return "-"
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        if value * factor >= 1.0:
            return f"{value * factor:.3g} {unit}" if value * factor < 1000 else f"{value:.0f} s"
    return f"{value * 1e9:.3g} ns"


def size(value: int | None) -> str:
    """In MiB."""
    return "-" if value is None else f"{value / MIB:,.0f} MiB"


def ratio(result: Result, results: Sequence[Result]) -> str:
    """How many times meshgate's CPU time, in the same case with as many threads."""
    ours = [
        r.cpu
        for r in results
        if (r.case, r.threads, r.peer) == (result.case, result.threads, "meshgate")
    ]
    if not ours or not ours[0] or result.cpu is None:
        return "-"
    return f"{result.cpu / ours[0]:.2f}x"


def rows_of(case: str, results: Sequence[Result], ratios: bool = True) -> list[tuple[str, ...]]:
    """The table of one case; what was not measured is said in notes instead."""
    table: list[tuple[str, ...]] = []
    for result in results:
        if result.case == case and result.cpu is not None:
            step = result.cpu / result.steps if result.steps else None
            memory = size(result.memory)
            if result.growth is not None:
                memory += f", {result.growth / MIB:+,.0f} MiB while it ran"
            table.append(
                (
                    result.peer,
                    str(result.threads),
                    seconds(result.cpu),
                    seconds(result.wall),
                    f"{seconds(step)} / {CASES[case].unit}",
                    ratio(result, results) if ratios else "-",
                    memory,
                )
            )
    return table


def notes_of(case: str, results: Sequence[Result]) -> list[str]:
    """Who has no number, and why; each peer once."""
    notes = {
        f"{r.peer}: {'WRONG, not timed: ' if r.failed else 'not measured: '}{r.note}": None
        for r in results
        if r.case == case and r.cpu is None
    }
    return list(notes)


def cases_of(results: Sequence[Result]) -> list[str]:
    """The cases in the order they were run."""
    return list(dict.fromkeys(result.case for result in results))


def text(results: Sequence[Result], host: Machine, smoke: bool) -> str:
    """For the terminal."""
    lines = [*about(host), ""]
    if smoke:
        lines += ["SMOKE RUN: everything ran and agreed; these numbers measure nothing.", ""]
    for case in cases_of(results):
        lines.append(f"{case}  {CASES[case].title}")
        table = [HEAD, *rows_of(case, results, ratios=not smoke)]
        widths = [max(len(row[i]) for row in table) for i in range(len(HEAD))]
        for row in table:
            cells = [row[0].ljust(widths[0])]
            cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
            lines.append("  " + "  ".join(cells))
        lines += [f"  {note}" for note in notes_of(case, results)]
        lines.append("")
    return "\n".join(lines)


def about(host: Machine) -> list[str]:
    """The machine and the versions, one fact a line."""
    memory = "" if host.memory_bytes is None else f", {host.memory_bytes / 2**30:.0f} GiB"
    versions = ", ".join(f"{name} {version}" for name, version in host.packages.items())
    return [
        f"machine: {host.cpu}, {host.cores} cores{memory}, {host.system}",
        f"meshgate {host.meshgate}, profile {host.build}; Python {host.python}; {versions}",
        f"measured {host.when}",
    ]


def document(
    results: Sequence[Result], host: Machine, sizes: Sizes, command: str, rounds: int
) -> str:
    """For programs: everything that was measured and what it was measured on."""
    held = {
        "machine": asdict(host),
        "command": command,
        "rounds": rounds,
        "sizes": asdict(sizes),
        "results": [asdict(result) for result in results],
    }
    return json.dumps(held, indent=2) + "\n"


def markdown(results: Sequence[Result], host: Machine, sizes: Sizes, command: str) -> str:
    """The measured section of `RESULTS.md`."""
    lines = [BEGIN, "## What was measured", ""]
    lines += [f"- {line}" for line in about(host)]
    lines += [
        f"- command: `{command}`",
        f"- sizes: lineitem at scale {sizes.scale:g}; ledger {sizes.ledger_rows:,} rows; "
        f"{sizes.batches} batches of 1,000 rows; stream of {sizes.stream_rows:,} rows; "
        f"single kernels {sizes.micro_rows:,} rows",
        "",
    ]
    for case in cases_of(results):
        lines += [f"### {case}: {CASES[case].title}", ""]
        lines += ["| " + " | ".join(HEAD) + " |", "|---" + "|---:" * (len(HEAD) - 1) + "|"]
        for row in rows_of(case, results):
            bold = row[0] == "meshgate"
            lines.append("| " + " | ".join(f"**{c}**" if bold else c for c in row) + " |")
        lines.append("")
        lines += [f"- {note}" for note in notes_of(case, results)] + [""]
    peers = list(dict.fromkeys(result.peer for result in results))
    lines += ["### The peers", ""]
    lines += [f"- **{name}**: {ABOUT[name]}." for name in peers]
    return "\n".join([*lines, END])


def write_section(file: Path, section: str) -> None:
    """Puts the measured section into the file, in place of the one before; the rest stays."""
    before = file.read_text(encoding="utf-8") if file.exists() else f"# Results\n\n{BEGIN}\n{END}\n"
    head, found, rest = before.partition(BEGIN)
    _, ended, tail = rest.partition(END)
    if not found or not ended:
        raise ValueError(f"{file.name} has no section between {BEGIN} and {END}")
    file.write_text(head + section + tail, encoding="utf-8")

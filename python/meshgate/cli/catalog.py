"""`meshgate catalog`: the products of the mesh, and everything that is known about one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from meshgate.cli import show
from meshgate.cli.options import mesh_option, need_mesh, output
from meshgate.cli.terminal import BAD, CAUTION, GOOD, NAME, QUIET, Cell, Terminal, counted, number

if TYPE_CHECKING:
    from meshgate.catalog.products import Product, ServiceLevel

LISTED_VERSIONS = 10


@click.group(short_help="Find products and what is known of them.")
def catalog() -> None:
    """Find products: owners, versions, quality, service levels, receipts."""


@catalog.command("list")
@mesh_option
@output
def list_(terminal: Terminal, mesh_path: str | None) -> None:
    """List the products of the mesh."""
    products = need_mesh(mesh_path).products()
    terminal.document([product.to_dict() for product in products])
    if not products:
        terminal.line("no product was published yet")
        return
    head: list[list[Cell]] = [
        [(title, QUIET) for title in ("product", "contract", "version", "rows", "quality", "owner")]
    ]
    terminal.table([*head, *(_row(product) for product in products)], indent=0)


def _row(product: Product) -> list[Cell]:
    last = product.latest
    return [
        (product.name, NAME),
        last.contract_version,
        "?" if last.number is None else str(last.number),
        "?" if last.rows is None else number(last.rows),
        _quality(product.report),
        product.owner,
    ]


def _quality(report: Mapping[str, Any] | None) -> Cell:
    if report is None:
        return ("unknown", CAUTION)
    return (report["status"], GOOD if report["status"] == "pass" else CAUTION)


@catalog.command("show", short_help="Show one product.")
@click.argument("product")
@mesh_option
@output
def show_(terminal: Terminal, product: str, mesh_path: str | None) -> None:
    """Show one PRODUCT: its contract, versions, last report, service levels and receipts."""
    found = need_mesh(mesh_path).product(product)
    receipts = found.receipts
    terminal.document(found.to_dict() | {"receipts": [receipt.to_dict() for receipt in receipts]})
    contract = found.contract
    terminal.line((found.name, NAME), f" {contract['version']}   {found.owner}")
    if found.description:
        terminal.line(found.description)
    terminal.line("contract  ", (f"{contract['id']} {contract['digest']}", QUIET))

    terminal.line()
    terminal.line(("columns", NAME))
    terminal.table(_column(column) for column in found.columns)

    terminal.line()
    terminal.line(("versions", NAME))
    newest = list(reversed(found.versions))
    terminal.table(
        [
            "?" if version.number is None else str(version.number),
            version.published_at,
            "" if version.rows is None else counted(version.rows, "row"),
            "" if not version.rejected_rows else f"{number(version.rejected_rows)} rejected",
            f"contract {version.contract_version}",
            (version.publish_id, QUIET),
        ]
        for version in newest[:LISTED_VERSIONS]
    )
    if len(newest) > LISTED_VERSIONS:
        terminal.line((f"  and {number(len(newest) - LISTED_VERSIONS)} earlier ones", QUIET))

    if found.report is not None:
        terminal.line()
        terminal.line(
            ("last report", NAME),
            f"   {show.summary(found.report)} · {show.rows_seen(found.report)}",
        )
        show.checks(terminal, found.report)
    if found.service_levels:
        terminal.line()
        terminal.line(("service levels", NAME))
        terminal.table(_level(level) for level in found.service_levels)
    terminal.line()
    denied = f", {counted(found.denials, 'denial')}" if found.denials else ""
    terminal.line(
        ("receipts", NAME), f"   {counted(len(receipts) - found.denials, 'publication')}{denied}"
    )


def _column(column: Mapping[str, Any]) -> list[Cell]:
    mask, pii = column.get("mask"), column.get("pii")
    notes = [f"pii: {pii}"] if pii else []
    if mask:
        notes.append(f"masked {mask['method']}")
    return [
        column["name"],
        (column["type"], QUIET),
        ", ".join(notes),
        column.get("description") or "",
    ]


def _level(level: ServiceLevel) -> list[Cell]:
    measured = "not measured" if level.measured_s is None else f"measured {_span(level.measured_s)}"
    mark: Cell = {True: ("met", GOOD), False: ("missed", BAD), None: ("", "")}[level.met]
    return [level.name, level.column or "", f"promised {level.value}", measured, mark]


def _span(seconds: Any) -> str:
    """A length of time in its largest fitting unit."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{float(seconds) / size:.1f} {unit}"
    return f"{float(seconds):.1f} s"

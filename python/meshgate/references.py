"""The data that foreign keys point to: what the caller passes, else a product of the mesh.

A contract only names it. A product is read as of now, by whoever publishes, and only its key
columns; where it cannot be had, the clause is not enforced and the report says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from meshgate.contract import Check, Column, Contract
from meshgate.engine import Absent
from meshgate.errors import CatalogError, PolicyError

if TYPE_CHECKING:
    from meshgate.catalog.products import Product
    from meshgate.mesh import Mesh

CHECK = "foreign_key"


def find(
    contract: Contract,
    mesh: Mesh | None,
    given: Mapping[str, Any],
    product: str,
    who: str | Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Data, or why there is none, by the names that the contract's foreign keys point to.

    Args:
        contract: with the foreign keys.
        mesh: where products are found, if there is one.
        given: data by name; it goes before the mesh.
        product: the full name of what is checked; its own domain is looked into as well.
        who: reads the products, as the policies see it.
    """
    found = dict(given)
    for name, columns in _wanted(contract).items():
        if name in found:
            continue
        found[name] = (
            Absent("a gate without a mesh knows no products")
            if mesh is None
            else _of_mesh(mesh, name, columns, product, who)
        )
    return found


def _wanted(contract: Contract) -> dict[str, set[str]]:
    wanted: dict[str, set[str]] = {}
    for check in contract.checks:
        name = check.args.get("ref")
        if check.check == CHECK and isinstance(name, str):
            wanted.setdefault(name, set()).update(_columns(check))
    return wanted


def _columns(check: Check) -> tuple[str, ...]:
    named = check.args.get("columns")
    return tuple(map(str, named)) if isinstance(named, tuple) else check.columns


def _of_mesh(
    mesh: Mesh,
    name: str,
    columns: set[str],
    product: str,
    who: str | Mapping[str, Any] | None,
) -> Any:
    domain = product.rpartition(".")[0]
    known = _product(mesh, name) or (_product(mesh, f"{domain}.{name}") if domain else None)
    if product in {name, f"{domain}.{name}"}:
        return Absent("it is this product itself; pass its rows with references=")
    if known is None:
        return Absent("the mesh has no such product")
    masked = sorted(columns & {*_masked(known.promise.columns)})
    if masked:
        return Absent(f"its column {masked[0]} is masked, so raw keys are not found in it")
    try:
        return mesh.read(known.name, user=mesh.publisher(who), columns=_tops(columns))
    except PolicyError:
        return Absent("the policies do not let the publisher read it")


def _product(mesh: Mesh, name: str) -> Product | None:
    try:
        return mesh.product(name)
    except CatalogError as error:
        if error.code != "catalog.unknown_product":
            raise
        return None


def _tops(columns: Iterable[str]) -> list[str]:
    """The columns of the table that hold these, which may be fields of structs."""
    return sorted({name.partition(".")[0] for name in columns} | {*columns})


def _masked(columns: Iterable[Column], inside: str = "", around: bool = False) -> Iterable[str]:
    for column in columns:
        path = f"{inside}{column.name}"
        masked = around or column.mask is not None
        if masked:
            yield path
        yield from _masked(column.columns, f"{path}.", masked)

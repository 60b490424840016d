"""The options that several commands share, and how the mesh is found."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from meshgate.cli.terminal import Terminal
from meshgate.errors import UsageError

if TYPE_CHECKING:
    from meshgate.contract import Contract
    from meshgate.mesh import Mesh

Command = TypeVar("Command", bound=Callable[..., Any])

MESH_FILE = "mesh.toml"


def output(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds --format and hands the command its terminal as the first argument."""

    @click.option(
        "--format",
        "format_",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="Text for people, one JSON document for programs.",
    )
    @functools.wraps(function)
    def command(*args: Any, format_: str, **options: Any) -> Any:
        return function(Terminal(as_json=format_ == "json"), *args, **options)

    return command


def contract_options(function: Command) -> Command:
    """Adds --dataset and --domain: which contract of a document, and where it belongs."""
    dataset = click.option(
        "--dataset",
        metavar="NAME",
        help="Which dataset of an ODCS document that promises several.",
    )
    domain = click.option("--domain", help="The domain of a contract that names none.")
    return dataset(domain(function))


def load_contract(path: str, dataset: str | None, domain: str | None) -> Contract:
    """The contract that was named."""
    from meshgate.formats import load

    return load(Path(path), dataset=dataset, domain=domain)


def mesh_option(function: Command) -> Command:
    """Adds --mesh."""
    return click.option(
        "--mesh",
        "mesh_path",
        envvar="MESHGATE_MESH",
        metavar="PATH",
        help="A mesh.toml or the folder of an embedded mesh. Without it: the variable "
        "MESHGATE_MESH, then ./mesh.toml, then ./mesh.",
    )(function)


def person_options(function: Command) -> Command:
    """Adds --user and --role: who acts, as the policies see it."""
    user = click.option(
        "--user",
        envvar="MESHGATE_USER",
        metavar="ID",
        help="Who acts, as the policies know them (or the variable MESHGATE_USER).",
    )
    role = click.option("--role", "roles", multiple=True, help="A role of --user; repeatable.")
    return user(role(function))


def person(user: str | None, roles: tuple[str, ...]) -> dict[str, object] | None:
    """The acting person in the words of the policy input, or None when nobody was named."""
    if user is None:
        if roles:
            raise UsageError(
                code="usage.bad_option",
                message="--role needs --user",
                help="name the person whose role it is: --user ID --role ROLE",
            )
        return None
    if not user.strip():
        raise UsageError(
            code="usage.bad_option",
            message="--user is empty",
            help="name the person, or leave it out; the variable MESHGATE_USER counts too",
        )
    return {"id": user, "roles": list(roles)}


def reference_option(function: Command) -> Command:
    """Adds --reference: the data that foreign keys point to."""
    return click.option(
        "--reference",
        "references",
        multiple=True,
        metavar="NAME=PATH",
        help="The file with the data that foreign keys of the contract point to by NAME; "
        "repeatable. Without it, NAME is looked up among the products of the mesh.",
    )(function)


def references(given: tuple[str, ...]) -> dict[str, Path]:
    """The files of --reference by name."""
    found: dict[str, Path] = {}
    for text in given:
        name, sign, path = text.partition("=")
        if not (name and sign and path) or name in found:
            raise UsageError(
                code="usage.bad_option",
                message="--reference takes NAME=PATH, each name once",
                help="for instance --reference finance.accounts=accounts.parquet",
            )
        found[name] = Path(path)
    return found


def find_mesh(path: str | None) -> Mesh | None:
    """Opens the mesh that was named, or the one in the working folder; None without either."""
    from meshgate.mesh import Mesh

    if path is not None:
        place = Path(path)
        if place.is_dir():
            file = place / MESH_FILE
            return Mesh(file) if file.is_file() else Mesh.embedded(place)
        if not place.is_file():
            raise UsageError(
                code="usage.no_mesh",
                message=f"there is no mesh at {path}",
                help="name a mesh.toml or the folder of an embedded mesh, or create one: "
                "meshgate init",
            )
        return Mesh(place)
    if Path(MESH_FILE).is_file():
        return Mesh(Path(MESH_FILE))
    if Path("mesh").is_dir():
        return find_mesh("mesh")
    return None


def need_mesh(path: str | None) -> Mesh:
    """Opens the mesh, or says how to get one."""
    mesh = find_mesh(path)
    if mesh is None:
        raise UsageError(
            code="usage.no_mesh",
            message="there is no mesh here: neither mesh.toml nor a folder named mesh",
            help="create one with: meshgate init, or name one with --mesh PATH",
        )
    return mesh

"""ODCS, the Open Data Contract Standard, 3.0 to 3.2: one contract per object of `schema`.

Read with the meaning of 3.1. What a check can hold becomes a check; what nobody here executes
becomes a clause that is not enforced, with the reason; the rest is kept as metadata. A column is
known in the data by its `physicalName`, or by its `name` when it has none.
"""

from __future__ import annotations

import re

from meshgate.canonical import Frozen, Literal
from meshgate.contract import Contract
from meshgate.formats.cursor import Cursor
from meshgate.formats.findings import shown, suggest
from meshgate.formats.naming import SEMVER, is_name, to_name
from meshgate.formats.nodes import Listing, Mapping, Scalar
from meshgate.formats.odcs import custom
from meshgate.formats.odcs.dataset import Dataset, Root, targets
from meshgate.formats.odcs.form import OLD_VERSIONS, VERSIONS
from meshgate.formats.odcs.grammar import verify

_VARIABLE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*(?::-[^}]*)?\}")
# Where the standard itself has placeholders, or only people read.
_FREE_TEXT = frozenset({"query", "context", "description", "transformLogic", "implementation"})
_INTERPRETED = frozenset(
    {
        "apiVersion",
        "customProperties",
        "domain",
        "id",
        "kind",
        "name",
        "schema",
        "slaDefaultElement",
        "slaProperties",
        "status",
        "tags",
        "version",
    }
)


def load(
    root: Cursor, domain: str | None = None, max_columns: int = 10_000
) -> tuple[Contract, ...]:
    """The contracts of the document, one per object; one without columns if there is none.

    Raises:
        ContractError: with everything that was found.
    """
    version = _version(root)
    verify(root, "contract", version)
    fields = {key: value for key, value in root.entries().items() if not value.is_null()}
    if version >= (3, 2):
        _variables(root)
    if version < (3, 2) and "status" not in fields:
        root.missing("status", "write status: active, or where else the contract is in its life")
    root.findings.stop_if_any()  # what follows may rely on the grammar
    read = _root(root, fields, version, domain)
    objects = list(fields["schema"].items()) if "schema" in fields else []
    room = [max_columns]
    inside = targets(read, objects)
    shared = len(root.findings.remarks)
    contracts = []
    for item in objects:
        del root.findings.remarks[shared:]  # what was remarked on the object before
        contracts.append(Dataset(read, item, len(objects) == 1, room, inside).contract())
    root.findings.stop_if_any()
    return tuple(contracts) or (Dataset(read, None, True, room, inside).contract(),)


def _version(root: Cursor) -> tuple[int, int]:
    """The version of the grammar; another standard, or an unknown version, ends the reading."""
    fields = root.entries()
    if "kind" in fields:
        kind = fields["kind"].text("DataContract")
        if kind is not None and kind != "DataContract":
            fields["kind"].wrong(
                "contract.unknown_standard",
                f"a document of kind {shown(kind)} is no contract of ODCS",
                suggest(kind, ("DataContract",)) or "ODCS says kind: DataContract",
            )
    if "apiVersion" not in fields:
        root.missing("apiVersion", "write apiVersion: v3.1.0")
        root.findings.stop_if_any()
    label = fields["apiVersion"].source("a version of ODCS") or ""
    if label in OLD_VERSIONS:
        fields["apiVersion"].wrong(
            "contract.unknown_standard",
            "ODCS 2 has another grammar, which is not read",
            "convert the document to v3.1.0",
        )
    elif label not in VERSIONS:
        known = ", ".join(VERSIONS)
        fields["apiVersion"].wrong(
            "contract.unknown_standard",
            f"there is no ODCS {shown(label)}",
            suggest(label, VERSIONS) or f"known versions: {known}",
        )
    root.findings.stop_if_any()
    major, minor, _ = label[1:].split(".")
    return int(major), int(minor)


def _variables(cursor: Cursor) -> None:
    """Keeps a finding for every variable in a clause that is used: nobody here resolves them."""
    node = cursor.node
    if isinstance(node, Scalar):
        if _VARIABLE.search(node.text):
            cursor.wrong(
                "contract.unresolved_variable",
                "the value holds a variable, and nothing resolves it",
                "write the value itself: contracts read no environment",
            )
    elif isinstance(node, Listing):
        for item in cursor.items():
            _variables(item)
    elif isinstance(node, Mapping):
        for key, value in cursor.entries().items():
            if key not in _FREE_TEXT and not (cursor.path == "" and key in _UNUSED):
                _variables(value)


_UNUSED = frozenset({"servers", "support", "price", "roles", "authoritativeDefinitions", "tenant"})


def _root(
    root: Cursor, fields: dict[str, Cursor], version: tuple[int, int], domain: str | None
) -> Root:
    text = {key: value.source() for key, value in fields.items() if isinstance(value.node, Scalar)}
    if "version" in text and not SEMVER.fullmatch((text["version"] or "").removeprefix("v")):
        fields["version"].remark(
            "the version is not one by SemVer; it cannot be compared with a later one",
            "write three numbers, such as 1.2.0",
        )
    stated = text.get("domain")
    if stated and not is_name(stated):
        fields["domain"].remark(f"the domain is used as {shown(to_name(stated))}")
    own = custom.values(fields)
    metadata: dict[str, Literal] = {
        key: value.metadata() for key, value in fields.items() if key not in _INTERPRETED
    }
    # What became the owner and the description is not said twice.
    if set(_keys(fields.get("team"))) == {"name"}:
        del metadata["team"]
    if set(_keys(fields.get("description"))) == {"purpose"}:
        del metadata["description"]
    rest = {k: v.metadata() for k, v in own.items() if k not in {"strict", "extraColumns"}}
    if rest:
        metadata["customProperties"] = Frozen(rest)
    return Root(
        cursor=root,
        fields=fields,
        version=version,
        id=text.get("id") or "",
        name=text.get("name"),
        label=text.get("version") or "",
        owner=_owner(root, fields),
        domain=(stated if is_name(stated) else to_name(stated)) if stated else domain,
        status=text.get("status") or "active",
        description=_description(fields),
        tags=fields["tags"].words("text") if "tags" in fields else (),
        strict="strict" in own and custom.flag(own["strict"]) is True,
        extra_columns=_extra(own),
        metadata=Frozen(metadata),
    )


def _keys(cursor: Cursor | None) -> list[str]:
    return list(cursor.entries()) if cursor is not None and cursor.is_mapping() else []


def _extra(own: dict[str, Cursor]) -> str:
    if "extraColumns" not in own:
        return "drop"
    return own["extraColumns"].word(("drop", "keep"), "drop or keep") or "drop"


def _owner(root: Cursor, fields: dict[str, Cursor]) -> str:
    """Who answers: the member with the role owner, else the team."""
    team = fields.get("team")
    name = ""
    members: list[Cursor] = []
    if team is not None and team.is_list():
        members = list(team.items())
    elif team is not None:
        entries = team.entries()
        name = (entries["name"].text() if "name" in entries else None) or ""
        members = list(entries["members"].items()) if "members" in entries else []
    for member in members:
        entries = member.entries()
        role = entries["role"].text() if "role" in entries else None
        left = "dateOut" in entries and not entries["dateOut"].is_null()
        if (role or "").strip().lower() == "owner" and not left:
            return entries["username"].text() or name
    if not name:
        root.remark("no owner is named", "add team: with a name, or a member with role owner")
    return name


def _description(fields: dict[str, Cursor]) -> str:
    """The purpose; the other parts of the description stay metadata."""
    if "description" not in fields:
        return ""
    entries = fields["description"].entries()
    return (entries["purpose"].source() if "purpose" in entries else "") or ""

"""Relationships of ODCS: foreign keys to an object of the document, or to data elsewhere.

What a relationship points to is never fetched. Its name is handed on: the product that an object of
the document is, or the words of the document before the property. Whoever checks brings the data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from meshgate.formats.clauses import Clauses
from meshgate.formats.cursor import Cursor
from meshgate.formats.findings import shown, suggest

_NOTATION = "write object.property, or schema/<id>/properties/<id>"


@dataclass(frozen=True)
class Object:
    """One object of the document, as relationships may name it.

    Attributes:
        dataset: the dataset that it is.
    """

    dataset: str
    cursor: Cursor

    @cached_property
    def names(self) -> frozenset[str]:
        """Its name and its physical name."""
        return frozenset(_texts(self.cursor, "name", "physicalName"))

    @cached_property
    def id(self) -> str | None:
        """Its id, if it has one."""
        return next(_texts(self.cursor, "id"), None)

    @cached_property
    def columns(self) -> dict[str, str]:
        """The column of each property by its dotted path of names."""
        return {logical: column for logical, _, column in _properties(self.cursor)}

    @cached_property
    def ids(self) -> dict[str, str]:
        """The column of each property by its path of ids."""
        return {ids: column for _, ids, column in _properties(self.cursor) if ids}


def _texts(cursor: Cursor, *keys: str) -> Iterator[str]:
    entries = cursor.entries()
    for key in keys:
        if key in entries and not entries[key].is_null() and (text := entries[key].text()):
            yield text


def _properties(
    cursor: Cursor, logical: str = "", ids: str = "", path: str = ""
) -> Iterator[tuple[str, str, str]]:
    """Names, ids (empty where one is missing) and column of every property, dotted into objects."""
    entries = cursor.entries()
    for item in entries["properties"].items() if "properties" in entries else ():
        name = next(_texts(item, "name"), None)
        if name is None:
            continue
        column = next(_texts(item, "physicalName"), name)
        id = next(_texts(item, "id"), None)
        here = (
            f"{logical}.{name}" if logical else name,
            (f"{ids}/{id}" if ids else id) if id and (ids or not logical) else "",
            f"{path}.{column}" if path else column,
        )
        yield here
        yield from _properties(item, *here)


@dataclass(frozen=True)
class Targets:
    """Everything inside the document that relationships may point to."""

    objects: tuple[Object, ...] = field(default=())

    def find(self, text: str, at: Cursor) -> tuple[str, str] | None:
        """The reference and the column that the text names; None after a finding."""
        place, outside, inside = text.rpartition("#")
        path = inside.strip("/").split("/")
        by_ids = len(path) >= 4 and len(path) % 2 == 0 and {*path[2::2]} == {"properties"}
        if by_ids and path[0] == "schema":
            name, ids = path[1], "/".join(path[3::2])
            if outside:
                return f"{place}#{name}", ".".join(path[3::2])
            found = next((o for o in self.objects if o.id == name), None)
            if found is None:
                known_ids = [o.id for o in self.objects if o.id]
                at.wrong(
                    "contract.unknown_word",
                    f"the document has no object with the id {shown(name)}",
                    suggest(name, known_ids)
                    or (f"known ids: {', '.join(known_ids)}" if known_ids else _NOTATION),
                )
                return None
            return self._column(found, ids, found.ids, at)
        name, dot, rest = inside.lstrip("/").rpartition(".")
        if "/" in inside.lstrip("/") or not (dot and name and rest):
            at.wrong("contract.wrong_kind", f"{shown(text)} is no property of an object", _NOTATION)
            return None
        if outside:
            return f"{place}#{name}", rest
        # The longest name of an object that the text begins with: names may hold dots.
        known = [(name, o) for o in self.objects for name in o.names if text.startswith(f"{name}.")]
        if not known:
            return name, rest  # data that the caller knows by this name
        name, found = max(known, key=lambda entry: len(entry[0]))
        return self._column(found, text[len(name) + 1 :], found.columns, at)

    def _column(
        self, found: Object, name: str, columns: dict[str, str], at: Cursor
    ) -> tuple[str, str] | None:
        column = columns.get(name)
        if column is None:
            at.wrong(
                "contract.unknown_column",
                f"the object {shown(next(iter(sorted(found.names)), ''))} has no property "
                f"{shown(name)}",
                suggest(name, columns) or "add the property, or correct the name",
            )
            return None
        return found.dataset, column


def of_property(
    entries: Cursor, column: str, targets: Targets, clauses: Clauses, *, nested: bool
) -> None:
    """Adds the foreign keys of a property; `nested` inside lists, where nothing looks them up."""
    for item, fields in _each(entries):
        if "from" in fields:
            fields["from"].wrong(
                "contract.contradiction",
                "a relationship of a property starts at the property",
                "remove from",
            )
        elif "to" in fields:
            found = _ends(fields["to"], targets)
            if nested:
                reason = "no check looks list items up"
                id = f"{column}.foreign_key"
                clauses.not_enforced("relationship", reason, item.place, id)
            else:
                _add(item, fields, [column], found, clauses)


def of_object(entries: Cursor, dataset: str, targets: Targets, clauses: Clauses) -> None:
    """Adds the foreign keys of an object, which is this dataset."""
    for item, fields in _each(entries):
        if not {"from", "to"} <= fields.keys():
            item.missing("from", "a relationship of an object has from and to")
            continue
        starts, found = _ends(fields["from"], targets), _ends(fields["to"], targets)
        if len(starts) != len(found) or fields["from"].is_list() != fields["to"].is_list():
            item.wrong("contract.contradiction", "from and to have different numbers of columns")
        elif any(start is not None and start[0] != dataset for start in starts):
            fields["from"].wrong(
                "contract.contradiction",
                "a relationship of an object starts at a property of that object",
            )
        else:
            columns = [start[1] for start in starts if start is not None]
            _add(item, fields, columns, found, clauses)


def _each(entries: Cursor) -> Iterator[tuple[Cursor, dict[str, Cursor]]]:
    for item in entries.items():
        fields = {key: value for key, value in item.entries().items() if not value.is_null()}
        if "type" in fields:
            fields["type"].word(("foreignKey",), "the type foreignKey")
        yield item, fields


def _add(
    item: Cursor,
    fields: dict[str, Cursor],
    columns: list[str],
    found: list[tuple[str, str] | None],
    clauses: Clauses,
) -> None:
    targets = [end for end in found if end is not None]
    if not targets or not len(targets) == len(found) == len(columns):
        return  # there are findings
    if len({reference for reference, _ in targets}) > 1:
        item.wrong("contract.contradiction", "a relationship points to columns of one object")
        return
    clauses.check(
        "foreign_key",
        tuple(columns),
        {"ref": targets[0][0], "columns": tuple(name for _, name in targets)},
        item.place,
        arg_places=dict.fromkeys(("ref", "columns"), fields["to"].place),
        description=(fields["description"].text() or "") if "description" in fields else "",
    )


def _ends(cursor: Cursor, targets: Targets) -> list[tuple[str, str] | None]:
    items = list(cursor.items()) if cursor.is_list() else [cursor]
    found = []
    for item in items:
        text = item.text("a property of an object")
        found.append(None if text is None else targets.find(text, item))
    return found

"""One object of an ODCS document as a contract: its columns, checks and service levels."""

from __future__ import annotations

import re
from dataclasses import dataclass

from meshgate.canonical import Frozen, Literal
from meshgate.contract import Column, Contract, Place, Positions, ServiceLevel
from meshgate.formats import durations, service_levels
from meshgate.formats.clauses import Clauses
from meshgate.formats.cursor import Cursor
from meshgate.formats.findings import shown
from meshgate.formats.naming import is_name, mask_prefix, to_name
from meshgate.formats.odcs import quality, relationships
from meshgate.formats.odcs.property import Properties
from meshgate.formats.odcs.relationships import Object, Targets


@dataclass(frozen=True, slots=True)
class Root:
    """What all objects of a document share."""

    cursor: Cursor
    fields: dict[str, Cursor]
    version: tuple[int, int]
    id: str
    name: str | None
    label: str
    owner: str
    domain: str | None
    status: str
    description: str
    tags: tuple[str, ...]
    strict: bool
    extra_columns: str
    metadata: Frozen[Literal]


_INTERPRETED = frozenset({"name", "properties", "quality", "relationships", "tags"})
_COUNTED = re.compile(r"\d{1,15}(?:\.\d{1,9})?", re.ASCII)


def targets(root: Root, objects: list[Cursor]) -> Targets:
    """The objects of the document, as relationships name them."""

    def dataset(item: Cursor) -> str:
        entries = item.entries()
        name = (entries["name"].text() or "") if "name" in entries else ""
        base = _base(root, name, len(objects) == 1)
        return base if is_name(base) else to_name(base)

    return Targets(tuple(Object(dataset(item), item) for item in objects))


def _base(root: Root, name: str, alone: bool) -> str:
    """What the dataset of an object is called, before it is made a name."""
    base = root.name or root.id
    if not root.name and not is_name(base) and name:
        return name
    if alone:
        return base
    return f"{base if is_name(base) else to_name(base)}.{to_name(name)}"


class Dataset:
    """Reads one object; `alone` when the document has no other."""

    def __init__(
        self,
        root: Root,
        cursor: Cursor | None,
        alone: bool,
        room: list[int],
        targets: Targets,
    ) -> None:
        self.root = root
        self.cursor = cursor
        self.alone = alone
        self.findings = root.cursor.findings
        self.room = room
        self.targets = targets
        self.clauses = Clauses()
        self.places: dict[str, Place] = {"": root.cursor.place if cursor is None else cursor.place}
        self.fields: dict[str, Cursor] = {}
        if cursor is not None:
            entries = cursor.entries()
            self.fields = {key: value for key, value in entries.items() if not value.is_null()}

    def contract(self) -> Contract:
        """The contract of this object; findings are kept, not raised."""
        root = self.root
        for key in ("version", "status", "domain"):
            if key in root.fields:
                self.places[f"/{key}"] = root.fields[key].place
        dataset = self._dataset()
        id = root.id if self.alone else f"{root.id}/{self._name()}"
        properties = Properties(
            version=root.version,
            clauses=self.clauses,
            places=self.places,
            mask_prefix=mask_prefix(id, dataset, root.domain),
            room=self.room,
            targets=self.targets,
        )
        promised: tuple[Column, ...] = ()
        texts: list[Literal] = []
        if "properties" in self.fields:
            promised = properties.read(self.fields["properties"])
        if "logicalType" in self.fields:
            self.fields["logicalType"].word(("object",), "the type of an object: object")
        if "quality" in self.fields:
            scope = quality.Scope(
                None, False, root.version, self.clauses, properties.resolve, texts
            )
            quality.read(self.fields["quality"], scope)
        if "relationships" in self.fields:
            relationships.of_object(
                self.fields["relationships"], dataset, self.targets, self.clauses
            )
        properties.finish()
        levels = self._levels(properties)
        checks, not_enforced = self.clauses.finish(promised, self.places)
        return Contract(
            id=id,
            dataset=dataset,
            version=root.label,
            owner=root.owner,
            domain=root.domain,
            status=root.status,
            description=self._description(),
            columns=promised,
            checks=checks,
            not_enforced=not_enforced,
            service_levels=levels,
            strict=root.strict,
            extra_columns=root.extra_columns,
            tags=self._tags(),
            metadata=self._metadata(dataset, texts),
            positions=Positions(self.findings.file, self.places),
            remarks=tuple(self.findings.remarks),
        )

    # -- names and words ----------------------------------------------------------------------

    def _name(self) -> str:
        return self.fields["name"].text() or "" if "name" in self.fields else ""

    def _dataset(self) -> str:
        """The document's name, or its id; with several objects, the object's name behind it."""
        root = self.root
        base = _base(root, self._name(), self.alone)
        if is_name(base):
            return base
        name = to_name(base)
        at = root.fields.get("name", root.cursor)
        at.remark(f"the dataset is known as {shown(name)}")
        return name

    def _description(self) -> str:
        own = self.fields["description"].text() if "description" in self.fields else None
        return own or self.root.description

    def _tags(self) -> tuple[str, ...]:
        own = self.fields["tags"].words("text") if "tags" in self.fields else ()
        return (*self.root.tags, *(tag for tag in own if tag not in self.root.tags))

    def _metadata(self, dataset: str, texts: list[Literal]) -> Frozen[Literal]:
        kept: dict[str, Literal] = {
            key: value.metadata()
            for key, value in self.fields.items()
            if key not in _INTERPRETED and key != "description"
        }
        names = {self._name(), dataset.rpartition(".")[2]}
        if len(names) > 1 and self.fields:
            kept["name"] = self._name()
        if kept.get("physicalName") in {dataset, *names}:
            del kept["physicalName"]
        if texts:
            kept["quality"] = tuple(texts)
        whole = dict(self.root.metadata)
        if kept:
            whole["object"] = Frozen(kept)
        return Frozen(whole)

    # -- service levels -----------------------------------------------------------------------

    def _levels(self, properties: Properties) -> tuple[ServiceLevel, ...]:
        found: list[tuple[ServiceLevel, Cursor]] = []
        entries = self.root.fields.get("slaProperties")
        for item in [] if entries is None else entries.items():
            fields = {key: value for key, value in item.entries().items() if not value.is_null()}
            if "property" not in fields:
                continue
            name = service_levels.canonical_name(fields["property"].text() or "")
            for column, applies in self._elements(fields, item, properties):
                level = self._level(name, fields, column, item) if applies else None
                if level is not None:
                    found.append((level, item))
        found.sort(key=lambda entry: entry[0].name)  # as in the native form
        for index, (level, item) in enumerate(found):
            self.places[f"/service_levels/{index}"] = item.place
            service_levels.add_clause(level, self.clauses, item.place)
        return tuple(level for level, _ in found)

    def _level(
        self, name: str, fields: dict[str, Cursor], column: str | None, item: Cursor
    ) -> ServiceLevel | None:
        if "value" not in fields:
            return None
        value = fields["value"].source("a value such as 24")
        if value is None:
            return None
        if not service_levels.takes_column(name):
            column = None
        unit = fields["unit"].text() if "unit" in fields else None
        suffix = durations.SUFFIX_OF.get((unit or "").strip().lower())
        if unit is None or not _COUNTED.fullmatch(value):
            return service_levels.level(name, value, column)
        if suffix is None:
            if unit.strip() in {"%", "percent"}:
                return ServiceLevel(name, f"{value}%", None, column)
            self._unmeasured(name, f"the unit {shown(unit)} is not known", column, item)
            return ServiceLevel(name, f"{value} {unit}", None, None)
        if unit.strip().lower() == "m" and name in service_levels.AMBIGUOUS_M:
            self._unmeasured(name, "the unit m can be minutes or months here", column, item)
            return ServiceLevel(name, f"{value} {unit}", None, None)
        duration = durations.of(value, suffix)
        return ServiceLevel(name, duration.text, duration.seconds, column)

    def _unmeasured(self, name: str, reason: str, column: str | None, item: Cursor) -> None:
        id = f"{column}.{name}" if column else name
        self.clauses.not_enforced(f"service level {name}", reason, item.place, id)

    def _elements(
        self, fields: dict[str, Cursor], item: Cursor, properties: Properties
    ) -> list[tuple[str | None, bool]]:
        """The columns that a service level is about, and whether it is about this object."""
        at = fields.get("element", self.root.fields.get("slaDefaultElement"))
        text = None if at is None else at.text()
        if at is None or not text:
            return [(None, True)]
        found: list[tuple[str | None, bool]] = []
        for element in (part.strip() for part in text.split(",")):
            column = properties.find(element)
            object_, _, rest = element.partition(".")
            if column is not None:
                found.append((column, True))
            elif object_ in self._names() and (not rest or properties.find(rest)):
                found.append((properties.find(rest) if rest else None, True))
            elif not self.alone and object_ in self._others():
                found.append((None, False))
            else:
                item.remark(
                    f"the element {shown(element)} is not in this contract",
                    "the service level is measured on publications instead",
                )
                found.append((None, True))
        return found

    def _names(self) -> set[str]:
        keys = ("name", "physicalName", "id")
        return {text for key in keys if key in self.fields and (text := self.fields[key].text())}

    def _others(self) -> set[str]:
        found: set[str] = set()
        for item in self.root.fields["schema"].items():
            entries = item.entries()
            found |= {
                text
                for key in ("name", "physicalName", "id")
                if key in entries and (text := entries[key].text())
            }
        return found - self._names()

"""Properties of ODCS objects: columns, and the clauses that stand with them."""

from __future__ import annotations

from dataclasses import dataclass, field

from meshgate.canonical import Frozen, Literal
from meshgate.contract import Column, Mask, Place
from meshgate.formats import columns, masking
from meshgate.formats.clauses import Clauses
from meshgate.formats.cursor import Cursor
from meshgate.formats.findings import shown, suggest
from meshgate.formats.odcs import custom, options, quality, relationships
from meshgate.formats.odcs.relationships import Targets

_TYPES = tuple(options.OPTIONS)
_INTERPRETED = frozenset(
    {
        "classification",
        "customProperties",
        "description",
        "enum",
        "items",
        "logicalType",
        "logicalTypeOptions",
        "map",
        "primaryKey",
        "primaryKeyPosition",
        "properties",
        "quality",
        "relationships",
        "required",
        "tags",
        "unique",
    }
)
_PERSONAL = frozenset({"masking", "pii", "piiWaiver"})


@dataclass(slots=True)
class Properties:
    """Reads the properties of one object.

    Attributes:
        mask_prefix: what default pseudonymisation domains begin with.
        room: how many more columns the document may promise, shared by its objects.
        targets: what relationships may point to.
        names: the column of each property, by its name and by its physical name.
        keys: the primary key: position, order in the document, column, place.
    """

    version: tuple[int, int]
    clauses: Clauses
    places: dict[str, Place]
    mask_prefix: str
    room: list[int]
    targets: Targets = field(default_factory=Targets)
    names: dict[str, str] = field(default_factory=dict)
    keys: list[tuple[int, int, str, Place]] = field(default_factory=list)

    def read(self, cursor: Cursor) -> tuple[Column, ...]:
        """The promised columns of the object."""
        return self._read(cursor, "/columns", "", "", "", nested=False)

    def finish(self) -> None:
        """Adds the primary key, when all its columns are known."""
        if self.keys:
            ordered = sorted(self.keys)
            self.clauses.check("primary_key", tuple(key[2] for key in ordered), {}, ordered[0][3])

    def find(self, name: str) -> str | None:
        """The column of a property, by name or physical name."""
        return self.names.get(name)

    def resolve(self, name: str, cursor: Cursor) -> str | None:
        """The column of a property; a name that is not there is a finding."""
        found = self.find(name)
        if found is None:
            cursor.wrong(
                "contract.unknown_column",
                f"the contract promises no column {shown(name)}",
                suggest(name, self.names) or "add the property, or correct the name",
            )
        return found

    # -- columns ------------------------------------------------------------------------------

    def _read(
        self,
        cursor: Cursor,
        pointer: str,
        path: str,
        logical_path: str,
        domain: str,
        *,
        nested: bool,
    ) -> tuple[Column, ...]:
        self.places[pointer] = cursor.place
        promised: list[Column] = []
        seen: list[tuple[str, Cursor]] = []
        for item in cursor.items():
            fields = {key: value for key, value in item.entries().items() if not value.is_null()}
            if "semanticType" in fields and fields["semanticType"].text() == "measure":
                continue  # computed by whoever reads; no column of the data
            at = f"{pointer}/{len(promised)}"
            column = self._column(item, fields, at, path, logical_path, domain, nested=nested)
            if column is not None:
                promised.append(column)
                seen.append((column.name, item))
        columns.unique_names(iter(seen))
        return tuple(promised)

    def _column(
        self,
        cursor: Cursor,
        fields: dict[str, Cursor],
        pointer: str,
        path: str,
        logical_path: str,
        domain: str,
        *,
        nested: bool,
        part: str | None = None,
    ) -> Column | None:
        """One column, or that `part` of an array or map: its items, keys or values.

        `nested` when a row of the dataset has any number of its values.
        """
        self.room[0] -= 1
        if self.room[0] == -1:
            cursor.findings.fail(
                "contract.too_large",
                "too many columns are promised",
                cursor.node.line,
                cursor.node.column,
                cursor.path,
                "the limit is columns",
            )
        logical_name = part or (fields["name"].name() if "name" in fields else None)
        physical = fields["physicalName"].name() if "physicalName" in fields else None
        name = part or physical or logical_name
        if name is None or logical_name is None:
            return None
        here = columns.below(path, name, part)
        domain = columns.below(domain, name)
        logical = columns.below(logical_path, logical_name)
        if not nested:
            self.names.update({logical: here, here: here})
        self._places(pointer, cursor, fields)
        kind, type_ = self._type(cursor, fields)
        required = "required" in fields and fields["required"].boolean() is True
        self._clauses(cursor, fields, here, kind, required, nested=nested)
        pii, tags, mask, extra = self._personal(cursor, fields, domain, pointer)
        texts: list[Literal] = []
        if "quality" in fields:
            scope = quality.Scope(here, nested, self.version, self.clauses, self.resolve, texts)
            quality.read(fields["quality"], scope)
        if "relationships" in fields:
            relationships.of_property(
                fields["relationships"], here, self.targets, self.clauses, nested=nested
            )
        inner, item = self._children(fields, kind, pointer, here, logical, domain, nested=nested)
        return Column(
            name=name,
            type=type_,
            description=(fields["description"].text() or "") if "description" in fields else "",
            required=required,
            tags=tags,
            pii=pii,
            classification=fields["classification"].text() if "classification" in fields else None,
            mask=mask,
            columns=inner,
            items=item,
            metadata=self._metadata(fields, name, type_, extra, texts),
        )

    def _places(self, pointer: str, cursor: Cursor, fields: dict[str, Cursor]) -> None:
        self.places[pointer] = cursor.place
        for key, name in (("logicalType", "type"), ("name", "name"), ("required", "required")):
            if key in fields:
                self.places[f"{pointer}/{name}"] = fields[key].place

    def _type(self, cursor: Cursor, fields: dict[str, Cursor]) -> tuple[str, str]:
        """The logical type and the native one; options of another type are findings."""
        logical = None
        if "logicalType" in fields:
            logical = fields["logicalType"].word(_TYPES, "a logical type")
            if logical is None:
                return "", ""
        given = options_of(fields)
        known = options.OPTIONS.get(logical or "", ())
        for key in given:
            if key in known:
                continue
            at = fields["logicalTypeOptions"].at_key(key)
            about = f"the type {logical}" if logical else "a property without logicalType"
            at.wrong(
                "contract.unknown_key",
                f"{about} has no option {shown(key)}",
                suggest(key, known) or (f"its options: {', '.join(known)}" if known else None),
            )
        physical = fields["physicalType"].text() if "physicalType" in fields else None
        return logical or "", options.native_type(logical, physical, given, cursor)

    # -- clauses ------------------------------------------------------------------------------

    def _clauses(
        self,
        cursor: Cursor,
        fields: dict[str, Cursor],
        here: str,
        logical: str,
        required: bool,
        *,
        nested: bool,
    ) -> None:
        given = options_of(fields)
        if required:
            self.clauses.not_null(here, fields["required"].place)
        for key in ("unique", "primaryKey"):
            if key not in fields or not fields[key].boolean():
                continue
            if nested:
                at, reason = fields[key].place, "no check compares the list items of several rows"
                self.clauses.not_enforced(key, reason, at, f"{here}.{key}")
            elif key == "unique":
                self.clauses.check("unique", (here,), {}, fields["unique"].place)
            else:
                self._key(fields, here)
        if "enum" in fields:
            self._enum(fields["enum"], here)
        options.add_clauses(here, logical, given, self.clauses, cursor.place)
        if logical == "object" and "required" in given:
            self._required_fields(given["required"], fields, here)

    def _key(self, fields: dict[str, Cursor], here: str) -> None:
        position = len(self.keys) + 1
        if "primaryKeyPosition" in fields:
            stated = fields["primaryKeyPosition"].number("a whole number")
            if isinstance(stated, int) and stated > 0:
                position = stated
        self.keys.append((position, len(self.keys), here, fields["primaryKey"].place))

    def _enum(self, cursor: Cursor, here: str) -> None:
        values: list[Literal] = []
        for member in cursor.items():
            value = member.entries().get("value")
            if value is None:
                continue
            literal = value.literal()
            if literal in values:
                value.wrong("contract.contradiction", "the value is listed twice", "remove one")
            if literal is not None:
                values.append(literal)
        if not values:
            cursor.wrong("contract.wrong_kind", "expected at least one value, found none")
        place = cursor.place
        args: dict[str, Literal] = {"values": tuple(values)}
        self.clauses.check("in_set", (here,), args, place, arg_places={"values": place})

    def _required_fields(self, cursor: Cursor, fields: dict[str, Cursor], here: str) -> None:
        children: dict[str, str] = {}
        for item in fields["properties"].items() if "properties" in fields else ():
            entries = item.entries()
            if "name" in entries:
                name = entries["name"].text() or ""
                physical = entries["physicalName"].text() if "physicalName" in entries else None
                children[name] = physical or name
        for item in cursor.items("a list of names"):
            name = item.name("a property's name") or ""
            if name in children:
                self.clauses.not_null(f"{here}.{children[name]}", item.place)
            elif name:
                reason = "the object does not describe this property"
                id = f"{here}.{name}.not_null"
                self.clauses.not_enforced(f"required {shown(name)}", reason, item.place, id)

    # -- personal data ------------------------------------------------------------------------

    def _personal(
        self, cursor: Cursor, fields: dict[str, Cursor], domain: str, pointer: str
    ) -> tuple[str | None, tuple[str, ...], Mask | None, dict[str, Literal]]:
        own = custom.values(fields)
        stated: str | bool | None = None
        if "pii" in own:
            text = own["pii"].source("true, false or a kind of personal data") or ""
            stated = text.lower() == "true" if text.lower() in {"true", "false"} else text
        waived = stated is False and "piiWaiver" in own
        tags = fields["tags"].words("text") if "tags" in fields else ()
        classification = fields["classification"].text() if "classification" in fields else None
        pii, tags = columns.personal_data(stated, tags, classification, cursor, waived)
        mask = None
        if "masking" in own:
            mask = masking.read(own["masking"], f"{self.mask_prefix}.{domain}")
            self.places[f"{pointer}/mask"] = own["masking"].place
        kept = {key: value.metadata() for key, value in own.items() if key not in _PERSONAL}
        if waived:
            kept["piiWaiver"] = own["piiWaiver"].metadata()
        return pii, tags, mask, kept

    def _metadata(
        self,
        fields: dict[str, Cursor],
        name: str,
        type_: str,
        extra: dict[str, Literal],
        texts: list[Literal],
    ) -> Frozen[Literal]:
        kept: dict[str, Literal] = {
            key: value.metadata() for key, value in fields.items() if key not in _INTERPRETED
        }
        for key in ("name", "physicalName"):
            if kept.get(key) == name:
                del kept[key]
        if type_.startswith("decimal"):  # the physical type became the type
            kept.pop("physicalType", None)
        if extra:
            kept["customProperties"] = Frozen(extra)
        if texts:
            kept["quality"] = tuple(texts)
        return Frozen(kept)

    # -- children -----------------------------------------------------------------------------

    def _children(
        self,
        fields: dict[str, Cursor],
        logical: str,
        pointer: str,
        here: str,
        logical_path: str,
        domain: str,
        *,
        nested: bool,
    ) -> tuple[tuple[Column, ...], Column | None]:
        inner: tuple[Column, ...] = ()
        item = None
        for key, parent in (("properties", "object"), ("items", "array"), ("map", "map")):
            if key in fields and logical and logical != parent:
                fields[key].wrong(
                    "contract.contradiction",
                    f"only {parent} has {key}, this property is {logical}",
                    f"write logicalType: {parent}, or remove {key}",
                )
        if logical == "object" and "properties" in fields:
            at = f"{pointer}/columns"
            inner = self._read(fields["properties"], at, here, logical_path, domain, nested=nested)
        if logical == "array" and "items" in fields:
            item = self._part(fields["items"], f"{pointer}/items", here, domain, "item")
        if logical == "vector":
            given = options_of(fields)
            if "dimensions" not in given:
                fields["logicalType"].wrong(
                    "contract.missing_key",
                    'the key "dimensions" is missing',
                    "a vector says how many elements it has, in logicalTypeOptions",
                )
            item = Column("item", options.vector_items(given))
        if logical == "map":
            item = self._map(fields, pointer, here, domain)
        return inner, item

    def _part(
        self, cursor: Cursor, pointer: str, here: str, domain: str, part: str
    ) -> Column | None:
        entries = cursor.entries()
        fields = {key: value for key, value in entries.items() if not value.is_null()}
        return self._column(cursor, fields, pointer, here, here, domain, nested=True, part=part)

    def _map(
        self, fields: dict[str, Cursor], pointer: str, here: str, domain: str
    ) -> Column | None:
        """The entries of a map."""
        if "map" not in fields:
            fields["logicalType"].wrong(
                "contract.missing_key",
                'the key "map" is missing',
                "a map describes its key and its value",
            )
            return None
        given = fields["map"].entries()
        pair: list[Column | None] = []
        for part in ("key", "value"):
            at = f"{pointer}/items/columns/{sum(column is not None for column in pair)}"
            found = part in given
            pair.append(self._part(given[part], at, here, domain, part) if found else None)
        return columns.entries(*pair)


def options_of(fields: dict[str, Cursor]) -> dict[str, Cursor]:
    """The options of a property that have a value."""
    if "logicalTypeOptions" not in fields:
        return {}
    entries = fields["logicalTypeOptions"].entries()
    return {key: value for key, value in entries.items() if not value.is_null()}

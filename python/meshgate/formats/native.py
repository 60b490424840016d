"""The native form: the YAML that producers write by hand, recognised by its key `dataset`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from meshgate.canonical import Frozen, Literal
from meshgate.contract import Column, Contract, Place, Positions, ServiceLevel
from meshgate.formats import column_types, columns, durations, masking, service_levels
from meshgate.formats.clauses import AGE_CHECKS, ALIASES, Clauses
from meshgate.formats.cursor import Cursor
from meshgate.formats.findings import shown, suggest
from meshgate.formats.form import COLUMN, ITEMS, LEVEL, ROOT, RULE, Key, names
from meshgate.formats.naming import NAME_CHARS, RESERVED, SEMVER, is_name, mask_prefix

SEVERITIES = ("error", "warning", "warn")
"""What the engine acts on; any other word is a label and counts as an error."""


def load(
    root: Cursor, domain: str | None = None, max_columns: int = 10_000
) -> tuple[Contract, ...]:
    """The one contract of a native document; `domain` holds where the document names none.

    Raises:
        ContractError: with everything that was found.
    """
    return (_Loader(root, domain, max_columns).contract(),)


class _Loader:
    def __init__(self, root: Cursor, domain: str | None, max_columns: int) -> None:
        self.root = root
        self.findings = root.findings
        self.places: dict[str, Place] = {"": root.place}
        self.clauses = Clauses()
        self.given_domain = domain
        self.room = max_columns
        self.mask_prefix = ""

    def contract(self) -> Contract:
        fields = self.root.fields(names(ROOT))
        values = self.read(ROOT, fields, self.root, "")
        domain = values.get("domain") or self.given_domain
        dataset = values.get("dataset") or ""
        self.mask_prefix = mask_prefix(values.get("id") or "", dataset, domain)
        promised = self.columns(fields.get("schema"), "/columns", "", "")
        known = frozenset(columns.paths(promised))
        if "quality_rules" in fields:
            for rule in fields["quality_rules"].items("a list of rules"):
                self.rule(rule, known)
        levels = self.levels(fields.get("service_levels"), known)
        checks, not_enforced = self.clauses.finish(promised, self.places)
        if not values.get("owner"):
            self.root.remark("no owner is named", "add owner: with a team or an address")
        self.findings.stop_if_any()
        return Contract(
            id=values.get("id") or dataset,
            dataset=dataset,
            version=values["version"],
            owner=values.get("owner") or "",
            domain=domain,
            status=values.get("status") or "active",
            description=values.get("description") or "",
            columns=promised,
            checks=checks,
            not_enforced=not_enforced,
            service_levels=levels,
            strict=bool(values.get("strict")),
            extra_columns=values.get("extra_columns") or "drop",
            tags=values.get("tags") or (),
            metadata=values.get("metadata") or Frozen(),
            positions=Positions(self.findings.file, self.places),
            remarks=tuple(self.findings.remarks),
        )

    # -- keys with plain values ---------------------------------------------------------------

    def read(
        self, keys: tuple[Key, ...], fields: dict[str, Cursor], parent: Cursor, pointer: str
    ) -> dict[str, Any]:
        """The plain values of a mapping, by the table of the form."""
        values: dict[str, Any] = {}
        for key in keys:
            cursor = fields.get(key.name)
            if cursor is None:
                if key.required:
                    parent.missing(key.name, key.about)
                continue
            self.places[f"{pointer}/{key.name}"] = cursor.place
            reader = _READERS.get(key.kind)
            if key.kind == "word":
                values[key.name] = cursor.word(key.words, f"one of {', '.join(key.words)}")
            elif reader is not None:
                values[key.name] = reader(cursor)
        return values

    # -- columns ------------------------------------------------------------------------------

    def columns(
        self, cursor: Cursor | None, pointer: str, path: str, domain: str
    ) -> tuple[Column, ...]:
        """The columns below `path`; pseudonymisation domains begin with `domain`."""
        if cursor is None:
            return ()
        self.places[pointer] = cursor.place
        promised: list[Column] = []
        names_seen: list[tuple[str, Cursor]] = []
        for item in cursor.items("a list of columns"):
            column = self.column(item, f"{pointer}/{len(promised)}", path, domain)
            if column is not None:
                promised.append(column)
                names_seen.append((column.name, item))
        columns.unique_names(iter(names_seen))
        return tuple(promised)

    def column(
        self, cursor: Cursor, pointer: str, path: str, domain: str, part: str | None = None
    ) -> Column | None:
        """One column, or that `part` of a list or map: its items, keys or values."""
        self.room -= 1
        if self.room == -1:
            cursor.wrong(
                "contract.too_large", "too many columns are promised", "the limit is columns"
            )
            self.findings.stop_if_any()
        if not cursor.is_mapping():
            cursor.expected("a column with name and type")
            return None
        keys = COLUMN if part is None else ITEMS
        fields = cursor.fields(names(keys))
        values = self.read(keys, fields, cursor, pointer)
        self.places[pointer] = cursor.place
        name = values.get("name") if part is None else part
        here = columns.below(path, name or "", part)
        domain = columns.below(domain, name or "")
        type_ = values.get("type") or ""
        required = self.required(cursor, fields, values)
        if required:
            self.clauses.not_null(here, fields.get("required", cursor).place)
        pii, tags = columns.personal_data(
            values.get("pii"), values.get("tags") or (), values.get("classification"), cursor
        )
        mask = None
        if "masking" in fields:
            mask = masking.read(fields["masking"], f"{self.mask_prefix}.{domain}")
            self.places[f"{pointer}/mask"] = fields["masking"].place
        fits_columns = self.children(fields, "columns", "struct", type_)
        fits_items = self.children(fields, "items", "list", type_)
        fits_pair = [self.children(fields, key, "map", type_) for key in ("key", "value")]
        inner = self.columns(fields.get("columns"), f"{pointer}/columns", here, domain)
        item = self.items(fields, pointer, here, domain)
        if name is None or not (fits_columns and fits_items and all(fits_pair)):
            return None
        return Column(
            name=name,
            type=type_,
            description=values.get("description") or "",
            required=required,
            tags=tags,
            pii=pii,
            classification=values.get("classification"),
            mask=mask,
            columns=inner,
            items=item,
            metadata=values.get("metadata") or Frozen(),
        )

    def items(
        self, fields: dict[str, Cursor], pointer: str, here: str, domain: str
    ) -> Column | None:
        """The items of a list, or the entries of a map."""
        if "items" in fields:
            return self.column(fields["items"], f"{pointer}/items", here, domain, "item")
        pair: list[Column | None] = []
        for part in ("key", "value"):
            at = f"{pointer}/items/columns/{sum(column is not None for column in pair)}"
            found = part in fields
            pair.append(self.column(fields[part], at, here, domain, part) if found else None)
        return columns.entries(*pair)

    def required(self, cursor: Cursor, fields: dict[str, Cursor], values: dict[str, Any]) -> bool:
        required, nullable = values.get("required"), values.get("nullable")
        if required is not None and required is nullable:
            cursor.wrong(
                "contract.contradiction",
                "required and nullable say opposite things",
                "keep one of them",
            )
        if nullable is False:
            fields.setdefault("required", fields["nullable"])
        return bool(required) or nullable is False

    def children(self, fields: dict[str, Cursor], key: str, parent: str, type_: str) -> bool:
        """Whether `key` stands exactly where the type asks for it."""
        if key in fields and type_ and type_ != parent:
            fields[key].wrong(
                "contract.contradiction",
                f"only a {parent} has {key}, this column is {type_}",
                f"promise type: {parent}, or remove {key}",
            )
            return False
        return True

    # -- rules --------------------------------------------------------------------------------

    def rule(self, cursor: Cursor, known: frozenset[str]) -> None:
        if not cursor.is_mapping():
            cursor.expected("a rule with column and rule")
            return
        hint = "arguments of the check stand under args"
        fields = cursor.fields(names(RULE), hint=hint)
        values = self.read(RULE, fields, cursor, "")
        judged: list[tuple[str, Cursor]] = []
        if "column" in fields and "columns" in fields:
            fields["columns"].wrong(
                "contract.contradiction", "a rule has column or columns", "keep one of them"
            )
        if values.get("column"):
            judged = [(values["column"], fields["column"])]
        elif values.get("columns"):
            items = fields["columns"].items()
            judged = [(name, item) for name, item in zip(values["columns"], items, strict=False)]
        for name, item in judged:
            columns.resolve(name, known, item)
        args: dict[str, Literal] = {}
        arg_places: dict[str, Place] = {}
        check = values.get("rule") or ""
        for name, argument in (fields["args"].entries() if "args" in fields else {}).items():
            arg_places[name] = argument.place
            args[name] = argument.literal()
            if name == "max_age" and ALIASES.get(check, check) in AGE_CHECKS:
                args[name] = self.age(argument)
        if not check:
            return
        severity = values.get("severity") or "error"
        if severity not in SEVERITIES and (meant := suggest(severity, SEVERITIES)) is not None:
            label = f"{shown(severity)} is a label for policies: the check counts as an error"
            fields["severity"].remark(label, meant)
        self.clauses.check(
            check,
            tuple(name for name, _ in judged),
            args,
            cursor.place,
            arg_places=arg_places,
            id=values.get("id"),
            id_cursor=fields.get("id"),
            severity=severity,
            max_rows=values.get("max_rows"),
            max_pct=values.get("max_pct"),
            dimension=values.get("dimension"),
            description=values.get("description") or "",
            when=values.get("when"),
            when_place=fields["when"].place if "when" in fields else None,
        )

    def age(self, cursor: Cursor) -> str | None:
        text = cursor.source("a length of time such as 24h")
        duration = None if text is None else durations.parse(text)
        if duration is not None and duration.seconds is not None:
            return duration.as_argument()
        if text is not None:
            cursor.wrong(
                "contract.bad_duration",
                f"{shown(text)} is not a fixed length of time",
                "write a number and a unit: 15m, 24h, 7d, or PT15M",
            )
        return None

    # -- service levels -----------------------------------------------------------------------

    def levels(self, cursor: Cursor | None, known: frozenset[str]) -> tuple[ServiceLevel, ...]:
        if cursor is None:
            return ()
        levels: list[ServiceLevel] = []
        self.places["/service_levels"] = cursor.place
        entries = cursor.entries("a mapping of service levels").items()
        named = [(service_levels.canonical_name(key), key, value) for key, value in entries]
        # By name, because the order of keys in a mapping means nothing.
        for name, spelled, value in sorted(named, key=lambda entry: entry[0]):
            if any(level.name == name for level in levels):
                cursor.at_key(spelled).wrong(
                    "contract.duplicate_key", f"the service level {shown(name)} is given twice"
                )
                continue
            column = None
            measured: Cursor | None = value
            if value.is_mapping():
                fields = value.fields(names(LEVEL))
                if "value" not in fields:
                    value.missing("value", LEVEL[0].about)
                measured = fields.get("value")
                if "column" in fields:
                    column = fields["column"].name("a column's name")
                    if column is not None:
                        columns.resolve(column, known, fields["column"])
                    if not service_levels.takes_column(name):
                        fields["column"].wrong(
                            "contract.contradiction",
                            f"the service level {shown(name)} is not about a column",
                            "remove column",
                        )
            text = None if measured is None else service_levels.read_value(name, measured)
            if text is None:
                continue
            level = service_levels.level(name, text, column)
            self.places[f"/service_levels/{len(levels)}"] = value.place
            levels.append(level)
            service_levels.add_clause(level, self.clauses, value.place)
        return tuple(levels)


def _dataset(cursor: Cursor) -> str | None:
    name = cursor.name("a dataset's name")
    if name is not None and not is_name(name):
        cursor.wrong(
            "contract.bad_name",
            f"{shown(name)} cannot be the name of a dataset",
            f"use up to {NAME_CHARS} letters, digits, _ and -, with dots between the parts, and "
            f"not {RESERVED} at the end",
        )
        return None
    return name


def _version(cursor: Cursor) -> str | None:
    text = cursor.source("a version such as 1.2.0")
    if text is not None and not SEMVER.fullmatch(text):
        cursor.wrong(
            "contract.bad_version",
            f"{shown(text)} is not a version by SemVer",
            "write three numbers, such as 1.2.0",
        )
        return None
    return text


def _type(cursor: Cursor) -> str | None:
    text = cursor.source("a type such as string or decimal(18,2)")
    if text is None:
        return None
    parsed = column_types.parse(text)
    if parsed is None:
        cursor.wrong(
            "contract.unknown_type",
            f"there is no type {shown(text)}",
            column_types.help_for(text),
        )
    return parsed


def _pii(cursor: Cursor) -> str | bool | None:
    if cursor.kind() == "true or false":
        return cursor.boolean()
    return cursor.name("a kind of personal data, true or false")


def _metadata(cursor: Cursor) -> Literal:
    return Frozen({key: value.metadata() for key, value in cursor.entries().items()})


# The kinds of the form that have one value; the others are read where they stand.
_READERS: dict[str, Callable[[Cursor], Any]] = {
    "boolean": Cursor.boolean,
    "count": Cursor.count,
    "dataset": _dataset,
    "domain": _dataset,
    "metadata": _metadata,
    "name": Cursor.name,
    "percent": Cursor.percent,
    "pii": _pii,
    "rule": Cursor.name,
    "text": Cursor.text,
    "type": _type,
    "version": _version,
    "words": lambda cursor: cursor.words("text"),
}

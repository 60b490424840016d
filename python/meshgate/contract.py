"""What a producer promises, as immutable values with one canonical JSON form and its digest.

Both contract forms (native and ODCS) load into these values. The canonical JSON is what the engine
compiles, what a receipt names by its digest, and what two contracts are compared by: keys sorted,
compact, UTF-8, and every number with the digits of the document (`0.10` stays `0.10`). Comments,
key order and quoting of the document leave no trace in it; positions and remarks are kept beside
it and never take part in equality.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeAlias

from meshgate.canonical import EMPTY, Frozen, Literal, decode, digest, encode, freeze
from meshgate.errors import ContractError, Where


@dataclass(frozen=True, slots=True)
class Mask:
    """One replacement of a column's values.

    Attributes:
        method: the mask's name in the engine's registry.
        args: its arguments.
        key: a reference, ``env:NAME`` or ``file:PATH``; None is the mesh's default key.
        domain: the pseudonymisation domain: equal values get equal keyed masks inside one domain.
    """

    method: str
    domain: str
    args: Frozen[Literal] = EMPTY
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """One promised column, a field of a promised struct, or the items of a promised list.

    Attributes:
        type: in the spelling of the native form, such as ``decimal(18,2)``.
        pii: the kind of personal data (``email``), ``unspecified``, or None.
        columns: the fields of a struct.
        items: the items of a list; of a map its entries, structs of ``key`` and ``value``.
        metadata: what nobody executes: business names, examples, keys we do not interpret.
    """

    name: str
    type: str
    description: str = ""
    required: bool = False
    tags: tuple[str, ...] = ()
    pii: str | None = None
    classification: str | None = None
    mask: Mask | None = None
    columns: tuple[Column, ...] = ()
    items: Column | None = None
    metadata: Frozen[Literal] = EMPTY


@dataclass(frozen=True, slots=True)
class Check:
    """One assertion that can be executed.

    Attributes:
        id: stable and unique in the contract.
        check: its name in the engine's registry; unknown names are the engine's to refuse.
        columns: what it judges: ``a``, ``a.b`` in structs, ``a[]`` and ``a[].b`` in lists.
        when: a condition in SQL; rows for which it is not true are outside of the check.
        severity: ``error``, ``warning``, or a label that counts as ``error``.
        max_rows: failing rows that are tolerated.
        max_pct: failing rows that are tolerated, in percent of the tested rows.
    """

    id: str
    check: str
    columns: tuple[str, ...] = ()
    args: Frozen[Literal] = EMPTY
    severity: str = "error"
    max_rows: int | None = None
    max_pct: int | Decimal | None = None
    dimension: str | None = None
    description: str = ""
    when: str | None = None


@dataclass(frozen=True, slots=True)
class NotEnforced:
    """A clause that was understood and that nobody here can execute, with the reason."""

    id: str
    clause: str
    reason: str


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """One promise about the product as a whole, such as its freshness.

    Attributes:
        value: as written, such as ``24h``.
        seconds: the exact length of a duration; None for anything else, also months and years.
        column: the column that carries the time; None when publications are measured instead.
    """

    name: str
    value: str
    seconds: int | Decimal | None = None
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Remark:
    """Something in a document that its author should look at; the contract holds nevertheless."""

    message: str
    where: Where
    help: str | None = None

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" + (f" ({self.help})" if self.help else "")


Place: TypeAlias = tuple[int, int, str]
"""Line and column, from 1, and the path of names in the document."""


class Positions(Mapping[str, Where]):
    """Where the clauses of a contract stand in its document, by JSON pointer.

    A pointer into the canonical JSON that has no entry falls back to its nearest parent, so every
    pointer has a place as long as the document is known.
    """

    __slots__ = ("_file", "_places")

    def __init__(self, file: str = "", places: Mapping[str, Place] | None = None) -> None:
        self._file = file
        self._places = dict(places or {})

    def __getitem__(self, pointer: str) -> Where:
        while True:
            place = self._places.get(pointer)
            if place is not None:
                return Where(self._file, *place)
            if not pointer:
                raise KeyError(pointer)
            pointer = pointer.rpartition("/")[0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


@dataclass(frozen=True, slots=True, eq=False)
class Contract:
    """What a producer promises about one dataset. Equal contracts have equal canonical JSON.

    Attributes:
        columns: the promised columns, in the promised order; a contract without any cannot be
            compiled into a plan.
        checks: in the order of the document, with those that `required` columns and service levels
            with a column imply.
        strict: extra columns and other column orders fail.
        extra_columns: ``drop`` or ``keep`` what the contract does not promise.
        metadata: what nobody executes: servers, team, roles, keys we do not interpret.
        positions: where each clause stands in the document.
        remarks: what the author should look at.
    """

    id: str
    dataset: str
    version: str
    owner: str = ""
    domain: str | None = None
    status: str = "active"
    description: str = ""
    columns: tuple[Column, ...] = ()
    checks: tuple[Check, ...] = ()
    not_enforced: tuple[NotEnforced, ...] = ()
    service_levels: tuple[ServiceLevel, ...] = ()
    strict: bool = False
    extra_columns: str = "drop"
    tags: tuple[str, ...] = ()
    metadata: Frozen[Literal] = EMPTY
    positions: Positions = field(default_factory=Positions, repr=False)
    remarks: tuple[Remark, ...] = field(default=(), repr=False)
    _json: str | None = field(default=None, init=False, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The canonical form as new dicts and lists, which may be changed."""
        return _plain(self)  # type: ignore[no-any-return]  # a contract is a dict in this form

    def to_json(self) -> str:
        """The canonical JSON.

        >>> Contract(id="a", dataset="a", version="1.0.0").to_json()[:36]
        '{"checks":[],"columns":[],"dataset":'
        """
        if self._json is None:
            object.__setattr__(self, "_json", encode(_plain(self)))
        return self._json or ""

    @property
    def digest(self) -> str:
        """``sha256:`` and the hex SHA-256 of the canonical JSON in UTF-8."""
        return digest(self.to_json())

    @classmethod
    def from_json(cls, text: str | bytes) -> Contract:
        """The contract of a canonical JSON; it has no positions.

        Raises:
            ContractError: ``contract.bad_json`` when the text is not of that form.
        """
        try:
            return _contract(decode(text))
        except (ValueError, TypeError, RecursionError):
            raise ContractError(
                code="contract.bad_json",
                message="the text is not the canonical JSON of a contract",
                help="load documents with meshgate.formats.load",
            ) from None

    def column(self, name: str) -> Column | None:
        """The top-level column of this exact name, if promised."""
        return next((column for column in self.columns if column.name == name), None)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Contract):
            return NotImplemented
        return self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash(self.to_json())


def walk(columns: Iterable[Column], above: str = "") -> Iterator[tuple[str, Column]]:
    """Every column with its path, however deep: fields as ``a.b``, items of lists as ``a[]``.

    >>> items = Column("item", "list", items=Column("item", "string", pii="email"))
    >>> [path for path, _ in walk([Column("a", "list", items=items)])]
    ['a', 'a[]', 'a[][]']
    """
    for column in columns:
        path = f"{above}.{column.name}" if above else column.name
        yield from _within(path, column)


def _within(path: str, column: Column) -> Iterator[tuple[str, Column]]:
    yield path, column
    yield from walk(column.columns, path)
    if column.items is not None:
        yield from _within(f"{path}[]", column.items)


_NULL = type(None)
_LIST, _DICT, _TEXT_OR_NULL, _NUMBER = (list,), (dict,), (str, _NULL), (int, Decimal, _NULL)
_KINDS: dict[type[Any], dict[str, tuple[type[Any], ...]]] = {
    Contract: {
        "id": (str,),
        "dataset": (str,),
        "version": (str,),
        "owner": (str,),
        "domain": _TEXT_OR_NULL,
        "status": (str,),
        "description": (str,),
        "columns": _LIST,
        "checks": _LIST,
        "not_enforced": _LIST,
        "service_levels": _LIST,
        "strict": (bool,),
        "extra_columns": (str,),
        "tags": _LIST,
        "metadata": _DICT,
    },
    Column: {
        "name": (str,),
        "type": (str,),
        "description": (str,),
        "required": (bool,),
        "tags": _LIST,
        "pii": _TEXT_OR_NULL,
        "classification": _TEXT_OR_NULL,
        "mask": (dict, _NULL),
        "columns": _LIST,
        "items": (dict, _NULL),
        "metadata": _DICT,
    },
    Mask: {"method": (str,), "args": _DICT, "key": _TEXT_OR_NULL, "domain": (str,)},
    Check: {
        "id": (str,),
        "check": (str,),
        "columns": _LIST,
        "args": _DICT,
        "severity": (str,),
        "max_rows": (int, _NULL),
        "max_pct": _NUMBER,
        "dimension": _TEXT_OR_NULL,
        "description": (str,),
        "when": _TEXT_OR_NULL,
    },
    NotEnforced: {"id": (str,), "clause": (str,), "reason": (str,)},
    ServiceLevel: {
        "name": (str,),
        "value": (str,),
        "seconds": _NUMBER,
        "column": _TEXT_OR_NULL,
    },
}


def _plain(value: object) -> Any:
    """The canonical form of a value: its fields by name, mappings and sequences rebuilt."""
    names = _KINDS.get(type(value))
    if names is not None:
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _fields(kind: type[Any], raw: Any) -> dict[str, Any]:
    """The fields of one value, with exactly the keys and kinds of its canonical form."""
    expected = _KINDS[kind]
    if not isinstance(raw, dict) or raw.keys() != expected.keys():
        raise ValueError("keys")
    for name, kinds in expected.items():
        value = raw[name]
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise ValueError("kind")
    return raw


def _contract(raw: object) -> Contract:
    fields = _fields(Contract, raw)
    return Contract(
        **fields
        | {
            "columns": tuple(_column(item) for item in fields["columns"]),
            "checks": tuple(_check(item) for item in fields["checks"]),
            "not_enforced": tuple(
                NotEnforced(**_fields(NotEnforced, item)) for item in fields["not_enforced"]
            ),
            "service_levels": tuple(
                ServiceLevel(**_fields(ServiceLevel, item)) for item in fields["service_levels"]
            ),
            "tags": _texts(fields["tags"]),
            "metadata": freeze(fields["metadata"]),
        }
    )


def _column(raw: object) -> Column:
    fields = _fields(Column, raw)
    mask, items = fields["mask"], fields["items"]
    if mask is not None:
        mask = Mask(**_fields(Mask, mask) | {"args": freeze(mask["args"])})
    return Column(
        **fields
        | {
            "columns": tuple(_column(item) for item in fields["columns"]),
            "items": None if items is None else _column(items),
            "mask": mask,
            "tags": _texts(fields["tags"]),
            "metadata": freeze(fields["metadata"]),
        }
    )


def _check(raw: object) -> Check:
    fields = _fields(Check, raw)
    return Check(**fields | {"columns": _texts(fields["columns"]), "args": freeze(fields["args"])})


def _texts(values: list[object]) -> tuple[str, ...]:
    if not all(isinstance(value, str) for value in values):
        raise ValueError("kind")
    return tuple(str(value) for value in values)

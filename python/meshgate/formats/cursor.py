"""Reading nodes as what they should be, with a finding wherever they are not.

A cursor is a node with its path. Each reader returns the value or, after keeping a finding, None;
so a loader reads on and its author sees everything that is wrong at once. Findings say what is
expected and what kind of thing is there; they do not repeat values, which may be personal data.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from decimal import Decimal

from meshgate.canonical import Frozen, Literal
from meshgate.contract import Place
from meshgate.formats.findings import Findings, join, nearest, shown, suggest
from meshgate.formats.nodes import Listing, Mapping, Node, NotANumber, Scalar, value_of

_YAML_1_1 = frozenset({"yes", "no", "on", "off", "y", "n"})


class Cursor:
    """A node, the path to it, and where findings go."""

    __slots__ = ("findings", "misspelt", "node", "path")

    def __init__(self, node: Node, path: str, findings: Findings) -> None:
        self.node = node
        self.path = path
        self.findings = findings
        self.misspelt: set[str] | None = None

    @property
    def place(self) -> Place:
        """Line, column and path, for the contract's positions."""
        return (self.node.line, self.node.column, self.path)

    def wrong(self, code: str, message: str, help: str | None = None) -> None:
        """Keeps a finding about this node."""
        self.findings.add(code, message, self.node.line, self.node.column, self.path, help)

    def remark(self, message: str, help: str | None = None) -> None:
        """Keeps something that the author should look at."""
        self.findings.remark(message, self.node.line, self.node.column, self.path, help)

    def expected(self, what: str, help: str | None = None) -> None:
        """Keeps the finding that this node is of another kind."""
        self.wrong("contract.wrong_kind", f"expected {what}, found {self.kind()}", help)

    def kind(self) -> str:
        """What the node is, in words; never its value."""
        if isinstance(self.node, Mapping):
            return "a mapping"
        if isinstance(self.node, Listing):
            return "a list"
        try:
            value = value_of(self.node)
        except NotANumber:
            return "a number that no column holds"
        if value is None:
            return "nothing"
        if isinstance(value, bool):
            return "true or false"
        if isinstance(value, str):
            return "text"
        return "a number"

    def is_null(self) -> bool:
        """Whether the value is absent or a null without quotes."""
        node = self.node
        return isinstance(node, Scalar) and node.plain and value_of_or_none(node) is None

    def is_mapping(self) -> bool:
        """Whether the node is a mapping."""
        return isinstance(self.node, Mapping)

    def is_list(self) -> bool:
        """Whether the node is a list."""
        return isinstance(self.node, Listing)

    def has(self, key: str) -> bool:
        """Whether the mapping has the key."""
        return isinstance(self.node, Mapping) and key in self.node.entries

    # -- containers ---------------------------------------------------------------------------

    def entries(self, what: str = "a mapping") -> dict[str, Cursor]:
        """The entries of a mapping by key; empty after a finding."""
        node = self.node
        if not isinstance(node, Mapping):
            self.expected(what)
            return {}
        findings, path = self.findings, self.path
        return {
            key: Cursor(value, join(path, key), findings)
            for key, (_, value) in node.entries.items()
        }

    def at_key(self, key: str) -> Cursor:
        """The key itself, for findings about it."""
        assert isinstance(self.node, Mapping)
        return Cursor(self.node.entries[key][0], join(self.path, key), self.findings)

    def fields(
        self, known: Collection[str], what: str = "a mapping", hint: str | None = None
    ) -> dict[str, Cursor]:
        """The entries; keys that are not known are findings, with the nearest known one."""
        entries = self.entries(what)
        for key in [key for key in entries if key not in known]:
            self.unknown(key, known, hint or f"known keys: {', '.join(sorted(known))}")
            del entries[key]
        return entries

    def unknown(self, key: str, known: Collection[str], hint: str) -> None:
        """Keeps the finding that nobody knows a key; the known one it looks like is not missed."""
        near = nearest(key, known)
        if near is not None:
            self.misspelt = {near} | (self.misspelt or set())
        self.at_key(key).wrong(
            "contract.unknown_key",
            f"the key {shown(key)} is not known here",
            suggest(key, known) or hint,
        )

    def missing(self, key: str, about: str) -> None:
        """Keeps the finding that a key is missing in this mapping, unless it is misspelt there."""
        if key not in (self.misspelt or ()):
            self.wrong("contract.missing_key", f"the key {shown(key)} is missing", about)

    def items(self, what: str = "a list") -> Iterator[Cursor]:
        """The items of a list, with a path by name where they have one."""
        node = self.node
        if not isinstance(node, Listing):
            self.expected(what)
            return
        for index, item in enumerate(node.items):
            yield Cursor(item, join(self.path, _step(item, index)), self.findings)

    # -- scalars ------------------------------------------------------------------------------

    def text(self, what: str = "text") -> str | None:
        """A text; a number or a boolean has to be quoted to be one."""
        node = self.node
        if isinstance(node, Scalar):
            try:
                value = value_of(node)
            except NotANumber:
                value = None
            if isinstance(value, str):
                return value
            if value is not None:
                self.expected(what, "put it in quotes")
                return None
        self.expected(what)
        return None

    def name(self, what: str = "a name") -> str | None:
        """A text that is not blank."""
        value = self.text(what)
        if value is not None and not value.strip():
            self.expected(what)
            return None
        return value

    def source(self, what: str = "text") -> str | None:
        """The source text of a scalar, whatever it stands for: `1.0` is "1.0"."""
        node = self.node
        if isinstance(node, Scalar) and not self.is_null():
            return node.text
        self.expected(what)
        return None

    def boolean(self) -> bool | None:
        """True or false."""
        node = self.node
        if isinstance(node, Scalar):
            value = value_of_or_none(node)
            if isinstance(value, bool):
                return value
            help = "write true or false without quotes"
            if node.text.lower() in _YAML_1_1 | {"true", "false"}:
                self.expected("true or false", help)
                return None
        self.expected("true or false")
        return None

    def count(self) -> int | None:
        """A whole number from 0."""
        value = value_of_or_none(self.node)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        self.expected("a whole number from 0")
        return None

    def number(self, what: str = "a number") -> int | Decimal | None:
        """An exact number."""
        value = value_of_or_none(self.node)
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return value
        self.expected(what)
        return None

    def percent(self) -> int | Decimal | None:
        """A number from 0 to 100."""
        value = self.number("a number from 0 to 100")
        if value is not None and not 0 <= value <= 100:
            self.wrong("contract.bad_number", "a percentage is outside 0 to 100")
            return None
        return value

    def word(self, known: Collection[str], what: str) -> str | None:
        """One of the known words."""
        value = self.source(what)
        if value is None or value in known:
            return value
        self.wrong(
            "contract.unknown_word",
            f"{shown(value)} is not {what}",
            suggest(value, known) or f"use one of {', '.join(known)}",
        )
        return None

    def words(self, what: str) -> tuple[str, ...]:
        """A list of texts."""
        found = [item.name(what) for item in self.items(f"a list of {what}s")]
        return tuple(word for word in found if word is not None)

    def literal(self) -> Literal:
        """The value as it stands, lists and mappings included; numbers keep their digits."""
        node = self.node
        if isinstance(node, Scalar):
            try:
                return value_of(node)
            except NotANumber:
                self.wrong(
                    "contract.bad_number",
                    "NaN, infinity and numbers beyond all columns' ranges are no values",
                    "write a finite number, or leave the bound out",
                )
                return None
        if isinstance(node, Listing):
            return tuple(item.literal() for item in self.items())
        return Frozen({key: value.literal() for key, value in self.entries().items()})

    def metadata(self) -> Literal:
        """The value for keeping only: what is no number in a contract stays text."""
        node = self.node
        if isinstance(node, Scalar):
            try:
                return value_of(node)
            except NotANumber:
                return node.text
        if isinstance(node, Listing):
            return tuple(item.metadata() for item in self.items())
        return Frozen({key: value.metadata() for key, value in self.entries().items()})


def value_of_or_none(node: Node) -> Literal:
    """The value of a scalar; None for everything else."""
    if not isinstance(node, Scalar):
        return None
    try:
        return value_of(node)
    except NotANumber:
        return NotANumber.__name__  # text, so neither a number nor absent


def _step(item: Node, index: int) -> str | int:
    if isinstance(item, Mapping) and "name" in item.entries:
        name = item.entries["name"][1]
        if isinstance(name, Scalar) and name.text:
            return name.text
    return index

"""The one place that reads YAML (and so JSON): a budgeted walk over the parser's events.

A document becomes a tree of nodes with positions, or a `ContractError`. No value is constructed
from a tag, no alias is expanded beyond a budget, nothing recurses, and only the text that was
handed in is read. Limits are on bytes, nodes, depth and expanded aliases, so hostile documents
cost no more than honest ones of the same size.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from meshgate.formats.findings import Findings, join, shown
from meshgate.formats.nodes import Listing, Mapping, Node, Scalar

# The C parser is 30 times as fast as the Python one; both give the same events.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one document. An error names the one that was met.

    Attributes:
        document_bytes: size of the encoded text, comments included; judged before it is parsed.
        nodes: keys and values together.
        depth: lists and mappings inside each other.
        alias_nodes: what aliases may add; 64 characters of text count as one more node.
        scalar_chars: length of one key or value.
        columns: promised columns, nested ones included.
    """

    document_bytes: int = 16 * 1024 * 1024
    nodes: int = 250_000
    depth: int = 64
    alias_nodes: int = 20_000
    scalar_chars: int = 1_000_000
    columns: int = 10_000


def read(data: str | bytes, findings: Findings, limits: Limits) -> Node:
    """The tree of the document.

    Raises:
        ContractError: ``contract.too_large``, ``contract.encoding``, ``contract.syntax``,
            ``contract.several_documents``, ``contract.empty``, ``contract.duplicate_key``,
            ``contract.merge_key``, ``contract.tag``, ``contract.alias``, ``contract.key_kind``.
    """
    text = _decode(data, findings, limits)
    root = _Builder(findings, limits).build(text)
    findings.stop_if_any()
    return root


# What YAML allows in a document, except that NEL and the separators U+2028/9 count as printable.
_FORBIDDEN = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_TAG_DIRECTIVE = re.compile(r"^%TAG\b", re.MULTILINE)
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def _decode(data: str | bytes, findings: Findings, limits: Limits) -> str:
    if _over(data, limits.document_bytes):
        findings.fail(
            "contract.too_large",
            f"the document has more than {limits.document_bytes} bytes, comments included",
            1,
            1,
            help="the limit is document_bytes; keep examples and generated lists elsewhere",
        )
    if isinstance(data, bytes):
        if data.startswith(_UTF16) or data[:4].count(0) >= 2:
            findings.fail(
                "contract.encoding",
                "the document is UTF-16 or UTF-32, not UTF-8",
                1,
                1,
                help="save the file as UTF-8",
            )
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            line, column = _place(data[: error.start].decode("utf-8"), error.start)
            findings.fail(
                "contract.encoding",
                "the document is not UTF-8 here",
                line,
                column,
                help="save the file as UTF-8",
            )
    else:
        text = data
    text = text.removeprefix("\ufeff")
    forbidden = _FORBIDDEN.search(text)
    if forbidden:
        line, column = _place(text, forbidden.start())
        findings.fail(
            "contract.encoding",
            f"the document holds the character U+{ord(forbidden[0]):04X} here",
            line,
            column,
            help='remove it, or write it as an escape inside double quotes ("\\x00")',
        )
    directive = _TAG_DIRECTIVE.search(text)
    if directive:
        findings.fail(
            "contract.tag",
            "the document declares tags",
            *_place(text, directive.start()),
            help="remove the %TAG line: contracts have no tags",
        )
    return text


def _over(data: str | bytes, limit: int) -> bool:
    """Whether the document takes more bytes; a text that is short enough to matter is encoded."""
    if isinstance(data, bytes) or data.isascii() or len(data) > limit:
        return len(data) > limit
    return len(data.encode("utf-8", "surrogatepass")) > limit


def _place(text: str, index: int) -> tuple[int, int]:
    before = text[:index]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


class _Frame:
    """An open list or mapping while its content is read."""

    __slots__ = ("anchor", "key", "node", "skip")

    def __init__(self, node: Listing | Mapping, anchor: str | None) -> None:
        self.node = node
        self.anchor = anchor
        self.key: Scalar | None = None
        self.skip = False  # the value that follows belongs to a key that was refused


class _Builder:
    """Turns events into nodes; keeps the budgets."""

    def __init__(self, findings: Findings, limits: Limits) -> None:
        self.findings = findings
        self.limits = limits
        self.stack: list[_Frame] = []
        self.anchors: dict[str, Node | None] = {}
        self.root: Node | None = None
        self.nodes = 0
        self.alias_nodes = 0

    def build(self, text: str) -> Node:
        documents = 0
        for event in self.events(text):
            kind = type(event)
            if kind is yaml.ScalarEvent:
                self.scalar(event)
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                self.open(event, kind is yaml.MappingStartEvent)
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                self.close()
            elif kind is yaml.AliasEvent:
                self.alias(event)
            elif kind is yaml.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    self.fail(
                        "contract.several_documents",
                        "a second document starts here",
                        event,
                        help="a contract is one document: remove the --- line or split the file",
                    )
        if self.root is None or (isinstance(self.root, Scalar) and self.root.text == ""):
            self.findings.fail(
                "contract.empty",
                "the document is empty",
                1,
                1,
                help="start with dataset: and version:",
            )
        return self.root

    def events(self, text: str) -> Iterator[Any]:
        try:
            yield from yaml.parse(text, Loader=_LOADER)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            before = text[mark.index - mark.column : mark.index + 1] if mark else ""
            message, help = _explain(str(error.problem), before)
            if help and message.endswith("not closed") and error.context_mark:
                help += f"; it starts in line {error.context_mark.line + 1}"
            self.findings.fail("contract.syntax", message, line, column, self.path(), help=help)
        except yaml.YAMLError:
            self.findings.fail("contract.syntax", "the document is not YAML", 1, 1)

    def path(self) -> str:
        path = ""
        for frame in self.stack:
            if isinstance(frame.node, Listing):
                path = join(path, len(frame.node.items))
            elif frame.key is not None:
                path = join(path, frame.key.text)
        return path

    def fail(self, code: str, message: str, event: Any, help: str | None = None) -> None:
        mark = event.start_mark
        self.findings.fail(code, message, mark.line + 1, mark.column + 1, self.path(), help=help)

    def add(
        self, code: str, message: str, event: Any, help: str | None = None, key: str | None = None
    ) -> None:
        mark = event.start_mark
        path = self.path() if key is None else join(self.path(), key)
        self.findings.add(code, message, mark.line + 1, mark.column + 1, path, help=help)

    def spend(self, event: Any) -> None:
        self.nodes += 1
        if self.nodes > self.limits.nodes:
            self.fail(
                "contract.too_large",
                f"the document has more than {self.limits.nodes} keys and values",
                event,
                help="the limit is nodes",
            )
        if event.tag is not None:
            self.add(
                "contract.tag",
                f"the tag {shown(event.tag)} is not accepted",
                event,
                help="write the plain value: contracts have no tags",
            )

    def scalar(self, event: Any) -> None:
        self.spend(event)
        text = event.value
        if len(text) > self.limits.scalar_chars:
            self.fail(
                "contract.too_large",
                f"a text has more than {self.limits.scalar_chars} characters",
                event,
                help="the limit is scalar_chars",
            )
        if not text.isascii() and _SURROGATE.search(text):  # the Python parser takes "\ud800"
            self.fail("contract.encoding", "a text holds half of a surrogate pair", event)
        mark = event.start_mark
        plain = event.implicit[0] and event.tag is None
        node = Scalar(text, plain, mark.line + 1, mark.column + 1)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        self.place(node, event)

    def open(self, event: Any, mapping: bool) -> None:
        self.spend(event)
        frame = self.stack[-1] if self.stack else None
        if frame and isinstance(frame.node, Mapping) and frame.key is None and not frame.skip:
            self.fail(
                "contract.key_kind",
                "a list or mapping is used as a key",
                event,
                help="keys are text; quote the key if it is meant to hold brackets or braces",
            )
        if len(self.stack) >= self.limits.depth:
            self.too_deep(event)
        mark = event.start_mark
        kind = Mapping if mapping else Listing
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        self.stack.append(_Frame(kind(mark.line + 1, mark.column + 1), event.anchor))

    def too_deep(self, event: Any) -> None:
        self.fail(
            "contract.too_large",
            f"lists and mappings are nested more than {self.limits.depth} deep",
            event,
            help="the limit is depth",
        )

    def close(self) -> None:
        frame = self.stack.pop()
        if frame.anchor is not None:
            self.anchors[frame.anchor] = frame.node
        self.place(frame.node, None)

    def alias(self, event: Any) -> None:
        name = event.anchor
        if name not in self.anchors:
            self.fail("contract.alias", f"the alias {shown(name)} has no anchor before it", event)
        node = self.anchors[name]
        if node is None:
            self.fail("contract.alias", f"the alias {shown(name)} is inside its own anchor", event)
            return
        self.alias_nodes += node.size
        if self.alias_nodes > self.limits.alias_nodes:
            self.fail(
                "contract.alias",
                f"aliases repeat more than {self.limits.alias_nodes} keys and values",
                event,
                help="the limit is alias_nodes",
            )
        if len(self.stack) + node.height > self.limits.depth:
            self.too_deep(event)
        self.place(node, event)

    def place(self, node: Node, event: Any) -> None:
        """Puts a finished node where it belongs: under its key, into its list, or at the root."""
        if not self.stack:
            self.root = node
            return
        frame = self.stack[-1]
        parent = frame.node
        if isinstance(parent, Listing):
            parent.items.append(node)
        elif frame.skip:
            frame.skip = False
            frame.key = None
            return
        elif frame.key is None:
            self.key(frame, parent, node, event)
            return
        else:
            parent.entries[frame.key.text] = (frame.key, node)
            frame.key = None
        parent.size += node.size
        parent.height = max(parent.height, node.height + 1)

    def key(self, frame: _Frame, parent: Mapping, node: Node, event: Any) -> None:
        if not isinstance(node, Scalar):
            self.fail("contract.key_kind", "an alias to a list or mapping is used as a key", event)
            return
        if node.plain and node.text == "<<":
            self.add(
                "contract.merge_key",
                "merge keys (<<) are not accepted",
                event,
                help="write the keys out",
                key=node.text,
            )
            frame.skip = True
        elif node.text in parent.entries:
            first = parent.entries[node.text][0]
            self.add(
                "contract.duplicate_key",
                f"the key {shown(node.text)} is given twice",
                event,
                help=f"it is already given in line {first.line}; keep one of them",
                key=node.text,
            )
            frame.skip = True
        elif node.text == "":
            self.add("contract.key_kind", "a key is missing before the colon", event)
            frame.skip = True
        parent.size += node.size
        frame.key = node


def _explain(problem: str, before: str) -> tuple[str, str | None]:
    """Our own sentence for what the parser found; its text can quote the document."""
    if "\t" in before and not before.strip():
        return "a tab is used for indentation", "indent with spaces"
    for part, message, help in _PROBLEMS:
        if part in problem:
            return message, help
    return "the document is not YAML here", None


_PROBLEMS = (
    (
        "mapping values are not allowed",
        "a colon stands where no key can be",
        "check the indentation, and quote texts that hold a colon and a space",
    ),
    (
        "block sequence entries are not allowed",
        "a list stands behind its key",
        "start the list in the next line",
    ),
    (
        "alphabetic or numeric",
        "a value starts with * or &",
        "quote texts that start with * or &",
    ),
    (
        "expected comment or line break",
        "text stands behind | or >",
        "start the text in the next line",
    ),
    (
        "cannot start any token",
        "a value starts with a reserved character",
        "quote texts that start with @, ` or %",
    ),
    ("or ']'", "a list in brackets is not closed", "write the missing ] or comma"),
    ("or '}'", "a mapping in braces is not closed", "write the missing } or comma"),
    ("unexpected end of stream", "a quoted text is not closed", "write the missing quote"),
    ("expected key", "the indentation does not continue the mapping", "align the keys"),
    ("expected '-' indicator", "the indentation does not continue the list", "align the dashes"),
    ("could not find expected ':'", "a key has no colon", "write key: value"),
    ("escape", "a text in double quotes holds an unknown escape", "use single quotes"),
    ("tag handle", "a tag is not accepted", "write the plain value: contracts have no tags"),
    ("directive", "a directive (%) cannot be read", "remove the line"),
)

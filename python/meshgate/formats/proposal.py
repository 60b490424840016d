"""A contract proposed from data: the native form, with comments on what was seen.

Rules are proposed for what holds in all of the data: types, columns without nulls, keys that were
verified, small sets of values. What merely was so (ranges, shapes) stands in comments. Of a column
that looks personal no value is written down; it is tagged and masked.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from meshgate.contract import Check, Column, Contract
from meshgate.errors import printable
from meshgate.formats import looks
from meshgate.formats.columns import RESERVED_PREFIX
from meshgate.formats.personal import UNSPECIFIED
from meshgate.profile import ColumnProfile, Profile, share

if TYPE_CHECKING:
    import pyarrow as pa

VERSION = "0.1.0"
MOST_KEYS = 8
"""Most columns whose uniqueness is verified."""
KEY_CHARS = 64
NEARLY_ALL = 0.9  # six standard errors of an estimate
MOST_ALLOWED, SEEN_EACH = 20, 5
SHAPED = 0.9

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./+-]*")
_WORDS = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n"))
_FINITE = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
_MOMENT = re.compile(r"(?:\d{4}-\d\d-\d\d)?(?:T?\d\d:\d\d:\d\d(?:\.\d+)?Z?)?")
_HASHED = re.compile("string|binary|u?int|decimal|date")
_CLASSES = {"A": "[A-Z]", "a": "[a-z]", "9": "[0-9]", " ": r"\s"}


@dataclass(frozen=True, slots=True)
class Seen:
    """A column or field of the data, as a contract can promise it.

    Attributes:
        pii: the kind of personal data that its name speaks of.
        item: the type of a list's items, where they are plain.
    """

    name: str
    path: str
    type: str
    pii: str | None = None
    fields: tuple[Seen, ...] = ()
    item: str | None = None

    def column(self) -> Column:
        """The promise of this column, with its suspicion as a tag."""
        return Column(
            self.name, self.type, pii=self.pii, columns=tuple(f.column() for f in self.fields)
        )


def seen(schema: pa.Schema) -> tuple[tuple[Seen, ...], tuple[str, ...]]:
    """The columns that a contract can promise, and in words those that it cannot."""
    found = [(field.name, field.type, _seen(field.name, field.type, "")) for field in schema]
    left_out = tuple(f"{quoted(name)} ({type_})" for name, type_, one in found if one is None)
    return tuple(one for _, _, one in found if one is not None), left_out


def minimal(dataset: str, columns: Iterable[Seen]) -> Contract:
    """The contract that promises the columns and nothing of their values; to profile by.

    Columns whose names look personal are tagged, so that the profile tells of none of their values.
    """
    promised = tuple(column.column() for column in columns)
    return Contract(id=dataset, dataset=dataset, version=VERSION, columns=promised)


def candidates(columns: Iterable[Seen], profile: Profile) -> tuple[str, ...]:
    """The paths of columns that may be keys, to be verified."""
    found = []
    for column in columns:
        told = profile[column.path]
        values = profile.rows - told.nulls
        if told.nulls or values < 2 or told.distinct is None or told.unique is False:
            continue
        short = told.max_length is None or told.max_length <= KEY_CHARS
        fits = column.type == "string" or "int" in column.type
        if fits and short and (told.unique or told.distinct.count >= NEARLY_ALL * values):
            found.append(column.path)
    return tuple(found[:MOST_KEYS])


def keyed(contract: Contract, keys: Iterable[str]) -> Contract:
    """The same contract with a check that each of the columns has no value twice."""
    checks = (Check(f"{key}.unique", "unique", (key,)) for key in keys)
    return replace(contract, checks=(*contract.checks, *checks))


def document(
    dataset: str,
    columns: tuple[Seen, ...],
    profile: Profile,
    keys: Collection[str],
    *,
    owner: str | None = None,
    source: str = "data",
    left_out: tuple[str, ...] = (),
    strict_ranges: bool = False,
) -> str:
    """The proposed contract as a document that loads.

    Args:
        dataset: its name.
        columns: what it promises.
        profile: of the data, by the minimal contract.
        keys: paths of columns that are to be unique.
        owner: who answers for it, if known.
        source: what the data is called.
        left_out: columns that cannot be promised, in words.
        strict_ranges: make rules of the ranges that were seen.
    """
    noun = "row" if profile.rows == 1 else "rows"
    lines = [
        f"# Proposed by meshgate infer from {printable(source)}, {profile.rows:,} {noun}.",
        "# It says what was so, not what has to be: keep what you can promise.",
        f"dataset: {quoted(dataset)}",
        f"version: {VERSION}",
        f"owner: {quoted(owner)}" if owner else "# owner: who answers for this product",
        "schema:",
    ]
    rules: list[str] = []
    for column in columns:
        lines += _column(column, profile, "  ", keys)
        rules += _rules(column, profile, keys, strict_ranges)
    lines += [f"  # left out, no contract has such a type: {words}" for words in left_out]
    return "\n".join([*lines, *(["quality_rules:", *rules] if rules else [])]) + "\n"


def quoted(text: str) -> str:
    """A text as YAML that reads back as this text."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else _escape(c) for c in escaped) + '"'


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\U{code:08x}" if code > 0xFFFF else f"\\u{code:04x}"


def _seen(name: str, type_: pa.DataType, above: str) -> Seen | None:
    if not name.strip() or (name.startswith(RESERVED_PREFIX) and not above):
        return None
    path, kind = f"{above}{name}", looks.by_name(name)
    while _is(type_, "dictionary", "run_end_encoded"):
        type_ = type_.value_type
    if _is(type_, "struct"):
        inner = [_seen(field.name, field.type, f"{path}.") for field in type_]
        fields = tuple(field for field in inner if field is not None)
        if len({field.name for field in fields}) < len(inner):
            # A field that no contract can name or promise: only the whole can be spoken of.
            return Seen(name, path, "struct", looks.strongest((kind, *_inside(type_))))
        return Seen(name, path, "struct", kind, fields)
    if _is(type_, "map") or _is_list(type_):
        kind = looks.strongest((kind, *_inside(type_)))
        item = _scalar(type_.value_type) if _is_list(type_) else None
        return Seen(name, path, "list" if _is_list(type_) else "map", kind, (), item)
    scalar = _scalar(type_)
    return None if scalar is None else Seen(name, path, scalar, kind)


def _inside(type_: pa.DataType) -> Iterator[str | None]:
    """What the names of all fields inside of a nested type speak of."""
    if _is(type_, "map"):
        fields = [type_.key_field, type_.item_field]
    else:
        fields = [type_.field(at) for at in range(type_.num_fields)]
    for field in fields:
        yield looks.by_name(field.name)
        yield from _inside(field.type)


def _is(type_: pa.DataType, *kinds: str) -> bool:
    import pyarrow as pa

    return any(getattr(pa.types, f"is_{kind}")(type_) for kind in kinds)


def _is_list(type_: pa.DataType) -> bool:
    return _is(type_, "list", "large_list", "fixed_size_list", "list_view", "large_list_view")


def _scalar(type_: pa.DataType) -> str | None:
    """The narrowest promise that a type keeps, or None when there is none."""
    if _is(type_, "integer"):
        return str(type_)
    if _is(type_, "decimal"):
        fits = 0 <= type_.scale <= type_.precision
        return f"decimal({type_.precision},{type_.scale})" if fits else "decimal"
    if _is(type_, "timestamp"):
        return "timestamp_ntz" if type_.tz is None else "timestamp_tz"
    for promise, kinds in (
        ("string", ("string", "large_string", "string_view")),
        ("binary", ("binary", "large_binary", "binary_view", "fixed_size_binary")),
        ("float32", ("float32",)),
        ("float64", ("float64",)),
        ("boolean", ("boolean",)),
        ("date", ("date",)),
        ("time", ("time",)),
    ):
        if _is(type_, *kinds):
            return promise
    return None


def _suspicion(column: Seen, told: ColumnProfile) -> str | None:
    return column.pii or looks.by_shapes(told.shapes)


def _column(column: Seen, profile: Profile, indent: str, keys: Collection[str]) -> list[str]:
    told = profile[column.path]
    kind = _suspicion(column, told)
    inner = indent + "  "
    lines = [f"{indent}- name: {quoted(column.name)}"]
    type_ = f'"{column.type}"' if "(" in column.type else column.type
    lines.append(f"{inner}type: {type_}")
    if profile.rows and not told.nulls:
        lines.append(f"{inner}required: true")
    if kind is not None:
        mask = "redact" if column.type == "string" else "constant"
        joins = "  # hash keeps joins possible, with a key" if _HASHED.match(column.type) else ""
        lines += [
            f"{inner}pii: {'true' if kind == UNSPECIFIED else kind}",
            f"{inner}masking: {mask}{joins}",
        ]
    lines += [f"{inner}# {remark}" for remark in _remarks(column, told, kind, profile, keys)]
    if column.fields and kind is None:
        lines.append(f"{inner}columns:")
        for field in column.fields:
            lines += _column(field, profile, inner + "  ", keys)
    if column.item is not None:
        item = f'"{column.item}"' if "(" in column.item else column.item
        lines.append(f"{inner}items: {{type: {item}}}")
    return lines


def _remarks(
    column: Seen,
    told: ColumnProfile,
    kind: str | None,
    profile: Profile,
    keys: Collection[str],
) -> Iterator[str]:
    facts = []
    if told.nulls:
        facts.append(f"{share(told.nulls, profile.rows)} null")
    if told.distinct is not None and profile.rows:
        facts.append(f"{told.distinct} distinct value{'s' * (told.distinct.count != 1)}")
    if kind is None:
        facts += [word for word in (told.order, told.ends) if word]
        if told.nan:
            facts.append(f"{told.nan:,} NaN")
    if facts:
        yield ", ".join(facts)
    if kind is not None:
        yield "looks like personal data: its values stay out of this file"
        if column.path in keys:
            yield "no value occurs twice"
    elif looks.may_be_names(told.shapes):
        yield "may hold names of people: if so, tag it with pii and mask it"
    elif told.shapes and told.shapes[0].count >= SHAPED * told.sampled:
        rate = share(told.shapes[0].count, told.sampled)
        of = "values" if told.sampled == profile.rows - told.nulls else "sampled values"
        yield f"{rate} of the {of} have the pattern {pattern(told.shapes[0].text)}"


def pattern(shape: str) -> str:
    """A regular expression that texts of this shape match.

    >>> pattern("A{3}-9")
    '^[A-Z]{3}-[0-9]$'
    """
    text = ""
    for kind, count in looks.parts(shape):
        text += _CLASSES.get(kind) or re.sub(r"([$()*+./?\[\]\\^{}|])", r"\\\1", kind)
        text += f"{{{count}}}" if count > 1 else ""
    return printable(f"^{text}$")


def _rules(
    column: Seen, profile: Profile, keys: Collection[str], strict_ranges: bool
) -> Iterator[str]:
    told = profile[column.path]
    if _suspicion(column, told) is not None:
        return
    values = profile.rows - told.nulls
    if column.path in keys:
        yield _rule(column.path, "unique")
    allowed = told.values or ()
    enough = values >= SEEN_EACH * len(allowed)
    if allowed and len(allowed) <= MOST_ALLOWED and enough and not looks.may_be_names(told.shapes):
        texts = [value.text for value in allowed]
        listed = sorted(texts, key=int) if told.min is not None else map(quoted, sorted(texts))
        yield _rule(column.path, "allowed", f"values: [{', '.join(listed)}]")
    if strict_ranges and not told.nan:
        if told.min is not None and told.max is not None:
            ends = [_bound(told.min), _bound(told.max)]
            if None not in ends:
                yield _rule(column.path, "range", f"min: {ends[0]}, max: {ends[1]}")
        elif told.min_length is not None:
            yield _rule(column.path, "length", f"min: {told.min_length}, max: {told.max_length}")
    for field in column.fields:
        yield from _rules(field, profile, keys, strict_ranges)


def _rule(path: str, rule: str, args: str = "") -> str:
    return f"  - {{column: {quoted(path)}, rule: {rule}{f', args: {{{args}}}' if args else ''}}}"


def _bound(text: str) -> str | None:
    """A bound as YAML; None for what no contract can write, such as infinity or the year 12000."""
    if _FINITE.fullmatch(text):
        return text
    return f'"{text}"' if _MOMENT.fullmatch(text) else None

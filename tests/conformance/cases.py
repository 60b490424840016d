"""Case files as data: YAML whose numbers keep their digits, and columns in every layout."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml
from meshgate import moments
from meshgate.text_types import plainest

HERE = Path(__file__).parent


class _Loader(yaml.SafeLoader):
    """Numbers with a fraction become decimals, digit for digit."""


def _number(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Any:
    text = loader.construct_scalar(node)
    return float(text.replace(".", "")) if text.lstrip("+-.")[0] in "ni" else Decimal(text)


_Loader.add_constructor("tag:yaml.org,2002:float", _number)

_SCALARS = {
    "string": pa.string(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp_tz": pa.timestamp("us", "UTC"),
    "timestamp_ntz": pa.timestamp("us"),
    "float32": pa.float32(),
    "float64": pa.float64(),
    "integer": pa.int64(),
}


def cases(folder: str, key: str = "cases") -> list[Any]:
    """Every case of a folder with the name of its file."""
    found = []
    for path in sorted((HERE / folder).glob("*.yaml")):
        document = yaml.load(path.read_text(encoding="utf-8"), _Loader)
        assert {"check", "items", "mask", "vectors", "when"} & document.keys()
        for case in document.get(key, ()):
            found.append(pytest.param(document, _listed(case), id=f"{path.stem}: {case['note']}"))
    return found


def _listed(case: dict[str, Any]) -> dict[str, Any]:
    """A case that lists the texts which pass and those which do not, as one with a column."""
    if not {"accepts", "refuses"} & case.keys():
        return case
    accepts, refuses = case.get("accepts", []), case.get("refuses", [])
    first = len(accepts) + 1
    column = {"type": "string", "values": [*accepts, None, *refuses]}
    violations = list(range(first, first + len(refuses)))
    return {**case, "column": column, "violations": violations, "skipped_null": 1}


def arrow_type(name: str) -> pa.DataType:
    """The Arrow type that stands for a promised type."""
    if name.startswith("decimal("):
        precision, scale = name[8:-1].split(",")
        width = pa.decimal128 if int(precision) <= 38 else pa.decimal256
        return width(int(precision), int(scale))
    if name.startswith("list<"):
        return pa.list_(arrow_type(name[5:-1]))
    if (moment := moments.parse(name)) is not None:
        return plainest(moment)
    return _SCALARS.get(name) or pa.type_for_alias(name)


def array(column: dict[str, Any]) -> pa.Array:
    """The column's values; a value that does not fit its type is refused."""
    kind = arrow_type(column["type"])

    def value(item: Any, kind: pa.DataType) -> Any:
        if item is None:
            return None
        if pa.types.is_list(kind):
            return [value(one, kind.value_type) for one in item]
        if pa.types.is_decimal(kind):
            return Decimal(item)
        if pa.types.is_timestamp(kind):
            moment = dt.datetime.fromisoformat(item)
            return moment.replace(tzinfo=dt.timezone.utc) if kind.tz else moment
        if pa.types.is_date(kind):
            return dt.date.fromisoformat(item)
        if pa.types.is_floating(kind):
            return float(item)
        expected = bool if pa.types.is_boolean(kind) else int if pa.types.is_integer(kind) else str
        assert type(item) is expected, (item, kind)
        return item

    return pa.array([value(item, kind) for item in column["values"]], kind)


def layouts(values: pa.Array) -> Iterator[tuple[str, pa.Array]]:
    """The same values in every layout that the type has."""
    yield "plain", values
    ahead = values.slice(0, 1)
    padded = pa.concat_arrays([ahead, values, values])
    yield "sliced", padded.slice(len(ahead), len(values))
    kind = values.type
    if pa.types.is_string(kind):
        yield "large", values.cast(pa.large_string())
        yield "view", values.cast(pa.string_view())
    if pa.types.is_list(kind):
        for form in (pa.large_list, pa.list_view, pa.large_list_view):
            yield form.__name__, pa.array(values.to_pylist(), form(kind.value_type))
        return
    if not pa.types.is_boolean(kind) and not _has_nan(values):
        yield "dictionary", values.dictionary_encode()
    if pa.types.is_integer(kind) or pa.types.is_string(kind):
        import pyarrow.compute as pc

        yield "runs", pc.run_end_encode(values)


def _has_nan(values: pa.Array) -> bool:
    return any(isinstance(v, float) and math.isnan(v) for v in values.to_pylist())

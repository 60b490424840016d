"""The JSON Schema of the native form, by which editors complete and correct contracts.

Generated from the table of the form and from what checks and masks say about themselves, and
shipped as `native.schema.json`. The loader stays the judge: it sees what no JSON Schema can, such
as columns that a rule names and nobody promises.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from meshgate import moments
from meshgate.formats import form, masking, naming, personal
from meshgate.formats.column_types import TYPES
from meshgate.formats.service_levels import KNOWN

PATH = Path(__file__).with_name("native.schema.json")
Definition = Mapping[str, Any]
_CHOICE = re.compile(r"[a-z_]+(?:, [a-z_]+)* or [a-z_]+")


def json_schema(
    checks: Iterable[Definition], masks: Iterable[Definition], formats: Iterable[Definition]
) -> dict[str, Any]:
    """The JSON Schema, draft 2020-12, for the registries' definitions."""
    checks, masks = list(checks), list(masks)
    # Stated by `schema`, not by a rule.
    ruled = [check for check in checks if check["name"] != "column_exists"]
    kinds = _kinds(ruled)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "meshgate contract",
        "description": "The native form of a data contract.",
        **_object(form.ROOT, kinds),
        "$defs": {
            "column": _object(form.COLUMN, kinds),
            "items": _object(form.ITEMS, kinds),
            "rule": {
                **_object(form.RULE, kinds),
                "not": {"required": ["column", "columns"]},
                "allOf": [_arguments_of(check) for check in ruled],
            },
            "level": _object(form.LEVEL, kinds),
            "format": {"oneOf": [*_spelt(formats)]},
            "masking": _masking(masks, kinds),
        },
    }


def text(
    checks: Iterable[Definition], masks: Iterable[Definition], formats: Iterable[Definition]
) -> str:
    """The content of the shipped file."""
    return json.dumps(json_schema(checks, masks, formats), indent=2, ensure_ascii=False) + "\n"


def _spelt(definitions: Iterable[Definition]) -> Iterator[dict[str, str]]:
    """Every name and alias with what it stands for."""
    for definition in definitions:
        for name in (definition["name"], *definition["aliases"]):
            yield {"const": name, "description": definition["summary"]}


def _object(keys: tuple[form.Key, ...], kinds: Mapping[str, Any]) -> dict[str, Any]:
    properties = {}
    for key in keys:
        kind = {"enum": list(key.words)} if key.kind == "word" else kinds[key.kind]
        properties[key.name] = {"description": key.about, **kind}
    return {
        "type": "object",
        "properties": properties,
        "required": [key.name for key in keys if key.required],
        "additionalProperties": False,
    }


def _kinds(checks: list[Definition]) -> dict[str, dict[str, Any]]:
    name = f"^(?:{naming.DATASET.pattern})$"
    value = {"type": ["string", "number"], "examples": ["15m", "24h", "7d", "PT15M", "99.9%"]}
    columns = {"type": "array", "items": {"$ref": "#/$defs/column"}}
    return {
        "args": {"type": "object"},
        "boolean": {"type": "boolean"},
        "columns": columns,
        "count": {"type": "integer", "minimum": 0},
        "dataset": {"type": "string", "pattern": name, "maxLength": naming.NAME_CHARS},
        "domain": {"type": "string", "pattern": name, "maxLength": naming.NAME_CHARS},
        "items": {"$ref": "#/$defs/items"},
        "key": {"type": "string", "pattern": "^(?:env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$"},
        "level": value,
        "levels": {
            "type": "object",
            "properties": {level: _level(value) for level in sorted(KNOWN)},
            "additionalProperties": _level(value),
        },
        "masking": {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/masking"}]},
        "metadata": {"type": "object"},
        "name": {"type": "string", "pattern": "\\S"},
        "percent": {"type": "number", "minimum": 0, "maximum": 100},
        "pii": {"anyOf": [{"type": "boolean"}, {"enum": list(personal.KINDS)}, {"type": "string"}]},
        "rule": {"oneOf": [*_spelt(checks)]},
        "rules": {"type": "array", "items": {"$ref": "#/$defs/rule"}},
        "text": {"type": "string"},
        "type": {
            "anyOf": [
                {"enum": list(TYPES)},
                {"type": "string", "pattern": f"^{moments.PATTERN}$"},
                {"type": "string", "pattern": r"^decimal\(\s*\d{1,2}\s*,\s*\d{1,2}\s*\)$"},
            ]
        },
        "version": {"type": "string", "pattern": f"^(?:{naming.SEMVER.pattern})$"},
        "words": {"type": "array", "items": {"type": "string", "pattern": "\\S"}},
    }


def _level(value: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [value, {"$ref": "#/$defs/level"}]}


def _arguments_of(check: Definition) -> dict[str, Any]:
    """What `args` holds when `rule` is this check."""
    arguments = {
        argument["name"]: {"description": argument["summary"], **_in_words(argument["kind"])}
        for argument in check["arguments"]
    }
    names = [check["name"], *check["aliases"]]
    return {
        "if": {"properties": {"rule": {"enum": names}}, "required": ["rule"]},
        "then": {"properties": {"args": {"properties": arguments, "additionalProperties": False}}},
    }


def _in_words(kind: str) -> dict[str, Any]:
    """The JSON Schema of an argument from the words that describe it."""
    if kind == "true or false":
        return {"type": "boolean"}
    if kind == "the name of a format":
        return {"$ref": "#/$defs/format"}
    if kind.startswith("a whole number"):
        return {"type": "integer", "minimum": 0}
    if kind.startswith("a number above 0"):
        return {"type": "number", "exclusiveMinimum": 0}
    if kind == "a number":
        return {"type": "number"}
    if kind.startswith("a list"):
        return {"type": "array", "minItems": 1}
    if kind == "a type, or a list of types":
        text = {"type": "string", "minLength": 1}
        return {"anyOf": [text, {"type": "array", "minItems": 1, "items": text}]}
    if kind.startswith(("an ECMA-262 pattern", "a duration", "text", "a promised type")):
        return {"type": "string", "minLength": 1}
    if _CHOICE.fullmatch(kind):
        return {"enum": re.split(r", | or ", kind)}
    return {}


def _masking(masks: list[Definition], kinds: Mapping[str, Any]) -> dict[str, Any]:
    whole = _object(form.MASKING, kinds)
    methods = [
        {"const": spelling, "description": mask["summary"]}
        for mask in masks
        for spelling in dict.fromkeys((mask["name"], *mask["aliases"], *_spellings(mask["name"])))
    ]
    whole["properties"]["method"] = {
        "description": whole["properties"]["method"]["description"],
        "oneOf": methods,
    }
    for mask in masks:
        for argument in mask["arguments"]:
            shape = {"description": argument["summary"], **_structured(argument["kind"])}
            whole["properties"].setdefault(argument["name"], shape)
    return whole


def _spellings(name: str) -> list[str]:
    return [alias for alias, target in masking.ALIASES.items() if target == name]


def _structured(kind: str | Mapping[str, Any]) -> dict[str, Any]:
    """The JSON Schema of a mask's argument."""
    if kind == "boolean":
        return {"type": "boolean"}
    if kind == "character":
        return {"type": "string", "minLength": 1, "maxLength": 2}
    if isinstance(kind, str):
        return {}
    if "integer" in kind:
        return {
            "type": "integer",
            "minimum": kind["integer"]["min"],
            "maximum": kind["integer"]["max"],
        }
    if "one_of" in kind:
        return {"enum": list(kind["one_of"])}
    if "several" in kind:
        return {"type": "array", "items": {"enum": list(kind["several"])}}
    return {}

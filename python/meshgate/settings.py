"""What ``mesh.toml`` says: storage, catalog, keys, policies, domains. Every key is checked.

Relative paths start at the file's folder. Unknown keys are errors, because a mistyped ``require``
would otherwise be a policy that nobody asks.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

from meshgate.errors import UsageError, Where

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE = "mesh.toml"
_LINEAGE = ("published_at", "publish_id")
_MOST_BYTES = 1 << 20


@dataclass(frozen=True)
class Domain:
    """One domain: who may publish in it (ids, or ``role:NAME``), and what must allow it."""

    publishers: tuple[str, ...] = ()
    require: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settings:
    """One mesh, as its file states it.

    Attributes:
        folder: where relative paths start.
        encryption, region: what the operator states about the storage; None is not stated.
        catalog: a path, or a database URL.
        key: the reference of the default masking key; None when there is none.
        policies: the folder of the policies; None when there is none.
        require: packages whose ``allow_publish`` must be true, in every domain.
        lineage: columns that every product gets: ``published_at``, ``publish_id``.
        memory_bytes: for what uniqueness remembers in one run; None is not bounded.
        spill_folder: where keys go above that; None is the system's temporary folder.
        spill_bytes: at most so many there; None is not bounded.
    """

    folder: Path
    name: str = "mesh"
    adapter: str = "delta"
    location: str = "warehouse"
    encryption: str | None = None
    region: str | None = None
    catalog: str = field(default="catalog.db", repr=False)  # a URL may hold a password
    key: str | None = None
    policies: str | None = None
    require: tuple[str, ...] = ()
    domains: Mapping[str, Domain] = field(default_factory=lambda: MappingProxyType({}))
    lineage: tuple[str, ...] = ()
    compression: str = "zstd"
    memory_bytes: int | None = None
    spill_folder: str | None = None
    spill_bytes: int | None = None


def read(path: Path) -> Settings:
    """The settings of this file.

    Raises:
        UsageError: ``usage.mesh_missing``, ``usage.mesh_syntax``, ``usage.mesh_key``.
    """
    try:
        raw = path.read_bytes()
        if len(raw) > _MOST_BYTES:
            raise OSError
        text = raw.decode()
    except (OSError, UnicodeDecodeError):
        raise UsageError(
            code="usage.mesh_missing",
            message="the mesh's file cannot be read",
            where=Where(str(path)),
            help="`meshgate init` makes a mesh; name its mesh.toml",
        ) from None
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        place = re.search(r"\(at line (\d+), column (\d+)\)\Z", str(error))
        line, column = (int(place[1]), int(place[2])) if place else (None, None)
        raise UsageError(
            code="usage.mesh_syntax",
            message="the mesh's file is not TOML",
            where=Where(str(path), line, column),
            help="strings need quotes, tables need brackets: https://toml.io",
        ) from None
    return _Reader(path, text).settings(document)


class _Reader:
    def __init__(self, path: Path, text: str) -> None:
        self._path, self._document = path, text

    def settings(self, document: Mapping[str, Any]) -> Settings:
        known = {
            "mesh": ("name",),
            "storage": ("adapter", "location", "encryption", "region", "compression"),
            "catalog": ("database",),
            "keys": ("default",),
            "policies": ("folder", "require"),
            "publish": ("lineage",),
            "limits": ("memory_bytes", "spill_folder", "spill_bytes"),
            "domains": (),
        }
        self._only(document, tuple(known), "")
        parts: dict[str, Mapping[str, Any]] = {}
        for name, keys in known.items():
            parts[name] = self._table(document, name, "")
            if name != "domains":
                self._only(parts[name], keys, name)
        storage = parts["storage"]
        lineage = self._texts(parts["publish"], "lineage", "publish")
        for word in lineage:
            if word not in _LINEAGE:
                self._refuse("publish.lineage", "names no lineage column", _guess(word, _LINEAGE))
        compression = self._text(storage, "compression", "storage") or "zstd"
        if compression not in ("zstd", "snappy"):
            self._refuse("storage.compression", "is neither zstd nor snappy")
        key = self._text(parts["keys"], "default", "keys")
        if key is not None and not re.match(r"(env|file):.", key):
            self._refuse("keys.default", "is a key itself; only env:NAME and file:PATH are taken")
        return Settings(
            folder=self._path.parent,
            name=self._text(parts["mesh"], "name", "mesh") or "mesh",
            adapter=self._text(storage, "adapter", "storage") or "delta",
            location=self._text(storage, "location", "storage") or "warehouse",
            encryption=self._text(storage, "encryption", "storage"),
            region=self._text(storage, "region", "storage"),
            catalog=self._text(parts["catalog"], "database", "catalog") or "catalog.db",
            key=key,
            policies=self._text(parts["policies"], "folder", "policies"),
            require=self._texts(parts["policies"], "require", "policies"),
            domains=MappingProxyType(
                {name: self._domain(parts["domains"], name) for name in parts["domains"]}
            ),
            lineage=lineage,
            compression=compression,
            memory_bytes=self._bytes(parts["limits"], "memory_bytes", "limits"),
            spill_folder=self._text(parts["limits"], "spill_folder", "limits"),
            spill_bytes=self._bytes(parts["limits"], "spill_bytes", "limits"),
        )

    def _domain(self, domains: Mapping[str, Any], name: str) -> Domain:
        place = f"domains.{name}"
        entries = self._table(domains, name, "domains")
        self._only(entries, ("publishers", "require"), place)
        return Domain(
            self._texts(entries, "publishers", place), self._texts(entries, "require", place)
        )

    def _table(self, entries: Mapping[str, Any], key: str, parent: str) -> Mapping[str, Any]:
        value = entries.get(key, {})
        if not isinstance(value, dict):
            self._refuse(_joined(parent, key), "must be a table")
        return value

    def _text(self, entries: Mapping[str, Any], key: str, parent: str) -> str | None:
        value = entries.get(key)
        if value is not None and (not isinstance(value, str) or not value):
            self._refuse(_joined(parent, key), "must be a text that is not empty")
        return value

    def _bytes(self, entries: Mapping[str, Any], key: str, parent: str) -> int | None:
        value = entries.get(key)
        if value is None or (type(value) is int and 0 <= value < 2**63):
            return value
        self._refuse(_joined(parent, key), "must be a whole number of bytes")

    def _texts(self, entries: Mapping[str, Any], key: str, parent: str) -> tuple[str, ...]:
        value = entries.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self._refuse(_joined(parent, key), "must be a list of texts")
        return tuple(value)

    def _only(self, entries: Mapping[str, Any], keys: tuple[str, ...], parent: str) -> None:
        for key in entries:
            if key not in keys:
                self._refuse(_joined(parent, key), "is not known", _guess(key, keys))

    def _refuse(self, pointer: str, what: str, help: str | None = None) -> NoReturn:
        leaf = re.escape(pointer.rpartition(".")[2])
        found = re.search(rf"^\s*(?:\[[^\]]*\b)?({leaf})\b", self._document, re.MULTILINE)
        line = None if found is None else self._document.count("\n", 0, found.start(1)) + 1
        raise UsageError(
            code="usage.mesh_key",
            message=f"{pointer} {what}",
            where=Where(str(self._path), line, None, pointer),
            help=help or "docs/mesh.md lists the keys of mesh.toml",
        )


def _guess(word: str, known: tuple[str, ...]) -> str | None:
    near = difflib.get_close_matches(word, known, 1)
    return f"did you mean {near[0]}?" if near else "known: " + ", ".join(known)


def _joined(parent: str, key: str) -> str:
    return f"{parent}.{key}" if parent else key

"""What another process needs to run a gate's plan: the contract, and where its keys are found.

It is pickled and sent to other machines. It holds no key: they are loaded by their references where
the plan runs, from that process's environment or from files that it can reach.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from meshgate import keys
from meshgate.contract import Contract
from meshgate.engine import Plan


@dataclass(frozen=True)
class Portable:
    """A gate's plan before its keys are loaded.

    Attributes:
        contract: the canonical JSON.
        references: ``env:NAME`` or ``file:PATH``, by the name under which the engine asks for them.
        folder: where relative paths of key files start.
    """

    contract: str = field(repr=False)
    references: Mapping[str, str]
    folder: str

    def plan(self, schema: Any) -> Plan:
        """The plan for data of this schema, with the keys that are found here.

        Raises:
            PlanError: ``plan.*``. UsageError: ``usage.key_*``.
        """
        return Plan.compile(Contract.from_json(self.contract), schema, self._keys)

    def key_ids(self) -> dict[str, str]:
        """The public ids of the keys that are found here.

        Raises:
            UsageError: ``usage.key_*``.
        """
        return {name: keys.key_id(key) for name, key in self._keys.items()}

    def derived(self, purpose: str) -> bytes:
        """A key for another purpose, from the mesh's default key if it has one."""
        return keys.derive(self._keys.get(keys.DEFAULT, keys.NONE), purpose)

    @cached_property
    def _keys(self) -> dict[str, bytes]:
        folder = Path(self.folder)
        return {name: keys.load(reference, folder) for name, reference in self.references.items()}

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_keys"}

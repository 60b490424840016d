"""What a run may use: memory for what uniqueness remembers, and disk for what goes beyond."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, fields

from meshgate.errors import UsageError

_NO_QUOTA = 2**63
_WRITE = {
    "MESHGATE_THREADS": "write how many threads, such as 4",
    "MESHGATE_MEMORY": "write bytes, such as 536870912 for 512 MiB",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may use. None takes the environment's word, then the mesh's, then the default.

    Attributes:
        memory_bytes: for what uniqueness remembers (``MESHGATE_MEMORY``); not bounded by default.
        spill_folder: where keys go above that (``MESHGATE_SPILL``): files without a name that
            nobody else can read. By default the system's folder for temporary files.
        spill_bytes: at most so many there in one run; not bounded by default.
    """

    memory_bytes: int | None = None
    spill_folder: str | os.PathLike[str] | None = None
    spill_bytes: int | None = None

    def over(self, other: Limits) -> Limits:
        """These, and the other's where these are silent."""
        pairs = ((getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
        return Limits(*(other if own is None else own for own, other in pairs))

    @classmethod
    def environment(cls) -> Limits:
        """Those that environment variables set.

        Raises:
            UsageError: ``usage.bad_setting``.
        """
        folder = os.environ.get("MESHGATE_SPILL", "").strip() or None
        return cls(whole_number("MESHGATE_MEMORY"), folder)

    @property
    def spill(self) -> tuple[str, int] | None:
        """Folder and quota, where memory is bounded."""
        if self.memory_bytes is None:
            return None
        folder = tempfile.gettempdir() if self.spill_folder is None else self.spill_folder
        return os.fspath(folder), _NO_QUOTA if self.spill_bytes is None else self.spill_bytes


def whole_number(name: str) -> int | None:
    """What ``MESHGATE_THREADS`` or ``MESHGATE_MEMORY`` says; None when it is not set.

    Raises:
        UsageError: ``usage.bad_setting``.
    """
    text = os.environ.get(name, "").strip()
    if not text:
        return None
    try:
        value = int(text)
    except ValueError:
        value = -1
    if value < 0:
        raise UsageError(
            code="usage.bad_setting",
            message=f"the environment variable {name} is not a whole number from 0",
            help=_WRITE[name],
        )
    return value

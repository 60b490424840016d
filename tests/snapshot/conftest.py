"""Stored texts: what a person sees, compared to the byte.

A text changes only by `make snapshots`, which shows the difference; whoever commits it has read it.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
UPDATE = os.environ.get("MESHGATE_UPDATE_SNAPSHOTS") == "1"

Snapshot = Callable[[str, str], None]


@pytest.fixture
def snapshot() -> Snapshot:
    def compare(name: str, actual: str) -> None:
        file = FOLDER / f"{name}.txt"
        if UPDATE:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(actual, encoding="utf-8")
            return
        expected = file.read_text(encoding="utf-8") if file.exists() else ""
        difference = difflib.unified_diff(
            expected.splitlines(), actual.splitlines(), "stored", "actual", lineterm=""
        )
        assert actual == expected, f"{name} changed; see `make snapshots`\n" + "\n".join(difference)

    return compare

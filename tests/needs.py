"""What the tests of other engines and servers need, and what is done where it is missing."""

from __future__ import annotations

import importlib.util
import os
import shutil

import pytest


def need(*names: str) -> None:
    """Skips where a package or program is missing; in continuous integration none may be."""
    missing = [
        name
        for name in names
        if importlib.util.find_spec(name) is None and shutil.which(name) is None
    ]
    if missing:
        say = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        say(f"not installed: {', '.join(missing)}")

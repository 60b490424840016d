"""What the tests of other engines and servers need, and what is done where it is missing."""

from __future__ import annotations

import importlib.util
import os
import shutil

import pytest


def need(*, packages: tuple[str, ...] = (), programs: tuple[str, ...] = ()) -> None:
    """Skips where something is missing; in continuous integration nothing may be."""
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    missing += [name for name in programs if shutil.which(name) is None]
    if missing:
        say = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        say(f"not installed: {', '.join(missing)}")

"""The table of error codes that Python raises; the engine's own codes come from the engine.

Codes are added, never renamed. ``meshgate explain CODE`` prints a row, and a test compares the
table with what the sources raise.
"""

from __future__ import annotations

from meshgate.errors import Code

CODES: tuple[Code, ...] = ()

"""Standard streams that may be closed, full or left by their reader while a command works.

What a command does and its exit code are about the data, so a stream that takes no more text ends
neither: what follows is dropped, and the loss is told at the end.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any


class Guarded:
    """A text stream whose writes never fail.

    Attributes:
        lost: the error of the first write that did.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.lost: OSError | None = None

    def write(self, text: str) -> int:
        """Writes the text, or drops it if an earlier one could not be written."""
        if self.lost is None:
            try:
                self._stream.write(text)
            except OSError as error:
                self._lose(error)
        return len(text)

    def flush(self) -> None:
        """Flushes what was written, unless it was lost."""
        if self.lost is None:
            try:
                self._stream.flush()
            except OSError as error:
                self._lose(error)

    def _lose(self, error: OSError) -> None:
        self.lost = error
        # Python flushes the stream once more at its end, and would complain.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def guarded() -> Iterator[Guarded]:
    """Standard output and standard error are guarded inside; gives standard output.

    A stream that was closed by the parent leads nowhere, and so does its descriptor: otherwise the
    next file that is opened would take its number.
    """
    given = sys.stdout, sys.stderr
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - a device is no path
        output = Guarded(nowhere if sys.stdout is None else sys.stdout)
        sys.stdout = output
        sys.stderr = Guarded(nowhere if sys.stderr is None else sys.stderr)
        try:
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(AttributeError, ValueError):
                    stream.reconfigure(errors="backslashreplace")
            yield output
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            sys.stdout, sys.stderr = given

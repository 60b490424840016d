"""The command line: one file per command, and no decision of its own.

A command loads what the library offers, says what came out, and answers with an exit code:
0 allowed, 1 denied, 2 contract or usage, 3 source or destination, 4 a bug in meshgate.
"""

from __future__ import annotations


def main() -> None:
    """Runs the command line of this process and ends it with the exit code."""
    import os
    import sys

    try:
        from meshgate.cli.run import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # before or after the command itself
        code = 130
    # Without exit handlers: those of pyarrow crash while a file that was not read to its end, after
    # an interrupt or a `--limit`, is still being read ahead. Everything was flushed and closed.
    os._exit(code)

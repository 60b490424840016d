"""A bar with rows per second while a command reads data: on a terminal, as text, on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from meshgate.cli.terminal import Terminal, console_for

Watch = Callable[[int], None]
"""Is told how many rows were read so far."""

EVERY_S = 0.1


@contextmanager
def progress(terminal: Terminal, what: str, data: str) -> Iterator[Watch | None]:
    """A bar that the yielded function moves; None when nobody would see one.

    `what` is the verb to show, `data` the path whose rows are read.
    """
    if terminal.as_json or not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, Progress, ProgressColumn, TaskID, TextColumn
    from rich.text import Text

    class Rows(ProgressColumn):
        def render(self, task: object) -> Text:
            done = int(getattr(task, "completed", 0))
            took = getattr(task, "elapsed", None) or 0.0
            speed = f"   {done / took:,.0f} rows/s" if took > EVERY_S else ""
            return Text(f"{done:,} rows{speed}")

    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        Rows(),
        console=console_for(sys.stderr),
        transient=True,
    )
    with bar:
        task: TaskID = bar.add_task(what, total=_rows(data))
        last = 0.0

        def watch(done: int) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last >= EVERY_S:
                last = now
                bar.update(task, completed=done)

        yield watch


def _rows(data: str) -> int | None:
    """How many rows there will be, where the file itself says so without being read."""
    if not data.endswith(".parquet"):
        return None
    from pyarrow import ArrowException, parquet

    try:
        return int(parquet.read_metadata(data).num_rows)
    except (OSError, ArrowException):
        return None  # whoever reads the data says what is wrong with it

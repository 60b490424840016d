"""The decision log: one JSON object a line, written before the answer is given."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from threading import Lock
from typing import Any

from meshgate.decision import Decision
from meshgate.errors import PolicyError


class DecisionLog:
    """Appends decisions to a file that only its owner may read.

    A line is durable when `write` returns. Control characters in names and reasons are escaped, so
    that no name can forge a line. The input that was decided about has no values of the data.
    """

    def __init__(self, path: str | os.PathLike[str], *, with_input: bool = True) -> None:
        self.path = Path(path)
        self.with_input = with_input
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"DecisionLog({str(self.path)!r})"

    def write(
        self, decision: Decision, document: Mapping[str, Any], *, clock_ns: int, elapsed_us: int
    ) -> None:
        """Appends one decision.

        Raises:
            PolicyError: ``policy.log_failed``: the line is not known to be on disk, so the decision
                must count as a denial.
        """
        seconds, nanoseconds = divmod(clock_ns, 1_000_000_000)
        at = datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
        entry: dict[str, Any] = {
            "decision_id": decision.decision_id,
            "timestamp": f"{at}.{nanoseconds:09}Z",
            "clock_ns": clock_ns,
            **{key: value for key, value in decision.to_dict().items() if key != "decision_id"},
            "metrics": {"elapsed_us": elapsed_us},
        }
        if self.with_input:
            entry["input"] = document
        line = json.dumps(entry, allow_nan=False, ensure_ascii=True, separators=(",", ":"))
        try:
            with self._lock:
                self._append(line.encode("ascii") + b"\n")
        except OSError:
            raise PolicyError(
                code="policy.log_failed",
                message="the decision could not be written to the decision log",
                help="free space or permissions, then publish again: nothing was published",
            ) from None

    def _append(self, line: bytes) -> None:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        file = os.open(self.path, flags, 0o600)
        try:
            size = os.lseek(file, 0, os.SEEK_END)
            if size and os.pread(file, 1, size - 1) != b"\n":
                line = b"\n" + line  # an earlier line was torn by a crash
            if os.write(file, line) != len(line):
                raise OSError("short write")
            os.fsync(file)
        finally:
            os.close(file)

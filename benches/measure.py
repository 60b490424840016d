"""What one piece of work costs this process: CPU of all threads, wall time, and memory."""

from __future__ import annotations

import ctypes
import ctypes.util
import gc
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PROC = Path("/proc/self")


@dataclass(frozen=True)
class Cost:
    """Seconds of one run."""

    cpu: float
    wall: float


def cpu_seconds() -> float:
    """User and system time of all threads of this process and of its finished children."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def timed(work: Callable[[], Any]) -> tuple[Cost, Any]:
    """Runs the work once, with the garbage collector off."""
    gc.collect()
    gc.disable()
    try:
        wall, cpu = time.perf_counter(), cpu_seconds()
        result = work()
        return Cost(cpu_seconds() - cpu, time.perf_counter() - wall), result
    finally:
        gc.enable()


def resident() -> int | None:
    """Resident bytes now; None where the system does not tell."""
    return _status("VmRSS")


def settle() -> int | None:
    """Gives freed memory back, forgets the peak so far, and returns the resident bytes."""
    gc.collect()
    name = ctypes.util.find_library("c")
    if sys.platform == "linux" and name:
        trim = getattr(ctypes.CDLL(name), "malloc_trim", None)
        if trim is not None:
            trim(0)
        try:
            (_PROC / "clear_refs").write_text("5")  # resets VmHWM: man 5 proc
        except OSError:
            return None
    return resident()


def peak() -> int | None:
    """The highest resident bytes since `settle`."""
    return _status("VmHWM")


def _status(key: str) -> int | None:
    try:
        lines = (_PROC / "status").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) * 1024
    return None

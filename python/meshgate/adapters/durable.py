"""Files that survive a power loss, names that cannot escape, and locks that die with their holder.

A rename is durable only after an fsync of the file before it and of the folder after it; a new
folder needs an fsync of its parent. An fsync that failed is never repeated on the same descriptor:
the kernel has forgotten the pages, so the attempt fails and the next one writes new files.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import NoReturn, TypeAlias

from meshgate.errors import StageError

_PRODUCT = re.compile(r"(?!_delta_log\Z)[A-Za-z0-9_][A-Za-z0-9_.-]{0,239}\Z")
_PUBLISH_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+@=-]{0,127}\Z")
_STAGED = re.compile(r"(?P<id>.+)-(?P<attempt>[0-9a-f]{16})-(?P<ordinal>\d{5})\.parquet\Z")
_TEMPORARY = re.compile(r"\.mg-(?P<attempt>[0-9a-f]{16})-(?P<ordinal>\d{5})\.tmp\Z")
QUARANTINE = "__quarantine"
PRIVATE = ".meshgate"
CLAIM_TIMEOUT_S = 600.0
Lock: TypeAlias = AbstractContextManager[None]


def check_names(product: str, publish_id: str | None = None) -> None:
    """The names can be a folder and a part of a file name, and nothing else.

    Raises:
        StageError: ``stage.bad_name``.
    """
    if _PRODUCT.match(product) is None or product.lower().endswith(QUARANTINE):
        raise StageError(
            code="stage.bad_name",
            message="the product's name cannot name a table",
            help="letters, digits, '_', '-' and '.', not starting with '-' or '.', at most 240, "
            f"and not ending in {QUARANTINE}",
        )
    if publish_id is not None and _PUBLISH_ID.match(publish_id) is None:
        raise StageError(
            code="stage.bad_name",
            message="the publish_id cannot name a publication",
            help="letters, digits and . _ : + @ = -, starting with a letter or digit, at most 128",
        )


def final_name(publish_id: str, attempt: str, ordinal: int) -> str:
    """``<publish_id>-<attempt>-<ordinal>.parquet``; signs outside ``._-`` become ``~hex``."""
    safe = re.sub(r"[^A-Za-z0-9._-]", lambda sign: f"~{ord(sign[0]):02x}", publish_id)
    if len(safe) > 180:
        safe = safe[:140] + "~" + hashlib.sha256(publish_id.encode()).hexdigest()[:32]
    return f"{safe}-{attempt}-{ordinal:05d}.parquet"


def belongs_to(name: str, publish_id: str) -> bool:
    """Whether the file was staged for this publish id, by whatever attempt."""
    match = _STAGED.match(name)
    return match is not None and name == final_name(
        publish_id, match["attempt"], int(match["ordinal"])
    )


def temporary_name(attempt: str, ordinal: int) -> str:
    """The name of a file while it is written: hidden from readers and from vacuum."""
    return f".mg-{attempt}-{ordinal:05d}.tmp"


def is_staged(name: str) -> bool:
    """Whether a file of this name was written by `stage`."""
    return _STAGED.match(name) is not None or _TEMPORARY.match(name) is not None


def sync_file(path: Path) -> None:
    """The file's content is on stable storage."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


sync_folder = sync_file  # a folder is synchronised by the same calls: its entries are its content


def make_folder(path: Path, mode: int = 0o777) -> None:
    """The folder exists and its entry in every new parent is on stable storage."""
    missing = []
    while not path.is_dir():
        missing.append(path)
        path = path.parent
    for folder in reversed(missing):
        with suppress(FileExistsError):  # another process was faster; the sync is still ours
            folder.mkdir(mode=mode)
        sync_folder(folder.parent)


def remove(path: Path) -> bool:
    """The file is not there any more; whether it was."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError:
        return False  # gc tries again later; nobody sees the file
    return True


def storage_failed(error: OSError, doing: str) -> NoReturn:
    """Raises the typed error for what the operating system refused; paths and values stay out."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    raise StageError(
        code="stage.full" if full else "stage.io",
        message=f"{doing} failed: {os.strerror(error.errno) if error.errno else 'I/O error'}",
        help="make room and publish again"
        if full
        else "look at the storage, then publish again; the attempt's files are not reused",
    ) from None


@contextmanager
def locked(folder: Path, name: str, timeout_s: float = CLAIM_TIMEOUT_S) -> Iterator[None]:
    """Holds the lock `name` of this folder; it is released when the process dies.

    Raises:
        StageError: ``stage.busy`` after `timeout_s`, ``stage.io``.
    """
    try:
        make_folder(folder)
        descriptor = _acquire(folder / hashlib.sha256(name.encode()).hexdigest()[:40], timeout_s)
    except OSError as error:
        storage_failed(error, "taking a lock")
    try:
        yield
    finally:
        # Removed while held: whoever opened it meanwhile sees that and takes a new file, and a
        # forked child that still has the descriptor holds nothing.
        remove(folder / hashlib.sha256(name.encode()).hexdigest()[:40])
        os.close(descriptor)


def _acquire(path: Path, timeout_s: float) -> int:
    deadline = time.monotonic() + timeout_s
    pause_s = 0.002
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            if time.monotonic() >= deadline:
                raise StageError(
                    code="stage.busy",
                    message="another process holds this publication or its table",
                    help="wait until it has finished, or end it",
                ) from None
            time.sleep(pause_s)
            pause_s = min(pause_s * 2, 0.1)
            continue
        except BaseException:
            os.close(descriptor)
            raise
        with suppress(FileNotFoundError):
            if os.fstat(descriptor).st_ino == path.stat().st_ino:
                return descriptor
        os.close(descriptor)

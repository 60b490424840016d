"""Masking keys by reference: ``env:NAME`` or ``file:PATH`` to bytes, never a literal.

Key bytes are returned to be handed to the engine and nowhere else: no message, no `repr`, no
receipt holds them. What may be published is the key's id, which is derived from it one way.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from meshgate.errors import UsageError

DEFAULT = "default"
"""The name under which the engine looks for the key of a mask that names none."""
NONE = b"meshgate: no default key"
"""What stands for the default key of a mesh without one; it keeps nothing secret."""
LEAST_BYTES = 32
_MOST_BYTES = 1 << 16
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2})+\Z")


def load(reference: str, folder: Path, environment: Mapping[str, str] | None = None) -> bytes:
    """The key's bytes: hexadecimal and base64 text is decoded, anything else is taken as it is.

    A relative path starts at `folder`; `environment` stands for the process's own.

    Raises:
        UsageError: ``usage.key_literal``, ``usage.key_unset``, ``usage.key_file``,
            ``usage.key_mode``, ``usage.key_short``.
    """
    kind, _, name = reference.partition(":")
    if kind == "env" and name:
        text = (os.environ if environment is None else environment).get(name)
        if text is None:
            raise UsageError(
                code="usage.key_unset",
                message=f"the environment has no variable {name}, which a key refers to",
                help=f"export {name} with 32 random bytes in hexadecimal or base64",
            )
        raw = text.encode("utf-8", "surrogateescape")
    elif kind == "file" and name:
        raw = _file(folder / name, reference)
    else:
        raise UsageError(
            code="usage.key_literal",
            message="a key is given as it is; only references are taken",
            help="write env:NAME or file:PATH, and change this key: it has been written down",
        )
    key = _decoded(raw)
    if len(key) < LEAST_BYTES:
        raise UsageError(
            code="usage.key_short",
            message=f"the key {reference} has fewer than {LEAST_BYTES} bytes",
            help="use 32 random bytes: openssl rand -hex 32",
        )
    return key


def create(path: Path) -> None:
    """The file holds 32 new random bytes in hexadecimal, durably, for its owner only.

    Raises:
        UsageError: ``usage.key_file``.
    """
    temporary = path.with_name(f".{os.urandom(8).hex()}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, os.urandom(LEAST_BYTES).hex().encode() + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        try:
            os.link(temporary, path)  # whole or not at all, and never over an existing key
        finally:
            temporary.unlink()
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError:
        raise UsageError(
            code="usage.key_file",
            message=f"the key file {path.name} cannot be created",
            help="an existing key is never overwritten; look at permissions and free space",
        ) from None


def derive(key: bytes, purpose: str) -> bytes:
    """32 bytes for another purpose, from which the key cannot be found (HKDF-SHA256, RFC 5869)."""
    return _expand(key, [purpose, "", ""], 32)


def key_id(key: bytes) -> str:
    """16 hexadecimal digits that name the key and may be published; the engine's own id of it."""
    return _expand(key, ["kid", "", ""], 8).hex()


def _expand(key: bytes, parts: list[str], length: int) -> bytes:
    extracted = hmac.digest(bytes(32), key, "sha256")
    framed = [part.encode() for part in ("meshgate/1", *parts)]
    info = b"".join(len(part).to_bytes(4, "big") + part for part in framed)
    return hmac.digest(extracted, info + b"\x01", hashlib.sha256)[:length]


def _file(path: Path, reference: str) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            facts = os.fstat(descriptor)
            if not stat.S_ISREG(facts.st_mode) or facts.st_size > _MOST_BYTES:
                raise UsageError(
                    code="usage.key_file",
                    message=f"{reference} is not a key file: a regular file of at most 64 KiB",
                    help="point the reference at the key's own file",
                )
            if facts.st_mode & 0o077:
                raise UsageError(
                    code="usage.key_mode",
                    message=f"others than its owner can reach the key file {reference}",
                    help="chmod 600 it, and change the key if it has been like this for long",
                )
            return os.read(descriptor, _MOST_BYTES)
        finally:
            os.close(descriptor)
    except OSError:
        raise UsageError(
            code="usage.key_file",
            message=f"the key file {reference} cannot be read",
            help="create it, or correct the reference",
        ) from None


def _decoded(raw: bytes) -> bytes:
    text = raw.strip()
    if _HEX.match(text):
        return bytes.fromhex(text.decode())
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    if len(decoded) >= LEAST_BYTES:
        return decoded
    return raw[:-1] if raw.endswith(b"\n") and raw[:-1].isascii() else raw

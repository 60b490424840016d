"""Envelopes: what a part hands back, as rows that any engine can carry.

One row per batch: the part, the kind of its content, and the content as bytes. Everything that a
part found comes back with its rows, in the result of the same attempt, so an attempt that is
repeated or doubled counts once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple, Protocol

import pyarrow as pa

from meshgate import errors
from meshgate.errors import MeshgateError

KINDS = (ACCEPTED, REJECTED, KEYS, PART, ERROR) = ("accepted", "rejected", "keys", "part", "error")

SCHEMA = pa.schema(
    [
        pa.field("part", pa.int32(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("content", pa.binary(), nullable=False),
    ]
)


class Envelope(NamedTuple):
    """Something that a part hands back."""

    part: int
    kind: str
    content: bytes


class Envelopes(Protocol):
    """All envelopes of some kinds, by part, and within a part in the order it made them."""

    def __call__(self, *kinds: str) -> Iterator[Envelope]:
        """The envelopes of these kinds."""


def row(part: int, kind: str, content: bytes) -> pa.RecordBatch:
    """One envelope as a batch of one row."""
    return pa.record_batch([[part], [kind], [content]], schema=SCHEMA)


def rows(batch: pa.RecordBatch | pa.Table) -> Iterator[Envelope]:
    """The envelopes of a batch."""
    for part, kind, content in zip(*batch.columns, strict=True):
        yield Envelope(part.as_py(), kind.as_py(), content.as_py())


def packed(batch: pa.RecordBatch) -> bytes:
    """A batch as bytes, exactly: types, encodings and metadata."""
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_stream(sink, batch.schema, options=options) as writer:
        writer.write_batch(batch)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def unpacked(content: bytes) -> pa.RecordBatch:
    """The batch of `packed`."""
    with pa.ipc.open_stream(content) as reader:
        return reader.read_next_batch()


def failure(error: MeshgateError) -> bytes:
    """An error as bytes; a pickled exception could run code where it is read."""
    parts = {"message": error.message, "data": error.data, "help": error.help}
    return json.dumps({"error": type(error).__name__, "code": error.code} | parts).encode()


def failed(content: bytes) -> MeshgateError:
    """The error of `failure`."""
    parts = json.loads(content)
    kind = getattr(errors, parts.pop("error"), errors.EngineError)
    return kind(**parts)

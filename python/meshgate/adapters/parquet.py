"""Staged Parquet files: written under hidden names, hashed while written, durable once sealed.

Statistics in the footers come from what is written, which is masked. Rows are grouped so that
readers can skip, and a new file starts when one has grown large. One row group is encoded in a
thread while the next one comes in; memory is these two. Footers are written when the files are
sealed, because only then the publish id is known.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from meshgate.adapters import durable
from meshgate.adapters.base import StagedFile
from meshgate.adapters.storage_types import store
from meshgate.errors import StageError


@dataclass(frozen=True)
class Layout:
    """How files are cut.

    Attributes:
        compression: ``zstd`` or ``snappy``.
        row_group_rows, row_group_bytes: a group ends at whichever comes first (Arrow's bytes).
        file_bytes: a file ends after the group that reaches it (bytes on disk).
        private: files only their owner can read, as the quarantine's are.
    """

    compression: str = "zstd"
    row_group_rows: int = 1 << 20
    row_group_bytes: int = 128 << 20
    file_bytes: int = 512 << 20
    private: bool = False


class Files:
    """The files of one attempt in one table's folder.

    `write` as often as needed, then `seal` once; or `discard`, whatever happened. Empty input makes
    no file.
    """

    def __init__(self, folder: Path, attempt: str, schema: pa.Schema, layout: Layout) -> None:
        self.schema = schema
        self._folder, self._attempt, self._layout = folder, attempt, layout
        self._pending: list[pa.RecordBatch] = []
        self._pending_rows = self._pending_bytes = 0
        self._written: list[_File] = []
        self._current: _File | None = None
        self._worker: ThreadPoolExecutor | None = None
        self._busy: Future[None] | None = None

    def write(self, batch: pa.RecordBatch) -> None:
        """The rows will be part of the files.

        Raises:
            StageError: ``stage.*``.
        """
        if batch.num_rows == 0:
            return
        batch = store(batch, self.schema)
        self._pending.append(batch)
        self._pending_rows += batch.num_rows
        self._pending_bytes += batch.nbytes
        layout = self._layout
        if (
            self._pending_rows >= layout.row_group_rows
            or self._pending_bytes >= layout.row_group_bytes
        ):
            self._wait()
            self._worker = self._worker or ThreadPoolExecutor(1, "meshgate-parquet")
            self._busy = self._worker.submit(self._encode, self._taken())

    def flush(self) -> None:
        """Every row that was written is in a file, not yet durable.

        Raises:
            StageError: ``stage.*``.
        """
        self._wait()
        if self._pending:
            self._encode(self._taken())

    def _taken(self) -> list[pa.RecordBatch]:
        rows, self._pending = self._pending, []
        self._pending_rows = self._pending_bytes = 0
        return rows

    def _wait(self) -> None:
        busy, self._busy = self._busy, None
        if busy is not None:
            busy.result()

    def _encode(self, rows: list[pa.RecordBatch]) -> None:
        try:
            if self._current is None:
                durable.make_folder(self._folder, 0o700 if self._layout.private else 0o777)
                name = durable.temporary_name(self._attempt, len(self._written))
                self._current = _File(self._folder / name, self.schema, self._layout)
                self._written.append(self._current)
            self._current.write(pa.Table.from_batches(rows, schema=self.schema))
        except OSError as error:
            durable.storage_failed(error, "writing a staged file")
        except pa.ArrowException:
            raise StageError(  # Arrow's own message may show a value
                code="stage.batch_differs",
                message="a batch does not fit the announced columns",
                help="this is a bug in whatever made the batches",
            ) from None
        if self._current.bytes >= self._layout.file_bytes:
            self._current = None

    def seal(self, publish_id: str, metadata: Mapping[str, str]) -> tuple[StagedFile, ...]:
        """Every row is in a durable file under its final name; `metadata` is in every footer.

        Raises:
            StageError: ``stage.*``.
        """
        self.flush()
        self._stop()
        sealed = []
        try:
            for ordinal, file in enumerate(self._written):
                name = durable.final_name(publish_id, self._attempt, ordinal)
                sealed.append(file.seal(self._folder / name, metadata))
            if sealed:
                durable.sync_folder(self._folder)
        except OSError as error:
            durable.storage_failed(error, "making the staged files durable")
        return tuple(sealed)

    def discard(self) -> None:
        """No file of this attempt is left, sealed or not; does not raise."""
        self._stop()
        self._pending, self._busy = [], None
        for file in self._written:
            file.discard()
        self._written, self._current = [], None

    def _stop(self) -> None:
        if self._worker is not None:
            self._worker.shutdown(wait=True)
            self._worker = None


class _File:
    def __init__(self, path: Path, schema: pa.Schema, layout: Layout) -> None:
        self._path, self._rows = path, 0
        self._sink = _Hashing(path, 0o600 if layout.private else 0o666)
        self._buffer = io.BufferedWriter(self._sink, 1 << 20)
        try:
            self._writer = pq.ParquetWriter(
                self._buffer,
                schema,
                compression=layout.compression,
                version="2.6",
                store_schema=True,
            )
        except BaseException:
            self.discard()
            raise

    @property
    def bytes(self) -> int:
        return self._buffer.tell()

    def write(self, rows: pa.Table) -> None:
        self._writer.write_table(rows, row_group_size=rows.num_rows)
        self._rows += rows.num_rows

    def seal(self, target: Path, metadata: Mapping[str, str]) -> StagedFile:
        self._writer.add_key_value_metadata(dict(metadata))
        self._writer.close()
        self._buffer.flush()
        self._sink.sync_and_close()
        if target.exists():  # attempts have their own names, so this is not ours to replace
            raise FileExistsError(errno.EEXIST, "exists")
        os.replace(self._path, target)  # noqa: PTH105  # the faults of the tests hook os
        self._path = target
        digest = self._sink.digest.hexdigest()
        return StagedFile(target.name, self._rows, self._sink.bytes, digest)

    def discard(self) -> None:
        self._sink.abandon()
        durable.remove(self._path)


class _Hashing(io.RawIOBase):
    """A new file that hashes what it is given; it never opens a file that exists.

    Once abandoned it takes and forgets what destructors of the writers above still flush.
    """

    def __init__(self, path: Path, mode: int) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        self.digest = hashlib.sha256()
        self.bytes = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.bytes

    def write(self, data: object) -> int:
        view = memoryview(data).cast("B")  # type: ignore[arg-type]  # any buffer
        if self._descriptor < 0:
            return len(view)
        written = 0
        while written < len(view):
            written += os.write(self._descriptor, view[written:])
        self.digest.update(view)
        self.bytes += written
        return written

    def sync_and_close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def abandon(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

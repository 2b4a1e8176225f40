"""Checked pages on their way: kept on disk until the last one is there, so that memory holds one at a time."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.ipc as ipc

from ingress.source import Batch
from shared.data_quality import BadRow

MEMORY_BYTES = 8_000_000
ORIGIN, ORDER = b"origin", b"order"
BAD = pa.schema([("position", pa.int64()), ("reason", pa.string()), ("payload", pa.string())])


class Spool:
    """Batches in their order; written first, then read once or more."""

    def __init__(self) -> None:
        # It has no name, so it is gone with the process however that ends.
        self._file = tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115
        self._count = 0

    def add(self, batch: Batch) -> None:
        """Keep a batch."""
        told = {ORIGIN: batch.origin.encode("utf-8", "surrogatepass"), ORDER: b"%d" % batch.order}
        schema = batch.good.schema.with_metadata(told)
        with ipc.new_stream(self._file, schema) as stream:
            stream.write_batch(batch.good.cast(schema))
        rows = [{"position": bad.position, "reason": bad.reason, "payload": bad.payload} for bad in batch.bad]
        with ipc.new_stream(self._file, BAD) as stream:
            stream.write_batch(pa.RecordBatch.from_pylist(rows, BAD))
        self._count += 1

    def batches(self, extras: Sequence[str]) -> Iterator[Batch]:
        """Yield the batches, each with all of these columns of text; those that a page does not have are null."""
        self._file.seek(0)
        for _ in range(self._count):
            good = ipc.open_stream(self._file).read_all().combine_chunks()
            bad = ipc.open_stream(self._file).read_all()
            origin = good.schema.metadata[ORIGIN].decode("utf-8", "surrogatepass")
            rows = [BadRow(row["position"], row["reason"], row["payload"]) for row in bad.to_pylist()]
            yield Batch(origin, int(good.schema.metadata[ORDER]), with_columns(good, extras), rows)

    def close(self) -> None:
        """Let go of everything."""
        self._file.close()


def with_columns(rows: pa.Table, extras: Sequence[str]) -> pa.RecordBatch:
    """Return rows with these columns of text after those of the model."""
    known = [field for field in rows.schema if field.name not in extras]
    schema = pa.schema([*known, *(pa.field(name, pa.string()) for name in extras)])
    table = pa.concat_tables([schema.empty_table(), rows], promote_options="default").combine_chunks()
    return table.to_batches()[0] if table.num_rows else pa.RecordBatch.from_pylist([], schema)

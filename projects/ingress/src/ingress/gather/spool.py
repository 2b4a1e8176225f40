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
Mark = tuple[int, int]


class Spool:
    """Batches in their order; written first, then read once or more."""

    def __init__(self) -> None:
        # It has no name, so it is gone with the process however that ends.
        self._file = tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115
        self.count = 0

    def add(self, batch: Batch) -> None:
        """Keep a batch."""
        schema = batch.good.schema.with_metadata(
            {ORIGIN: batch.origin.encode("utf-8", "surrogatepass"), ORDER: str(batch.order)}
        )
        with ipc.new_stream(self._file, schema) as stream:
            stream.write_batch(batch.good.cast(schema))
        rows = [{"position": bad.position, "reason": bad.reason, "payload": bad.payload} for bad in batch.bad]
        with ipc.new_stream(self._file, BAD) as stream:
            stream.write_batch(pa.RecordBatch.from_pylist(rows, BAD))
        self.count += 1

    def mark(self) -> Mark:
        """Return where it ends now."""
        return self._file.tell(), self.count

    def back_to(self, mark: Mark) -> None:
        """Forget what was added since."""
        position, self.count = mark
        self._file.seek(position)
        self._file.truncate()

    def batches(self) -> Iterator[Batch]:
        """Yield the batches."""
        self._file.seek(0)
        for _ in range(self.count):
            good = ipc.open_stream(self._file).read_all().combine_chunks()
            bad = ipc.open_stream(self._file).read_all()
            kept = good.schema.metadata
            rows = [BadRow(row["position"], row["reason"], row["payload"]) for row in bad.to_pylist()]
            origin = kept[ORIGIN].decode("utf-8", "surrogatepass")
            yield Batch(origin, int(kept[ORDER]), with_columns(good, ()), rows)

    def columns(self, schema: pa.Schema) -> pa.RecordBatchReader:
        """Return some columns, which all good rows have: read anew, as memory might not hold them."""
        return pa.RecordBatchReader.from_batches(
            schema, (batch.good.select(schema.names).cast(schema) for batch in self.batches())
        )

    def close(self) -> None:
        """Let go of everything."""
        self._file.close()


def with_columns(rows: pa.Table | pa.RecordBatch, extras: Sequence[str]) -> pa.RecordBatch:
    """Return rows with these columns of text after those of the model; those that are not there are null."""
    table = pa.Table.from_batches([rows]) if isinstance(rows, pa.RecordBatch) else rows
    known = [field for field in table.schema if field.name not in extras]
    schema = pa.schema([*known, *(pa.field(name, pa.string()) for name in extras)])
    table = pa.concat_tables([schema.empty_table(), table], promote_options="default").combine_chunks()
    return table.to_batches()[0] if table.num_rows else pa.RecordBatch.from_pylist([], schema)

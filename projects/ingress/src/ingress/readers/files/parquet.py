"""Rows from parquet files: checked in columns, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from ingress.duplicate_keys import duplicated_keys
from ingress.gather.spool import with_columns
from ingress.source import Batch, Input, Resource
from shared.data_quality.conversion import readable
from shared.data_quality.rows import as_text
from shared.errors import InputError
from shared.places import LocalFile
from shared.warehouse.streaming import GROUP_ROWS

BATCH_ROWS = GROUP_ROWS


def read_parquet(resource: Resource, files: Sequence[LocalFile]) -> Input:
    """Look at files, and return what is to be loaded.

    Raises:
        InputError: One is not readable, or has not the columns of the row model.
    """
    extras: dict[str, None] = {}
    for file in files:
        with named(file.name), pq.ParquetFile(file.path) as opened:
            unknown = resource.columns.extra_columns(opened.schema_arrow, file.name)
        resource.hold_to_contract(unknown, file.name)
        extras |= dict.fromkeys(unknown)

    def duplicated(duck: duckdb.DuckDBPyConnection) -> pa.Table:
        with named(", ".join(file.name for file in files[:1])):
            rows = duck.read_parquet([str(file.path) for file in files], union_by_name=len(files) > 1)
            return duplicated_keys(duck, rows, resource.key)

    return Input(list(extras), read_batches(resource, files, list(extras)), duplicated)


def read_batches(resource: Resource, files: Sequence[LocalFile], extras: Sequence[str]) -> Iterator[Batch]:
    """Read and check files; the rows' positions are their numbers in their file, from 1."""
    for file in files:
        position = 1
        with named(file.name):
            # Buffered, it would all be in memory in the end.
            opened = pq.ParquetFile(file.path, pre_buffer=False)
        with opened:
            batches = opened.iter_batches(BATCH_ROWS)
            while True:
                with named(file.name):
                    batch = next(batches, None)
                if batch is None:
                    break
                with named(file.name):
                    texts = as_texts(batch, extras)
                checked = resource.columns.check(texts, position)
                good = with_columns(checked.good, extras) if extras else checked.good
                yield Batch(file.name, file.order, good, checked.bad)
                position += batch.num_rows


def as_texts(batch: pa.RecordBatch, extras: Sequence[str]) -> pa.RecordBatch:
    """Return a batch in which these columns are text, what is nested as JSON: in raw a new column is one of text."""
    for at, name in enumerate(batch.schema.names):
        if name in extras and not pa.types.is_string(batch.schema.field(at).type):
            values = readable(batch.select([name])).column(0).to_pylist()
            batch = batch.set_column(at, name, pa.array([as_text(value) for value in values], pa.string()))
    return batch


@contextmanager
def named(origin: str) -> Iterator[None]:
    """Name the file in what its readers raise."""
    try:
        yield
    except (pa.ArrowException, duckdb.Error, OSError) as error:
        raise InputError(
            f"not a readable parquet file: `{origin}`: {str(error).partition(chr(10))[0]}",
            hint="it may be cut short or damaged: have it delivered again; nothing of it was loaded",
        ) from error

"""Rows from parquet files: checked in columns, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from ingress.duplicate_keys import duplicated_keys
from ingress.source import Batch, Input, Resource
from shared.errors import InputError
from shared.places import LocalFile

BATCH_ROWS = 200_000


def read_parquet(resource: Resource, files: Sequence[LocalFile]) -> Input:
    """Look at files, and return what is to be loaded.

    Raises:
        InputError: One is not readable, or has not the columns of the row model.
    """
    extras: dict[str, pa.Field] = {}
    for file in files:
        with named(file.name), pq.ParquetFile(file.path) as opened:
            schema = opened.schema_arrow
        unknown = resource.columns.extra_columns(schema, file.name)
        resource.hold_to_contract(unknown, file.name)
        for name in unknown:
            known, found = extras.setdefault(name, schema.field(name)).type, schema.field(name).type
            if known != found:
                raise InputError(
                    f"column `{name}` of `{file.name}` is of another type than in files before: `{found}`, `{known}`",
                    hint=f"have one of them delivered anew, or add it to the row model `{resource.model.__name__}`",
                )

    def duplicated(duck: duckdb.DuckDBPyConnection) -> pa.Table:
        with named(", ".join(file.name for file in files[:1])):
            rows = duck.read_parquet([str(file.path) for file in files], union_by_name=len(files) > 1)
            return duplicated_keys(duck, rows, resource.key)

    return Input(list(extras), read_batches(resource, files, list(extras.values())), duplicated)


def read_batches(resource: Resource, files: Sequence[LocalFile], extras: Sequence[pa.Field]) -> Iterator[Batch]:
    """Read and check files; the rows' positions are their numbers in their file, from 1."""
    for file in files:
        position = 1
        with named(file.name):
            opened = pq.ParquetFile(file.path)
        with opened:
            batches = opened.iter_batches(BATCH_ROWS)
            while True:
                with named(file.name):
                    batch = next(batches, None)
                if batch is None:
                    break
                checked = resource.columns.check(batch, position)
                yield Batch(file.name, file.order, with_extras(checked.good, extras), checked.bad)
                position += batch.num_rows


def with_extras(rows: pa.RecordBatch, extras: Sequence[pa.Field]) -> pa.RecordBatch:
    """Return rows with all these columns after those of the model; one that their file does not have is null."""
    for extra in extras:
        if extra.name not in rows.schema.names:
            rows = rows.append_column(extra, pa.nulls(rows.num_rows, extra.type))
    known = [name for name in rows.schema.names if name not in {extra.name for extra in extras}]
    return rows.select([*known, *(extra.name for extra in extras)])


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

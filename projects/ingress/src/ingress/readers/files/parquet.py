"""Rows from a parquet file: checked in columns, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from typing_extensions import override

from ingress.source import Batch, Input, Reader, Resource, Watermark, duplicated_keys, name_of
from shared.config import Settings
from shared.errors import InputError
from shared.monitoring.lineage import Dataset
from shared.utils.delivered import hold_within

BATCH_ROWS = 200_000


@dataclass(frozen=True)
class ParquetFile(Reader):
    """One file below the landing folder, replaced by whoever delivers it."""

    path: str
    in_columns = True

    @override
    def where(self, settings: Settings) -> str:
        return name_of(settings.landing_dir / self.path, settings)

    @override
    def dataset(self, settings: Settings) -> Dataset:
        return Dataset.of_file(settings.landing_dir / self.path)

    @override
    def drop_folder(self, settings: Settings) -> tuple[Path, str]:
        path = settings.landing_dir / self.path
        return path.parent, path.name

    @override
    def files(self, settings: Settings) -> list[Path]:
        path = settings.landing_dir / self.path
        hold_within(settings.landing_dir, [path])
        if not path.is_file():
            raise InputError(f"no such file: `{path}`", hint="deliver the file there, or run the task demo-data")
        return [path]

    @override
    def read(
        self, resource: Resource, settings: Settings, files: Sequence[Path], since: Watermark | None = None
    ) -> Input:
        (path,) = files
        origin = name_of(path, settings)
        with named(origin):
            file = pq.ParquetFile(path)
        extras = resource.columns.extra_columns(file.schema_arrow, origin)
        resource.hold_to_contract(extras, origin)

        def duplicated(duck: duckdb.DuckDBPyConnection) -> pa.Table:
            with named(origin):
                return duplicated_keys(duck, duck.read_parquet(str(path)), resource.key)

        return Input(extras, read_batches(resource, file, origin), duplicated)


def read_batches(resource: Resource, file: pq.ParquetFile, origin: str) -> Iterator[Batch]:
    """Read and check a file; the rows' positions are their numbers, from 1."""
    position = 1
    with file:
        batches = file.iter_batches(BATCH_ROWS)
        while True:
            with named(origin):
                batch = next(batches, None)
            if batch is None:
                return
            checked = resource.columns.check(batch, position)
            yield Batch(origin, 0, checked.good, checked.bad)
            position += batch.num_rows


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

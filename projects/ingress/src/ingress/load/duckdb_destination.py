"""dlt's DuckDB destination, mended where dlt 1.31 stumbles: over a folder with a quote in its name."""

from __future__ import annotations

from pathlib import Path

from dlt.common.destination.client import LoadJob
from dlt.common.destination.typing import PreparedTableSchema
from dlt.destinations import duckdb
from dlt.destinations.impl.duckdb.duck import DuckDbClient, DuckDbCopyJob
from typing_extensions import override

from ingress.load.configured_once import ConfiguredOnce
from ingress.load.merge import MergesChanges


def destination(path: Path) -> duckdb:
    """Return what dlt calls a DuckDB file."""
    return DuckDb(str(path), destination_name="duckdb")


class CopyJob(DuckDbCopyJob):
    """Copies a parquet file into a table, in one transaction."""

    @override
    def run(self) -> None:
        # dlt writes the path into its SQL as it is.
        path = self._file_path
        self._file_path = path.replace("'", "''")
        try:
            super().run()
        finally:
            self._file_path = path


class Client(MergesChanges, DuckDbClient):
    """Makes the jobs of a load."""

    @override
    def create_load_job(
        self, table: PreparedTableSchema, file_path: str, load_id: str, restore: bool = False
    ) -> LoadJob:
        job = super().create_load_job(table, file_path, load_id, restore)
        return CopyJob(file_path) if isinstance(job, DuckDbCopyJob) else job


class DuckDb(ConfiguredOnce, duckdb):
    """A DuckDB file, as dlt loads into it."""

    @property
    @override
    def client_class(self) -> type[DuckDbClient]:
        return Client

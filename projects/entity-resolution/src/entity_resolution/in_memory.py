"""Parties in a DuckDB of its own in memory: where models are trained, and where an embedded warehouse is linked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import duckdb
import pyarrow as pa
from typing_extensions import override

from entity_resolution import text_functions
from entity_resolution.parties import current_parties
from entity_resolution.workplace import CLUSTER_COLUMNS, PARTIES, Workplace
from shared.config import Settings
from shared.warehouse import Warehouse


@contextmanager
def in_memory(warehouse: Warehouse, settings: Settings, parties: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database in memory that holds parties in the table `PARTIES`.

    Args:
        warehouse: Where the parties are.
        settings: How much memory it may take before it writes to the disk.
        parties: A table, or a query in brackets, with the columns of `current_parties`.
    """
    limit, spill = settings.warehouse_memory_limit, str(warehouse.state_dir / "spill")
    with duckdb.connect(config={"memory_limit": limit, "temp_directory": spill}) as connection:
        # In one order always, since samples are drawn by it.
        incoming = warehouse.stream_arrow(f'select * from {parties} as party order by party_id collate "C"')
        connection.register("incoming", incoming)
        connection.execute(f"create table {PARTIES} as select * from incoming")
        connection.unregister("incoming")
        connection.execute(text_functions.DUCKDB)
        yield connection


class InMemory(Workplace):
    """Links in this process. The writer lock of an embedded warehouse is its own snapshot."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.parties = current_parties()
        self._connection = connection

    @override
    def session(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        return nullcontext(self._connection)

    @override
    def cluster(self, settings: dict[str, Any], threshold: float) -> pa.Table:
        from splink import DuckDBAPI

        from entity_resolution.linking import cluster_parties

        clusters = cluster_parties(DuckDBAPI(self._connection), settings, threshold)
        return self._connection.sql(f"select {CLUSTER_COLUMNS} from {clusters}").to_arrow_table()


@contextmanager
def linking_in_memory(warehouse: Warehouse, settings: Settings) -> Iterator[Workplace]:
    """Read the parties into memory, to link them there."""
    with in_memory(warehouse, settings, current_parties()) as connection:
        yield InMemory(connection)

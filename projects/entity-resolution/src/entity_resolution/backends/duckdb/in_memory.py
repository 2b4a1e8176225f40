"""Parties in a DuckDB of its own in memory, where an embedded warehouse is linked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import duckdb
import pyarrow as pa
from typing_extensions import override

from entity_resolution.engine.in_memory import in_memory
from entity_resolution.engine.linking.workplace import CLUSTER_COLUMNS, Workplace
from entity_resolution.engine.parties import current_parties
from entity_resolution.entity import Entity
from shared.config import Settings
from shared.warehouse import Warehouse


class InMemory(Workplace):
    """Links in this process. The writer lock of an embedded warehouse is its own snapshot."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, parties: str, entity: Entity) -> None:
        self.parties = parties
        self._entity = entity
        self._connection = connection

    @override
    def session(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        return nullcontext(self._connection)

    @override
    def cluster(self, settings: dict[str, Any], threshold: float) -> pa.Table:
        from splink import DuckDBAPI

        from entity_resolution.engine.linking.linking import cluster_parties

        clusters = cluster_parties(DuckDBAPI(self._connection), self._entity, settings, threshold)
        return self._connection.sql(f"select {CLUSTER_COLUMNS} from {clusters}").to_arrow_table()


@contextmanager
def linking_in_memory(warehouse: Warehouse, settings: Settings, entity: Entity) -> Iterator[Workplace]:
    """Read the parties into memory, to link them there."""
    parties = current_parties(warehouse, entity)
    with in_memory(warehouse, settings, entity, parties) as connection:
        yield InMemory(connection, parties, entity)

"""Parties in a DuckDB of its own in memory, where an embedded warehouse is linked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import duckdb
from typing_extensions import override

from entity_resolution.engine.in_memory import in_memory, session_in
from entity_resolution.engine.linking.workplace import CLUSTER_COLUMNS, Linked, Workplace
from entity_resolution.engine.model_store import Model
from entity_resolution.engine.parties import current_parties
from entity_resolution.entity import Entity
from shared.config import Settings
from shared.warehouse import Warehouse


class InMemory(Workplace):
    """Links in this process. The writer lock of an embedded warehouse is its own snapshot."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, entity: Entity, parties: str) -> None:
        self.parties = parties
        self._entity = entity
        self._connection = connection

    @override
    def session(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        return nullcontext(self._connection)

    @override
    def cluster(self, model: Model, threshold: float) -> Linked:
        from entity_resolution.engine.linking.linking import cluster_parties

        found = cluster_parties(session_in(self._connection, self._entity), model, threshold)
        rows = self._connection.sql(f"select {CLUSTER_COLUMNS} from {found.table}").to_arrow_table()
        return found.linked(rows)

    @override
    def release(self) -> None:
        self._connection.close()


@contextmanager
def linking_in_memory(warehouse: Warehouse, settings: Settings, entity: Entity) -> Iterator[Workplace]:
    """Read the parties into memory, to link them there."""
    parties = current_parties(warehouse, entity)
    with in_memory(warehouse, settings, entity, parties) as connection:
        yield InMemory(connection, entity, parties)

"""Parties in a DuckDB of its own in memory: where models are trained, whatever the warehouse's engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb

from entity_resolution.engine.parties import compared_parties
from entity_resolution.engine.scratch import scratch
from entity_resolution.engine.tables import FORMED
from entity_resolution.entity import Entity
from entity_resolution.kinds import functions
from shared.config import Settings
from shared.warehouse import Warehouse

if TYPE_CHECKING:
    from entity_resolution.engine.linking.linking import Session


def session_in(connection: duckdb.DuckDBPyConnection, entity: Entity) -> Session:
    """Return the session for linking or training in a database that holds parties in the table `FORMED`."""
    from splink import DuckDBAPI

    from entity_resolution.engine.linking.linking import Session

    return Session(DuckDBAPI(connection), lambda sql: connection.execute(sql).fetchall(), entity)


@contextmanager
def in_memory(
    warehouse: Warehouse, settings: Settings, entity: Entity, parties: str
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database in memory that holds parties in the table `FORMED`, as they are compared.

    Args:
        warehouse: Where the parties are.
        settings: How much memory it may take before it writes to the disk.
        entity: Whose parties they are.
        parties: A table, or a query in brackets, with the columns of `current_parties`.
    """
    with scratch(warehouse, settings) as connection:
        # In one order always, since samples are drawn by it.
        incoming = warehouse.stream_arrow(f'select * from {parties} as party order by party_id collate "C"')
        connection.register("incoming", incoming)
        connection.execute(functions.duckdb())
        connection.execute(f"create table {FORMED} as {compared_parties(entity, 'incoming')}")
        connection.unregister("incoming")
        yield connection

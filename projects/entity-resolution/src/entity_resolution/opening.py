"""Which engine links the parties of a run: the one place that knows every workplace there is."""

from __future__ import annotations

from contextlib import AbstractContextManager

from entity_resolution.engine.linking.workplace import Workplace
from entity_resolution.entity import Entity
from shared.config import Settings
from shared.warehouse import Warehouse


def open_workplace(warehouse: Warehouse, settings: Settings, entity: Entity) -> AbstractContextManager[Workplace]:
    """Put the current parties of an entity where the warehouse's engine links them: in its server, or in memory."""
    if warehouse.engine == "postgres":
        from entity_resolution.backends.postgres.in_server import linking_in_server

        return linking_in_server(warehouse, settings, entity)
    from entity_resolution.backends.duckdb.in_memory import linking_in_memory

    return linking_in_memory(warehouse, settings, entity)

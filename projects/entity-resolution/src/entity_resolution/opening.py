"""Which engine links the parties of a run: the one place that knows every workplace there is."""

from __future__ import annotations

from contextlib import AbstractContextManager

from entity_resolution.workplace import Workplace
from shared.config import Settings
from shared.warehouse import Warehouse


def open_workplace(warehouse: Warehouse, settings: Settings) -> AbstractContextManager[Workplace]:
    """Put the current parties where the warehouse's engine links them: in its server, or in memory."""
    if warehouse.engine == "postgres":
        from entity_resolution.in_server import linking_in_server

        return linking_in_server(warehouse, settings)
    from entity_resolution.in_memory import linking_in_memory

    return linking_in_memory(warehouse, settings)

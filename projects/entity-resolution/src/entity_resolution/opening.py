"""Where the parties of a run are linked: the one place that knows every workplace there is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Literal

from pydantic_settings import BaseSettings, SettingsConfigDict

from entity_resolution.engine.linking.workplace import OpenWorkplace, Workplace
from entity_resolution.engine.parties import current_parties
from entity_resolution.entity import Entity
from shared.config import Settings, read_settings
from shared.warehouse import Warehouse


class ResolvingSettings(BaseSettings):
    """Each field is set by the environment variable of its name, in capitals."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    # `warehouse`: by the warehouse's own engine, beside it.
    resolve_on: Literal["warehouse", "spark"] = "warehouse"


def chosen_workplace(settings: Settings) -> OpenWorkplace:
    """Return what puts the current parties of an entity where they are linked, as RESOLVE_ON says.

    Raises:
        ConfigurationError: It cannot be as it says.
    """
    return _on_spark(settings) if read_settings(ResolvingSettings).resolve_on == "spark" else open_workplace


def open_workplace(warehouse: Warehouse, settings: Settings, entity: Entity) -> AbstractContextManager[Workplace]:
    """Put the current parties of an entity where the warehouse's engine links them: in its server, or in memory."""
    if warehouse.engine == "postgres":
        from entity_resolution.backends.postgres.in_server import linking_in_server

        return linking_in_server(warehouse, settings, entity)
    from entity_resolution.backends.duckdb.in_memory import linking_in_memory

    return linking_in_memory(warehouse, settings, entity)


def _on_spark(settings: Settings) -> OpenWorkplace:
    from entity_resolution.backends.spark.on_spark import OnSpark
    from entity_resolution.backends.spark.settings import read_place

    place = read_place(settings)

    @contextmanager
    def linking(warehouse: Warehouse, settings: Settings, entity: Entity) -> Iterator[Workplace]:
        with ExitStack() as stack:
            # On a server others write to core meanwhile; the writer lock of an embedded warehouse is its snapshot.
            parties = (
                stack.enter_context(open_workplace(warehouse, settings, entity)).parties
                if warehouse.engine == "postgres"
                else current_parties(warehouse, entity)
            )
            yield OnSpark(warehouse, settings, entity, parties, place)

    return linking

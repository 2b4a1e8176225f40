"""Parties in the warehouse's own PostgreSQL server, linked there: only clusters come back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TYPE_CHECKING

import psycopg2
from typing_extensions import override

from entity_resolution.engine.in_memory import in_memory
from entity_resolution.engine.linking.workplace import CLUSTER_COLUMNS, Linked, Workplace
from entity_resolution.engine.model_store import Model
from entity_resolution.engine.parties import compared_parties, current_parties
from entity_resolution.engine.tables import FORMED, PARTIES, SAMPLED, TERMS, WORDED
from entity_resolution.entity import KEY, Entity
from shared.config import Settings
from shared.errors import causes
from shared.postgres.errors import explain
from shared.postgres.target import PostgresTarget
from shared.warehouse import Warehouse, quote
from shared.warehouse.postgres_engine import PostgresWarehouse

if TYPE_CHECKING:
    import duckdb
    from psycopg2 import extensions

SCHEMA = "splink"
# The parties as they are in core, while the run lasts.
SNAPSHOT = "resolution_snapshot"
# By this name a run finds the sessions of one that was killed.
SESSION = "entity resolution: Splink"
SPLINKS_PREFIX = "__splink__"
PATIENCE_MILLISECONDS = 60_000


class InServer(Workplace):
    """Links in the schema `splink`, through a session of its own beside the warehouse's."""

    def __init__(self, warehouse: PostgresWarehouse, settings: Settings, entity: Entity) -> None:
        self.parties = f"{SCHEMA}.{SNAPSHOT}"
        self._warehouse = warehouse
        self._settings = settings
        self._entity = entity

    @override
    def session(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        return in_memory(self._warehouse, self._settings, self._entity, self.parties)

    @override
    def cluster(self, model: Model, threshold: float) -> Linked:
        from entity_resolution.backends.postgres.scratch_api import scratch_api
        from entity_resolution.engine.linking.linking import Session, cluster_parties

        with _explained(), scratch_api(lambda: _connect(self._warehouse.target)) as api:
            # Of another model that was used before; it stands in the way of its table.
            api.ask(f"drop view if exists {PARTIES}")
            api.make_table(FORMED, compared_parties(self._entity, SNAPSHOT))
            found = cluster_parties(Session(api, api.ask, self._entity), model, threshold)
            rows = self._warehouse.fetch_arrow(f"select {CLUSTER_COLUMNS} from {SCHEMA}.{quote(found.table)}")
            return found.linked(rows)

    @override
    def release(self) -> None:
        """Do nothing: the server holds what is linked, and is cleared in the end."""


@contextmanager
def linking_in_server(warehouse: Warehouse, settings: Settings, entity: Entity) -> Iterator[Workplace]:
    """Copy the parties from core into the schema `splink`, on the server, and clear it in the end.

    Raises:
        ServerUnavailable: The server goes away while this lasts.
    """
    assert isinstance(warehouse, PostgresWarehouse)
    _end_killed_runs(warehouse)
    _clear(warehouse)
    try:
        _take_snapshot(warehouse, entity)
        yield InServer(warehouse, settings, entity)
    finally:
        # What cannot be removed now, with the server gone, is removed at the next start.
        with suppress(Exception):
            _clear(warehouse)


def _end_killed_runs(warehouse: PostgresWarehouse) -> None:
    """End what a killed run has left at work in the server: the writer lock is ours, so whoever is there is one."""
    warehouse.execute(
        "select pg_terminate_backend(pid, $1) from pg_stat_activity "
        "where application_name = $2 and datname = current_database() and usename = current_user",
        [PATIENCE_MILLISECONDS, SESSION],
    )


def _clear(warehouse: PostgresWarehouse) -> None:
    """Drop the tables of a run, and first the view of one of them."""
    warehouse.execute(f"drop view if exists {SCHEMA}.{PARTIES}")
    for table in warehouse.tables(SCHEMA):
        if table in (SNAPSHOT, FORMED, WORDED, SAMPLED) or table.startswith((TERMS, SPLINKS_PREFIX)):
            warehouse.execute(f"drop table if exists {SCHEMA}.{quote(table)}")


def _take_snapshot(warehouse: PostgresWarehouse, entity: Entity) -> None:
    """Copy the parties, so that they stay as they are."""
    # As on DuckDB they sort by code point, whatever the database does: which of two parties is the left one, and
    # which id is the smallest, must not depend on the server's language.
    columns = [*(f'{name} collate "C" as {name}' for name in KEY), *map(quote, entity.columns)]
    warehouse.execute(
        f"create unlogged table {SCHEMA}.{SNAPSHOT} as "
        f"select {', '.join(columns)} from {current_parties(warehouse, entity)} as party"
    )
    warehouse.execute(f"analyze {SCHEMA}.{SNAPSHOT}")


def _connect(target: PostgresTarget) -> extensions.connection:
    """Open the session that Splink works in."""
    connection = target.connect(SESSION)
    with connection.cursor() as cursor:
        # Nothing here outlives the run, so no commit has to wait for the disk.
        cursor.execute(f"set search_path = {SCHEMA}, public; set synchronous_commit = off")
        # Splink joins by equal values, and of a step within a query PostgreSQL expects one row, where there are many.
        cursor.execute("set enable_nestloop = off; set jit = off")
        # A server on a system that cannot tell goes on with the statement of a killed run until the next one ends it.
        with suppress(psycopg2.Error):
            cursor.execute("set client_connection_check_interval = '1s'")
    return connection


@contextmanager
def _explained() -> Iterator[None]:
    """Raise what PostgreSQL's errors mean, which Splink and SQLAlchemy wrap in theirs."""
    try:
        yield
    except Exception as error:
        for cause in causes(error):
            if (known := explain(cause)) is not None:
                raise known from error
        raise

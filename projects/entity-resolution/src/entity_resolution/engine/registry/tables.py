"""The tables of a registry: read as its state, and changed by what a resolution changes."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from entity_resolution.engine import bulk_tables
from entity_resolution.engine.registry.registry import Change, State
from shared.utils.clock import utc_now
from shared.warehouse import Warehouse

FORMER_KEY, EVENT_KEY = ("entity_id", "party_id"), ("revision", "entity_id", "event")


@dataclass(frozen=True)
class RegistryTables:
    """The names of an entity's tables in master.

    Attributes:
        entity: The entity's name.
        xref: The table of the present ids, columns `party_id`, `entity_id`.
    """

    entity: str
    xref: str

    @property
    def history(self) -> str:
        """Every id ever given, and where it leads now."""
        return f"master.{self.entity}_history"

    @property
    def former(self) -> str:
        """The records by which an id is known again: its last ones, or those before it took in others."""
        return f"master.{self.entity}_former_member"

    @property
    def events(self) -> str:
        """What happened to each entity, and why."""
        return f"master.{self.entity}_event"


def make_registry(warehouse: Warehouse, tables: RegistryTables) -> None:
    """Make the tables of a registry where they are not there."""
    warehouse.execute(
        f"create table if not exists {tables.history} (entity_id varchar not null, present_id varchar, "
        "status varchar not null, given_in bigint not null, ended_in bigint)"
    )
    # Its name is the schema's, as the table's is.
    index = f"{tables.history.rpartition('.')[2]}_id"
    bulk_tables.index(warehouse, tables.history, index, ("entity_id",))
    bulk_tables.make(warehouse, tables.former, [f"{name} varchar not null" for name in FORMER_KEY], FORMER_KEY)
    bulk_tables.make(
        warehouse,
        tables.events,
        [
            "revision bigint not null",
            *(f"{name} varchar not null" for name in ("entity_id", "event", "reason")),
            *(f"{name} bigint not null" for name in ("records_before", "records_after")),
            *(f"{name} varchar not null" for name in ("members_before", "members_after")),
            "happened_at timestamp not null",
            "run_id varchar not null",
        ],
        EVENT_KEY,
    )


def read_state(warehouse: Warehouse, tables: RegistryTables) -> State:
    """Return what a registry knows: nothing where its tables are not there yet."""
    return state_of(warehouse, tables) if warehouse.table_exists(tables.history) else _nothing()


def state_of(warehouse: Warehouse, tables: RegistryTables, where: str = "") -> State:
    """Return what a registry knows of some ids.

    Args:
        warehouse: Where it is.
        tables: Its tables.
        where: Which ids, as SQL behind a table with `entity_id`: all where empty.
    """
    return State(
        present=warehouse.fetch_arrow(f"select party_id, entity_id from {tables.xref}{where}"),
        history=warehouse.fetch_arrow(
            f"select entity_id, present_id, status, given_in, ended_in from {tables.history}{where}"
        ),
        former=warehouse.fetch_arrow(f"select entity_id, party_id from {tables.former}{where}"),
        revision=int(warehouse.fetch(f"select coalesce(max(revision), 0) from {tables.events}")[0][0]),
    )


def _nothing() -> State:
    return State(
        present=_empty("party_id", "entity_id"),
        history=_empty("entity_id", "present_id", "status", given_in=pa.int64(), ended_in=pa.int64()),
        former=_empty("entity_id", "party_id"),
        revision=0,
    )


def _empty(*texts: str, **columns: pa.DataType) -> pa.Table:
    return pa.schema({**dict.fromkeys(texts, pa.string()), **columns}).empty_table()


def publish(warehouse: Warehouse, tables: RegistryTables, change: Change, run_id: str) -> None:
    """Write what a resolution changes: part of the transaction that replaces the xref, so neither is without the other.

    A change by which nothing happened writes nothing.
    """
    with warehouse.transaction():
        _put(warehouse, tables.history, change.replaced, change.history)
        _put(warehouse, tables.former, change.forgotten, change.former)
        bulk_tables.check(warehouse, tables.former, FORMER_KEY)
        events = change.events
        run = {"happened_at": pa.array([utc_now()] * len(events), pa.timestamp("us")), "run_id": [run_id] * len(events)}
        for name, values in run.items():
            events = events.append_column(name, pa.array(values))
        if len(events):
            warehouse.append_arrow(tables.events, events)
            latest = f" where revision = (select max(revision) from {tables.events})"
            bulk_tables.check(warehouse, tables.events, EVENT_KEY, latest)


def _put(warehouse: Warehouse, table: str, ids: pa.Table, rows: pa.Table) -> None:
    """Replace the rows of these ids."""
    if len(ids):
        incoming = "_changed_ids"
        warehouse.execute(f"create temporary table {incoming} (entity_id varchar not null)")
        warehouse.append_arrow(incoming, ids)
        warehouse.execute(f"delete from {table} where entity_id in (select entity_id from {incoming})")
        warehouse.execute(f"drop table {incoming}")
    if len(rows):
        warehouse.append_arrow(table, rows)

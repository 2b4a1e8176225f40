"""The tables of master: all of them are replaced together or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from entity_resolution.engine import bulk_tables
from entity_resolution.engine.blocking.basis import Basis
from entity_resolution.engine.golden import records
from entity_resolution.engine.parties import party_relation, record_hash
from entity_resolution.engine.quality import JUDGED, Measures
from entity_resolution.engine.registry import EVENT_KEY, FORMER_KEY, Change, RegistryTables, make_registry, part
from entity_resolution.engine.registry import publish as publish_change
from entity_resolution.entity import KEY, Entity
from shared.monitoring.versions import Part, Relation, Rows
from shared.utils.clock import utc_now
from shared.warehouse import Warehouse, literal
from shared.warehouse.migrations import Migrations, migrate

XREF_KEY = ("party_id",)
QUALITY, SIZE, RUN = "master.resolution_quality", "master.resolution_size", "master.resolution_run"
MIGRATIONS = Migrations("master", Path(__file__).parents[1] / "migrations")


@dataclass(frozen=True)
class Table:
    """A table of master.

    Attributes:
        description: What a row is.
        key: The columns that identify it.
    """

    description: str
    key: tuple[str, ...]


# Those that all entities have a share in.
SHARED = {
    QUALITY: Table(
        "The measures of each present resolution: counts, and precision, recall and F1 where the truth is known.",
        ("entity", "measure"),
    ),
    SIZE: Table(
        "How many entities are made of so many parties, of these sources.", ("entity", "party_count", "source_systems")
    ),
    RUN: Table("The run, model and threshold that the present tables of each entity were made by.", ("entity",)),
}


def xref_table(entity: Entity) -> str:
    """Return the table of which party is part of which entity."""
    return f"master.{entity.name}_xref"


def registry(entity: Entity) -> RegistryTables:
    """Return the tables by which an entity's ids last."""
    return RegistryTables(entity.name, xref_table(entity))


def _registry_tables(names: RegistryTables) -> dict[str, Table]:
    return {
        names.history: Table(
            "Every entity id ever given and the entities that it leads to now: itself, others, or none.",
            ("entity_id", "present_id"),
        ),
        names.events: Table(
            "What happened to entities: created, grown, shrunk, merged, split, retired, with members before and after.",
            EVENT_KEY,
        ),
        names.former: Table(
            "The records by which an id that has ended, or has taken in others, is known again.",
            FORMER_KEY,
        ),
    }


def tables(entity: Entity) -> dict[str, Table]:
    """Return the tables that are an entity's alone."""
    return {
        xref_table(entity): Table(f"The entity of each party, which is a record of a {entity.name}.", XREF_KEY),
        records.golden_table(entity): Table(
            f"The golden record of each {entity.name}, chosen from all records of the same one.", records.KEY
        ),
        records.provenance_table(entity): Table(
            f"The record that each value of each golden {entity.name} comes from, and the rule that chose it.",
            ("entity_id", "field"),
        ),
        **_registry_tables(registry(entity)),
    }


XREF_COLUMNS = ("party_id", "entity_id", "source_system", "source_id")
# Of the record as it was resolved.
RECORD_HASH = "record_hash"
# What a resolution has come to, until all of it is published: temporary tables, which the session takes with it.
FOUND, NEW_XREF = "found_xref", "new_xref"


@dataclass(frozen=True)
class Resolution:
    """A finished resolution, whose rows wait in `NEW_XREF` and `records.NEW`.

    Attributes:
        change: The ids of its entities, and what they change.
        entities: Columns `party_id`, `entity_id`, `source_system`, a row for each party.
        measures: What it was measured to be.
        model: The name of the model.
        threshold: The match probability from which pairs were joined.
        basis: By what else pairs were found.
        is_part: Whether only the part of `registry.part` was decided, and all else stays.
    """

    change: Change
    entities: pa.Table
    measures: Measures
    model: str
    threshold: float
    basis: Basis
    is_part: bool


def make_tables(warehouse: Warehouse, entity: Entity) -> None:
    """Bring the tables of master up to date, those of an entity by what it declares now; rows stay.

    Raises:
        UserError: Core lacks what is declared.
    """
    migrate(warehouse, MIGRATIONS)
    types = dict.fromkeys(KEY, "varchar") | {
        field.name: field.type for field in party_relation(warehouse, entity).fields
    }
    fields = {field: types[column] for field, column in entity.fields.items()}
    made = ("resolved_at timestamp not null", "run_id varchar not null")
    with warehouse.transaction():
        xref = xref_table(entity)
        columns = [*(f"{name} varchar not null" for name in XREF_COLUMNS), *made]
        bulk_tables.make(warehouse, xref, columns, XREF_KEY)
        warehouse.execute(f"alter table {xref} add column if not exists {RECORD_HASH} varchar")
        make_registry(warehouse, registry(entity))
        records.make_golden(warehouse, entity, fields)


def parts(warehouse: Warehouse, entity: Entity) -> dict[str, Part]:
    """Return what a resolution makes, by name."""
    judged, ours = ", ".join(map(literal, JUDGED)), f"entity = {literal(entity.name)}"
    # Without what `evaluate` measures against another truth: the resolution stays what it is.
    counts = f"(select measure, value from {QUALITY} where {ours} and measure not in ({judged}))"
    shared = {name: Rows(warehouse, f"(select * from {name} where {ours})") for name in (SIZE, RUN)}
    # What has happened stays: no run could make it again.
    alone = [name for name in tables(entity) if name != registry(entity).events]
    return {QUALITY: Rows(warehouse, counts), **shared, **{name: Relation(warehouse, name) for name in alone}}


def is_resolved(warehouse: Warehouse, entity: Entity) -> bool:
    """Tell whether a resolution of an entity was published."""
    return bool(warehouse.fetch(f"select 1 from {RUN} where entity = $1", [entity.name]))


def read_basis(warehouse: Warehouse, entity: Entity) -> Basis | None:
    """Return by what the pairs of the present resolution were found; None where there is none, or an older one."""
    rows = warehouse.fetch(f"select basis from {RUN} where entity = $1 and basis is not null", [entity.name])
    return Basis.from_json(rows[0][0]) if rows else None


def read_xref(warehouse: Warehouse, entity: Entity) -> pa.Table:
    """Return columns `party_id`, `entity_id`, `source_system` as published last: no rows where nothing was yet."""
    columns, table = ("party_id", "entity_id", "source_system"), xref_table(entity)
    if not warehouse.table_exists(table):
        return pa.schema(dict.fromkeys(columns, pa.string())).empty_table()
    return warehouse.fetch_arrow(f"select {', '.join(columns)} from {table} order by party_id")


def read_clusters_of_part(warehouse: Warehouse, entity: Entity) -> pa.Table:
    """Return columns `CLUSTER_COLUMNS` of the part that `registry.read_part` has left, by the entities of now."""
    columns = "party_id, source_system, source_id, entity_id as cluster_id"
    with warehouse.transaction():
        return warehouse.fetch_arrow(f"select {columns} from {xref_table(entity)}{part.OF_PARTIES}")


def read_measures(warehouse: Warehouse, entity: Entity) -> Measures:
    """Return the measures stored last."""
    return dict(
        warehouse.fetch(f"select measure, value from {QUALITY} where entity = $1 order by measure", [entity.name])
    )


def choose_records(warehouse: Warehouse, entity: Entity, parties: str, xref: pa.Table) -> None:
    """Make the new rows of master, for `publish`.

    Args:
        warehouse: Where master is.
        entity: What is resolved.
        parties: The parties that were resolved, see `Workplace.parties`.
        xref: Columns `XREF_COLUMNS`, a row for each party.
    """
    for table in (NEW_XREF, FOUND):
        warehouse.execute(f"drop table if exists {table}")
    columns = ", ".join(f"{column} varchar not null" for column in XREF_COLUMNS)
    warehouse.execute(f"create temporary table {FOUND} ({columns})")
    warehouse.append_arrow(FOUND, xref.select(XREF_COLUMNS))
    warehouse.execute(
        f"create temporary table {NEW_XREF} as select found.*, party.{RECORD_HASH} from {FOUND} as found inner join "
        f"(select party_id, {record_hash(warehouse, parties)} as {RECORD_HASH} from {parties} as party "
        f"where party_id in (select party_id from {FOUND})) as party on party.party_id = found.party_id"
    )
    records.choose(warehouse, entity, parties, NEW_XREF)


def publish(warehouse: Warehouse, entity: Entity, run_id: str, resolution: Resolution) -> None:
    """Replace what was decided of an entity, in one transaction: killed at any point, the former state stays whole."""
    now, name = utc_now(), entity.name
    xref, names = xref_table(entity), ", ".join((*XREF_COLUMNS, RECORD_HASH))
    with warehouse.transaction():
        warehouse.execute(f"delete from {xref}{part.OF_PARTIES if resolution.is_part else ''}")
        warehouse.execute(
            f"insert into {xref} ({names}, resolved_at, run_id) select {names}, $1, $2 from {NEW_XREF}", [now, run_id]
        )
        bulk_tables.check(warehouse, xref, XREF_KEY)
        publish_change(warehouse, registry(entity), resolution.change, run_id)
        # By the history of now, since what was decided of an id counts for where that leads.
        of_part = part.OF_IDS if resolution.is_part else ""
        records.publish(warehouse, entity, registry(entity).history, now, run_id, of_part)
        for table in (SIZE, RUN):
            warehouse.execute(f"delete from {table} where entity = $1", [name])
        warehouse.execute(
            f"insert into {SIZE} (entity, party_count, source_systems, entities, parties) "
            "select cast($1 as varchar), party_count, source_systems, count(*), sum(party_count) "
            f"from {records.golden_table(entity)} group by party_count, source_systems",
            [name],
        )
        warehouse.execute(
            f"insert into {RUN} (entity, run_id, model, threshold, resolved_at, basis) values ($1, $2, $3, $4, $5, $6)",
            [name, run_id, resolution.model, resolution.threshold, now, resolution.basis.to_json()],
        )
        store_measures(warehouse, entity, run_id, resolution.measures)


def publish_golden(warehouse: Warehouse, entity: Entity, run_id: str) -> None:
    """Replace an entity's golden records alone, by the entities that master has: part of a transaction."""
    history = registry(entity).history
    records.publish(warehouse, entity, history, utc_now(), run_id)


def store_measures(warehouse: Warehouse, entity: Entity, run_id: str, measures: Measures) -> None:
    """Replace the measures of an entity."""
    rows = pa.table(
        {
            "entity": pa.repeat(entity.name, len(measures)),
            "run_id": pa.repeat(run_id, len(measures)),
            "measure": pa.array(measures, pa.string()),
            "value": pa.array(measures.values(), pa.float64()),
        }
    )
    with warehouse.transaction():
        warehouse.execute(f"delete from {QUALITY} where entity = $1", [entity.name])
        warehouse.append_arrow(QUALITY, rows)

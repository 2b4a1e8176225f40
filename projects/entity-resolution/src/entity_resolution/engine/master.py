"""The tables of master: all of them are replaced together or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from entity_resolution.engine.golden.query import golden_columns, golden_query
from entity_resolution.engine.quality import JUDGED, Measures
from entity_resolution.engine.registry import Change, RegistryTables
from entity_resolution.engine.registry import publish as publish_change
from entity_resolution.entity import Entity
from shared.monitoring.versions import Part, Relation, Rows
from shared.utils.clock import utc_now
from shared.warehouse import Warehouse, literal, quote
from shared.warehouse.migrations import Migrations

XREF = "master.entity_xref"
QUALITY, RUN = "master.resolution_quality", "master.resolution_run"


@dataclass(frozen=True)
class Table:
    """A table of master.

    Attributes:
        description: What a row is.
        key: The columns that identify it.
    """

    description: str
    key: tuple[str, ...]


MIGRATIONS = Migrations("master", Path(__file__).parents[1] / "migrations")


def golden_table(entity: Entity) -> str:
    """Return the table of an entity's golden records."""
    return f"master.golden_{entity.name}"


def registry(entity: Entity) -> RegistryTables:
    """Return the tables by which an entity's ids last."""
    return RegistryTables(entity.name, XREF)


def _registry_tables(names: RegistryTables) -> dict[str, Table]:
    return {
        names.history: Table(
            "Every entity id ever given and the entities that it leads to now: itself, others, or none.",
            ("entity_id", "present_id"),
        ),
        names.events: Table(
            "What happened to entities: created, grown, shrunk, merged, split, retired, with members before and after.",
            ("revision", "entity_id", "event"),
        ),
        names.former: Table(
            "The records by which an id that has ended, or has taken in others, is known again.",
            ("entity_id", "party_id"),
        ),
    }


def tables(entity: Entity) -> dict[str, Table]:
    """Return the tables of an entity."""
    return {
        XREF: Table(f"The entity of each party, which is a record of a {entity.name}.", ("party_id",)),
        golden_table(entity): Table(
            f"The golden record of each {entity.name}, chosen from all records of the same one.", ("entity_id",)
        ),
        QUALITY: Table(
            "The measures of the present resolution: counts, and precision, recall and F1 where the truth is known.",
            ("measure",),
        ),
        RUN: Table("The run, model and threshold that the present tables were made by.", ("run_id",)),
        **_registry_tables(registry(entity)),
    }


XREF_COLUMNS = ("party_id", "entity_id", "source_system", "source_id")
# What a resolution has come to, until all of it is published: temporary tables, which the session takes with it.
NEW_XREF, NEW_GOLDEN = "new_xref", "new_golden"


@dataclass(frozen=True)
class Resolution:
    """A finished resolution, whose rows wait in `NEW_XREF` and `NEW_GOLDEN`.

    Attributes:
        change: The ids of its entities, and what they change.
        measures: What it was measured to be.
        model: The name of the model.
        threshold: The match probability from which pairs were joined.
    """

    change: Change
    measures: Measures
    model: str
    threshold: float


def parts(warehouse: Warehouse, entity: Entity) -> dict[str, Part]:
    """Return what a resolution makes, by name."""
    judged = ", ".join(map(literal, JUDGED))
    # Without what `evaluate` measures against another truth: the resolution stays what it is.
    counts = f"(select measure, value from {QUALITY} where measure not in ({judged}))"
    # What has happened stays: no run could make it again.
    others = [name for name in tables(entity) if name not in (QUALITY, registry(entity).events)]
    return {QUALITY: Rows(warehouse, counts), **{name: Relation(warehouse, name) for name in others}}


def read_xref(warehouse: Warehouse) -> pa.Table:
    """Return columns `party_id`, `entity_id`, `source_system` as published last."""
    return warehouse.fetch_arrow(f"select party_id, entity_id, source_system from {XREF} order by party_id")


def read_measures(warehouse: Warehouse) -> Measures:
    """Return the measures stored last."""
    return dict(warehouse.fetch(f"select measure, value from {QUALITY} order by measure"))


def choose_records(warehouse: Warehouse, entity: Entity, parties: str, xref: pa.Table) -> None:
    """Make the new rows of master, for `publish`.

    Args:
        warehouse: Where master is.
        entity: What is resolved.
        parties: The parties that were resolved, see `Workplace.parties`.
        xref: Columns `XREF_COLUMNS`, a row for each party.
    """
    warehouse.execute(f"drop table if exists {NEW_XREF}")
    warehouse.execute(f"drop table if exists {NEW_GOLDEN}")
    columns = ", ".join(f"{column} varchar not null" for column in XREF_COLUMNS)
    warehouse.execute(f"create temporary table {NEW_XREF} ({columns})")
    warehouse.append_arrow(NEW_XREF, xref.select(XREF_COLUMNS))
    warehouse.execute(f"create temporary table {NEW_GOLDEN} as {golden_query(entity, parties, NEW_XREF)}")


def publish(warehouse: Warehouse, entity: Entity, run_id: str, resolution: Resolution) -> None:
    """Replace master with a resolution, in one transaction: killed at any point, the former one stays whole."""
    now = utc_now()
    golden = (golden_table(entity), NEW_GOLDEN, golden_columns(entity))
    with warehouse.transaction():
        for table, new, columns in ((XREF, NEW_XREF, XREF_COLUMNS), golden):
            names = ", ".join(map(quote, columns))
            warehouse.execute(f"delete from {table}")
            warehouse.execute(
                f"insert into {table} ({names}, resolved_at, run_id) select {names}, $1, $2 from {new}", [now, run_id]
            )
        publish_change(warehouse, registry(entity), resolution.change, run_id)
        warehouse.execute(f"delete from {RUN}")
        warehouse.execute(
            f"insert into {RUN} (run_id, model, threshold, resolved_at) values ($1, $2, $3, $4)",
            [run_id, resolution.model, resolution.threshold, now],
        )
        store_measures(warehouse, run_id, resolution.measures)


def store_measures(warehouse: Warehouse, run_id: str, measures: Measures) -> None:
    """Replace the measures of master."""
    rows = pa.table(
        {
            "run_id": pa.repeat(run_id, len(measures)),
            "measure": pa.array(measures, pa.string()),
            "value": pa.array(measures.values(), pa.float64()),
        }
    )
    with warehouse.transaction():
        warehouse.execute(f"delete from {QUALITY}")
        warehouse.append_arrow(QUALITY, rows)

"""The tables of master: all of them are replaced together or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from entity_resolution.golden import COLUMNS as GOLDEN_COLUMNS
from entity_resolution.golden import golden_query
from entity_resolution.quality import JUDGED, Measures
from shared.monitoring.versions import Part, Relation, Rows
from shared.utils.clock import utc_now
from shared.warehouse import Warehouse, literal
from shared.warehouse.migrations import Migrations

XREF, GOLDEN = "master.entity_xref", "master.golden_customer"
QUALITY, RUN = "master.resolution_quality", "master.resolution_run"


@dataclass(frozen=True)
class Table:
    """A table of master.

    Attributes:
        description: What a row is.
        key: The column that identifies it.
    """

    description: str
    key: str


TABLES = {
    XREF: Table("The entity of each party, which is a record of a customer or member.", "party_id"),
    GOLDEN: Table(
        "The golden record of each entity: one for each person, chosen from that person's records.", "entity_id"
    ),
    QUALITY: Table(
        "The measures of the present resolution: counts, and precision, recall and F1 where the truth is known.",
        "measure",
    ),
    RUN: Table("The run, model and threshold that the present tables were made by.", "run_id"),
}
MIGRATIONS = Migrations("master", Path(__file__).parent / "migrations")


XREF_COLUMNS = ("party_id", "entity_id", "source_system", "source_id")
# What a resolution has come to, until all of it is published: temporary tables, which the session takes with it.
NEW_XREF, NEW_GOLDEN = "new_entity_xref", "new_golden_customer"


@dataclass(frozen=True)
class Resolution:
    """A finished resolution, whose rows wait in `NEW_XREF` and `NEW_GOLDEN`.

    Attributes:
        measures: What it was measured to be.
        model: The name of the model.
        threshold: The match probability from which pairs were joined.
    """

    measures: Measures
    model: str
    threshold: float


def parts(warehouse: Warehouse) -> dict[str, Part]:
    """Return what a resolution makes, by name."""
    judged = ", ".join(map(literal, JUDGED))
    # Without what `evaluate` measures against another truth: the resolution stays what it is.
    counts = f"(select measure, value from {QUALITY} where measure not in ({judged}))"
    return {QUALITY: Rows(warehouse, counts), **{name: Relation(warehouse, name) for name in (XREF, GOLDEN, RUN)}}


def read_xref(warehouse: Warehouse) -> pa.Table:
    """Return columns `party_id`, `entity_id`, `source_system` as published last."""
    return warehouse.fetch_arrow(f"select party_id, entity_id, source_system from {XREF} order by party_id")


def read_measures(warehouse: Warehouse) -> Measures:
    """Return the measures stored last."""
    return dict(warehouse.fetch(f"select measure, value from {QUALITY} order by measure"))


def choose_records(warehouse: Warehouse, parties: str, xref: pa.Table) -> None:
    """Make the new rows of master, for `publish`.

    Args:
        warehouse: Where master is.
        parties: The parties that were resolved, see `Workplace.parties`.
        xref: Columns `XREF_COLUMNS`, a row for each party.
    """
    warehouse.execute(f"drop table if exists {NEW_XREF}")
    warehouse.execute(f"drop table if exists {NEW_GOLDEN}")
    columns = ", ".join(f"{column} varchar not null" for column in XREF_COLUMNS)
    warehouse.execute(f"create temporary table {NEW_XREF} ({columns})")
    warehouse.append_arrow(NEW_XREF, xref.select(XREF_COLUMNS))
    warehouse.execute(f"create temporary table {NEW_GOLDEN} as {golden_query(parties, NEW_XREF)}")


def publish(warehouse: Warehouse, run_id: str, resolution: Resolution) -> None:
    """Replace master with a resolution, in one transaction: killed at any point, the former one stays whole."""
    now = utc_now()
    with warehouse.transaction():
        for table, new, columns in ((XREF, NEW_XREF, XREF_COLUMNS), (GOLDEN, NEW_GOLDEN, GOLDEN_COLUMNS)):
            names = ", ".join(columns)
            warehouse.execute(f"delete from {table}")
            warehouse.execute(
                f"insert into {table} ({names}, resolved_at, run_id) select {names}, $1, $2 from {new}", [now, run_id]
            )
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

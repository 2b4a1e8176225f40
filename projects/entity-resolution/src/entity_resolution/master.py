"""The tables of master: all of them are replaced together or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from entity_resolution.golden import COLUMNS as GOLDEN_COLUMNS
from entity_resolution.golden import golden_query
from entity_resolution.quality import Measures
from shared.utils.clock import utc_now
from shared.warehouse import Warehouse
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
    RUN: Table("What the present tables were made from, and by which run.", "run_id"),
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
        fingerprint: A hash of all that it was made from.
        model: The name of the model.
        threshold: The match probability from which pairs were joined.
    """

    measures: Measures
    fingerprint: str
    model: str
    threshold: float


def holds(warehouse: Warehouse, fingerprint: str) -> bool:
    """Tell whether master is what a resolution with this fingerprint has written, still with all its rows."""
    if warehouse.fetch(f"select fingerprint from {RUN}") != [(fingerprint,)]:
        return False
    measures = read_measures(warehouse)
    counts = warehouse.row_count(XREF), warehouse.row_count(GOLDEN)
    return counts == (measures.get("parties"), measures.get("entities"))


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
    made_from = [resolution.fingerprint, resolution.model, resolution.threshold]
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
            f"insert into {RUN} (run_id, fingerprint, model, threshold, resolved_at) values ($1, $2, $3, $4, $5)",
            [run_id, *made_from, now],
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

"""The tables of master: all of them are replaced together or not at all."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from entity_resolution.quality import Measures
from shared.utils.clock import utc_now
from shared.warehouse import Warehouse, quote

XREF, GOLDEN = "master.entity_xref", "master.golden_customer"
QUALITY, RUN = "master.resolution_quality", "master.resolution_run"

TABLES = {
    XREF: """
        party_id varchar primary key, entity_id varchar not null, source_system varchar not null,
        source_id varchar not null, resolved_at timestamp not null, run_id varchar not null""",
    GOLDEN: """
        entity_id varchar primary key, given_name varchar, surname varchar, street_number varchar, address_1 varchar,
        address_2 varchar, suburb varchar, postcode varchar, state varchar, date_of_birth date,
        party_count bigint not null, source_systems varchar not null, crm_customer_id varchar,
        loyalty_member_id varchar, household_id bigint, resolved_at timestamp not null, run_id varchar not null""",
    QUALITY: "run_id varchar not null, measure varchar primary key, value double precision not null",
    RUN: """
        run_id varchar primary key, fingerprint varchar not null, model varchar not null,
        threshold double precision not null, resolved_at timestamp not null""",
}


@dataclass(frozen=True)
class Resolution:
    """A finished resolution.

    Attributes:
        xref: Columns `party_id`, `entity_id`, `source_system`, `source_id`.
        golden: The rows of `golden_records`.
        measures: What it was measured to be.
        fingerprint: A hash of all that it was made from.
        model: The name of the model.
        threshold: The match probability from which pairs were joined.
    """

    xref: pa.Table
    golden: pa.Table
    measures: Measures
    fingerprint: str
    model: str
    threshold: float


def make_tables(warehouse: Warehouse) -> None:
    """Create the tables that are not there yet."""
    with warehouse.transaction():
        for table, columns in TABLES.items():
            warehouse.execute(f"create table if not exists {quote(table)} ({columns})")


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


def publish(warehouse: Warehouse, run_id: str, resolution: Resolution) -> None:
    """Replace master with a resolution, in one transaction: killed at any point, the former one stays whole."""
    made_from = {
        "fingerprint": [resolution.fingerprint],
        "model": [resolution.model],
        "threshold": [resolution.threshold],
    }
    with warehouse.transaction():
        _replace(warehouse, XREF, resolution.xref, run_id)
        _replace(warehouse, GOLDEN, resolution.golden, run_id)
        _replace(warehouse, RUN, pa.table(made_from), run_id)
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


def _replace(warehouse: Warehouse, table: str, rows: pa.Table, run_id: str) -> None:
    now = pa.scalar(utc_now(), pa.timestamp("us"))
    stamped = rows.append_column("resolved_at", pa.repeat(now, rows.num_rows))
    warehouse.execute(f"delete from {table}")
    warehouse.append_arrow(table, stamped.append_column("run_id", pa.repeat(run_id, rows.num_rows)))

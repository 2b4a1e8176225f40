"""The part of a registry that some records can change: who was together with them, and every id that leads there.

What is decided within it is what would be decided among all: it is closed under whatever an assignment looks at.
"""

from __future__ import annotations

import pyarrow as pa

from entity_resolution.engine.registry.assignment import named_for
from entity_resolution.engine.registry.registry import State
from entity_resolution.engine.registry.tables import RegistryTables, state_of
from shared.warehouse import Warehouse

# The records and the ids of the part: temporary tables, which the session takes along.
PARTIES, IDS = "part_party", "part_id"
OF_PARTIES = f" where party_id in (select party_id from {PARTIES})"
OF_IDS = f" where entity_id in (select entity_id from {IDS})"


def read_part(warehouse: Warehouse, tables: RegistryTables, touched: pa.Table) -> State:
    """Return what a registry knows of the part that records can change, and leave the part in `PARTIES` and `IDS`.

    Args:
        warehouse: Where the registry is.
        tables: Its tables.
        touched: Column `party_id`: the records.
    """
    # In one, as another session of the engine's would not see the part.
    with warehouse.transaction():
        for table, column in ((PARTIES, "party_id"), (IDS, "entity_id")):
            warehouse.execute(f"drop table if exists {table}")
            warehouse.execute(f"create temporary table {table} ({column} varchar not null)")
        warehouse.append_arrow(PARTIES, touched)
        # It grows by whole entities until it grows no more, and there are only so many.
        while _grown(warehouse, IDS, _ids(tables)) | _grown(warehouse, PARTIES, _records(tables)):
            pass
        return state_of(warehouse, tables, OF_IDS)


def _ids(tables: RegistryTables) -> str:
    """Return the query for the ids that the part's records have or had, that lead to its ids, or that these lead to."""
    records, ids = f"(select party_id from {PARTIES})", f"(select entity_id from {IDS})"
    names = f"(select {named_for('party_id')} from {PARTIES})"
    return (
        f"select entity_id from {tables.xref} where party_id in {records} "
        f"union select entity_id from {tables.former} where party_id in {records} "
        f"union select entity_id from {tables.history} where present_id in {ids} or entity_id in {names} "
        f"union select present_id from {tables.history} where entity_id in {ids} and present_id is not null"
    )


def _records(tables: RegistryTables) -> str:
    """Return the query for the records that the part's ids have or had."""
    ids = f"(select entity_id from {IDS})"
    return (
        f"select party_id from {tables.xref} where entity_id in {ids} "
        f"union select party_id from {tables.former} where entity_id in {ids}"
    )


def _grown(warehouse: Warehouse, table: str, found: str) -> bool:
    """Add what is not there yet, and tell whether there was any."""
    before = warehouse.row_count(table)
    warehouse.execute(f"insert into {table} select * from ({found}) as found except select * from {table}")
    return warehouse.row_count(table) > before

"""The layouts of master: what earlier versions have made is brought up to date with every row."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Platform

from entity_resolution.engine.master import MIGRATIONS
from shared.errors import WrongWarehouse
from shared.warehouse import Warehouse, open_warehouse
from shared.warehouse.migrations import migrate, version_of

LAYOUTS = Path(__file__).parent / "layouts"
# What tables of earlier layouts are called now.
RENAMED = {"entity_xref": "customer_xref"}
CATALOGS = (
    "select table_name, column_name, data_type, is_nullable, column_default from information_schema.columns "
    "where table_schema = 'master' order by table_name, column_name",
    "select table_name, column_name from information_schema.key_column_usage "
    "where table_schema = 'master' order by table_name, ordinal_position",
)


def opened(platform: Platform) -> Warehouse:
    """Open the warehouse as entity resolution does."""
    return open_warehouse(platform.settings, holder="test", role="entity_resolution", mode="write")


@pytest.mark.parametrize(
    ("layout", "number"),
    [("master_1", 0), ("master_1", 1), ("master_2", 2), ("master_4", 4)],
    ids=["without a number", "1", "2", "4"],
)
def test_every_earlier_layout_is_brought_up_to_date(platform: Platform, layout: str, number: int) -> None:
    """No row of an earlier layout is lost or changed, and the tables are those that a new warehouse gets.

    Only the hash by which the first layout knew that nothing was new is left out: the ledger has that now.
    """
    with opened(platform) as warehouse:
        migrate(warehouse, MIGRATIONS)
        catalog = [warehouse.fetch(query) for query in CATALOGS]
        for table in warehouse.tables("master"):
            warehouse.execute(f"drop table master.{table}")
        warehouse.execute(f"update ops.layout set version = {number}")
        warehouse.execute((LAYOUTS / f"{layout}.sql").read_text(encoding="utf-8"))
        columns = [(table, name) for table, name, *_ in warehouse.fetch(CATALOGS[0]) if name != "fingerprint"]
        before = {(table, name): warehouse.fetch(f"select {name} from master.{table}") for table, name in columns}
        assert all(before.values())
        migrate(warehouse, MIGRATIONS)
        assert [warehouse.fetch(query) for query in CATALOGS] == catalog
        for (table, name), values in before.items():
            assert warehouse.fetch(f"select {name} from master.{RENAMED.get(table, table)}") == values
        assert version_of(warehouse, MIGRATIONS) == MIGRATIONS.latest
        # The ids that there are become the first history.
        first = warehouse.fetch("select entity_id, present_id, status, given_in, ended_in from master.customer_history")
        assert first == [("E-crm:1", "E-crm:1", "present", 0, None)]
        # What there was is the customer's.
        assert warehouse.fetch("select distinct entity from master.resolution_quality") == [("customer",)]
        assert warehouse.fetch("select entity, parties, entities from master.resolution_size") == [("customer", 2, 1)]


def test_newer_layout_is_refused(platform: Platform) -> None:
    """A resolution that a newer version of the platform has published is not replaced."""
    with opened(platform) as warehouse:
        migrate(warehouse, MIGRATIONS)
        warehouse.execute("update ops.layout set version = version + 1")
        with pytest.raises(WrongWarehouse, match=r"newer version .* tables of `master`"):
            migrate(warehouse, MIGRATIONS)

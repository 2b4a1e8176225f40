"""Tables of master that are written by the hundred thousand rows have a key in PostgreSQL, and none in DuckDB."""

from __future__ import annotations

import duckdb
import psycopg2
import pytest
from conftest import Platform

from entity_resolution.engine import bulk_tables
from entity_resolution.engine.golden import records
from entity_resolution.entities.customer import ENTITY as CUSTOMER
from shared.testing.engines import Engine
from shared.utils.clock import utc_now
from shared.warehouse import open_warehouse

TABLE, KEY = "master.bulk", ("id", "number")
COLUMNS = ("id varchar not null", "number bigint not null", "note varchar")


def test_master_has_keys_where_they_cost_little(again: Platform, engine: Engine) -> None:
    """After a run tables of master have their keys in PostgreSQL alone; small ones have them on both engines."""
    with open_warehouse(again.settings, holder="test") as warehouse:
        keys = {relation.name: relation.key for relation in warehouse.relations("master")}
    bulk = {
        "customer_xref": ("party_id",),
        "golden_customer": ("entity_id",),
        "customer_former_member": ("entity_id", "party_id"),
        "customer_event": ("revision", "entity_id", "event"),
    }
    assert {name: keys[name] for name in bulk} == (dict.fromkeys(bulk, ()) if engine == "duckdb" else bulk)
    assert keys["resolution_quality"] == ("entity", "measure")


def test_table_of_an_earlier_version(platform: Platform, engine: Engine) -> None:
    """A table that has a key in DuckDB is made anew without it: rows, columns and what may not be null stay."""
    with open_warehouse(platform.settings, holder="test", role="entity_resolution", mode="write") as warehouse:
        warehouse.execute(f"create table {TABLE} ({', '.join(COLUMNS)}, added integer, primary key (id, number))")
        warehouse.execute(f"insert into {TABLE} values ('a', 1, 'x', 7), ('a', 2, null, null)")
        for _ in range(2):
            with warehouse.transaction():
                bulk_tables.make(warehouse, TABLE, COLUMNS, KEY)
        (made,) = warehouse.relations("master", "bulk")
        assert made.key == (() if engine == "duckdb" else KEY)
        assert [(field.name, field.kind) for field in made.fields][3:] == [("added", "integer")]
        assert warehouse.fetch(f"select * from {TABLE} order by number") == [("a", 1, "x", 7), ("a", 2, None, None)]
        with pytest.raises((duckdb.ConstraintException, psycopg2.IntegrityError)):
            warehouse.execute(f"insert into {TABLE} (id) values ('b')")


def test_same_key_twice_is_refused(platform: Platform, engine: Engine) -> None:
    """Rows with the same key are refused, by PostgreSQL when they are written and in DuckDB by the check."""
    with open_warehouse(platform.settings, holder="test", role="entity_resolution", mode="write") as warehouse:
        bulk_tables.make(warehouse, TABLE, COLUMNS, KEY)
        warehouse.execute(f"insert into {TABLE} values ('a', 1, 'x'), ('a', 2, 'x')")
        bulk_tables.check(warehouse, TABLE, KEY)
        with pytest.raises((bulk_tables.DuplicateKey, psycopg2.IntegrityError)):
            warehouse.execute(f"insert into {TABLE} values ('a', 2, 'y')")
            bulk_tables.check(warehouse, TABLE, KEY)
        if engine == "duckdb":
            bulk_tables.check(warehouse, TABLE, KEY, " where number = 1")


def test_two_golden_records_of_one_entity_are_not_published(again: Platform) -> None:
    """Golden records with the same id are refused by those who write them, and the former ones stay."""
    golden, before = records.golden_table(CUSTOMER), again.master()
    with open_warehouse(again.settings, holder="test", role="entity_resolution", mode="write") as warehouse:
        warehouse.execute(f"create temporary table {records.NEW} as select * from {golden}")
        warehouse.execute(f"insert into {records.NEW} select * from {golden} limit 1")
        with (
            pytest.raises((bulk_tables.DuplicateKey, psycopg2.IntegrityError)),
            warehouse.transaction(),
        ):
            records.publish(warehouse, CUSTOMER, "master.customer_history", utc_now(), "of the test")
    assert again.master() == before

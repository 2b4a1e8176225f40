"""Models as they are seen while others work beside us."""

from __future__ import annotations

from conftest import POSTGRES_ONLY, Egress, Sql
from crm_server import Crm

from egress.engine.models import Model
from shared.config import get_settings
from shared.testing.engines import PostgresDatabase
from shared.warehouse import open_warehouse


@POSTGRES_ONLY
def test_settings_of_the_database_are_no_change(
    crm: Crm, egress: Egress, sql: Sql, postgres_database: PostgresDatabase
) -> None:
    """How a database shows dates, times and fractions by default neither changes a hash nor a payload."""
    sql("alter table egress.retl_crm_customers add column share double precision default 0.1")
    sql("alter table egress.retl_crm_customers add column seen timestamptz default '2017-01-01 12:30:00+02'")
    egress("run", "--target", "crm")
    name = postgres_database.admin.database
    for setting in ("datestyle = 'German'", "timezone = 'Asia/Tokyo'", "extra_float_digits = -10"):
        sql(f"alter database {name} set {setting}")
    crm.keys.clear()
    assert egress("run", "--target", "crm") == 0
    assert crm.keys == []
    assert crm.customers["C-00003"]["share"] == 0.1
    assert crm.customers["C-00003"]["seen"] == "2017-01-01T10:30:00+00:00"


@POSTGRES_ONLY
def test_model_is_held_still(models: Sql) -> None:
    """While a plan is made, a model that somebody changes or makes anew is seen in one state."""
    model = Model("egress.customer_360", "entity_id")
    with open_warehouse(get_settings(), holder="test", role="egress") as warehouse:
        with model.held_still(warehouse):
            assert warehouse.row_count(model.table) == 10
            models("delete from egress.customer_360")
            assert warehouse.row_count(model.table) == 10
        assert warehouse.row_count(model.table) == 0


@POSTGRES_ONLY
def test_egress_may_do_no_more_than_it_needs(models: Sql, postgres_database: PostgresDatabase) -> None:
    """The role that delivers reads its own layer and no other, and writes the platform's records only."""
    with open_warehouse(get_settings(), holder="test", role="egress") as warehouse:
        allowed = warehouse.fetch(
            "select nspname || '.' || relname from pg_class join pg_namespace on pg_namespace.oid = relnamespace "
            "where relkind in ('r', 'p', 'v') and nspname !~ '^(pg_|information_schema)' "
            "and has_schema_privilege(nspname, 'usage') "
            "and has_table_privilege(pg_class.oid, 'insert, update, delete') order by 1"
        )
    assert [name for (name,) in allowed] == [
        "ops.delivery",
        "ops.delivery_transaction",
        "ops.quarantine",
        "ops.run",
        "ops.run_metric",
        "ops.run_output",
        "ops.run_version",
    ]

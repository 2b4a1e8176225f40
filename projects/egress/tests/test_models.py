"""Models as they are seen while others work beside us."""

from __future__ import annotations

from collections.abc import Callable

from conftest import POSTGRES_ONLY, Egress, Sql
from crm_server import Crm

from egress.engine.comparison import Comparison, Deletions
from egress.engine.models import Model
from egress.engine.pending import ROW_HASH, ROW_KEY
from egress.engine.plan import Options
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


def test_columns_called_as_the_send_state_has_them(models: Sql, transform: Callable[[str], None]) -> None:
    """A model's columns may have the names of what is known of its rows: what is new, changed and gone is found."""
    transform(
        "create table egress.odd as select 'K-' || i as times, 'no key' as row_key, false as is_new, "
        "true as is_changed, "
        "true as was_rejected, 'x' as status, 'x' as target, 'x' as receipt, 'x' as payload_hash "
        "from (values (1), (2), (3)) as t(i)"
    )
    model, target = Model("egress.odd", "times"), "odd"
    with open_warehouse(get_settings(), holder="test", role="egress", mode="write") as warehouse:
        first = Comparison.of(warehouse, model, target, Options())
        assert (first.rows, first.new, first.pending[ROW_KEY].to_pylist()) == (3, 3, ["K-1", "K-2", "K-3"])
        hashes = dict(zip(first.pending[ROW_KEY].to_pylist(), first.pending[ROW_HASH].to_pylist(), strict=True))
        for key, row_hash in {"K-1": hashes["K-1"], "K-2": "other", "K-9": "gone"}.items():
            warehouse.execute(
                "insert into ops.delivery (target, row_key, payload_hash, status, receipt, run_id, delivered_at) "
                "values ($1, $2, $3, 'delivered', 'r', 'run', current_timestamp)",
                [target, key, row_hash],
            )
        again = Comparison.of(warehouse, model, target, Options(retry_rejected=True))
        assert (again.new, again.changed, again.vanished) == (1, 1, 1)
        assert again.pending[ROW_KEY].to_pylist() == ["K-2", "K-3"]
        assert Deletions.of(warehouse, model, target, again, Options()).rows[ROW_KEY].to_pylist() == ["K-9"]


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
        "ops.delivery_job",
        "ops.delivery_transaction",
        "ops.quarantine",
        "ops.run",
        "ops.run_metric",
        "ops.run_output",
        "ops.run_version",
    ]

"""What PostgreSQL asks for beside equal rows: others' views, rights and snapshots stay, names and passwords are any."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from platforms import NO_TESTS, DuckDBPlatform, PostgresPlatform, copy_tables, run_as
from psycopg2 import sql

from shared.postgres.server import LocalServer
from shared.utils.clock import utc_now
from shared.warehouse.provision import provision

STORES = ("build", "core", "--select", "dim_store")
PRODUCTS = ("build", "core", "--select", "stg_pos__products")
STORE_COUNT = "select count(*) from core.dim_store"
PASSWORD = "p@:/?#[]'\"`\\ %41 $$ {{ 1 }} ☃"


@pytest.fixture
def built(postgres_platform: PostgresPlatform) -> PostgresPlatform:
    """Return a platform that has built everything."""
    postgres_platform.start_from("complete")
    return postgres_platform


def test_others_views_outlive_a_partial_build(built: PostgresPlatform) -> None:
    """A view that reporting has made of a table is there after the table was built anew, with the new rows."""
    built.sql(
        "create view reporting.stores as select store_id from core.dim_store",
        "create view reporting.totals as select sum(sales_value) as total from core.fct_sales",
        role="reporting",
    )
    built.sql("delete from core.dim_store")
    assert built.transform(*STORES).code == 0
    assert built.transform("build", "core", "--select", "fct_sales", "--full-refresh").code == 0
    assert built.sql("select count(*) from reporting.stores") == built.sql(STORE_COUNT) != [(0,)]
    assert built.sql("select total from reporting.totals") == built.sql("select sum(sales_value) from core.fct_sales")


def test_views_on_views_outlive_a_partial_build(built: PostgresPlatform) -> None:
    """Building one staging view alone leaves the models that are views of it."""
    assert built.transform("build", "core", "--select", "stg_pos__transactions").code == 0
    assert built.sql("select count(*) from staging.enr_transactions") == built.sql(
        "select count(*) from raw.pos_transactions"
    )


def test_rights_outlive_a_build(built: PostgresPlatform) -> None:
    """Who could read a table before it was built anew can read it after, by the layer's default or by a grant."""
    built.sql("grant usage on schema core to platform_ingress")
    built.sql("grant select on core.dim_store to platform_ingress", role="transformation")
    assert built.transform("build", "core", "--select", "dim_store", "fct_sales", "--full-refresh").code == 0
    assert built.sql(STORE_COUNT, role="ingress") == built.sql(STORE_COUNT, role="reader") != [(0,)]
    assert built.sql("select count(*) from core.fct_sales", role="entity_resolution") != [(0,)]


def test_a_reader_amid_a_transaction_keeps_its_rows(built: PostgresPlatform) -> None:
    """A transaction that sees the data of one moment still sees it after a build, and never an empty table."""
    reader = built.admin.connect("reader")
    reader.autocommit = False
    reader.set_session(isolation_level="REPEATABLE READ")
    with reader.cursor() as cursor:
        cursor.execute("select count(*) from core.dim_date")
        assert built.transform(*STORES).code == 0
        cursor.execute(STORE_COUNT)
        assert cursor.fetchall() == built.sql(STORE_COUNT) != [(0,)]
    reader.close()


def test_a_code_list_is_loaded_again_in_place(built: PostgresPlatform) -> None:
    """A seed gets its rows anew, in a full refresh too, without a wait for readers and with the views that it has."""
    built.sql("create view core.known as select count(*) from staging.states", role="transformation")
    built.sql("delete from staging.states where code = 'nsw'")
    reader = built.admin.connect("reader")
    reader.autocommit = False
    reader.set_session(isolation_level="REPEATABLE READ")
    with reader.cursor() as cursor:
        cursor.execute("select * from core.known")
        assert built.transform("build", "core", "--select", "states", "--full-refresh").code == 0
        cursor.execute("select * from core.known")
        assert cursor.fetchall() == [(7,)]
    reader.close()
    assert built.sql("select * from core.known") == [(8,)]


def test_a_table_with_other_columns_is_replaced(built: PostgresPlatform) -> None:
    """A model whose columns have changed gets a new table; the views of this project's own are made again."""
    built.sql(
        "alter table core.dim_store add column old_column integer",
        "create view core.stores as select store_id from core.dim_store",
        "create view core.some_stores as select store_id from core.stores where store_id < 400",
        role="transformation",
    )
    assert built.transform(*STORES).code == 0
    columns = "select count(*) from information_schema.columns where table_schema = 'core' and table_name = 'dim_store'"
    assert built.sql(columns) == [(4,)]
    assert built.sql("select count(*) from core.some_stores", role="reader") != [(0,)]


def test_others_views_keep_a_table_from_being_replaced(built: PostgresPlatform) -> None:
    """Where others have views of a table whose columns change, the build fails, names them, and changes nothing."""
    built.sql("alter table core.dim_store add column old_column integer", role="transformation")
    built.sql("create view reporting.stores as select old_column from core.dim_store", role="reporting")
    before = built.sql(STORE_COUNT)
    done = built.transform(*STORES)
    assert done.code == 1
    assert "changes its columns, and others have made views of it: reporting.stores" in done.err
    assert "let their owners drop them" in done.err
    assert built.sql("select count(*) from reporting.stores") == before


def test_a_view_with_other_columns_is_replaced(built: PostgresPlatform) -> None:
    """A view whose columns change is replaced; views of it that still fit stay, one that does not fit is left out."""
    built.sql(
        "drop view staging.stg_pos__products cascade",
        "create view staging.stg_pos__products as select 1 as old_column, product_id from raw.pos_products",
        "create view staging.cln_products as select product_id from staging.stg_pos__products",
        "create view staging.misfit as select old_column from staging.stg_pos__products",
        role="transformation",
    )
    assert built.transform(*PRODUCTS).code == 0
    assert built.sql("select count(department) from staging.stg_pos__products") != [(0,)]
    assert built.sql("select count(*) from staging.cln_products") != [(0,)]
    assert built.sql("select count(*) from pg_views where viewname = 'misfit'") == [(0,)]


def test_a_view_becomes_a_table_and_a_table_a_view(built: PostgresPlatform) -> None:
    """A model that is materialized in another way than before takes the place of what was there."""
    built.sql(
        "drop table core.dim_store",
        "create view core.dim_store as select 1 as store_id",
        "drop view staging.stg_pos__campaigns",
        "create table staging.stg_pos__campaigns (campaign_id integer)",
        role="transformation",
    )
    assert built.transform("build", "core", "--select", "dim_store", "stg_pos__campaigns").code == 0
    kinds = "select relname, relkind from pg_class where relname in ('dim_store', 'stg_pos__campaigns') order by 1"
    assert built.sql(kinds) == [("dim_store", "r"), ("stg_pos__campaigns", "v")]


def test_constraints_of_a_contract_are_kept(built: PostgresPlatform) -> None:
    """A table of the egress layer has the constraints of its contract, also where it had lost them."""
    nullable = (
        "select count(*) from information_schema.columns where table_schema = 'egress' "
        "and table_name = 'rpt_weekly_sales' and is_nullable = 'NO'"
    )
    assert built.sql(nullable) == [(11,)]
    built.sql("alter table egress.rpt_weekly_sales alter column stores drop not null", role="transformation")
    assert built.transform("build", "egress", "--select", "rpt_weekly_sales").code == 0
    assert built.sql(nullable) == [(11,)]


def test_the_servers_habits_do_not_matter(built: PostgresPlatform) -> None:
    """What the clock dates is dated in UTC and all other rows stay, whatever time zone the server is used to."""
    relations = ("core.dim_date", "egress.api_customer")
    before = built.hashes(*relations)
    name = built.admin.database
    built.sql(f"alter database {name} set timezone = 'Asia/Tokyo'", f"alter database {name} set datestyle = 'German'")
    built.sql("delete from raw.crm_customers where customer_id = 'C-00007'")
    begun = utc_now()
    done = built.transform("build", "--select", "+dim_customer", "dim_date", "api_customer")
    assert done.code == 0, done.err
    ((ended,),) = built.sql("select valid_to from core.dim_customer where party_id = 'crm:C-00007'")
    assert begun <= ended <= utc_now()
    assert built.hashes(*relations) == before


@pytest.fixture
def hostile(
    postgres_server: LocalServer, duckdb_platform: DuckDBPlatform, tmp_path: Path
) -> Iterator[PostgresPlatform]:
    """Return a platform whose database and login have names and a password that need quoting everywhere."""
    user, database = "us\"e'r @:/%41 ☃", "da\"ta'ba/se %41 {{ 1 }} ☃"
    admin = postgres_server.admin()
    names = {"user": sql.Identifier(user), "database": sql.Identifier(database)}
    connection = admin.connect("tests")
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("create role {user} login superuser password {password}").format(
                password=sql.Literal(PASSWORD), **names
            )
        )
    login = replace(admin, user=user, password=PASSWORD, database=database)
    provision(login)
    platform = PostgresPlatform(tmp_path, postgres_server, database)
    platform.environment["WAREHOUSE_URL"] = login.url()
    platform.environment["DBT_LOG_LEVEL_FILE"] = "debug"
    duckdb_platform.start_from("raw")
    copy_tables(duckdb_platform, platform, "raw", "ingress")
    yield platform
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("drop database {database} with (force)").format(**names))
        cursor.execute(sql.SQL("drop role {user}").format(**names))
    connection.close()


def test_any_name_and_password_will_do(hostile: PostgresPlatform) -> None:
    """Quotes, percent signs and unicode in login and database break nothing, and the password is written nowhere."""
    for more in ((), NO_TESTS):
        done = hostile.transform("build", "core", *more, "--select", "+fct_sales", "+customer_history")
        assert done.code == 0, done.err
    by_hand = hostile.dbt("build", "--select", "dim_product")
    assert by_hand.code == 0, by_hand.err
    sold = run_as(hostile.admin, ["select count(*) from core.fct_sales"], None)
    assert sold == run_as(hostile.admin, ["select count(*) from raw.pos_transactions"], None)
    for told in (done.err, by_hand.err):
        assert PASSWORD not in told
    for file in filter(Path.is_file, hostile.folder.rglob("*")):
        content = file.read_bytes()
        for secret in (PASSWORD, hostile.environment["WAREHOUSE_URL"], PASSWORD.split()[0]):
            assert secret.encode() not in content, file

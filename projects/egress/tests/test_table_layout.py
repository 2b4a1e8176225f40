"""The table at the target: which one is good enough, what is wrong with the others, and names that mean harm."""

from __future__ import annotations

import pytest
from conftest import CUSTOMERS, Egress, Sql
from table_target import Customer

from egress.kinds.table.postgres.layout import holds
from shared.testing.engines import Engine

FITS = "entity_id text primary key, surname text, lifetime_sales numeric(18, 2), last_purchase_date date"
HARMFUL = 'a"; drop schema raw; -- %s 100%'


@pytest.fixture
def engine() -> Engine:
    """Run on one engine: the target's table is the same beside both."""
    return "duckdb"


@pytest.mark.parametrize(
    "columns",
    [
        FITS,
        "entity_id varchar(20) unique not null, surname varchar, lifetime_sales numeric, last_purchase_date date",
        "entity_id text unique, lifetime_sales numeric(9, 3), last_purchase_date date, surname varchar(11)",
        "id bigint generated always as identity primary key, at timestamptz not null default now(), entity_id text "
        "unique, surname text, lifetime_sales numeric(9, 2), last_purchase_date date, "
        "twice numeric generated always as (lifetime_sales * 2) stored",
    ],
)
def test_table_that_is_there_is_used(customer: Customer, egress: Egress, sql: Sql, columns: str) -> None:
    """A table of somebody else's that can hold each value as it is gets the rows; its owner and rows stay."""
    customer.sql(f"create table customer_360 ({columns})")
    customer.sql("insert into customer_360 (entity_id, surname) values ('X', 'theirs')")
    customer.sql("grant select, insert, update, delete on customer_360 to customer")
    assert egress("run", "--target", "table") == 0
    names = "entity_id, surname, lifetime_sales, last_purchase_date"
    assert customer.sql(f"select {names} from customer_360 where entity_id <> 'X' order by 1") == sql(
        "select * from egress.customer_360 order by 1"
    )
    assert customer.sql("select surname from customer_360 where entity_id = 'X'") == [("theirs",)]
    assert customer.sql("select relowner::regrole::text from pg_class where relname = 'customer_360'") == [
        ("postgres",)
    ]


@pytest.mark.parametrize(
    ("columns", "difference"),
    [
        (FITS.replace(", surname text", ""), "column `surname` is missing"),
        (FITS + ", note text", "the model has no column `note`"),
        (FITS + ", note text generated always as (surname) stored, more text", "the model has no column `more`"),
        (
            FITS.replace("surname text", "surname text generated always as ('x') stored"),
            "fit the model: column `surname` is computed by the table",
        ),
        (FITS.replace("(18, 2)", "(18, 1)"), "column `lifetime_sales` is numeric(18,1), it should be numeric(18, 2)"),
        (FITS.replace("numeric(18, 2)", "double precision"), "column `lifetime_sales` is double precision"),
        (FITS.replace("surname text", "surname char(20)"), "column `surname` is character(20), it should be text"),
        (FITS.replace("_date date", "_date timestamp"), "column `last_purchase_date` is timestamp without time zone"),
        (FITS.replace("primary key", ""), "no primary key or unique constraint on `entity_id` alone"),
        (FITS.replace("primary key", "") + ", primary key (entity_id, surname)", "on `entity_id` alone"),
        (FITS.replace("primary key", "unique deferrable"), "on `entity_id` alone"),
    ],
)
def test_table_that_does_not_fit(
    customer: Customer, egress: Egress, sql: Sql, capfd: pytest.CaptureFixture[str], columns: str, difference: str
) -> None:
    """A table whose columns, types or key differ from the model's is refused with each difference; nothing is sent."""
    customer.sql(f"create table customer_360 ({columns})")
    customer.sql("grant select, insert, update, delete on customer_360 to customer")
    assert egress("run", "--target", "table") == 1
    text = capfd.readouterr().err
    assert "error: the target's `public.customer_360` does not fit the model: " in text
    assert difference in text
    assert customer.rows() == []
    assert sql("select * from ops.delivery") == []


def test_texts_go_into_columns_of_other_types(customer: Customer, egress: Egress, sql: Sql) -> None:
    """A uuid, a time of a day or a word of an enumeration takes a text that is written so; others are refused."""
    customer.sql("create type \"Si%ze\" as enum ('small', 'large')")
    customer.sql('create table customer_360 (entity_id uuid primary key, opens time, "si%ze" "Si%ze")')
    customer.sql("grant select, insert, update, delete on customer_360 to customer")
    sql(
        "create or replace table egress.customer_360 as select "
        "'aaaaaaaa-0000-0000-0000-00000000000' || i as entity_id, "
        "cast(case i when 1 then '24:00:00' when 2 then '09:30:00.5' end as time) as opens, "
        "case when i < 3 then 'small' end as \"si%ze\" from generate_series(1, 5) as n (i)"
    )
    sql("update egress.customer_360 set \"si%ze\" = 'huge' where entity_id like '%4'")
    sql("update egress.customer_360 set entity_id = upper(entity_id) where entity_id like '%5'")
    assert egress("run", "--target", "table") == 0
    there = 'select cast(entity_id as text), cast(opens as text), cast("si%ze" as text) from customer_360 order by 1'
    ours = 'select entity_id, cast(opens as varchar), "si%ze" from egress.customer_360 '
    ours += "where entity_id like 'a%' order by 1"
    assert customer.sql(there) == sql(ours)[:3]
    reasons = "select reason from ops.quarantine order by 1"
    assert sql(reasons) == [
        ("`entity_id` is not written as a uuid",),
        ('invalid input value for enum "Si%ze": "huge"',),
    ]
    sql("update egress.customer_360 set \"si%ze\" = 'large' where entity_id like '%3' or entity_id like '%4'")
    sql("delete from egress.customer_360 where entity_id like '%1'")
    assert egress("run", "--target", "table", "--full") == 0
    assert customer.sql(there) == sql(ours)
    assert len(sql(ours)) == 3


def test_view_is_no_table(customer: Customer, egress: Egress, capfd: pytest.CaptureFixture[str]) -> None:
    """A view of the table's name is refused by name."""
    customer.sql("create view customer_360 as select 1 as entity_id")
    assert egress("run", "--target", "table") == 1
    assert "`public.customer_360` does not fit the model: it is no table" in capfd.readouterr().err


def test_texts_that_are_compared_loosely(customer: Customer, egress: Egress, capfd: pytest.CaptureFixture[str]) -> None:
    """A column in which different texts count as equal is refused: a change of case would be none, and keys collide."""
    customer.sql("create collation loose (provider = builtin, locale = 'C')")
    customer.sql(
        "set allow_system_table_mods = on; update pg_collation set collisdeterministic = false where collname = 'loose'"
    )
    customer.sql(f"create table customer_360 ({FITS.replace('surname text', 'surname text collate loose')})")
    assert egress("run", "--target", "table") == 1
    assert "column `surname` is text that takes different texts for equal, it should be text" in capfd.readouterr().err


def test_model_that_gains_a_column(
    customer: Customer, egress: Egress, sql: Sql, capfd: pytest.CaptureFixture[str]
) -> None:
    """A new column of the model is asked for by name, and every row is sent once the table has it."""
    egress("run", "--target", "table")
    sql("alter table egress.customer_360 add column baskets bigint default 7")
    assert egress("run", "--target", "table") == 1
    assert "column `baskets` is missing" in capfd.readouterr().err
    customer.sql("alter table customer_360 add baskets bigint")
    assert egress("run", "--target", "table") == 0
    assert customer.sql("select count(*) from customer_360 where baskets = 7") == [(CUSTOMERS,)]


def test_table_that_has_gone_is_not_made_with_the_changes_alone(
    customer: Customer, egress: Egress, sql: Sql, capfd: pytest.CaptureFixture[str]
) -> None:
    """Where the table has been dropped, changed rows are not all there is to send: `--full` makes it again."""
    egress("run", "--target", "table")
    customer.sql("drop table customer_360")
    sql("update egress.customer_360 set surname = 'smith' where entity_id = 'E-3'")
    assert egress("run", "--target", "table") == 1
    text = capfd.readouterr().err
    assert "the target has no table `public.customer_360` any more, though rows were delivered to it" in text
    assert "`--full` makes it again" in text
    assert egress("run", "--target", "table", "--full") == 0
    assert customer.rows() == sql("select * from egress.customer_360 order by 1")


def test_another_table_needs_another_name(
    customer: Customer,
    egress: Egress,
    sql: Sql,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The send state of one table is not taken for that of another one; a new name gets every row."""
    egress("run", "--target", "table")
    monkeypatch.setenv("TABLE_TARGET_TABLE", "public.other")
    sql("delete from egress.customer_360 where entity_id = 'E-3'")
    assert egress("run", "--target", "table") == 2
    text = capfd.readouterr().err
    assert "that of another table than `public.other`: `public.customer_360`" in text
    assert "TABLE_TARGET_NAME" in text
    monkeypatch.setenv("TABLE_TARGET_NAME", "other")
    assert egress("run", "--target", "other") == 0
    assert len(customer.rows("public.other")) == CUSTOMERS - 1


def test_names_cannot_do_harm(customer: Customer, egress: Egress, sql: Sql, monkeypatch: pytest.MonkeyPatch) -> None:
    """Table, schema, columns and values that look like SQL are names and values."""
    quoted = '"' + HARMFUL.replace('"', '""') + '"'
    customer.sql("create schema raw authorization customer")
    customer.sql(f"create schema {quoted} authorization customer")
    monkeypatch.setenv("TABLE_TARGET_TABLE", f"{HARMFUL}.{HARMFUL}")
    sql(f"alter table egress.customer_360 add column {quoted} varchar")
    sql(f"update egress.customer_360 set {quoted} = $1, entity_id = $1 where entity_id = 'E-3'", HARMFUL)
    assert egress("run", "--target", "table") == 0
    table = f"{quoted}.{quoted}"
    assert customer.rows(table) == sql("select * from egress.customer_360 order by 1")
    sql(f"update egress.customer_360 set surname = '{{}}' where {quoted} is not null")
    sql("delete from egress.customer_360 where entity_id = 'E-4'")
    assert egress("run", "--target", "table") == 0
    sql("delete from egress.customer_360 where entity_id = $1", HARMFUL)
    assert egress("run", "--target", "table") == 0
    assert customer.rows(table) == sql("select * from egress.customer_360 order by 1")
    assert customer.sql("select count(*) from pg_namespace where nspname = 'raw'") == [(1,)]


def test_name_that_would_be_cut_off(
    customer: Customer, egress: Egress, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A name that PostgreSQL would cut off is refused."""
    monkeypatch.setenv("TABLE_TARGET_TABLE", "public." + "x" * 64)
    assert egress("run", "--target", "table") == 2
    assert "a name of more than 63 bytes" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("theirs", "ours", "expected"),
    [
        ("integer", "bigint", True),
        ("numeric(20,0)", "bigint", True),
        ("numeric", "numeric(18, 2)", True),
        ("numeric(4,4)", "numeric(18, 2)", True),
        ("numeric(18,1)", "numeric(18, 2)", False),
        ("numeric(3,-2)", "integer", False),
        ("numeric", "double precision", False),
        ("real", "double precision", False),
        ("double precision", "real", True),
        ("text", "bigint", False),
        ("character varying(3)", "text", True),
        ("character varying(3)", "date", False),
        ("timestamp(0) without time zone", "timestamp", False),
        ("timestamp without time zone", "timestamp", True),
        ("timestamp with time zone", "timestamp", False),
        ("timestamp with time zone", "timestamptz", True),
        ("citext", "text", False),
    ],
)
def test_types_that_hold_ours(theirs: str, ours: str, expected: bool) -> None:
    """A type will do where it takes a value as it is or refuses it, and never where it would change one."""
    assert bool(holds(theirs, ours)) == expected

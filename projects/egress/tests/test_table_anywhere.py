"""The target `table` at databases that are not PostgreSQL: the promises are the same."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from conftest import CUSTOMERS, DUCKDB_ONLY, POSTGRES_ONLY, Egress, Sql
from shops import SHOPS, Shop

from shared.testing.mariadb import PASSWORD, connect, server

MODEL = "egress.customer_360"
CHANGE = f"""
update {MODEL} set surname = 'smith' where entity_id in ('E-3', 'E-4');
delete from {MODEL} where entity_id = 'E-5';
insert into {MODEL} values ('E-77', 'new', 1.5, null)
"""
REJECTED = "select row_key from ops.delivery where status = 'rejected' order by 1"
REASONS = "select payload, reason from ops.quarantine where resolved_at is null order by payload"


@pytest.fixture(params=SHOPS)
def shop(
    models: Sql, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Shop]:
    """Make a database that the target `table` knows, beside a warehouse with models."""
    with SHOPS[request.param](tmp_path) as shop:
        monkeypatch.setenv("TABLE_TARGET_URL", shop.url)
        monkeypatch.setenv("TABLE_TARGET_TABLE", "customer_360")
        monkeypatch.setenv("TABLE_TARGET_TIMEOUT", "2")
        yield shop


def as_there(shop: Shop, rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Return rows of the model as the database has them: SQLite has decimals and dates as text."""
    if not shop.url.startswith("sqlite"):
        return rows
    return [tuple(str(value) if isinstance(value, (Decimal, date)) else value for value in row) for row in rows]


def expected(shop: Shop, sql: Sql) -> list[tuple[object, ...]]:
    """Return the model's rows as the table shall have them."""
    return as_there(shop, sql(f"select * from {MODEL} order by 1"))


def reasons(sql: Sql) -> dict[str, str]:
    """Return why rows are in the quarantine, by key."""
    return {json.loads(payload)["entity_id"]: reason for payload, reason in sql(REASONS)}


@POSTGRES_ONLY
def test_changes_and_deletes_arrive(shop: Shop, egress: Egress, sql: Sql, capfd: pytest.CaptureFixture[str]) -> None:
    """The table is made, then follows the model: rows exact, foreign rows left, receipts by delivery, a guard."""
    assert egress("run", "--target", "table") == 0
    assert shop.rows() == expected(shop, sql)
    shop.execute("insert into customer_360 values ('X', 'theirs', 1, null)")
    sql(CHANGE)
    assert egress("run", "--target", "table") == 0
    assert shop.rows()[:-1] == expected(shop, sql)
    assert shop.rows()[-1][1] == "theirs"
    assert sql("select count(distinct receipt) from ops.delivery where status = 'delivered'") == [(2,)]
    assert sql("select row_key from ops.delivery where status = 'deleted'") == [("E-5",)]
    capfd.readouterr()
    assert egress("run", "--target", "table") == 0
    assert "unchanged  10" in capfd.readouterr().err


@DUCKDB_ONLY
def test_values_arrive_exactly(shop: Shop, egress: Egress, sql: Sql) -> None:
    """Each kind of value is there as it was in the model, or is in the quarantine."""
    sql(
        f"create or replace table {MODEL} as select * from (values "
        "('a', 12345678901234567890.123456789::decimal(38, 9), date '0001-01-01', "
        "timestamp '2017-01-01 00:00:00.000001', timestamptz '2017-01-01 00:00:00+02', true, "
        "'-9223372036854775808'::bigint, 0.1::double, 'ünï😀' || chr(0) || ' '), "
        "('A', -0.000000001, date '9999-12-31', null, null, false, 0, 1e300, repeat('x', 100000)), "
        "('a ', null, null, null, null, null, null, null, ''), ('á', null, null, null, null, null, null, null, null), "
        "('inf', null, null, null, null, null, null, 'inf'::double, null)"
        ") as rows (entity_id, amount, day, local, moment, flag, number, real_, note)"
    )
    assert egress("run", "--target", "table") == 0
    assert reasons(sql) == {"inf": "`real_` is no finite number, which the target cannot hold"}
    rows = {row[0]: row[1:] for row in shop.rows()}
    assert set(rows) == {"a", "A", "a ", "á"}
    assert [str(value) for value in rows["a"][:2]] == ["12345678901234567890.123456789", "0001-01-01"]
    assert str(rows["a"][2]).startswith("2017-01-01 00:00:00.000001")
    assert str(rows["a"][3])[:19] == "2016-12-31 22:00:00"
    assert rows["a"][4:] == (1, -(2**63), 0.1, "ünï😀\0 ")
    assert (Decimal(rows["A"][0]), *rows["A"][4:]) == (Decimal("-0.000000001"), 0, 0, 1e300, "x" * 100_000)
    assert rows["a "] == (None,) * 7 + ("",)


@DUCKDB_ONLY
def test_columns_may_be_called_anything(shop: Shop, egress: Egress, sql: Sql) -> None:
    """A table that was made fits again, whatever its columns are called."""
    sql(
        f'create or replace table {MODEL} as select \'a\' as entity_id, 1 as "order", 2 as "back``tick`", '
        '3 as "quo""te", 4 as "per%cent(s)", 5 as "co:lon", 6 as "Größe"'
    )
    assert egress("run", "--target", "table") == 0
    sql(f'update {MODEL} set "order" = 7, "back``tick`" = 8')
    assert egress("run", "--target", "table") == 0
    assert shop.rows() == [("a", 7, 8, 3, 4, 5, 6)]


@DUCKDB_ONLY
def test_keys_that_collide_do_not_overwrite_one_another(shop: Shop, egress: Egress, sql: Sql) -> None:
    """Where their collation takes two keys for one, the second goes to the quarantine, and no other row is touched."""
    shop.execute(
        f"create table customer_360 (entity_id {shop.text} primary key, surname text, lifetime_sales decimal(18, 2), "
        "last_purchase_date date)"
    )
    shop.execute("insert into customer_360 values ('x', 'theirs', 1, null)")
    sql(f"delete from {MODEL};\ninsert into {MODEL} values ('b', 'ours', 1.5, null), ('B', 'ours too', 2, null)")
    sql(f"insert into {MODEL} values ('X', 'ours', 3, null)")
    assert egress("run", "--target", "table", "--take-over") == 0
    assert sorted(row[:2] for row in shop.rows())[1:] == [("x", "theirs")]
    assert set(reasons(sql)) < {"b", "B", "X"} and len(reasons(sql)) == 2
    sql(f"delete from {MODEL} where entity_id <> 'b'")
    sql("update ops.delivery set status = 'delivered', receipt = 'as if' where row_key = 'X'")
    assert egress("run", "--target", "table", "--approve-deletes", "3") == 0
    assert ("x", "theirs") in [row[:2] for row in shop.rows()]


@DUCKDB_ONLY
def test_what_they_refuse_or_change_is_quarantined(shop: Shop, egress: Egress, sql: Sql) -> None:
    """A row that a check refuses, that a column cuts, or that is somebody else's is named; all others arrive."""
    shop.execute(
        "create table customer_360 (entity_id varchar(50) primary key, surname char(9) check (length(surname) < 9), "
        "lifetime_sales decimal(18, 2) check (lifetime_sales <> 3.3), last_purchase_date date)"
    )
    shop.execute("insert into customer_360 values ('E-2', 'theirs', 1, null)")
    sql(f"update {MODEL} set surname = 'n ' || entity_id;\nupdate {MODEL} set surname = 'n%' where entity_id = 'E-7'")
    sql(f"update {MODEL} set surname = 'far too long' where entity_id = 'E-9'")
    assert egress("run", "--target", "table") == 0
    assert list(reasons(sql)) == ["E-2", "E-3", "E-9"]
    assert "did not get from here" in reasons(sql)["E-2"]
    assert len(shop.rows()) == CUSTOMERS - 2
    sql(f"update {MODEL} set lifetime_sales = 4, surname = 'short' where entity_id in ('E-3', 'E-9')")
    assert egress("run", "--target", "table", "--take-over", "--retry-rejected") == 0
    assert reasons(sql) == {}
    assert [row[:2] for row in shop.rows()] == sql(f"select entity_id, surname from {MODEL} order by 1")


@DUCKDB_ONLY
def test_time_that_they_have_no_form_for(shop: Shop, egress: Egress, sql: Sql) -> None:
    """A date that never is, or a time in nanoseconds, is refused by its column, where it would be text too."""
    sql(f"alter table {MODEL} add column seen_at timestamp_ns default '2017-01-31 12:30:00.123456'")
    sql(f"update {MODEL} set seen_at = '2017-01-31 12:30:00.123456789' where entity_id = 'E-4'")
    sql(f"update {MODEL} set last_purchase_date = 'infinity' where entity_id = 'E-3'")
    assert egress("run", "--target", "table") == 0
    assert [reason.split("`")[1] for reason in reasons(sql).values()] == ["last_purchase_date", "seen_at"]
    assert len(shop.rows()) == CUSTOMERS - 2


@DUCKDB_ONLY
def test_value_that_they_change_on_its_way(shop: Shop, egress: Egress, sql: Sql) -> None:
    """What a trigger of theirs makes of a value does not stay: the row is refused, by the column's name."""
    egress("run", "--target", "table")
    body = "update customer_360 set surname = 'changed' where entity_id = new.entity_id; end"
    if shop.url.startswith("sqlite"):
        shop.execute(f"create trigger spoil after update on customer_360 when new.surname = 'smith' begin {body}")
    else:
        shop.execute(
            "create trigger spoil before update on customer_360 for each row "
            "set new.surname = if(new.surname = 'smith', 'changed', new.surname)"
        )
    before = shop.rows()
    sql(f"update {MODEL} set surname = 'smith' where entity_id = 'E-3'")
    sql(f"update {MODEL} set surname = 'jones' where entity_id = 'E-4'")
    assert egress("run", "--target", "table") == 0
    assert reasons(sql) == {"E-3": "the target does not hold what it was sent: `surname`"}
    assert [row[1] for row in shop.rows()[3:5]] == [before[3][1], "jones"]


@DUCKDB_ONLY
def test_table_that_does_not_fit(shop: Shop, egress: Egress, capfd: pytest.CaptureFixture[str]) -> None:
    """A table without the model's columns, or without a unique key, is refused by name, and nothing is sent."""
    shop.execute(
        "create table customer_360 (entity_id varchar(50), surname text generated always as ('x') stored, "
        "lifetime_sales text, more int)"
    )
    assert egress("run", "--target", "table") == 1
    text = capfd.readouterr().err
    assert "column `last_purchase_date` is missing; column `surname` is computed by the table; the model" in text
    assert "; the model has no column `more`" in text
    assert "no primary key or unique constraint on `entity_id` alone" in text
    assert shop.rows() == []


@DUCKDB_ONLY
def test_columns_that_a_table_fills_itself(shop: Shop, egress: Egress, sql: Sql) -> None:
    """A number, a default and what is computed may stand beside the model's columns; nobody writes there."""
    number = "integer primary key" + ("" if shop.url.startswith("sqlite") else " auto_increment")
    shop.execute(
        f"create table customer_360 (id {number}, entity_id varchar(50) not null unique, surname varchar(50), "
        "lifetime_sales decimal(18, 2), last_purchase_date date, at timestamp not null default current_timestamp, "
        "twice decimal(18, 2) generated always as (lifetime_sales * 2) stored)"
    )
    assert egress("run", "--target", "table") == 0
    sql(CHANGE)
    assert egress("run", "--target", "table") == 0
    ours = "entity_id, surname, cast(lifetime_sales as double)"
    assert shop.execute(f"select {ours} from customer_360 order by 1") == sql(f"select {ours} from {MODEL} order by 1")
    theirs = "twice = 2 * lifetime_sales, id > 0, at > '2020'"
    assert shop.execute(f"select distinct {theirs} from customer_360") == [(1, 1, 1)]


@DUCKDB_ONLY
def test_stray_of_a_killed_delivery_is_deleted(shop: Shop, egress: Egress, sql: Sql) -> None:
    """A row that was written, never marked and has left the model since is deleted; the guard counts it."""
    egress("run", "--target", "table")
    # As it is where a delivery was killed between the target's commit and the mark.
    sql("update ops.delivery_transaction set marked = false;\ndelete from ops.delivery where row_key in ('E-1', 'E-2')")
    sql(f"delete from {MODEL} where entity_id = 'E-1'")
    assert egress("run", "--target", "table") == 0
    assert shop.rows() == expected(shop, sql)
    assert sql("select * from ops.quarantine") == []


@DUCKDB_ONLY
def test_errors_say_what_to_do_and_tell_no_secret(
    shop: Shop, egress: Egress, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A server or file that is not there is an error with a hint, without the password."""
    if shop.url.startswith("sqlite"):
        wrong = {shop.url + "x": ("no file that can be read", 2)}
    else:
        server, _, name = shop.url.rpartition("/")
        login, _, _ = server.rpartition(":")
        wrong = {
            f"{login}:9/{name}": ("the target does not answer", 1),
            f"{server}/other": ("the target lets nobody in", 1),
            "nosuch://me:secret@host/db": ("no driver for the database", 2),
        }
    for url, (message, code) in wrong.items():
        monkeypatch.setenv("TABLE_TARGET_URL", url)
        assert egress("run", "--target", "table") == code
        text = capfd.readouterr().err
        assert message in text and "hint: " in text
        assert "secret" not in text and PASSWORD not in text and "Traceback" not in text


@DUCKDB_ONLY
def test_somebody_else_holds_the_rows(shop: Shop, egress: Egress, sql: Sql, capfd: pytest.CaptureFixture[str]) -> None:
    """A lock of theirs is waited for no longer than the setting says, and nothing is marked."""
    egress("run", "--target", "table")
    sql(CHANGE)
    if shop.url.startswith("sqlite"):
        other: Any = sqlite3.connect(shop.url.removeprefix("sqlite:///"), isolation_level=None)
        other.execute("begin immediate")
    else:
        other = connect(server(), shop.url.rpartition("/")[2])
        other.cursor().execute("start transaction")
        other.cursor().execute("select * from customer_360 for update")
    assert egress("run", "--target", "table") == 1
    other.close()
    text = capfd.readouterr().err
    assert "somebody else is in the way" in text and "TABLE_TARGET_TIMEOUT" in text
    assert sql("select count(*) from ops.delivery where row_key = 'E-77'") == [(0,)]
    assert egress("run", "--target", "table") == 0
    assert shop.rows() == expected(shop, sql)

"""Rows that the target's table refuses, keeps or changes, and that the others arrive exactly."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from decimal import Decimal

import pyarrow as pa
import pytest
from conftest import CUSTOMERS, Egress, Sql
from table_target import Customer

from egress.engine.pending import ADDED
from egress.kinds.table.postgres.layout import TargetTable
from egress.kinds.table.postgres.session import session
from egress.kinds.table.postgres.writer import TableWriter, Trial
from egress.kinds.table.shipment import Shipment
from shared.data_quality.change_guard import ChangeGuard
from shared.testing.engines import Engine

MODEL = "egress.customer_360"
COLUMNS = "entity_id text primary key, surname text, lifetime_sales numeric(18, 2), last_purchase_date date"


@pytest.fixture
def engine() -> Engine:
    """Run on one engine: what the target does with rows is the same beside both."""
    return "duckdb"


def reasons(sql: Sql) -> dict[str, str]:
    """Return why rows are in the quarantine, by key."""
    rows = sql("select payload, reason from ops.quarantine where resolved_at is null")
    return {json.loads(payload)["entity_id"]: reason for payload, reason in rows}


@pytest.fixture
def strict(customer: Customer) -> Customer:
    """Make a table that is particular about its rows."""
    customer.sql(f"create table customer_360 ({COLUMNS.replace('surname text', 'surname varchar(12) not null')})")
    customer.sql("grant select, insert, update, delete on customer_360 to customer")
    return customer


def test_each_kind_of_bad_row_is_found(strict: Customer, egress: Egress, sql: Sql) -> None:
    """Too long, null, cut off blanks, beyond the type and with a NUL character: each is refused with its reason."""
    sql(f"update {MODEL} set surname = 'much longer than that' where entity_id = 'E-1'")
    sql(f"update {MODEL} set surname = null where entity_id = 'E-2'")
    sql(f"update {MODEL} set surname = 'blanks          ' where entity_id = 'E-3'")
    sql(f"update {MODEL} set last_purchase_date = 'infinity' where entity_id = 'E-4'")
    sql(f"update {MODEL} set surname = 'a' || chr(0) where entity_id = 'E-5'")
    sql(f"update {MODEL} set last_purchase_date = date '5879000-01-01' where entity_id = 'E-6'")
    assert egress("run", "--target", "table") == 0
    found = reasons(sql)
    assert found["E-1"] == found["E-3"] == "`surname` is longer than 12 characters"
    assert "null value in column" in found["E-2"]
    assert found["E-5"] == "`surname` holds a NUL character"
    assert "date" in found["E-6"]
    assert {"E-0", "E-7", "E-8", "E-9"} <= {row[0] for row in strict.rows()}
    assert len(strict.rows()) + len(found) == CUSTOMERS


def test_many_bad_rows_among_many(
    customer: Customer, egress: Egress, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bad rows are found wherever they are, in one delivery that writes all others in one transaction."""
    monkeypatch.setattr(Trial, "CHUNK_ROWS", 64)
    customer.sql(f"create table customer_360 ({COLUMNS}, check (lifetime_sales % 97 <> 0))")
    customer.sql("grant select, insert, update, delete on customer_360 to customer")
    sql(f"delete from {MODEL}")
    sql(f"insert into {MODEL} select 'E-' || i, 'x', i, null from generate_series(1, 1000) as n (i)")
    assert egress("run", "--target", "table") == 0
    assert sorted(reasons(sql)) == sorted(f"E-{i}" for i in range(97, 1001, 97))
    assert customer.sql("select count(*), count(distinct xmin::text) from customer_360") == [(990, 1)]


def test_rows_that_cannot_be_there_together(customer: Customer, egress: Egress, sql: Sql) -> None:
    """Of two rows that a unique constraint of theirs does not let in together, one arrives."""
    customer.sql(f"create table customer_360 ({COLUMNS}, unique (surname))")
    customer.sql("grant select, insert, update, delete on customer_360 to customer")
    sql(f"update {MODEL} set surname = 'twin' where entity_id in ('E-3', 'E-4')")
    assert egress("run", "--target", "table") == 0
    assert len(customer.rows()) == CUSTOMERS - 1
    assert [reason.rpartition(": ")[2] for reason in reasons(sql).values()] == ["Key (surname)=(twin) already exists."]


def test_value_moves_from_a_deleted_row(customer: Customer, egress: Egress, sql: Sql) -> None:
    """Rows are deleted before others are written, so a unique value may move to another row."""
    customer.sql(f"create table customer_360 ({COLUMNS}, unique (surname))")
    customer.sql("grant select, insert, update, delete on customer_360 to customer")
    egress("run", "--target", "table")
    sql(f"delete from {MODEL} where entity_id = 'E-9'")
    sql(f"""update {MODEL} set surname = 'o''neil, "9"' where entity_id = 'E-1'""")
    assert egress("run", "--target", "table") == 0
    assert customer.rows() == sql(f"select * from {MODEL} order by 1")


def test_deferred_constraint(customer: Customer, egress: Egress, sql: Sql) -> None:
    """A row that only the commit would refuse is found as well."""
    customer.sql("create table states (name text primary key)")
    customer.sql("insert into states values ('known')")
    customer.sql(f"create table customer_360 ({COLUMNS}, foreign key (surname) references states initially deferred)")
    customer.sql("grant all on customer_360, states to customer")
    sql(f"update {MODEL} set surname = case when entity_id = 'E-3' then 'unknown' else 'known' end")
    assert egress("run", "--target", "table") == 0
    assert len(customer.rows()) == CUSTOMERS - 1
    assert reasons(sql)["E-3"].endswith('Key (surname)=(unknown) is not present in table "states".')


def test_row_that_may_not_be_deleted(customer: Customer, egress: Egress, sql: Sql) -> None:
    """A row that another table of theirs holds fast is kept and told of, and deleted once it is free."""
    egress("run", "--target", "table")
    customer.sql("create table orders (entity_id text references customer_360)")
    customer.sql("grant all on orders to customer")
    customer.sql("insert into orders values ('E-3')")
    sql(f"delete from {MODEL} where entity_id in ('E-3', 'E-4')")
    assert egress("run", "--target", "table") == 0
    assert {"E-3", "E-4"} & {row[0] for row in customer.rows()} == {"E-3"}
    assert reasons(sql)["E-3"].startswith("not deleted: update or delete on table")
    customer.sql("delete from orders")
    assert egress("run", "--target", "table") == 0
    assert "E-3" not in {row[0] for row in customer.rows()}
    assert reasons(sql) == {}


@pytest.mark.parametrize("body", ["return null;", "raise 'we do not want it';"])
def test_trigger_that_lets_a_row_not_in(customer: Customer, egress: Egress, sql: Sql, body: str) -> None:
    """A row that a trigger of theirs drops or refuses does not count as delivered."""
    customer.sql(f"create table customer_360 ({COLUMNS})")
    customer.sql("grant select, insert, update, delete on customer_360 to customer")
    customer.sql(f"create function no() returns trigger as $$ begin {body} end $$ language plpgsql")
    customer.sql(
        "create trigger no before insert on customer_360 for each row when (new.entity_id = 'E-3') "
        "execute function no()"
    )
    assert egress("run", "--target", "table") == 0
    assert len(customer.rows()) == CUSTOMERS - 1
    assert sql("select row_key, receipt from ops.delivery where status = 'rejected'") == [("E-3", None)]
    assert reasons(sql)["E-3"] in (
        "we do not want it",
        "the target did not keep the row, and gave no reason (a trigger or policy of theirs?)",
    )


def test_values_are_exact(customer: Customer, egress: Egress, sql: Sql) -> None:
    """Every type arrives as it is: digits, microseconds, zones, quotes, line ends, emptiness and nothing."""
    sql(
        f"alter table {MODEL} add column wide decimal(38, 10);\n"
        f"alter table {MODEL} add column fraction double precision;\n"
        f"alter table {MODEL} add column counted bigint;\n"
        f"alter table {MODEL} add column yes boolean;\n"
        f"alter table {MODEL} add column seen timestamp;\n"
        f"alter table {MODEL} add column zoned timestamptz"
    )
    texts = ["", "null", "\\N", "\\.", " a ", 'a"b,c', "ä\U0001f600", "line\r\nend\n\n", "\t\\t", None]
    for number, text in enumerate(texts):
        sql(
            f"update {MODEL} set surname = $1, wide = $2, fraction = $3, counted = $4, yes = $5, seen = $6, zoned = $7 "
            f"where entity_id = 'E-{number}'",
            text,
            Decimal("1234567890123456789012345678.0000000001"),
            [0.1, 1e-300, float("inf"), float("nan"), 5e-324, None, -0.5, 2.0**60, 1 / 3, 0.0][number],
            -(2**63),
            [True, False, None][number % 3],
            datetime(1, 1, 1, 0, 0, 0, number),
            datetime(2017, 1, 1, 12, 30, 0, 123456, tzinfo=timezone.utc),
        )
    assert egress("run", "--target", "table") == 0
    found, expected = customer.rows(), sql(f"select * from {MODEL} order by 1")
    assert str(found[3][5]) == str(expected[3][5]) == "nan"
    assert [row[:5] + row[6:] for row in found] == [row[:5] + row[6:] for row in expected]
    assert [row[5] for row in found if row[0] != "E-3"] == [row[5] for row in expected if row[0] != "E-3"]


@pytest.mark.parametrize(
    ("deletes", "of", "approved", "stopped"),
    [
        (100, 100, None, False),
        (101, 101, None, True),
        (101, 1010, None, False),
        (102, 1010, None, True),
        (5000, 1_000_000, None, False),
        (101, 101, 101, False),
        (102, 102, 101, True),
        (1, 1_000_000, 0, True),
        (0, 0, 0, False),
    ],
)
def test_guard(deletes: int, of: int, approved: int | None, stopped: bool) -> None:
    """Both bounds have to be passed for a stop; what is approved is a ceiling that takes their place."""
    objection = ChangeGuard(share=0.1, rows=100, approved=approved).objection(deletes, of)
    assert (objection is not None) == stopped


def test_guard_stops_the_delivery(
    customer: Customer,
    egress: Egress,
    sql: Sql,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Too many deletes stop a delivery before anything is sent; an approval of fewer stops it, one of as many not."""
    monkeypatch.setenv("TABLE_TARGET_DELETE_ROWS", "2")
    monkeypatch.setenv("TABLE_TARGET_DELETE_SHARE", "0.2")
    egress("run", "--target", "table")
    rows = customer.rows()
    sql(f"delete from {MODEL} where entity_id < 'E-3'")
    sql(f"update {MODEL} set surname = 'smith' where entity_id = 'E-9'")
    assert egress("plan", "--target", "table") == 0
    assert (
        "stopped    delete 3 is more than 2 rows and more than 20% of the 10 rows that it has" in capfd.readouterr().out
    )
    assert egress("run", "--target", "table") == 1
    text = capfd.readouterr().err
    assert "error: the delivery to `table` would delete 3 rows: more than 2 rows" in text
    assert "`--approve-deletes 3`" in text
    assert egress("run", "--target", "table", "--approve-deletes", "2") == 1
    assert "more than the 2 that are approved" in capfd.readouterr().err
    assert customer.rows() == rows
    assert egress("run", "--target", "table", "--approve-deletes", "3") == 0
    assert customer.rows() == sql(f"select * from {MODEL} order by 1")


def test_rows_in_pieces(customer: Customer) -> None:
    """Rows that come in several pieces, one of them empty, all arrive."""
    whole = pa.table({"entity_id": ["a", "b"], **{name: ["a", "b"] for name in ADDED}})
    pieces = pa.concat_tables([whole.slice(0, 1), whole.slice(0, 0), whole.slice(1)])
    table = TargetTable(
        "public.customer_360", "entity_id", pa.schema([whole.schema.field("entity_id")]), "TABLE_TARGET"
    )
    shipment = Shipment(pieces, whole.slice(0, 0))
    with session(customer.login, "egress test", timeout=5, settings="TABLE_TARGET") as connection:
        TableWriter(connection, table, make=True, own=[], take_over=False).ship(shipment, lambda transaction: None)
    assert customer.rows() == [("a",), ("b",)]


def test_time_that_would_be_rounded(customer: Customer, egress: Egress, sql: Sql) -> None:
    """A time that is finer than what the target holds goes to the quarantine; it would be rounded without a word."""
    sql(f"alter table {MODEL} add column seen_at timestamp_ns default '2017-01-31 12:30:00.123456'")
    sql(f"update {MODEL} set seen_at = '2017-01-31 12:30:00.123456789' where entity_id = 'E-4'")
    assert egress("run", "--target", "table") == 0
    assert list(reasons(sql)) == ["E-4"]
    assert len(customer.rows()) == CUSTOMERS - 1

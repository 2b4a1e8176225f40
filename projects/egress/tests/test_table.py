"""The target `table` beside both engines: what is written, what is deleted, what is left alone."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest
from conftest import CUSTOMERS, DUCKDB_ONLY, Egress, Sql
from table_target import Customer

MODEL = "egress.customer_360"
CHANGE_ONE = f"update {MODEL} set surname = 'smith' where entity_id = 'E-3'"
STATE = "select row_key, status from ops.delivery where target = 'table' order by 1"


def keys(customer: Customer) -> list[str]:
    """Return the keys at the target."""
    return [row[0] for row in customer.rows()]


def transactions(customer: Customer) -> dict[str, int]:
    """Return for each row at the target the transaction that wrote it."""
    return dict(customer.sql("select entity_id, xmin::text::bigint from customer_360"))


def test_first_run_makes_the_table(customer: Customer, egress: Egress, sql: Sql) -> None:
    """The first delivery makes the table with the model's types and a primary key, and every row arrives exactly."""
    assert egress("run", "--target", "table") == 0
    assert customer.sql(
        "select attname, format_type(atttypid, atttypmod) from pg_attribute "
        "where attrelid = 'customer_360'::regclass and attnum > 0"
    ) == [
        ("entity_id", "text"),
        ("surname", "text"),
        ("lifetime_sales", "numeric(18,2)"),
        ("last_purchase_date", "date"),
    ]
    assert customer.sql(
        "select pg_get_constraintdef(oid) from pg_constraint where conrelid = 'customer_360'::regclass"
    ) == [("PRIMARY KEY (entity_id)",)]
    assert customer.rows() == sql(f"select * from {MODEL} order by 1")
    assert customer.rows()[3] == ("E-3", 'o\'neil, "3"', Decimal("3.30"), date(2017, 1, 4))
    assert sql("select count(*), min(status), max(status) from ops.delivery") == [(CUSTOMERS, "delivered", "delivered")]


@DUCKDB_ONLY
def test_second_run_asks_nobody(
    customer: Customer, egress: Egress, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """With nothing new the target is not even connected to."""
    assert egress("run", "--target", "table") == 0
    monkeypatch.setenv("TABLE_TARGET_URL", "postgresql://nobody@127.0.0.1:9/nothing")
    assert egress("run", "--target", "table") == 0
    assert "unchanged  10" in capfd.readouterr().err


def test_only_changed_and_new_rows_are_written(customer: Customer, egress: Egress, sql: Sql) -> None:
    """A later run writes the rows whose content has changed and those that are new, and touches no others."""
    egress("run", "--target", "table")
    first = transactions(customer)
    sql(CHANGE_ONE)
    sql(f"insert into {MODEL} values ('E-77', 'new', 1.5, null)")
    assert egress("run", "--target", "table") == 0
    second = transactions(customer)
    assert {key for key in second if second[key] != first.get(key)} == {"E-3", "E-77"}
    assert customer.rows() == sql(f"select * from {MODEL} order by 1")


def test_receipt_leads_to_the_transaction(customer: Customer, egress: Egress, sql: Sql) -> None:
    """Each row's receipt names its run and the target's transaction that wrote it, and so does the run's entry."""
    egress("run", "--target", "table")
    sql(CHANGE_ONE)
    egress("run", "--target", "table")
    receipts = sql("select row_key, run_id, receipt from ops.delivery")
    assert {row_key: receipt for row_key, _, receipt in receipts} == {
        row_key: f"{run_id} {transactions(customer)[row_key]}" for row_key, run_id, _ in receipts
    }
    details = sql("select run_id, detail from ops.run_output where relation = 'table'")
    assert {f"{run_id} {json.loads(detail)['transaction']}" for run_id, detail in details} == {
        receipt for _, _, receipt in receipts
    }


@DUCKDB_ONLY
def test_row_that_has_left_the_model_is_deleted(
    customer: Customer, egress: Egress, sql: Sql, capfd: pytest.CaptureFixture[str]
) -> None:
    """A row that has left the model is deleted where this target wrote it; a row of somebody else's stays."""
    egress("run", "--target", "table")
    customer.sql("insert into customer_360 values ('X-1', 'theirs', 1, null)")
    sql(f"delete from {MODEL} where entity_id = 'E-3'")
    assert egress("plan", "--target", "table") == 0
    assert "delete     1 that are no longer in the model" in capfd.readouterr().out
    assert egress("run", "--target", "table") == 0
    assert keys(customer) == [*(f"E-{i}" for i in range(CUSTOMERS) if i != 3), "X-1"]
    assert ("E-3", "deleted") in sql(STATE)
    assert egress("run", "--target", "table") == 0
    assert "delete" not in capfd.readouterr().out


@DUCKDB_ONLY
def test_empty_model_deletes_nothing_without_a_word(
    customer: Customer, egress: Egress, sql: Sql, capfd: pytest.CaptureFixture[str]
) -> None:
    """An empty model leaves the table as it is, and `--allow-empty` empties it of what was delivered."""
    egress("run", "--target", "table")
    sql(f"delete from {MODEL}")
    assert egress("run", "--target", "table", "--full") == 0
    text = capfd.readouterr().err
    assert "is empty: nothing is sent, nothing is deleted at the target" in text
    assert "`--allow-empty` deletes the 10 rows that it has" in text
    assert len(keys(customer)) == CUSTOMERS
    customer.sql("insert into customer_360 values ('X-1', 'theirs', 1, null)")
    assert egress("run", "--target", "table", "--allow-empty") == 0
    assert keys(customer) == ["X-1"]
    assert {status for _, status in sql(STATE)} == {"deleted"}
    assert egress("list", "--target", "table") == 0
    assert "0 delivered, 0 rejected, 10 deleted" in capfd.readouterr().out


@DUCKDB_ONLY
def test_ledger_tells_rows_written_and_deleted(customer: Customer, egress: Egress, sql: Sql) -> None:
    """The run ledger holds how many rows were written, unchanged, rejected and deleted, and where."""
    egress("run", "--target", "table")
    sql(CHANGE_ONE)
    sql(f"delete from {MODEL} where entity_id = 'E-4'")
    egress("run", "--target", "table")
    rows = sql("select row_count, detail from ops.run_output join ops.run using (run_id) order by sequence")
    detail = json.loads(rows[1][1])
    assert rows[1][0] == 1
    assert detail.pop("transaction") > json.loads(rows[0][1])["transaction"]
    assert detail == {
        "sent": 1,
        "unchanged": 8,
        "rejected": 0,
        "deleted": 1,
        "table": "public.customer_360",
        "database": customer.login.location,
    }


@DUCKDB_ONLY
def test_full_writes_again_what_was_tampered_with(customer: Customer, egress: Egress, sql: Sql) -> None:
    """`--full` sends every row; those at the target that are as they shall be are not written again."""
    egress("run", "--target", "table")
    first = transactions(customer)
    customer.sql("update customer_360 set surname = 'spoilt' where entity_id = 'E-3'")
    customer.sql("delete from customer_360 where entity_id = 'E-4'")
    assert egress("run", "--target", "table", "--full") == 0
    assert customer.rows() == sql(f"select * from {MODEL} order by 1")
    second = transactions(customer)
    assert {key for key in second if second[key] != first[key]} == {"E-3", "E-4"}


def test_rejected_row_does_not_lose_the_others(customer: Customer, egress: Egress, sql: Sql) -> None:
    """A row that a constraint of theirs refuses is kept with their reason; the others arrive, in one transaction."""
    egress("run", "--target", "table")
    customer.sql("alter table customer_360 add check (lifetime_sales < 100)")
    sql(f"update {MODEL} set lifetime_sales = 1 + lifetime_sales")
    sql(f"update {MODEL} set lifetime_sales = 100 where entity_id in ('E-3', 'E-8')")
    sql(f"delete from {MODEL} where entity_id = 'E-9'")
    assert egress("run", "--target", "table") == 0
    found = {row[0]: row[2] for row in customer.rows()}
    assert (found["E-3"], found["E-4"], "E-9" in found) == (Decimal("3.30"), Decimal("5.40"), False)
    rejected = sql("select source, resource, origin, reason, payload from ops.quarantine order by payload")
    assert [row[:3] for row in rejected] == [("egress", "table", MODEL)] * 2
    assert {"violates check constraint" in row[3] for row in rejected} == {True}
    assert [json.loads(row[4])["entity_id"] for row in rejected] == ["E-3", "E-8"]
    assert json.loads(rejected[0][4])["lifetime_sales"] == "100.00"
    assert sql("select status, count(*) from ops.delivery group by 1 order by 1") == [
        ("deleted", 1),
        ("delivered", 7),
        ("rejected", 2),
    ]


@DUCKDB_ONLY
def test_rejected_row_is_held_back_until_it_changes(
    customer: Customer, egress: Egress, sql: Sql, capfd: pytest.CaptureFixture[str]
) -> None:
    """A rejected row is not sent again as it is; once it has changed it is, and leaves the quarantine."""
    egress("run", "--target", "table")
    customer.sql("alter table customer_360 add check (surname <> 'smith')")
    sql(CHANGE_ONE)
    egress("run", "--target", "table")
    capfd.readouterr()
    assert egress("run", "--target", "table") == 0
    assert "held back  1" in capfd.readouterr().err
    sql(f"update {MODEL} set surname = 'jones' where entity_id = 'E-3'")
    assert egress("run", "--target", "table") == 0
    assert customer.rows()[3][1] == "jones"
    assert sql("select count(*) from ops.quarantine where resolved_at is null") == [(0,)]


def test_rejected_row_that_leaves_the_model(customer: Customer, egress: Egress, sql: Sql) -> None:
    """What the target has of a row that it then rejected is deleted with it, and the quarantine's entry is closed."""
    egress("run", "--target", "table")
    customer.sql("alter table customer_360 add check (surname <> 'smith')")
    sql(CHANGE_ONE)
    sql(f"insert into {MODEL} values ('E-77', 'smith', 1, null)")
    egress("run", "--target", "table")
    sql(f"delete from {MODEL} where surname = 'smith'")
    assert egress("run", "--target", "table") == 0
    assert "E-3" not in keys(customer)
    assert [row for row in sql(STATE) if row[1] != "delivered"] == [("E-3", "deleted"), ("E-77", "deleted")]
    assert sql("select count(*) from ops.quarantine where resolved_at is null") == [(0,)]


def test_foreign_row_with_our_key_is_not_overwritten(customer: Customer, egress: Egress, sql: Sql) -> None:
    """A row that this target never wrote stays as it is, ours goes to the quarantine, and `--take-over` writes it."""
    egress("run", "--target", "table")
    customer.sql("insert into customer_360 values ('E-77', 'theirs', 1, null)")
    sql(f"insert into {MODEL} values ('E-77', 'ours', 2, null), ('E-78', 'ours', 2, null)")
    assert egress("run", "--target", "table") == 0
    assert [row[1] for row in customer.rows()[-4:]] == ["theirs", "ours", 'o\'neil, "8"', 'o\'neil, "9"']
    assert [row[0] for row in sql("select reason from ops.quarantine")] == [
        "the target has a row with this key that it did not get from here; `--take-over --retry-rejected` overwrites it"
    ]
    # Not ours, so it stays also when ours has left the model.
    sql(f"create table egress.kept as select * from {MODEL} where entity_id = 'E-77'")
    sql(f"delete from {MODEL} where entity_id = 'E-77'")
    assert egress("run", "--target", "table") == 0
    assert customer.sql("select surname from customer_360 where entity_id = 'E-77'") == [("theirs",)]
    sql(f"insert into {MODEL} select * from egress.kept")
    assert egress("run", "--target", "table", "--take-over") == 0
    assert customer.sql("select surname from customer_360 where entity_id = 'E-77'") == [("ours",)]
    detail = sql("select detail from ops.run_output join ops.run using (run_id) order by sequence desc limit 1")
    assert json.loads(detail[0][0])["taken_over"] == 1


@DUCKDB_ONLY
def test_plan_changes_nothing(customer: Customer, egress: Egress, sql: Sql, capfd: pytest.CaptureFixture[str]) -> None:
    """`plan` counts new, changed, unchanged and deleted rows without asking the target, and leaves no trace."""
    egress("run", "--target", "table")
    sql(CHANGE_ONE)
    sql(f"delete from {MODEL} where entity_id = 'E-4'")
    before = (sql(STATE), sql("select count(*) from ops.run"), customer.rows())
    assert egress("plan", "--target", "table") == 0
    lines = capfd.readouterr().out
    assert "send       1 (0 new, 1 changed)" in lines
    assert "unchanged  8" in lines
    assert "delete     1" in lines
    assert (sql(STATE), sql("select count(*) from ops.run"), customer.rows()) == before


@DUCKDB_ONLY
def test_list_names_the_table(customer: Customer, egress: Egress, capfd: pytest.CaptureFixture[str]) -> None:
    """`list` names the table and the setting of its database, no password, and the last delivery."""
    egress("run", "--target", "table")
    assert egress("list", "--target", "table") == 0
    first, last = capfd.readouterr().out.splitlines()
    assert first == (
        "table: `egress.customer_360` as table `public.customer_360` of the database at `$TABLE_TARGET_URL`"
    )
    assert last.endswith("UTC, 10 delivered, 0 rejected")

"""Deliveries to a table that are killed, or whose server is: the next run ends as an undisturbed one would."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import CUSTOMERS, DUCKDB_ONLY, Egress, Sql
from crm_server import Crm
from table_target import Customer

from shared.postgres.server import LocalServer

MODEL = "egress.customer_360"
CHANGE = f"""
update {MODEL} set surname = 'smith' where entity_id in ('E-3', 'E-4');
delete from {MODEL} where entity_id = 'E-5';
insert into {MODEL} values ('E-77', 'new', 1.5, null)
"""
WAIT = (
    "create or replace function wait() returns trigger as 'begin perform pg_advisory_xact_lock(1); return new; end' "
    "language plpgsql"
)
BEFORE_COMMIT = "create trigger wait before insert or update on customer_360 for each row execute function wait()"
IN_COMMIT = (
    "create constraint trigger wait after insert or update on customer_360 deferrable initially deferred "
    "for each row execute function wait()"
)


def start(project: Path, *targets: str) -> subprocess.Popen[str]:
    """Start a delivery in a process of its own."""
    words = [sys.executable, "-m", "egress", "run", "--target", *targets]
    return subprocess.Popen(words, cwd=project, env=os.environ, stderr=subprocess.PIPE, text=True)


@contextmanager
def held(customer: Customer, trigger: str) -> Iterator[None]:
    """Let deliveries hang in a trigger of the table, until the end."""
    customer.sql(WAIT)
    customer.sql(trigger)
    gate = customer.admin.connect("gate")
    try:
        with gate.cursor() as cursor:
            cursor.execute("select pg_advisory_lock(1)")
        yield
    finally:
        gate.close()


@contextmanager
def waiting(customer: Customer, trigger: str, project: Path, *targets: str) -> Iterator[subprocess.Popen[str]]:
    """Start a delivery, and go on where it hangs in a trigger of the table; it hangs until the end."""
    with held(customer, trigger):
        process = start(project, *(targets or ("table",)))
        try:
            while sessions(customer, "and wait_event = 'advisory'") == 0:
                assert process.poll() is None, process.stderr and process.stderr.read()
                time.sleep(0.02)
            yield process
        finally:
            process.kill()


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a delivery that is under way."""
    process.kill()
    assert process.wait(20) == -signal.SIGKILL


def sessions(customer: Customer, condition: str = "") -> int:
    """Count the deliveries that are connected to the target."""
    query = (
        "select count(*) from pg_stat_activity where datname = current_database() and application_name like 'egress%' "
    )
    return int(customer.sql(query + condition)[0][0])


def let_end(customer: Customer) -> None:
    """Wait until the server has noticed that a delivery is dead, and let others through."""
    while sessions(customer):
        time.sleep(0.02)
    customer.sql("drop trigger wait on customer_360")


def assert_delivered(customer: Customer, sql: Sql) -> None:
    """Check that the table is what the model is, and that the state says so."""
    assert customer.rows() == sql(f"select * from {MODEL} order by 1")
    assert sql("select row_key, status from ops.delivery where status <> 'delivered'") == [("E-5", "deleted")]
    assert sql("select * from ops.quarantine") == []


@DUCKDB_ONLY
def test_row_of_ours_that_was_not_marked_may_have_changed_since(
    customer: Customer, egress: Egress, sql: Sql, project: Path
) -> None:
    """A row that was committed but not marked is written with its newest content, and a foreign one still is not."""
    egress("run", "--target", "table")
    sql(CHANGE)
    with waiting(customer, IN_COMMIT, project) as process:
        kill(process)
    let_end(customer)
    customer.sql("insert into customer_360 values ('E-78', 'theirs', 1, null)")
    sql(f"update {MODEL} set surname = 'newest' where entity_id = 'E-77'")
    sql(f"insert into {MODEL} values ('E-78', 'ours', 1, null)")
    assert egress("run", "--target", "table") == 0
    assert [row[1] for row in customer.rows()[7:9]] == ["newest", "theirs"]
    assert sql("select row_key from ops.delivery where status = 'rejected'") == [("E-78",)]


@DUCKDB_ONLY
def test_what_an_unmarked_transaction_did_is_settled(
    customer: Customer, egress: Egress, sql: Sql, project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Where the model has changed back since a kill, the table follows, though the send state sees no difference."""
    egress("run", "--target", "table")
    rows = customer.rows()
    sql(f"create table egress.kept as select * from {MODEL}")
    sql(CHANGE)
    with waiting(customer, IN_COMMIT, project) as process:
        kill(process)
    let_end(customer)
    assert customer.rows() != rows
    customer.sql("insert into customer_360 values ('X', 'theirs', 1, null)")
    sql(f"delete from {MODEL};\ninsert into {MODEL} select * from egress.kept")
    assert egress("plan", "--target", "table") == 0
    assert "settle     a delivery that was cut off" in capfd.readouterr().out
    assert egress("run", "--target", "table") == 0
    assert customer.rows() == [*rows, ("X", "theirs", 1, None)]
    assert sql("select row_key, status from ops.delivery where status <> 'delivered'") == [("E-77", "deleted")]
    capfd.readouterr()
    assert egress("run", "--target", "table") == 0
    assert "unchanged  10" in capfd.readouterr().err


@DUCKDB_ONLY
def test_killed_after_the_mark(crm: Crm, customer: Customer, egress: Egress, sql: Sql, project: Path) -> None:
    """What one target was marked with before a kill at another is not sent again."""
    egress("run", "--target", "table")
    sql(CHANGE)
    with waiting(customer, BEFORE_COMMIT, project, "crm", "table") as process:
        kill(process)
    let_end(customer)
    assert len(crm.customers) == CUSTOMERS
    crm.keys.clear()
    assert egress("run", "--target", "crm", "table") == 0
    assert crm.keys == []
    assert customer.rows() == sql(f"select * from {MODEL} order by 1")


def test_server_of_the_target_killed(
    customer: Customer, egress: Egress, sql: Sql, project: Path, postgres_server: LocalServer
) -> None:
    """A server that is killed in the middle ends the run with an error and a hint; the next run does all of it."""
    egress("run", "--target", "table")
    rows, port = customer.rows(), postgres_server.port
    sql(CHANGE)
    with waiting(customer, BEFORE_COMMIT, project) as process:
        postgres_server.kill()
        _, text = process.communicate()
    postgres_server.start(port)
    assert process.returncode == 1
    assert "is lost: " in text
    assert "hint: " in text
    assert "Traceback" not in text
    assert customer.rows() == rows
    customer.sql("drop trigger wait on customer_360")
    assert egress("run", "--target", "table") == 0
    assert_delivered(customer, sql)

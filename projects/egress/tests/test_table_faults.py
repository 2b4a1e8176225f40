"""What can be wrong with the target's server, and that every error says what to do and none tells the password."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest
from conftest import CUSTOMERS, Egress, Sql
from crm_server import Crm
from table_target import PASSWORD, Customer

from shared.testing.engines import Engine

CHANGE = "update egress.customer_360 set surname = 'smith' where entity_id = 'E-3'"


@pytest.fixture
def engine() -> Engine:
    """Run on one engine: what can be wrong with the target is the same beside both."""
    return "duckdb"


@pytest.fixture
def failing(customer: Customer, egress: Egress, sql: Sql, capfd: pytest.CaptureFixture[str]) -> Egress:
    """Run a delivery that has to fail, and return what it says; nothing may be marked."""

    def run(code: int = 1) -> str:
        before = sql("select row_key, payload_hash from ops.delivery order by 1")
        capfd.readouterr()
        assert egress("run", "--target", "table") == code
        text = capfd.readouterr().err
        assert "hint: " in text
        assert "Traceback" not in text
        assert PASSWORD not in text
        assert "secret" not in text
        assert sql("select row_key, payload_hash from ops.delivery order by 1") == before
        return text

    return run  # type: ignore[return-value]


def test_nobody_listens(customer: Customer, failing: Egress, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody listens the target counts as unavailable, with its address and the reason."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv("TABLE_TARGET_URL", replace(customer.login, port=port).url())
    text = str(failing())
    assert f"error: the target does not answer: PostgreSQL does not answer at `127.0.0.1:{port}`" in text
    assert "Connection refused" in text
    assert "hint: check TABLE_TARGET_URL" in text


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"password": "secret"}, "does not let in `customer`: wrong or missing password"),
        ({"password": None}, "does not let in `customer`: wrong or missing password"),
        ({"user": "stranger"}, "does not let in `stranger`"),
        ({"database": "nothing"}, "no such database at"),
        ({"options": {"sslmode": "nonsense"}}, "has an option that cannot be used"),
    ],
)
def test_login_that_is_not_let_in(
    customer: Customer,
    failing: Egress,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, object],
    reason: str,
) -> None:
    """A wrong password, user, database or option is a refusal that names it, and the hint names the right setting."""
    monkeypatch.setenv("TABLE_TARGET_URL", replace(customer.login, **change).url())  # type: ignore[arg-type]
    text = str(failing())
    assert "error: the target lets nobody in: " in text
    assert reason in text
    assert "hint: correct TABLE_TARGET_URL" in text


@pytest.mark.parametrize(
    "url",
    [
        "mysql//me:secret@localhost/db",
        "postgresql://me:secret@localhost",
        "postgresql://me:secret@localhost:x/db",
        "postgresql://localhost/db",
        "secret",
    ],
)
def test_url_that_cannot_be_used(failing: Egress, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """A URL that cannot be used is the user's mistake, and is not repeated: it may hold a password."""
    monkeypatch.setenv("TABLE_TARGET_URL", url)
    text = str(failing(2))
    assert "error: TABLE_TARGET_URL cannot be used: " in text
    assert "hint: write postgresql://user:password@host:5432/database" in text


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("revoke all on schema public from public, pg_database_owner", "permission denied for schema public"),
        ("alter table customer_360 owner to postgres", "permission denied for table customer_360"),
    ],
)
def test_what_the_login_may_not_do(
    customer: Customer, egress: Egress, sql: Sql, failing: Egress, statement: str, reason: str
) -> None:
    """Missing rights are a refusal that says what to grant to whom."""
    egress("run", "--target", "table")
    sql(CHANGE)
    customer.sql(statement)
    text = str(failing())
    assert f"error: `customer` may not do it at the target {customer.login.address}: {reason}" in text
    assert "hint: let them: grant `customer` usage of the schema" in text


def test_schema_that_is_not_there(failing: Egress, monkeypatch: pytest.MonkeyPatch) -> None:
    """A schema is not made: what it is called is for its owner to decide."""
    monkeypatch.setenv("TABLE_TARGET_TABLE", "sales.customers")
    assert 'refuses the delivery: schema "sales" does not exist' in str(failing())


def test_full_disk(customer: Customer, egress: Egress, sql: Sql, failing: Egress) -> None:
    """A server without space is named as that, and the next run delivers what this one could not."""
    egress("run", "--target", "table")
    sql(CHANGE)
    message = "could not extend file: No space left on device"
    customer.sql(
        f"create function is_full() returns trigger as $$ begin raise '{message}' using errcode = '53100'; end $$ "
        "language plpgsql"
    )
    customer.sql("create trigger is_full before insert on customer_360 for each row execute function is_full()")
    text = str(failing())
    assert f"error: no space left on the target's server {customer.login.address}: {message}" in text
    assert "hint: free space there" in text
    customer.sql("drop trigger is_full on customer_360")
    assert egress("run", "--target", "table") == 0
    assert customer.rows() == sql("select * from egress.customer_360 order by 1")


def test_lock_of_somebody_else(
    customer: Customer, egress: Egress, sql: Sql, failing: Egress, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A delivery does not wait for ever for somebody who holds the table."""
    egress("run", "--target", "table")
    sql(CHANGE)
    monkeypatch.setenv("TABLE_TARGET_TIMEOUT", "1")
    holder = customer.admin.connect("test")
    with holder.cursor() as cursor:
        cursor.execute("begin; lock table customer_360")
    text = str(failing())
    holder.close()
    assert "error: somebody else was in the way at the target" in text
    assert "TABLE_TARGET_TIMEOUT" in text


def test_connection_that_is_cut(customer: Customer, egress: Egress, sql: Sql, failing: Egress) -> None:
    """A connection that an administrator ends is told of as lost, and the next run delivers."""
    egress("run", "--target", "table")
    sql(CHANGE)
    customer.sql(
        "create function cut() returns trigger as $$ begin perform pg_terminate_backend(pg_backend_pid()); return new; "
        "end $$ language plpgsql"
    )
    customer.sql("create trigger cut before insert on customer_360 for each row execute function cut()")
    assert "error: the connection to the target" in str(failing())
    customer.sql("drop trigger cut on customer_360")
    assert egress("run", "--target", "table") == 0


def test_model_that_no_column_can_hold(sql: Sql, failing: Egress) -> None:
    """A nested column is refused by its type before anything is sent."""
    sql("alter table egress.customer_360 add column list integer[]")
    assert "error: no column of PostgreSQL holds this type: `list<" in str(failing(2))


def test_table_that_fails_keeps_no_other_from_its_delivery(
    crm: Crm, customer: Customer, egress: Egress, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the table's server is down, files and CRM still get their delivery, and the run fails."""
    monkeypatch.setenv("TABLE_TARGET_URL", "postgresql://me:secret@127.0.0.1:9/db")
    assert egress("run", "--all") == 1
    assert len(crm.customers) == CUSTOMERS
    assert sql("select target, count(*) from ops.delivery group by 1 order by 1") == [("crm", CUSTOMERS), ("files", 2)]
    assert sql("select status from ops.run") == [("failed",)]

"""What is left in the warehouse's server, and what becomes of a run when it or the server is killed."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
import pyarrow as pa
import pytest
from conftest import Master, Platform, table_of
from psycopg2 import extensions

from entity_resolution.backends.postgres.in_server import SCHEMA, SESSION, SNAPSHOT
from shared.postgres.server import LocalServer
from shared.postgres.target import PostgresTarget
from shared.warehouse import open_warehouse

pytestmark = pytest.mark.parametrize("engine", ["postgres"])
# How long to wait for what takes a moment.
SECONDS = 30


@contextmanager
def admin_session(platform: Platform) -> Iterator[extensions.connection]:
    """Open a session that may do anything and whose transaction is still open in the end."""
    assert platform.database is not None
    session = psycopg2.connect(platform.database.admin_url)
    try:
        yield session
    finally:
        session.close()


def until_stopped_by_a_lock(session: extensions.connection) -> None:
    """Wait until somebody waits for a lock."""
    deadline = time.monotonic() + SECONDS
    with session.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute("select count(*) from pg_locks where not granted")
            if cursor.fetchone() != (0,):
                return
            time.sleep(0.02)
    pytest.fail("nobody waits for the lock")


@contextmanager
def stopped(platform: Platform, place: str) -> Iterator[subprocess.Popen[str]]:
    """Run `resolve` until it stands still in the middle: of linking, or of writing master."""
    with admin_session(platform) as session:
        if place == "write master":
            # Rows of the other tables are replaced by then, and nothing is committed.
            session.cursor().execute("lock table master.golden_customer in share mode")
        process = platform.start("run")
        if place == "link":
            assert process.stderr is not None
            assert any("✓ read parties" in line for line in process.stderr)
            # Splink, which takes its time to start, finds the table locked.
            session.cursor().execute(f"lock table {SCHEMA}.{SNAPSHOT} in access exclusive mode")
        until_stopped_by_a_lock(session)
        yield process


@pytest.mark.parametrize("place", ["link", "write master"])
def test_killed_in_the_middle(changed: Platform, undisturbed: Master, place: str) -> None:
    """After `kill -9` in the middle of linking or writing, master is as before, and a rerun ends as undisturbed."""
    before = changed.master()
    with stopped(changed, place) as process:
        process.kill()
        process.communicate()
    assert changed.master() == before
    changed.resolve()
    assert changed.master() == undisturbed
    assert changed.fetch("select status from ops.run where status = 'interrupted'") == [("interrupted",)]
    assert left_over(changed) == []


@pytest.mark.parametrize("place", ["link", "write master"])
def test_server_killed_in_the_middle(
    changed: Platform, undisturbed: Master, postgres_server: LocalServer, place: str
) -> None:
    """A run whose server dies says so with a hint and without a traceback; with the server back a rerun is as ever."""
    before = changed.master()
    port = postgres_server.port
    with stopped(changed, place) as process:
        postgres_server.kill()
        out, err = process.communicate(timeout=SECONDS)
    postgres_server.start(port)
    assert process.returncode == 1
    assert "error: the connection to PostgreSQL is lost" in err
    assert "hint: what was not committed is undone; run the command again when the server is back" in err
    assert "Traceback" not in err + out
    assert changed.master() == before
    changed.resolve()
    assert changed.master() == undisturbed
    assert left_over(changed) == []


def test_work_that_a_killed_run_left_is_ended(changed: Platform, undisturbed: Master) -> None:
    """A session that still works for a killed run is ended by the next run, and its tables are dropped."""
    login, passfile = "platform_entity_resolution", changed.settings.passfile
    orphan = PostgresTarget.from_url(changed.url, user=login, passfile=passfile).connect(SESSION)
    orphan.autocommit = False
    with orphan.cursor() as cursor:
        cursor.execute(f"create table {SCHEMA}.__splink__df_left (i int); create table {SCHEMA}.{SNAPSHOT} (i int)")
        orphan.commit()
        cursor.execute(f"lock table {SCHEMA}.{SNAPSHOT} in access exclusive mode")
        changed.resolve()
        with pytest.raises(psycopg2.OperationalError):
            cursor.execute("select 1")
    assert changed.master() == undisturbed
    assert left_over(changed) == []


def test_tables_of_others_are_left_alone(platform: Platform) -> None:
    """What a person keeps in the scratch schema stays there."""
    with admin_session(platform) as session:
        session.cursor().execute(f"create table {SCHEMA}.mine (i int)")
        session.commit()
    platform.put(table_of([])).resolve()
    assert left_over(platform) == ["mine"]


def test_core_changes_while_parties_are_linked(changed: Platform, undisturbed: Master, sample: pa.Table) -> None:
    """A run goes by the parties that it began with, and the next one sees that there are others by now."""
    with stopped(changed, "write master") as process:
        changed.put(sample.slice(0, 40))
    _, err = process.communicate()
    assert process.returncode == 0, err
    assert changed.master() == undisturbed
    assert "nothing new" not in changed.resolve().err
    assert changed.fetch("select count(*) from master.customer_xref") == [(40,)]


def left_over(platform: Platform) -> list[str]:
    """Return the tables in the scratch schema."""
    with open_warehouse(platform.settings, holder="test") as warehouse:
        return warehouse.tables(SCHEMA)

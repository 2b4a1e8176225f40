"""How steps are taken: in their order, whole or not at all, once, and with a bound on every wait."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from earlier import LAYOUT_3, LAYOUTS, put_back

from shared.config import Settings, get_settings
from shared.monitoring import record_run
from shared.postgres.errors import Collision
from shared.testing.engines import PostgresDatabase
from shared.warehouse import Role, open_warehouse
from shared.warehouse.migrations import Migrations, migrate, version_of

on_postgres = pytest.mark.parametrize("engine", ["postgres"], indirect=True)
KILLED = """
import sys
from pathlib import Path
from shared.config import get_settings
from shared.warehouse import open_warehouse
from shared.warehouse.migrations import Migrations, migrate
settings = get_settings().model_copy(update={"warehouse_url": sys.argv[1]})
with open_warehouse(settings, holder="killed", mode="write") as warehouse:
    migrate(warehouse, Migrations("core", Path(sys.argv[2])))
"""


@pytest.fixture
def steps(tmp_path: Path) -> Path:
    """Return the folder of two steps of an owner."""
    folder = tmp_path / "steps"
    folder.mkdir()
    (folder / "0001_first.sql").write_text("create table core.t (i integer); insert into core.t values (1), (2);")
    (folder / "0002_second.sql").write_text("alter table core.t add column j integer; create table core.u (i integer);")
    return folder


def test_killed_half_way_the_old_layout_stays_whole(
    owner: Settings, database: PostgresDatabase | None, steps: Path, tmp_path: Path
) -> None:
    """Killed between two statements of a step, the layout before it is there as it was, and the next try completes."""
    second, marker = steps / "0002_second.sql", tmp_path / "marker.csv"
    whole = second.read_text()
    wait = (
        "select pg_sleep(60);"
        if database
        else f"copy (select 1) to '{marker}'; select count(*) from range(10000000000000);"
    )
    second.write_text(whole.replace("integer; ", f"integer; update core.t set j = i; {wait}"))
    process = subprocess.Popen([sys.executable, "-c", KILLED, owner.warehouse_url, str(steps)], stderr=subprocess.PIPE)
    if database:
        session = database.admin.connect("test")
        with session.cursor() as cursor:
            query = "select pid from pg_stat_activity where wait_event = 'PgSleep' and application_name = 'killed'"
            (backend,) = eventually(lambda: cursor.execute(query) or cursor.fetchone())
            cursor.execute("select pg_terminate_backend(%s, 10000)", [backend])
        session.close()
    else:
        eventually(marker.exists)
        os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode != 0
    second.write_text(whole)
    with open_warehouse(owner, holder="test", mode="write") as warehouse:
        migrations = Migrations("core", steps)
        assert version_of(warehouse, migrations) == 1
        assert warehouse.fetch("select * from core.t order by i") == [(1,), (2,)]
        migrate(warehouse, migrations)
        assert warehouse.fetch("select i, j from core.t order by i") == [(1, None), (2, None)]
        assert warehouse.row_count("core.u") == 0
        assert version_of(warehouse, migrations) == 2


def eventually(look: Callable[[], Any]) -> Any:
    """Return what is looked for as soon as it is there, within a minute."""
    for _ in range(1200):
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it never came")


def test_layer_that_was_dropped_is_made_again(owner: Settings, steps: Path) -> None:
    """An owner's tables that are all gone are made from the first step on."""
    migrations = Migrations("core", steps)
    with open_warehouse(owner, holder="test", mode="write") as warehouse:
        migrate(warehouse, migrations)
        warehouse.execute("drop table core.t; drop table core.u")
        migrate(warehouse, migrations)
        assert warehouse.row_count("core.t") == 2


@pytest.mark.parametrize("name", ["0003_again.sql", "0005_gap.sql", "notes.sql"])
def test_steps_are_numbered_without_a_gap(steps: Path, name: str) -> None:
    """Two steps of one number, one left out and a file without a number are the programmer's mistake."""
    (steps / "0003_third.sql").write_text("select 1")
    assert Migrations("core", steps).latest == 3
    (steps / name).write_text("select 1")
    with pytest.raises(ValueError, match=name):
        _ = Migrations("core", steps).latest


@on_postgres
def test_two_at_once_migrate_once(owner: Settings) -> None:
    """Of two that find an earlier layout at once one brings it up to date, and both go on."""
    put_back(owner, LAYOUTS[0])

    def opened(role: Role) -> None:
        open_warehouse(owner, holder="test", role=role, mode="write").close()

    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(opened, role) for role in ("ingress", "egress", "reporting", "transformation")]:
            done.result(timeout=60)
    with open_warehouse(owner, holder="test") as warehouse:
        assert warehouse.row_count("ops.run") == 3


@on_postgres
def test_wait_for_a_reader_has_a_bound(owner: Settings, database: PostgresDatabase) -> None:
    """A session that reads a table for longer than the timeout makes the upgrade fail by name, and not half."""
    put_back(owner, LAYOUT_3)
    reader = database.admin.connect("test")
    with reader.cursor() as cursor:
        cursor.execute("begin; select count(*) from ops.run")
        with pytest.raises(Collision, match="another session was in the way"):
            open_warehouse(owner.model_copy(update={"warehouse_lock_timeout": 0.2}), holder="test", mode="write")
        cursor.execute("select layout_version, to_regclass('ops.run_sequence') from ops.identity")
        assert cursor.fetchall() == [(3, None)]
    reader.close()
    open_warehouse(owner, holder="test", mode="write").close()


@on_postgres
def test_runs_that_begin_at_once_have_an_order(owner: Settings) -> None:
    """Writers of several roles never take the same number, and each one's runs are in the order they were begun."""
    roles: tuple[Role, ...] = ("ingress", "egress", "reporting", "transformation")

    def begin(role: Role) -> list[str]:
        begun = []
        with open_warehouse(get_settings(), holder="test", role=role, mode="write") as warehouse:
            for number in range(5):
                with record_run(warehouse, step=role, command=str(number)) as run:
                    begun.append(run.id)
        return begun

    with ThreadPoolExecutor() as pool:
        begun = [done.result(timeout=60) for done in [pool.submit(begin, role) for role in roles]]
    with open_warehouse(owner, holder="test") as warehouse:
        order = [run for (run,) in warehouse.fetch("select run_id from ops.run order by sequence")]
        assert warehouse.fetch("select count(distinct sequence) from ops.run") == [(20,)]
    assert [[run for run in order if run in mine] for mine in begun] == begun

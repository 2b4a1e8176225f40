"""The tasks of the local PostgreSQL server, called as their commands in a data folder of their own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import psycopg2
import pytest

from shared.command_line import command
from shared.config import get_settings
from shared.config.roles import read_roles
from shared.postgres.server import HOST, LocalServer, free_port
from shared.postgres.target import PostgresTarget
from tasks.postgres.__main__ import main

ROOT = Path(__file__).parents[3]
LANDING = get_settings().landing_dir / "pos"


class Here:
    """A data folder with its own server, and the commands on it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.server = LocalServer(data / "postgres17")
        self.port = free_port()

    def variables(self, **more: str) -> dict[str, str]:
        """Return what a command on this data folder has in its environment."""
        kept = {name: value for name, value in os.environ.items() if name not in ("PGPASSFILE", "WAREHOUSE_URL")}
        return {**kept, "DATA_DIR": str(self.data), "POSTGRES_PORT": str(self.port), **more}

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Do what `python -m tasks.postgres` does, in this process: another one takes half a second to import all."""
        out, err = StringIO(), StringIO()
        variables = patch.dict(os.environ, self.variables(**environment), clear=True)
        with variables, redirect_stdout(out), redirect_stderr(err):
            code = command(main, arguments)
        return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())

    def process(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `python -m tasks.postgres` to its end."""
        return subprocess.run(
            [sys.executable, "-m", "tasks.postgres", *arguments],
            cwd=ROOT,
            env=self.variables(**environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def ok(self, *arguments: str, **environment: str) -> str:
        """Run a command, which must succeed, and return its standard output."""
        done = self.run(*arguments, **environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def fetch(self, sql: str, *, user: str = "platform_reader", database: str = "warehouse") -> list[tuple[Any, ...]]:
        """Query a database as a login whose password the passfile has."""
        url = f"postgresql://{HOST}:{self.server.port}/{database}"
        session = PostgresTarget.from_url(url, user=user, passfile=self.server.passwords).connect("test")
        try:
            with session.cursor() as cursor:
                cursor.execute(sql)
                rows: list[tuple[Any, ...]] = cursor.fetchall()
                return rows
        finally:
            session.close()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data folder with a small part of the real sales."""
    data = tmp_path_factory.mktemp("shop")
    (data / "landing" / "pos").mkdir(parents=True)
    parts = {"transactions": "household_id <= 20", "products": "product_id % 50 = 0"}
    for name, condition in parts.items():
        source, target = LANDING / f"{name}.parquet", data / "landing" / "pos" / f"{name}.parquet"
        duckdb.sql(f"copy (select * from '{source}' where {condition}) to '{target}'")
    return data


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Here]:
    """Return a data folder without a server."""
    monkeypatch.delenv("PGPASSFILE", raising=False)
    here = Here(tmp_path / "data")
    yield here
    here.server.stop()


@pytest.fixture
def with_shop(here: Here, shop: Path) -> Here:
    """Return a data folder without a server, with sales to seed an ERP from."""
    here.data.mkdir()
    (here.data / "landing").symlink_to(shop / "landing")
    return here


def test_init_makes_a_warehouse_that_each_role_can_use(here: Here) -> None:
    """`init` on nothing makes server, databases, layers and logins, prints the URLs, and can be repeated."""
    server = f"postgresql://{HOST}:{here.port}"
    made = here.process("init")
    urls = f"export WAREHOUSE_URL={server}/warehouse\nexport DAGSTER_POSTGRES_URL={server}/dagster\n"
    assert (made.returncode, made.stdout) == (0, urls), made.stderr
    for role in read_roles():
        assert here.fetch("select name from ops.identity", user=role.login) == [("warehouse",)]
    before = here.server.passwords.read_text()
    here.ok("init")
    assert here.server.passwords.read_text() == before


def test_orchestration_gets_into_its_own_database_only(here: Here) -> None:
    """Dagster's login makes tables in Dagster's database and gets into no warehouse, and no project gets in there."""
    here.ok("init")
    dagster = {"user": "platform_orchestration", "database": "dagster"}
    assert here.fetch("create table runs (id int); insert into runs values (1) returning id", **dagster) == [(1,)]
    with pytest.raises(Exception, match="may not connect"):
        here.fetch("select 1", user="platform_orchestration")
    with pytest.raises(Exception, match="may not connect"):
        here.fetch("select 1", database="dagster")


def test_new_passwords_replace_the_old_ones(here: Here) -> None:
    """`init --new-passwords` gives each role another password, and the file has it."""
    here.ok("init")
    before = here.server.passwords.read_text()
    here.ok("init", "--new-passwords")
    assert here.server.passwords.read_text() != before
    assert here.fetch("select 1") == [(1,)]


def test_start_stop_status(here: Here) -> None:
    """Start and stop can be repeated, and status says in words and by its exit code how the server stands."""
    missing = here.run("status")
    assert (missing.returncode, "not made yet" in missing.stdout) == (3, True)
    here.ok("start")
    assert "it runs already" in here.run("start").stderr
    assert f"`{HOST}:{here.port}`" in here.ok("status")
    here.ok("stop")
    assert "it does not run" in here.run("stop").stderr
    stopped = here.run("status")
    assert (stopped.returncode, stopped.stdout) == (3, "not running\n")


def test_server_that_was_killed_starts_again(here: Here) -> None:
    """After SIGKILL, status says that it does not run, and start brings back what was there."""
    here.ok("init")
    pid = here.server.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    while here.server.pid is not None:
        pass
    assert here.run("status").returncode == 3
    here.ok("start")
    assert here.fetch("select name from ops.identity") == [("warehouse",)]


def test_taken_port(here: Here) -> None:
    """A port that was asked for and is taken is an error; the port of last time gives way to the next free one."""
    with socket.socket() as other:
        other.bind((HOST, here.port))
        other.listen()
        refused = here.run("start")
        assert refused.returncode == 2
        assert f"taken by another program: {here.port}" in refused.stderr
        assert "POSTGRES_PORT" in refused.stderr
        (here.server.folder / "port").write_text(f"{here.port}\n")
        moved = here.run("start", POSTGRES_PORT="")
        assert moved.returncode == 0
        assert "is taken by another program: using" in moved.stderr
        assert here.server.port != here.port


@pytest.mark.parametrize("port", ["many", "0", "70000"])
def test_wrong_port_is_the_users_mistake(here: Here, port: str) -> None:
    """What is no port is refused by its value."""
    done = here.run("start", POSTGRES_PORT=port)
    assert done.returncode == 2
    assert f"POSTGRES_PORT is no port: `{port}`" in done.stderr


def test_seed_fills_the_erp_and_keeps_it(with_shop: Here) -> None:
    """`seed` makes the ERP's tables from the real data; seeding again changes only rows that somebody else has."""
    here = with_shop
    assert here.ok("seed") == f"export ERP_URL=postgresql://{HOST}:{here.port}/erp\n"
    reader = {"user": "platform_erp_reader", "database": "erp"}
    before = here.fetch("select count(*), sum(unit_price), max(changed_at) from erp.article_prices", **reader)
    assert before[0][0] > 100
    assert "0 of them new or changed" in here.run("seed").stderr
    admin = here.server.admin("erp").connect("test")
    with admin.cursor() as cursor:
        cursor.execute(
            "update erp.articles set brand = 'Nobody' where article_id = (select min(article_id) from erp.articles)"
        )
    admin.close()
    assert "1 of them new or changed" in here.run("seed").stderr
    assert here.fetch("select count(*) from erp.articles where changed_at > now() - interval '1 hour'", **reader) == [
        (1,)
    ]
    assert here.fetch("select count(*), sum(unit_price), max(changed_at) from erp.article_prices", **reader) == before


def test_erp_can_be_read_and_nothing_else(with_shop: Here) -> None:
    """The login for the ERP reads its tables, writes none, and does not get into the warehouse."""
    here = with_shop
    here.ok("init")
    here.ok("seed")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        here.fetch("delete from erp.suppliers returning 1", user="platform_erp_reader", database="erp")
    with pytest.raises(Exception, match="may not connect"):
        here.fetch("select 1", user="platform_erp_reader")
    with pytest.raises(Exception, match="may not connect"):
        here.fetch("select 1", user="platform_ingress", database="erp")


def test_demo_finds_its_databases_and_leaves_a_running_server(with_shop: Here, tmp_path: Path) -> None:
    """`demo` runs the task `demo` on warehouse and ERP, ends with its exit code, and a server that ran still runs."""
    pixi = tmp_path / "pixi"
    pixi.write_text('#!/bin/sh\necho "$* on $WAREHOUSE_URL and $ERP_URL"\nexit 3\n')
    pixi.chmod(0o755)
    with_shop.ok("start")
    running = with_shop.server.pid
    done = with_shop.process("demo", PIXI_EXE=str(pixi))
    server = f"postgresql://{HOST}:{with_shop.port}"
    assert (done.returncode, done.stdout) == (3, f"run -e default demo on {server}/warehouse and {server}/erp\n")
    assert with_shop.server.pid == running


def test_seed_without_data_says_what_to_fetch(here: Here) -> None:
    """Without the demo data seeding is an error that names the task which fetches it."""
    done = here.run("seed")
    assert done.returncode == 2
    assert "demo-data" in done.stderr


def test_shell_is_psql_as_any_role(here: Here) -> None:
    """`shell` is psql on the warehouse, as the administrator or as a role, with what follows as psql's arguments."""
    here.ok("init")
    asked = here.process("shell", "--tuples-only", "-c", "select current_user")
    assert asked.stdout.strip() == "postgres", asked.stderr
    asked = here.process("shell", "--role", "egress", "-At", "-c", "select current_user")
    assert asked.stdout.strip() == "platform_egress", asked.stderr


def test_other_server_by_its_administrator(here: Here, tmp_path: Path) -> None:
    """`init` with POSTGRES_ADMIN_URL makes the warehouse there, and the passwords it makes belong to that server."""
    other = LocalServer(tmp_path / "elsewhere", configuration={"fsync": "off"}, sync=False)
    other.create()
    other.start()
    try:
        done = here.ok("init", POSTGRES_ADMIN_URL=other.admin().url())
        url = done.partition("\n")[0].removeprefix("export WAREHOUSE_URL=")
        assert url == f"postgresql://{HOST}:{other.port}/warehouse"
        target = PostgresTarget.from_url(url, user="platform_reader", passfile=here.server.passwords)
        target.connect("test").close()
        assert not here.server.exists
    finally:
        other.stop()


def test_unknown_argument_is_named(here: Here) -> None:
    """An argument that a command does not have is the user's mistake."""
    done = here.run("stop", "--now")
    assert done.returncode == 2
    assert "unknown argument: `--now`" in done.stderr

"""Fixtures for what runs on both engines: a real PostgreSQL server for the session, a new warehouse for each test.

Use them with `pytest_plugins = ["shared.testing.engines"]` in a conftest. What needs the server is marked `postgres`.
"""

from __future__ import annotations

import gc
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from psycopg2 import sql

from shared.config.roles import read_roles
from shared.postgres.server import LocalServer
from shared.postgres.target import PostgresTarget
from shared.testing.marks import uses
from shared.testing.servers import TEMPLATE, new_server, prepare
from shared.warehouse.provision import run_scripts

Engine = Literal["duckdb", "postgres"]
numbers = itertools.count(1)


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known, and let nobody be told of commands that fail on purpose."""
    config.addinivalue_line("markers", "postgres: needs a PostgreSQL server; `-m 'not postgres'` leaves it out")
    for name in [*os.environ]:
        if name.startswith("ALERT_"):
            del os.environ[name]


def pytest_collection_finish() -> None:
    """Leave what all tests share out of what each later collection of garbage goes through."""
    gc.freeze()


# Before pytest reads the marks.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that the session's server is started for."""
    for item in items:
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        if parameters.get("engine") == "postgres" or uses(item, {"postgres_server"}):
            item.add_marker("postgres")


@dataclass(frozen=True)
class PostgresDatabase:
    """A warehouse of its own on the session's server.

    Attributes:
        admin: The superuser's login, who may do what no project may.
        passfile: The passwords of the projects' roles.
    """

    admin: PostgresTarget
    passfile: Path

    @property
    def url(self) -> str:
        """The URL without a user: each project connects as its own role."""
        return self.admin.location

    @property
    def admin_url(self) -> str:
        """The URL with the superuser's login."""
        return self.admin.url()


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """Start a server with the projects' roles and a warehouse to clone; passwords are asked for as anywhere else."""
    # A short path, as a folder that nobody else writes to.
    server = new_server(tmp_path_factory.mktemp("postgres"))
    try:
        prepare(server)
        yield server
    finally:
        server.stop()


@pytest.fixture
def postgres_database(postgres_server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[PostgresDatabase]:
    """Clone the warehouse for one test, and let libpq find the roles' passwords."""
    database = new_database(postgres_server)
    monkeypatch.setenv("PGPASSFILE", str(postgres_server.passwords))
    yield database
    drop_database(postgres_server, database)


def new_database(server: LocalServer, template: str = TEMPLATE) -> PostgresDatabase:
    """Clone a database that nobody is connected to."""
    name = f"test_{next(numbers)}"
    run(server, "create database {} template {} strategy file_copy", name, template)
    admin = server.admin(name)
    connection = admin.connect("tests")
    with connection.cursor() as cursor:
        # State is filed under a database's identity, so a clone needs one of its own.
        cursor.execute("update ops.identity set id = gen_random_uuid()::text")
    # Privileges on a database itself are not cloned.
    run_scripts(connection, read_roles(), "privileges.sql")
    connection.close()
    return PostgresDatabase(admin, server.passwords)


def drop_database(server: LocalServer, database: PostgresDatabase) -> None:
    """Drop a database, whoever is still connected to it."""
    if server.pid is not None:
        run(server, "drop database if exists {} with (force)", database.admin.database)


def run(server: LocalServer, statement: str, *names: str) -> None:
    """Run a statement about databases as the superuser."""
    connection = server.admin().connect("tests")
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
    finally:
        connection.close()


@pytest.fixture(params=["duckdb", "postgres"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Run the test once for each engine."""
    engine: Engine = request.param
    return engine


@pytest.fixture
def warehouse_url(
    engine: Engine, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    """Point WAREHOUSE_URL at an empty warehouse on the engine, and return it."""
    if engine == "postgres":
        database: PostgresDatabase = request.getfixturevalue("postgres_database")
        url = database.url
    else:
        url = f"duckdb:///{tmp_path}/data/warehouse.duckdb"
    monkeypatch.setenv("WAREHOUSE_URL", url)
    return url

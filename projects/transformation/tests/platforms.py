"""Platforms in temporary folders, one kind for each engine, and the commands that work on them."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
from psycopg2 import sql
from typing_extensions import override

from shared.command_line import command
from shared.config import Settings
from shared.config.roles import login_of, read_roles
from shared.dbt.environment import dbt_environment, environment_set
from shared.dbt.run import dbt_command_line
from shared.postgres.server import LocalServer
from shared.postgres.target import PostgresTarget
from shared.warehouse import Role, Warehouse, open_warehouse
from transformation.cli import main
from transformation.compare import compare_warehouses
from transformation.comparison import Difference, columns_of, fingerprint
from transformation.layers import BUILT_LAYERS, PROJECT_DIR, ROLE

Rows = list[tuple[Any, ...]]
STATES = ("empty", "raw", "core", "complete")
TOLD = "told.txt"
# For where rows are compared: dbt's tests of them, most of a build's time, say nothing more.
NO_TESTS = ("--exclude", "resource_type:test")


@dataclass
class Finished:
    """How a command ended, and all that it told the person who ran it."""

    code: int
    err: str


class Platform(ABC):
    """A warehouse, and the commands that work on it.

    It is always the same file or database: dbt parses the whole project again when a variable of its profile changes.
    A state of it can be kept under a name and taken up again. Each worker of a test run has a platform of its own; the
    first one gives the states that it has made to the others.

    Attributes:
        told: What the build that had no master layer told.
    """

    engine: str
    told = ""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.environment = {
            "PIXI_PROJECT_ROOT": str(PROJECT_DIR.parents[1]),
            "DATA_DIR": str(folder),
            "WAREHOUSE_URL": url,
            "WAREHOUSE_LOCK_TIMEOUT": "20",
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
        }

    @property
    def settings(self) -> Settings:
        """The settings that the commands work with."""
        return Settings(data_dir=self.folder, warehouse_url=self.environment["WAREHOUSE_URL"])

    def open(self, role: Role = "transformation", *, write: bool = False) -> Warehouse:
        """Open the warehouse as a project does."""
        with environment_set(self.environment):
            return open_warehouse(self.settings, holder="tests", role=role, mode="write" if write else "read")

    @abstractmethod
    def start_from(self, state: str) -> None:
        """Make the warehouse a copy of a state that was kept, or of `new`: one that holds nothing yet."""

    @abstractmethod
    def keep(self, state: str) -> None:
        """Keep the warehouse as it is under a name."""

    @abstractmethod
    def give(self, folder: Path) -> None:
        """Put what was kept, and what was told, into a new folder."""

    @abstractmethod
    def take(self, folder: Path) -> None:
        """Keep what another worker has given there."""

    @abstractmethod
    def sql(self, *statements: str, role: Role | None = None) -> Rows:
        """Run statements and return the rows of the last one: as a project, or as one who may do everything."""

    def insert_copies(self, table: str, rows: str, **changes: str) -> None:
        """Insert copies of the rows of a raw table that the SQL `rows` picks (`where …`), some columns changed."""
        columns = self.sql(
            "select column_name from information_schema.columns where table_schema || '.' || table_name = "
            f"'{table}' order by ordinal_position"
        )
        values = ", ".join(changes.get(name, str(name)) for (name,) in columns)
        self.sql(f"insert into {table} select {values} from {table} {rows}", role="ingress")

    def transform(self, *arguments: str) -> Finished:
        """Run `python -m transformation` in this process."""
        messages = io.StringIO()
        with environment_set(self.environment), redirect_stderr(messages), redirect_stdout(messages):
            code = command(main, arguments)
        return Finished(code, messages.getvalue())

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `python -m transformation` in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "transformation", *arguments],
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def dbt(self, *arguments: str) -> Finished:
        """Run dbt by hand as the README tells."""
        return self.transform("dbt", *arguments)

    def bare_dbt(self, *arguments: str, project: Path = PROJECT_DIR) -> Finished:
        """Run dbt itself, without this project's command around it."""
        messages = io.StringIO()
        with environment_set(self.environment):
            environment = {**dbt_environment(self.settings, PROJECT_DIR, ROLE), "DBT_PROJECT_DIR": str(project)}
        with environment_set(self.environment | environment), redirect_stderr(messages), redirect_stdout(messages):
            code = dbt_command_line(["--no-use-colors", *arguments])
        return Finished(code, messages.getvalue())

    def hashes(self, *relations: str) -> dict[str, tuple[int, int]]:
        """Return number and hash of the rows of relations, of all that dbt builds by default, whatever their order."""
        with self.open() as warehouse, duckdb.connect() as calculator:
            built = (f"{layer}.{name}" for layer in BUILT_LAYERS for name in warehouse.tables(layer))
            return {
                relation: fingerprint(calculator, warehouse, relation, columns_of(warehouse, relation) or {})
                for relation in relations or built
            }

    def differences(self, other: Platform) -> list[Difference]:
        """Return in what the two platforms' models differ."""
        with self.open() as ours, other.open() as theirs:
            return [found for outcome in compare_warehouses(ours, theirs) for found in outcome.differences]


class DuckDBPlatform(Platform):
    """A file; a state is a copy of it."""

    engine = "duckdb"

    def __init__(self, folder: Path) -> None:
        self.path = folder / "warehouse.duckdb"
        super().__init__(folder, f"duckdb:///{self.path}")

    @override
    def start_from(self, state: str) -> None:
        for leftover in (self.path, self.path.with_name(self.path.name + ".wal")):
            leftover.unlink(missing_ok=True)
        if state != "new":
            shutil.copyfile(self.folder / f"{state}.duckdb", self.path)

    @override
    def keep(self, state: str) -> None:
        shutil.copyfile(self.path, self.folder / f"{state}.duckdb")

    @override
    def give(self, folder: Path) -> None:
        folder.mkdir()
        for state in STATES:
            shutil.copy(self.folder / f"{state}.duckdb", folder)
        (folder / TOLD).write_text(self.told)

    @override
    def take(self, folder: Path) -> None:
        for state in STATES:
            shutil.copy(folder / f"{state}.duckdb", self.folder)
        self.told = (folder / TOLD).read_text()

    @override
    def sql(self, *statements: str, role: Role | None = None) -> Rows:
        with duckdb.connect(self.path) as connection:
            for statement in statements:
                connection.execute(statement)
            return connection.fetchall()


class PostgresPlatform(Platform):
    """A database on the session's server; a state is another one that it is cloned from."""

    engine = "postgres"

    def __init__(self, folder: Path, server: LocalServer, database: str = "platform") -> None:
        self.server = server
        self.admin = server.admin(database)
        super().__init__(folder, self.admin.location)
        self.environment["PGPASSFILE"] = str(server.passwords)

    @override
    def start_from(self, state: str) -> None:
        self._clone("template_warehouse" if state == "new" else f"state_{state}", self.admin.database)

    @override
    def keep(self, state: str) -> None:
        self._clone(self.admin.database, f"state_{state}")

    @override
    def give(self, folder: Path) -> None:
        port = self.server.port
        self.server.stop()
        folder.mkdir()
        copy_owned(self.server.folder, folder / "server")
        (folder / TOLD).write_text(self.told)
        self.server.start(port)

    @override
    def take(self, folder: Path) -> None:
        self.told = (folder / TOLD).read_text()

    def _clone(self, source: str, name: str) -> None:
        names = {"name": sql.Identifier(name), "source": sql.Identifier(source)}
        logins = sql.SQL(", ").join(sql.Identifier(role.login) for role in read_roles())
        connection = replace(self.admin, database="postgres").connect("tests")
        with connection.cursor() as cursor:
            for statement in (
                "drop database if exists {name} with (force)",
                "create database {name} template {source} strategy file_copy",
                # Privileges on a database itself are not cloned.
                "revoke all on database {name} from public",
                "grant connect, temporary on database {name} to {logins}",
            ):
                cursor.execute(sql.SQL(statement).format(logins=logins, **names))
        connection.close()

    @override
    def sql(self, *statements: str, role: Role | None = None) -> Rows:
        return run_as(self.admin, statements, role)


def copy_owned(folder: Path, copy: Path) -> None:
    """Copy the folder of a stopped server, its owner too: where tests run as root the server has another one."""
    subprocess.run(["cp", "-a", folder, copy], check=True)


def run_as(login: PostgresTarget, statements: Sequence[str], role: Role | None) -> Rows:
    """Run statements on PostgreSQL with a project's rights, or with all."""
    connection = login.connect("tests")
    try:
        with connection.cursor() as cursor:
            if role is not None:
                cursor.execute(f"set role {login_of(role)}")
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def copy_tables(source: Platform, target: Platform, schema: str, role: Role) -> None:
    """Give one platform the very rows that another one has in the tables of a schema."""
    with source.open() as ours, target.open(role, write=True) as theirs:
        for table in (f"{schema}.{name}" for name in ours.tables(schema)):
            rows = ours.stream_arrow(f"select * from {table}")
            if theirs.table_exists(table):
                # Views are made of it, so it must stay.
                theirs.execute(f"delete from {table}")
                theirs.append_arrow(table, rows)
            else:
                theirs.replace_arrow(table, rows)

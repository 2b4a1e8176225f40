"""Databases as places that rows are put at: a table of each kind of server."""

from __future__ import annotations

import atexit
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from typing_extensions import override

from ingress.readers.sql.reader import Sql
from kinds import Kind
from shared.postgres.server import LocalServer
from shared.testing.engines import numbers
from shared.testing.mariadb import mariadb
from shared.testing.servers import new_server
from shared.warehouse.provision import create_database

SETTING = "SQL_PLACE_URL"
Execute = Callable[..., Any]


class Table(Kind):
    """A table `place`, made anew for each set of rows.

    Attributes:
        types: What the columns of `kinds.Row` are there.
        mark: Where a statement has a value.
    """

    types: Sequence[str]
    mark: str
    zone: str | None = None
    asks_since = True

    def __init__(self, execute: Execute) -> None:
        self.execute = execute

    @override
    def put(self, rows: Sequence[dict[str, Any]], **more: Any) -> None:
        names = [*("id", "name", "amount", "changed_at", "gone"), *more]
        types = [*self.types, *("varchar(100)" for _ in more)]
        self.execute("drop table if exists place")
        columns = ", ".join(f"{name} {kind}" for name, kind in zip(names, types, strict=True))
        self.execute(f"create table place ({columns})")
        marks = ", ".join([self.mark] * len(names))
        for row in rows:
            self.execute(f"insert into place values ({marks})", [self.stored({**row, **more}[name]) for name in names])

    def stored(self, value: Any) -> Any:
        """Return a value as the driver takes it."""
        return value

    @override
    def reader(self, *, cursor: bool = False) -> Sql:
        return Sql(SETTING, "place", cursor="changed_at" if cursor else None, zone=self.zone)


class SQLite(Table):
    """A table without a key, whose times are text and whose truth values are numbers."""

    name = "sqlite"
    types = ("integer", "text", "numeric", "text", "boolean")
    mark = "?"

    @override
    def stored(self, value: Any) -> Any:
        return value if value is None or isinstance(value, (int, str)) else str(value)

    @classmethod
    @contextmanager
    @override
    def opened(cls, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Kind]:
        file = folder / "place.sqlite"
        patch.setenv(SETTING, f"sqlite:///{file}")
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            yield cls(connection.execute)


class MariaDB(Table):
    """A table without a key, whose times are of UTC."""

    name = "mariadb"
    types = ("bigint", "varchar(100)", "decimal(12, 2)", "datetime(6)", "boolean")
    mark = "%s"
    zone = "UTC"

    @classmethod
    @contextmanager
    @override
    def opened(cls, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Kind]:
        with mariadb() as (cursor, url):
            patch.setenv(SETTING, url)
            yield cls(cursor.execute)


class Postgres(Table):
    """A table whose key the database keeps unique."""

    name = "postgres"
    repeats = False
    types = ("bigint primary key", "text", "numeric(12, 2)", "timestamptz", "boolean")
    mark = "%s"

    @classmethod
    @contextmanager
    @override
    def opened(cls, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Kind]:
        admin = postgres().admin(f"place_{next(numbers)}")
        create_database(admin)
        patch.setenv(SETTING, admin.url())
        with closing(admin.connect("tests")) as connection, connection.cursor() as cursor:
            yield cls(cursor.execute)


@cache
def postgres() -> LocalServer:
    """Start a server, which ends with the tests."""
    folder = Path(mkdtemp(prefix="postgres-"))
    server = new_server(folder)
    server.create()
    server.start()
    atexit.register(shutil.rmtree, folder)
    # The last that is registered comes first.
    atexit.register(server.stop)
    return server


KINDS: tuple[type[Kind], ...] = (Postgres, SQLite, MariaDB)

"""Databases of somebody else's that are not PostgreSQL: where the target `table` writes to by SQLAlchemy."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.testing.mariadb import mariadb

TABLE = "customer_360"


@dataclass(frozen=True)
class Shop:
    """A database.

    Attributes:
        url: That of a login which may write to it.
        execute: Runs a statement, committed at once, and returns its rows; `?` is a value.
        text: The type of a column whose texts are told apart as little as its makers usually let it.
    """

    url: str
    execute: Callable[..., list[tuple[Any, ...]]]
    text: str

    def rows(self) -> list[tuple[Any, ...]]:
        """Return all rows of the table, in order of their keys."""
        return sorted(self.execute(f"select * from {TABLE}"))


@contextmanager
def sqlite_shop(folder: Path) -> Iterator[Shop]:
    """Make a file of SQLite's."""
    path = folder / "shop.sqlite"
    path.touch()

    def execute(statement: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            return connection.execute(statement, values).fetchall()

    yield Shop(f"sqlite:///{path}", execute, "varchar(50) collate nocase")


@contextmanager
def mariadb_shop(folder: Path) -> Iterator[Shop]:
    """Make a database on the tests' server of MariaDB's."""
    with mariadb("select, insert, update, delete, create") as (cursor, url):

        def execute(statement: str, *values: object) -> list[tuple[Any, ...]]:
            cursor.execute(statement.replace("?", "%s"), values or None)
            return list(cursor.fetchall())

        yield Shop(url, execute, "varchar(50) collate utf8mb4_general_ci")


SHOPS = {"sqlite": sqlite_shop, "mariadb": mariadb_shop}

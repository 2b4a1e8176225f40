"""A database of somebody else's on the tests' server, with a login of its own: where the target `table` writes to."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from psycopg2 import sql

from shared.postgres.server import LocalServer
from shared.postgres.target import PostgresTarget
from shared.testing.engines import run

CUSTOMER, PASSWORD = "customer", 'p@ss:w/ö rd%"'
numbers = itertools.count(1)


@dataclass(frozen=True)
class Customer:
    """A customer's database.

    Attributes:
        login: Who the delivery connects as; the owner of the database.
        admin: The superuser's login.
    """

    login: PostgresTarget
    admin: PostgresTarget

    def sql(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Run a statement as the superuser and return its rows."""
        connection = self.admin.connect("test")
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, parameters or None)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def rows(self, table: str = "public.customer_360") -> list[tuple[Any, ...]]:
        """Return all rows of the table in order."""
        return self.sql(f"select * from {table} order by 1")


@contextmanager
def customer_database(server: LocalServer) -> Iterator[Customer]:
    """Make a database that belongs to the role `customer`, and drop it afterwards."""
    name = f"customer_{next(numbers)}"
    admin = server.admin(name)
    connection = replace(admin, database="postgres").connect("test")
    with connection.cursor() as cursor:
        cursor.execute("select 1 from pg_roles where rolname = %s", [CUSTOMER])
        if not cursor.fetchone():
            cursor.execute(sql.SQL("create role {} login password %s").format(sql.Identifier(CUSTOMER)), [PASSWORD])
    connection.close()
    run(server, "create database {} owner {} strategy file_copy", name, CUSTOMER)
    yield Customer(replace(admin, user=CUSTOMER, password=PASSWORD), admin)
    if server.pid is not None:
        run(server, "drop database {} with (force)", name)

"""A database of somebody else's on the tests' server, with a login of its own: where the target `table` writes to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from psycopg2 import sql

from shared.postgres.server import LocalServer
from shared.postgres.target import PostgresTarget
from shared.testing.engines import run

CUSTOMER, PASSWORD = "customer", 'p@ss:w/ö rd%"'
DATABASE = "customer_1"
# As a new database has it, which takes twenty times as long to make.
EMPTY = """
select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid();
do $$ declare found text; begin
    for found in select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' loop
        execute format('drop schema %I cascade', found);
    end loop;
end $$;
create schema public authorization pg_database_owner;
grant usage on schema public to public
"""


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
    """Give the server's database that belongs to the role `customer`, emptied of what a test before has left there."""
    admin = server.admin(DATABASE)
    connection = replace(admin, database="postgres").connect("test")
    with connection.cursor() as cursor:
        cursor.execute("select 1 from pg_roles where rolname = %s", [CUSTOMER])
        is_new = not cursor.fetchone()
        if is_new:
            cursor.execute(sql.SQL("create role {} login password %s").format(sql.Identifier(CUSTOMER)), [PASSWORD])
    connection.close()
    customer = Customer(replace(admin, user=CUSTOMER, password=PASSWORD), admin)
    if is_new:
        run(server, "create database {} owner {} strategy file_copy", DATABASE, CUSTOMER)
    else:
        customer.sql(EMPTY)
    yield customer

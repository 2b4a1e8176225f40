"""Make a warehouse on a PostgreSQL server: the database, the projects' roles, the layers, and who may do what.

The SQL is in `infra/postgres`; all of it can be run again at any time.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from psycopg2 import extensions, sql

from shared.config import Settings
from shared.postgres.errors import explained
from shared.postgres.passfile import Entry
from shared.postgres.target import PostgresTarget
from shared.warehouse.base import ROLES
from shared.warehouse.opening import open_warehouse
from shared.warehouse.postgres_engine import login_of

SCRIPTS = Path(__file__).resolve().parents[4] / "infra" / "postgres"
LOGINS = tuple(login_of(role) for role in ROLES)
# Beside the warehouse: what Dagster keeps is no part of it, and no project but orchestration gets to it.
DAGSTER, DAGSTER_LOGIN = "dagster", "platform_orchestration"


def provision(admin: PostgresTarget, *, name: str = "warehouse") -> None:
    """Make a database a warehouse with the projects' roles, or bring one up to date.

    Args:
        admin: The database, which may not be there yet, and a login that may create databases and roles.
        name: The identity that the database gets.

    Raises:
        NotAWarehouse: The database holds something else.
        NotPermitted: The login may not do it.
    """
    create_database(admin)
    with explained(), closing(admin.connect("postgres-init")) as connection:
        run_script(connection, "roles.sql")
        # An empty database gets its layers with their owners before anything else is in it.
        open_warehouse(Settings(warehouse_url=admin.url()), holder="postgres-init", mode="write", name=name).close()
        run_script(connection, "schemas.sql")
        run_script(connection, "privileges.sql")


def provision_dagster(admin: PostgresTarget) -> None:
    """Make the database that Dagster keeps its runs in, and its login, or bring them up to date.

    Raises:
        NotPermitted: The login may not do it.
    """
    create_database(admin)
    with explained(), closing(admin.connect("postgres-init")) as connection:
        run_script(connection, "dagster.sql")


def create_database(admin: PostgresTarget) -> None:
    """Create the database where it is not there, such that text sorts by code point, as it does in DuckDB."""
    connection = replace(admin, database="postgres").connect("postgres-init")
    try:
        with explained(), connection.cursor() as cursor:
            cursor.execute("select 1 from pg_database where datname = %s", [admin.database])
            if not cursor.fetchone():
                cursor.execute(
                    sql.SQL(
                        "create database {} template template0 encoding 'UTF8' "
                        "locale_provider builtin builtin_locale 'C.UTF-8' locale 'C'"
                    ).format(sql.Identifier(admin.database))
                )
    finally:
        connection.close()


def run_script(connection: extensions.connection, name: str) -> None:
    """Run a file of `infra/postgres` in one transaction."""
    with connection.cursor() as cursor:
        cursor.execute((SCRIPTS / name).read_text(encoding="utf-8"))


def set_password(connection: extensions.connection, login: str, password: str) -> None:
    """Set a login's password; what crosses the wire and may be logged is only its scram verifier."""
    verifier = extensions.encrypt_password(password, login, connection, "scram-sha-256")
    with explained(), connection.cursor() as cursor:
        cursor.execute(sql.SQL("alter role {} password {}").format(sql.Identifier(login), sql.Literal(verifier)))


def new_passwords(admin: PostgresTarget, logins: Sequence[str], *, hosts: Sequence[str], port: str) -> list[Entry]:
    """Give logins new passwords, and return them as lines of a passfile for these hosts and this port (or `*`)."""
    connection = admin.connect("postgres-init")
    try:
        entries = []
        for login in logins:
            password = secrets.token_urlsafe(24)
            set_password(connection, login, password)
            entries += [Entry(host, port, "*", login, password) for host in hosts]
        return entries
    finally:
        connection.close()

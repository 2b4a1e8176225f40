"""Make a warehouse on a PostgreSQL server: the database, the projects' roles, the layers, and who may do what.

The SQL is in `infra/postgres`, and who may do what in `[tool.platform]` of each project's pyproject.toml
(`shared.config.roles`); all of it can be run again at any time.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from psycopg2 import extensions, sql

from shared.config import Settings
from shared.config.roles import RoleDeclaration, read_roles
from shared.errors import ConfigurationError
from shared.postgres.errors import explained
from shared.postgres.passfile import Entry
from shared.postgres.target import PostgresTarget
from shared.utils.console import say
from shared.utils.names import suggestion
from shared.warehouse.opening import open_warehouse
from shared.workspace.projects import WORKSPACE

SCRIPTS = WORKSPACE / "infra" / "postgres"


def provision(admin: PostgresTarget, *, name: str = "warehouse", root: Path = WORKSPACE) -> None:
    """Make a database a warehouse with the projects' roles, or bring one up to date.

    Args:
        admin: The database, which may not be there yet, and a login that may create databases and roles.
        name: The identity that the database gets.
        root: The workspace whose projects declare what their roles may do.

    Raises:
        ConfigurationError: A project declares what there is not.
        NotAWarehouse: The database holds something else.
        NotPermitted: The login may not do it.
    """
    roles = read_roles(root)
    create_database(admin)
    with explained(), closing(admin.connect("postgres-init")) as connection:
        run_scripts(connection, roles, "roles.sql")
        # An empty database gets its layers with their owners before anything else is in it.
        settings = Settings(warehouse_url=admin.url())
        with open_warehouse(settings, holder="postgres-init", mode="write", name=name) as warehouse:
            require_tables(roles, warehouse.tables("ops"))
        run_scripts(connection, roles, "schemas.sql", "rows.sql", "privileges.sql")
        if is_superuser(connection):
            run_scripts(connection, roles, "functions.sql", "guard.sql")
        else:
            say(f"`{admin.user}` is no superuser, so projects are not kept from making functions that others run")


def is_superuser(connection: extensions.connection) -> bool:
    """Tell whether a session may do everything."""
    return bool(connection.info.parameter_status("is_superuser") == "on")


def require_tables(roles: Sequence[RoleDeclaration], tables: Sequence[str]) -> None:
    """Raise ConfigurationError where a role is to do something with a table of `ops` that is none of these."""
    for role in roles:
        if unknown := sorted({grant.table for grant in role.grants}.difference(tables)):
            raise ConfigurationError(
                f"`{role.name}` is to have what there is not: `ops.{unknown[0]}`",
                hint=f"correct [tool.platform.ops] of its pyproject.toml; {suggestion(unknown[0], tables)}",
            )


def provision_own(admin: PostgresTarget, login: str) -> None:
    """Make a database that one project has beside the warehouse, and its login, or bring them up to date.

    Raises:
        NotPermitted: The administrator's login may not do it.
    """
    create_database(admin)
    with explained(), closing(admin.connect("postgres-init")) as connection, connection.cursor() as cursor:
        cursor.execute("set platform.login to %s", [login])
        for name in ("database.sql", *(["functions.sql"] if is_superuser(connection) else [])):
            cursor.execute((SCRIPTS / name).read_text(encoding="utf-8"))


def close_to_public(admin: PostgresTarget) -> None:
    """Keep everybody but superusers out of the databases that a server comes with, whose sessions could hold it up."""
    with explained(), closing(admin.connect("postgres-init")) as connection, connection.cursor() as cursor:
        cursor.execute("revoke all on database postgres, template1 from public")


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


def run_scripts(connection: extensions.connection, roles: Sequence[RoleDeclaration], *names: str) -> None:
    """Run files of `infra/postgres` on what roles may do, each in one transaction."""
    with connection.cursor() as cursor:
        # An administrator finds no names that others can make.
        cursor.execute("set search_path to pg_catalog, pg_temp")
        # As a value, which the files quote: names in it are names, whatever they hold.
        declared = json.dumps([role.as_record() for role in roles])
        cursor.execute("set platform.roles to %s", [declared])
        for name in ("declared.sql", *names):
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

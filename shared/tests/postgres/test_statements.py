"""Each role's attempts at what is its work and what is not, held against the table in `statements.toml`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from layers import OWNERS
from psycopg2 import extensions

from shared.config.roles import login_of, read_databases, read_roles
from shared.errors import PlatformError
from shared.postgres.server import LocalServer
from shared.postgres.target import PostgresTarget
from shared.testing.engines import drop_database, new_database
from shared.warehouse import Role
from shared.warehouse.provision import provision
from shared.workspace.manifest import parse_toml

TABLE: dict[str, dict[str, dict[str, Any]]] = parse_toml(
    Path(__file__).with_name("statements.toml").read_text(encoding="utf-8")
)
WRITERS = [role.name for role in read_roles() if role.role]
ROLES = [*(role.name for role in read_roles()), *(login.removeprefix("platform_") for _, login in read_databases())]
REFUSED, NOTHING, MAY = "refused", "nothing", "may"
# What roles have in the warehouse, and what they made in it before there was anything against it.
CONTENT = "".join(
    f"set session authorization {login_of(owner)};create table {layer}.t as select 1 as n;"
    for layer, owner in OWNERS.items()
) + (
    "reset session authorization;"
    "create function core.as_reader() returns text language sql volatile as 'select current_user::text';"
    "alter function core.as_reader() owner to platform_transformation;"
    "create view core.calls_a_function as select core.as_reader() as name;"
    "create view core.with_readers_rights with (security_invoker) as select payload from ops.quarantine;"
    "create view raw.held_back as select * from ops.quarantine;"
    "alter view raw.held_back owner to platform_ingress;"
    "alter view core.calls_a_function owner to platform_transformation;"
    "alter view core.with_readers_rights owner to platform_transformation;"
    "insert into ops.run (run_id, sequence, step, command, status, python_version, host, pid, started_at, role) "
    "select role, 1, 's', 'c', 'running', '3', 'h', 1, now(), role from unnest(%(writers)s) as role;"
    "insert into ops.run_output select role, 'r', 1, '{{}}' from unnest(%(writers)s) as role;"
    "insert into ops.run_metric select role, 'seconds', 1 from unnest(%(writers)s) as role;"
    "insert into ops.run_version select role, 's', 'p', 'n', 'v' from unnest(%(writers)s) as role;"
    "insert into ops.quarantine select role, role, 's', 'r', 'o', 1, 'reason', 'payload', now(), now(), null "
    "from unnest(array['ingress', 'egress']) as role"
)


@pytest.fixture(scope="module")
def filled(postgres_server: LocalServer) -> Iterator[PostgresTarget]:
    """Return the administrator's login of a warehouse with rows of each role's, brought up to date after those."""
    database = new_database(postgres_server)
    with closing(database.admin.connect("test")) as session, session.cursor() as cursor:
        cursor.execute(CONTENT, {"writers": WRITERS})
    provision(database.admin)
    yield database.admin
    drop_database(postgres_server, database)


@contextmanager
def session_of(role: Role, warehouse: PostgresTarget, passfile: Path) -> Iterator[extensions.connection]:
    """Log a role in."""
    target = PostgresTarget.from_url(warehouse.location, user=login_of(role), passfile=passfile)
    with closing(target.connect("test")) as session:
        yield session


def outcome(session: extensions.connection, statement: str) -> str:
    """Run a statement and undo it; return what became of it, as an unexpected error's code and text."""
    with session.cursor() as cursor:
        cursor.execute("begin")
        try:
            if statement.startswith("copy") and "stdout" in statement:
                copied = StringIO()
                cursor.copy_expert(statement, copied)
                return MAY if copied.getvalue() else NOTHING
            cursor.execute(statement)
            return NOTHING if cursor.rowcount == 0 else MAY
        except psycopg2.errors.InsufficientPrivilege:
            return REFUSED
        except psycopg2.Error as error:
            return f"{error.pgcode} {error}"
        finally:
            cursor.execute("rollback")


def expected(role: Role, entry: Any) -> str:
    """Return what the table says of a role."""
    outcomes = entry if isinstance(entry, dict) else {MAY: entry}
    return next((name for name, roles in outcomes.items() if role in roles), REFUSED)


@pytest.mark.parametrize("role", ROLES)
def test_role_may_do_what_the_table_says(filled: PostgresTarget, postgres_server: LocalServer, role: Role) -> None:
    """Each statement of the table does for a role what the table says: something, nothing, or it is refused."""
    other = "egress" if role == "ingress" else "ingress"
    wrong: dict[str, str] = {}
    for name, groups in TABLE.items():
        database = filled if name == "warehouse" else replace(filled, database=name)
        entries = {statement: entry for group in groups.values() for statement, entry in group.items()}
        try:
            with session_of(role, database, postgres_server.passwords) as session:
                found = {
                    each: outcome(session, each.replace("<own>", role).replace("<other>", other)) for each in entries
                }
        except PlatformError as error:
            assert "may not connect" in str(error)
            found = dict.fromkeys(entries, REFUSED)
        wrong |= {each: found[each] for each, entry in entries.items() if found[each] != expected(role, entry)}
    assert wrong == {}


def test_nobody_calls_what_another_role_has_made(filled: PostgresTarget, postgres_server: LocalServer) -> None:
    """A view that calls a function of its maker's shows something to its maker, and refuses everybody else."""
    query = "select * from master.calls_a_function"
    with session_of("entity_resolution", filled, postgres_server.passwords) as maker:
        with maker.cursor() as cursor:
            cursor.execute(
                "create function splink.who() returns text language sql volatile as 'select current_user::text'"
            )
            cursor.execute("create view master.calls_a_function as select splink.who() as name")
        assert outcome(maker, query) == MAY
    for role in ("transformation", "reporting", "reader"):
        with session_of(role, filled, postgres_server.passwords) as session:
            assert outcome(session, query) == REFUSED


def test_table_names_the_roles_that_there_are() -> None:
    """The table has at least 75 statements, and whoever it names is a role."""
    entries = [entry for groups in TABLE.values() for group in groups.values() for entry in group.values()]
    assert len(entries) >= 75
    lists = [roles for entry in entries for roles in (entry.values() if isinstance(entry, dict) else [entry])]
    assert {role for roles in lists for role in roles} <= set(ROLES)

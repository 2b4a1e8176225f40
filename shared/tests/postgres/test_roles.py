"""What each project's role may do, and that it is refused everything else, by trying."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg2
import pytest
from layers import OWNERS
from psycopg2 import extensions

from shared.config.roles import login_of, read_databases, read_roles
from shared.postgres.server import LocalServer
from shared.postgres.target import PostgresTarget
from shared.testing.engines import PostgresDatabase
from shared.warehouse import Role
from shared.warehouse.provision import provision

ROLES = [role.name for role in read_roles()]
# Who reads a layer.
READERS: dict[str, set[Role]] = {
    "raw": {"transformation", "reader"},
    "raw_staging": set(),
    "staging": {"reader"},
    "core": {"entity_resolution", "reporting", "reader"},
    "egress": {"egress", "reporting", "reader"},
    "master": {"transformation", "reporting", "reader"},
    "splink": set(),
    "reporting": {"reader"},
}
LEDGER = ("run", "run_output", "run_metric", "run_version")
EXPECTATIONS = ("expectation", "expectation_row")
WRITERS_OF_OPS: dict[str, set[Role]] = {
    **{table: set(ROLES) - {"reader"} for table in LEDGER},
    "quarantine": {"ingress", "egress"},
    "source_file": {"ingress"},
    "delivery": {"egress"},
    "delivery_job": {"egress"},
    "delivery_transaction": {"egress"},
    **{table: {"transformation"} for table in EXPECTATIONS},
    "layout": {"entity_resolution"},
    "identity": set(),
}
READERS_OF_OPS: dict[str, set[Role]] = {
    **{table: set(ROLES) for table in (*LEDGER, "identity", "layout")},
    **{table: {"transformation", "reporting", "reader"} for table in EXPECTATIONS},
    "quarantine": {"ingress", "egress", "reader"},
    "source_file": {"ingress", "reporting", "reader"},
    "delivery": {"egress", "reporting", "reader"},
    "delivery_job": {"egress", "reader"},
    "delivery_transaction": {"egress", "reader"},
}
# Who takes rows out again, which nothing else loses.
DROPPERS_OF_OPS: dict[str, set[Role]] = {"expectation_row": {"transformation"}, "delivery_job": {"egress"}}
Try = Callable[..., bool]


@pytest.fixture
def may(postgres_database: PostgresDatabase, postgres_server: LocalServer) -> Iterator[Try]:
    """Return a function that runs a statement as a role, undoes it, and tells whether it was permitted."""
    sessions: dict[Role, extensions.connection] = {}

    def attempt(role: Role, statement: str, end: str = "rollback") -> bool:
        if role not in sessions:
            url, passwords = postgres_database.url, postgres_server.passwords
            target = PostgresTarget.from_url(url, user=login_of(role), passfile=passwords)
            sessions[role] = target.connect(f"test {role}")
        with sessions[role].cursor() as cursor:
            cursor.execute("begin")
            try:
                cursor.execute(statement)
            except psycopg2.errors.InsufficientPrivilege:
                cursor.execute("rollback")
                return False
            cursor.execute(end)
        return True

    yield attempt
    for session in sessions.values():
        session.close()


@pytest.fixture
def tables(may: Try) -> None:
    """Let each owner make a table in its layers, after the privileges were given."""
    for layer, owner in OWNERS.items():
        assert may(owner, f"create table {layer}.t as select 1 as n", "commit")


def refused_everywhere(may: Try, allowed: set[Role], statement: str) -> list[Role]:
    """Return the roles for which a statement went otherwise than it should."""
    return [role for role in ROLES if may(role, statement) != (role in allowed)]


@pytest.mark.parametrize("layer", OWNERS)
def test_only_the_owner_writes_a_layer(may: Try, tables: None, layer: str) -> None:
    """A layer is written, changed and extended by its project and by nobody else."""
    owner = {OWNERS[layer]}
    assert refused_everywhere(may, owner, f"insert into {layer}.t values (2)") == []
    assert refused_everywhere(may, owner, f"update {layer}.t set n = 3") == []
    assert refused_everywhere(may, owner, f"delete from {layer}.t") == []
    assert refused_everywhere(may, owner, f"truncate {layer}.t") == []
    assert refused_everywhere(may, owner, f"create table if not exists {layer}.u (n int)") == []
    assert refused_everywhere(may, owner, f"alter table {layer}.t add column if not exists m int") == []
    assert refused_everywhere(may, owner, f"drop table if exists {layer}.t") == []


@pytest.mark.parametrize("layer", OWNERS)
def test_only_its_readers_read_a_layer(may: Try, tables: None, layer: str) -> None:
    """A layer, with tables that were made after the privileges were given, is read by whom the design names."""
    assert refused_everywhere(may, {OWNERS[layer], *READERS[layer]}, f"select * from {layer}.t") == []


@pytest.mark.parametrize("table", WRITERS_OF_OPS)
def test_ops_is_written_by_those_who_fill_it(may: Try, table: str) -> None:
    """Each table of ops takes rows from those who fill it, is read by whom it concerns, and loses samples alone."""
    column = {"run": "run_id", "identity": "id", "delivery": "target", "layout": "owner"}.get(table, "run_id")
    assert refused_everywhere(may, WRITERS_OF_OPS[table], f"update ops.{table} set {column} = {column}") == []
    insert = f"insert into ops.{table} select * from ops.{table} where false"
    assert refused_everywhere(may, WRITERS_OF_OPS[table], insert) == []
    assert refused_everywhere(may, READERS_OF_OPS[table], f"select * from ops.{table}") == []
    assert refused_everywhere(may, DROPPERS_OF_OPS.get(table, set()), f"delete from ops.{table}") == []
    assert refused_everywhere(may, set(), f"alter table ops.{table} add column more int") == []
    assert refused_everywhere(may, set(), f"drop table ops.{table}") == []


def test_only_who_enters_runs_takes_numbers_for_them(may: Try) -> None:
    """The next number of a run is taken by those who write the ledger, and set by nobody."""
    assert refused_everywhere(may, WRITERS_OF_OPS["run"], "select nextval('ops.run_sequence')") == []
    assert refused_everywhere(may, set(), "select setval('ops.run_sequence', 1)") == []


def test_reporting_counts_bad_rows_and_does_not_see_them(may: Try) -> None:
    """Reporting reads where bad rows are from and what is wrong with them, but neither the rows nor their origin."""
    columns = "source, resource, reason, first_seen_at, resolved_at"
    assert may("reporting", f"select {columns}, count(*) from ops.quarantine group by {columns}")
    for column in ("payload", "origin", '"position"', "*"):
        assert not may("reporting", f"select {column} from ops.quarantine")


@pytest.mark.parametrize(
    "statement",
    [
        "create schema mine",
        "drop schema raw cascade",
        "create table public.t (n int)",
        "create table ops.t (n int)",
        "create role other",
        "alter role platform_reader superuser",
        "set role postgres",
        "select pg_read_file('/etc/hostname')",
        "copy (select 1) to '/tmp/leak'",
        "copy (select 1) to program 'true'",
        "select rolpassword from pg_authid",
    ],
)
def test_nobody_does_what_is_no_part_of_their_work(may: Try, statement: str) -> None:
    """No project makes schemas, roles or databases, becomes another one, or reaches the server's files."""
    assert refused_everywhere(may, set(), statement) == []


def test_nobody_becomes_another_project(may: Try) -> None:
    """A project's role can take no other project's."""
    for role in ROLES:
        others = [other for other in ROLES if other != role]
        assert [other for other in others if may(role, f"set role {login_of(other)}")] == []


def test_init_again_takes_nothing_away_and_brings_back(
    postgres_database: PostgresDatabase, may: Try, tables: None
) -> None:
    """Provisioning a warehouse again keeps its tables and its identity, and mends privileges that were changed."""
    session = postgres_database.admin.connect("test")
    with session.cursor() as cursor:
        cursor.execute("select id from ops.identity")
        identity = cursor.fetchone()
        cursor.execute("revoke select on core.t from platform_entity_resolution")
        cursor.execute("grant insert on ops.delivery to platform_reader")
    assert not may("entity_resolution", "select * from core.t")
    provision(postgres_database.admin)
    assert may("entity_resolution", "select * from core.t")
    assert not may("reader", "insert into ops.delivery select * from ops.delivery where false")
    with session.cursor() as cursor:
        cursor.execute("select id from ops.identity")
        assert cursor.fetchone() == identity
    session.close()


def test_names_in_the_scripts_are_the_roles_of_the_platform(postgres_database: PostgresDatabase) -> None:
    """The roles that the scripts make are exactly those that the projects connect as."""
    logins = {*(login_of(role) for role in ROLES), *(login for _, login in read_databases())}
    session = postgres_database.admin.connect("test")
    with session.cursor() as cursor:
        cursor.execute("select rolname from pg_roles where rolname like 'platform\\_%'")
        assert {name for (name,) in cursor.fetchall()} == logins
    session.close()


@pytest.mark.parametrize("name", ['a"; drop schema raw; --', "o'brien", "%s é"])
def test_hostile_database_name_is_only_a_name(postgres_server: LocalServer, name: str) -> None:
    """A database whose name looks like SQL is made, provisioned twice and opened as what it is called."""
    admin = postgres_server.admin(name)
    provision(admin)
    provision(admin)
    reader = PostgresTarget.from_url(admin.location, user="platform_reader", passfile=postgres_server.passwords)
    session = reader.connect("test")
    with session.cursor() as cursor:
        cursor.execute("select current_database(), name from ops.identity")
        assert cursor.fetchone() == (name, "warehouse")
    session.close()

"""All that roles are granted, read from PostgreSQL's catalogs and held against a record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from layers import OWNERS

from shared.config.roles import login_of, read_roles
from shared.errors import ConfigurationError
from shared.postgres.server import LocalServer
from shared.postgres.target import PostgresTarget
from shared.testing.engines import PostgresDatabase
from shared.warehouse.provision import provision

RECORD = Path(__file__).with_name("privileges.txt")
# What is granted on each object to whom, from every catalog that holds such lists, and what logins are.
GRANTS = """
    select format('%s: %s', object, string_agg(privilege, ', ' order by privilege))
    from (
        select
            object || ' ' || coalesce(rolname, 'public') as object,
            privilege_type || case when is_grantable then ' with grant option' else '' end as privilege
        from (
            select 'database' as object, datacl as acl from pg_database where datname = current_database()
            union all
            select 'schema ' || nspname, nspacl from pg_namespace
            where nspname !~ '^pg_' and nspname <> 'information_schema'
            union all
            select 'relation ' || relnamespace::regnamespace || '.' || relname, relacl from pg_class
            where relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
            union all
            select 'column ' || attrelid::regclass || '.' || attname, attacl from pg_attribute
            join pg_class on pg_class.oid = attrelid
            where relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
            union all
            select
                format('default %s %s %s', defaclrole::regrole, defaclnamespace::regnamespace, defaclobjtype), defaclacl
            from pg_default_acl
            union all
            select 'language ' || lanname, lanacl from pg_language
            where lanpltrusted
        ) as lists
        cross join lateral aclexplode(acl)
        left join pg_roles on pg_roles.oid = grantee
        union all
        select 'login ' || rolname, attribute
        from pg_roles
        cross join lateral (
            values
            ('can log in', rolcanlogin), ('inherits', rolinherit), ('superuser', rolsuper),
            ('creates roles', rolcreaterole), ('creates databases', rolcreatedb), ('replicates', rolreplication),
            ('passes row security', rolbypassrls)
        ) as attributes (attribute, held)
        where held and rolname like 'platform\\_%'
        union all
        select format('policy %s %s', polrelid::regclass, polname), case polcmd when '*' then 'ALL' else 'SELECT' end
        from pg_policy
        union all
        select 'event trigger ' || evtname, evtevent from pg_event_trigger
        union all
        select 'member of ' || roleid::regrole || ' ' || member::regrole, 'member'
        from pg_auth_members where roleid::regrole::text like 'platform\\_%'
    ) as grants
    group by object
    order by object collate "C"
"""


def granted(admin: PostgresTarget) -> list[str]:
    """Return a line for each object and whom something is granted there: what."""
    with closing(admin.connect("test")) as session, session.cursor() as cursor:
        cursor.execute(GRANTS)
        return [line for (line,) in cursor.fetchall()]


@pytest.fixture
def with_tables(postgres_database: PostgresDatabase, postgres_server: LocalServer) -> PostgresTarget:
    """Return the administrator's login of a warehouse in which each owner has made a table in its layers."""
    for layer, owner in OWNERS.items():
        target = PostgresTarget.from_url(
            postgres_database.url, user=login_of(owner), passfile=postgres_server.passwords
        )
        with closing(target.connect("test")) as session, session.cursor() as cursor:
            cursor.execute(f"create table {layer}.t as select 1 as n")
    return postgres_database.admin


def test_privileges_are_those_of_the_record(with_tables: PostgresTarget) -> None:
    """What every role may do, on what is there and on what will be made, is what was recorded, after each run."""
    found = granted(with_tables)
    assert found == RECORD.read_text(encoding="utf-8").splitlines()
    provision(with_tables)
    assert granted(with_tables) == found


@pytest.fixture
def workspace(with_tables: PostgresTarget, tmp_path: Path) -> Iterator[Path]:
    """Return a workspace with the projects' declarations, whose new project `billing` leaves no role behind."""
    for pyproject in (Path(__file__).parents[3] / "projects").glob("*/pyproject.toml"):
        copy = tmp_path / "projects" / pyproject.parent.name / pyproject.name
        copy.parent.mkdir(parents=True)
        copy.write_bytes(pyproject.read_bytes())
    (tmp_path / "projects/billing").mkdir()
    yield tmp_path
    with closing(with_tables.connect("test")) as session, session.cursor() as cursor:
        cursor.execute("drop owned by platform_billing; drop role platform_billing")


def test_new_project_gets_what_it_declares_and_no_more_than_that(with_tables: PostgresTarget, workspace: Path) -> None:
    """A few lines in a new project's pyproject.toml give it a role; what is no longer declared is taken back."""
    before = granted(with_tables)
    new = workspace / "projects/billing/pyproject.toml"
    new.write_text(
        '[tool.platform]\nrole = "billing"\nwrites = ["billing"]\nscratch = ["billing_work"]\nreads = ["core"]\n'
        '[tool.platform.ops]\nquarantine = ["select", "insert"]\ndelivery = { select = ["target", "status"] }\n'
    )
    provision(with_tables, root=workspace)
    more = set(granted(with_tables)) - set(before)
    assert before == [line for line in granted(with_tables) if line not in more]
    assert {line for line in more if "platform_billing" in line} == {
        "column ops.delivery.status platform_billing: SELECT",
        "column ops.delivery.target platform_billing: SELECT",
        "database platform_billing: CONNECT, TEMPORARY",
        "default platform_billing billing r platform_reader: SELECT",
        "default platform_transformation core r platform_billing: SELECT",
        "login platform_billing: can log in, inherits",
        "relation core.t platform_billing: SELECT",
        *(f"relation ops.{name} platform_billing: SELECT" for name in ("identity", "layout")),
        *(
            f"relation ops.{name} platform_billing: INSERT, SELECT, UPDATE"
            for name in ("run", "run_metric", "run_output", "run_version")
        ),
        *(
            f"policy ops.{name} {policy}"
            for name in ("run", "run_metric", "run_output", "run_version")
            for policy in ("all_platform_billing: SELECT", "own_platform_billing: ALL")
        ),
        "policy ops.quarantine own_platform_billing: ALL",
        "relation ops.quarantine platform_billing: INSERT, SELECT",
        "relation ops.run_sequence platform_billing: USAGE",
        "schema billing platform_billing: CREATE, USAGE",
        "schema billing_work platform_billing: CREATE, USAGE",
        "schema core platform_billing: USAGE",
        "schema ops platform_billing: USAGE",
    }
    assert {line for line in more if "platform_billing" not in line} == {
        "schema billing platform_reader: USAGE",
        "schema billing postgres: CREATE, USAGE",
        "schema billing_work postgres: CREATE, USAGE",
    }
    new.write_text("")
    provision(with_tables, root=workspace)
    left = set(granted(with_tables)) - set(before)
    assert {line for line in left if " platform_" in line} == {"login platform_billing: can log in, inherits"}


def test_what_was_granted_by_hand_is_taken_back(with_tables: PostgresTarget) -> None:
    """Grants to the platform's logins that nobody declares are gone after `postgres-init`; others' and owners' stay."""
    with closing(with_tables.connect("test")) as session, session.cursor() as cursor:
        cursor.execute(
            "create table staging.own as select 1 as n; create schema theirs;grant usage on schema theirs to pg_monitor"
        )
        kept = granted(with_tables)
        cursor.execute(
            "grant insert on core.t to platform_reader; grant select (n) on staging.t to platform_egress;"
            "grant usage, create on schema raw to platform_egress;"
            "grant usage on sequence ops.run_sequence to platform_reader;"
            "alter default privileges for role platform_ingress in schema raw "
            "grant insert on tables to platform_egress;"
            "revoke select on master.t from platform_reader"
        )
    provision(with_tables)
    again = granted(with_tables)
    assert [line.partition(":")[0] for line in again if line not in kept] == [
        "relation staging.own platform_reader",
        "relation staging.own postgres",
    ]
    assert [line for line in kept if line not in again] == []


def test_administrator_without_all_rights_is_told_what_is_left_out(
    with_tables: PostgresTarget, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who may make databases and roles, but is no superuser, makes a warehouse whose rows have owners, and is told."""
    boss = replace(with_tables, database="of_boss", user="boss", password="boss")
    with closing(with_tables.connect("test")) as session, session.cursor() as cursor:
        cursor.execute("create role boss login createdb createrole password 'boss'")
        cursor.execute("grant connect on database postgres to boss")
        for role in read_roles():
            cursor.execute(f"grant {role.login} to boss with admin option")
        try:
            provision(boss)
            provision(boss)
            assert "`boss` is no superuser" in capsys.readouterr().err
            assert "policy ops.run own_platform_ingress: ALL" in granted(replace(with_tables, database="of_boss"))
        finally:
            cursor.execute("drop database if exists of_boss with (force)")
            cursor.execute("revoke connect on database postgres from boss; drop role boss")


def test_table_that_there_is_not_is_refused(with_tables: PostgresTarget, workspace: Path) -> None:
    """A declaration that names a table which `ops` does not have is an error that says which there are."""
    new = workspace / "projects/billing/pyproject.toml"
    new.write_text('[tool.platform]\nrole = "billing"\nops = { delivry = ["select"] }\n')
    with pytest.raises(ConfigurationError, match="`billing` is to have what there is not: `ops") as raised:
        provision(with_tables, root=workspace)
    assert "did you mean `delivery`?" in str(raised.value.hint)

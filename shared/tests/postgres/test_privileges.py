"""All that roles are granted, read from PostgreSQL's catalogs and held against a record."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from shared.postgres.server import LocalServer
from shared.postgres.target import PostgresTarget
from shared.testing.engines import PostgresDatabase
from shared.warehouse.postgres_engine import login_of
from shared.warehouse.provision import provision

RECORD = Path(__file__).with_name("privileges.txt")
LAYERS = {
    "raw": "ingress",
    "raw_staging": "ingress",
    "staging": "transformation",
    "core": "transformation",
    "egress": "transformation",
    "master": "entity_resolution",
    "splink": "entity_resolution",
    "reporting": "reporting",
}
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
            select format('default %s %s %s', defaclrole::regrole, defaclnamespace::regnamespace, defaclobjtype), defaclacl
            from pg_default_acl
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
    for layer, owner in LAYERS.items():
        target = PostgresTarget.from_url(
            postgres_database.url, user=login_of(owner), passfile=postgres_server.passwords
        )
        with closing(target.connect("test")) as session, session.cursor() as cursor:
            cursor.execute(f"create table {layer}.t as select 1 as n")
    return postgres_database.admin


def test_privileges_are_those_of_the_record(with_tables: PostgresTarget) -> None:
    """What every role may do, on what is there and on what will be made, is exactly what was recorded, after each run."""
    found = granted(with_tables)
    assert found == RECORD.read_text(encoding="utf-8").splitlines()
    provision(with_tables)
    assert granted(with_tables) == found

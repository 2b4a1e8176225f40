"""A look at tables and views of a database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from ingress.new.found import Column, Table
from ingress.new.names import can_be_field, resource_name
from ingress.new.origin import Origin
from ingress.new.values import check_number, no_key, shown
from ingress.readers.sql.declaration import parted, quoted
from ingress.readers.sql.reflection import opened, reflected
from shared.config import Settings
from shared.errors import InputError, UserError
from shared.http.redaction import shortened
from shared.new.code import Call

MOST_TABLES, SHOWN = 50, 60


def look_at_database(
    origin: Origin,
    settings: Settings,
    *,
    tables: Sequence[str],
    key: Sequence[str],
    cursor: str | None,
    zone: str | None,
) -> Iterator[Table]:
    """Look at tables, at all of the database where none is named; what has no key is then left out, which is said.

    Args:
        origin: The database.
        settings: Names what relative paths begin at.
        tables: Which, with their schemas where they have some.
        key: What the user says identifies a row of the only one.
        cursor: The column by which changed rows are found.
        zone: Of which zone times without one are.

    Raises:
        PlatformError: A table is not there, or the database cannot be read.
    """
    if key and len(tables) != 1:
        raise UserError("a key of several tables", hint="name the table that it is of by --table, and the others later")
    for table in tables or all_tables(origin, settings):
        found = reflected(origin.address, table, settings, setting=origin.setting)
        columns = [
            Column(each.name, each.kind, each.nullable and each.name not in key, each.digits) for each in found.columns
        ]
        columns += [
            Column(name, "", True, note="of a type that no row model has: comes as text") for name in found.others
        ]
        check_number([each.name for each in columns])
        unique = tuple(key) or found.key
        missing = [
            name for name in unique if name not in {each.name for each in found.columns} or not can_be_field(name)
        ]
        if missing and key:
            raise no_key(table, [each.name for each in found.columns])
        notes = (
            [f"cursors by their names: {shown(found.cursors)}: --cursor"] if found.cursors and cursor is None else []
        )
        if (not unique or missing) and tables:
            raise no_key(table, [each.name for each in found.columns])
        call = Call("Sql", (origin.setting, table), {"cursor": cursor, "zone": zone})
        why = "as given" if key else "the database keeps it unique" if unique else ""
        yield Table(resource_name(parted(table)[1]), columns, call, () if missing else unique, why, notes)


def all_tables(origin: Origin, settings: Settings) -> list[str]:
    """Return the tables of a database.

    Raises:
        PlatformError: It cannot be read, has none, or too many.
    """
    with opened(origin.address, "its tables", settings, origin.setting, None) as (engine, _):
        found = sorted(map(quoted, {*sa.inspect(engine).get_table_names()} - partitions(engine)))
    if not found:
        raise InputError(
            f"no table in the database of {origin.setting}", hint="name one with its schema: --table shop.orders"
        )
    if len(found) > MOST_TABLES:
        raise InputError(
            f"more than {MOST_TABLES} tables in the database of {origin.setting}: {len(found):,}",
            hint=f"name those to load by --table; it has {shortened(shown(found), 900)}",
        )
    return found


def partitions(engine: sa.Engine) -> set[str]:
    """Return the tables that are parts of others, whose rows these have too."""
    if engine.dialect.name != "postgresql":
        return set()
    with engine.connect() as connection:
        parts = "select relname from pg_catalog.pg_class where relispartition and pg_table_is_visible(oid)"
        return {name for (name,) in connection.execute(sa.text(parts))}

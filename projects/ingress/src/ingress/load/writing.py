"""Writing checked rows into raw: all tables of a load in one transaction, while their rows are read.

Rows of a table that is not there yet go straight into it. Others wait in a table of the session's own and are merged by
key when the last one is read. Nobody sees any of it before the commit, and whoever is killed before it leaves nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import chain

import pyarrow as pa

from ingress.load.merge import LOAD, merge
from ingress.load.renaming import rename
from ingress.load.widening import column_of
from ingress.raw_names import raw_name, raw_names
from ingress.source import Resource
from shared.data_quality import arrow_schema
from shared.utils.console import step
from shared.warehouse import Warehouse, quote

Rows = Callable[[], Iterator[pa.Table]]


def load(
    warehouse: Warehouse,
    source: str,
    tables: Mapping[str, tuple[Resource, Rows]],
    guard: Callable[[Warehouse], None] = lambda _: None,
) -> str:
    """Merge the rows of a source's resources into raw: all of them, or after an error none.

    Args:
        warehouse: Open for writing.
        source: Names the progress.
        tables: Each resource with its rows, by its name; the rows hold each key once, and their first table has all
            columns that come.
        guard: Called with the session that writes, when all rows are read; it stops the load by an error.

    Returns:
        The id of the load, which the rows carry that it has written: its time in seconds since 1970.

    Raises:
        PlatformError: What the rows raised while they were read.
    """
    identifier = repr(time.time())
    with warehouse.beside() as session, ExitStack() as transaction:
        transaction.enter_context(session.transaction())
        # On a server a load that was killed may still be committing.
        session.hold("load")
        drop_copies(session, [resource for resource, _ in tables.values()])
        with step(f"{source}: reading and checking {', '.join(tables)}"):
            arrived = [
                (resource, room, arrive(session, resource, room, rows(), identifier))
                for number, (resource, rows) in enumerate(tables.values())
                for room in [f"_arrived_{number}"]
            ]
        guard(session)
        with step(f"{source}: loading"):
            for resource, room, schema in arrived:
                if schema is not None:
                    merge(session, resource, room, schema, identifier)
            transaction.close()
    # The engine's own look at new tables may be a minute off, the next step is not.
    for resource, _ in tables.values():
        warehouse.analyze(resource.relation)
    return identifier


def drop_copies(session: Warehouse, resources: Sequence[Resource]) -> None:
    """Drop the copies of rows that dlt has left, by which tables were merged up to version 0.1."""
    left = session.tables("raw_staging")
    for resource in resources:
        if resource.table in left:
            session.execute(f"drop table {quote(f'raw_staging.{resource.table}')}")


def arrive(
    session: Warehouse, resource: Resource, room: str, tables: Iterator[pa.Table], load: str
) -> pa.Schema | None:
    """Read a resource's rows into its table where that is new, else into one of the session's, `room`.

    Returns:
        The columns of the rows that are to be merged; None where they are in their table.
    """
    first = next(tables)
    names = [raw_name(name, resource.name) for name in first.schema.names]
    plain = pa.schema(list(zip(first.schema.names, first.schema.types, strict=True)))
    schema = pa.schema(list(zip(names, plain.types, strict=True)))
    whole = (table.cast(plain).rename_columns(names) for table in chain([first], tables))
    batches = (batch for table in whole for batch in table.to_batches())
    if session.table_exists(resource.relation):
        rename(session, resource, first.schema.names)
        session.execute(f"create temporary table {room} ({', '.join(map(column_of, schema))})")
        session.append_batches(room, schema, batches)
        return schema
    relation = quote(resource.relation)
    # By default: the rows need not bring what is the same in all of them.
    session.execute(f"create table {relation} ({definitions(resource, schema)} default '{load}')")
    session.append_batches(resource.relation, schema, batches)
    session.execute(f"alter table {relation} alter column {LOAD} drop default")
    return None


def definitions(resource: Resource, schema: pa.Schema) -> str:
    """Return the columns of a new table, the one of the load last."""
    filled = raw_names((field.name for field in arrow_schema(resource.model) if not field.nullable), resource.name)
    columns = [f"{column_of(field)}{' not null' if field.name in filled else ''}" for field in schema]
    return ", ".join([*columns, f"{LOAD} varchar not null"])

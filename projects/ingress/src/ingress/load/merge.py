"""How rows are merged into a table: only those that are new or of another content are written.

What a row that comes again as it was costs is one comparison, and it keeps the load that wrote it. What differs is
deleted and what is not there inserted in one transaction, so that it stays exact whenever a process is killed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from ingress.deletions import DELETED_AT, DELETED_BY
from ingress.load.columns import columns_of
from ingress.load.widening import column_of, shown
from ingress.raw_names import raw_names
from ingress.source import Resource
from shared.errors import InputError
from shared.warehouse import Warehouse, quote

LOAD = "_dlt_load_id"


def merge(session: Warehouse, resource: Resource, arrived: str, schema: pa.Schema, load: str) -> None:
    """Merge the rows of a table of the session's into that of a resource.

    Args:
        schema: Their columns.
        load: The id of the load.

    Raises:
        InputError: The table has a column of another type, which the row model does not know.
    """
    stored = with_columns(session, resource, schema)
    session.analyze(arrived)
    target, new = quote(resource.relation), quote(arrived)
    key, whose = (raw_names(names, resource.name) for names in (resource.key, resource.reader.whose))
    same, differs = matching(key), " or ".join(differences(session, stored, schema)) or "false"
    if whose:
        # Of rows within others, all go whose parent has come again and that have not come so with it.
        parents = ", ".join(quote(name) for name in whose)
        session.execute(
            f"delete from {target} as old using (select distinct {parents} from {new}) as parent "
            f"where {matching(whose, 'parent')} and "
            f"not exists (select 1 from {new} as new where {same} and not ({differs}))"
        )
    else:
        session.execute(f"delete from {target} as old using {new} as new where {same} and ({differs})")
    columns = ", ".join(quote(name) for name in schema.names)
    session.execute(
        f"insert into {target} ({columns}, {LOAD}) select {columns}, $1 from {new} as new "
        f"where not exists (select 1 from {target} as old where {same})",
        [load],
    )


def with_columns(session: Warehouse, resource: Resource, schema: pa.Schema) -> dict[str, pa.DataType]:
    """Return a table's columns, to which those are added that it has not: its rows have no value there.

    Raises:
        InputError: One that is there is of another type.
    """
    stored = columns_of(session, resource)
    for field in [*schema, pa.field(LOAD, pa.string())]:
        if field.name not in stored:
            session.execute(f"alter table {quote(resource.relation)} add column {column_of(field)}")
        there = stored.setdefault(field.name, field.type)
        if there != field.type:
            raise InputError(
                f"column `{field.name}` of `{resource.relation}` has another type than what comes: "
                f"`{shown(there)}`, `{shown(field.type)}`",
                hint=f"declare it in the row model `{resource.model.__name__}`, or have it renamed where it comes from",
            )
    return stored


def matching(columns: Sequence[str], other: str = "new") -> str:
    """Return the condition under which two rows have the same in these columns."""
    return " and ".join(f"old.{quote(name)} = {other}.{quote(name)}" for name in columns)


def differences(session: Warehouse, stored: Mapping[str, pa.DataType], schema: pa.Schema) -> list[str]:
    """Return the conditions under each of which a stored row has another content than the one that has come."""
    found = []
    for name, kind in stored.items():
        column = quote(name)
        if name in (LOAD, DELETED_AT, DELETED_BY):
            continue
        if name not in schema.names:
            found.append(f"old.{column} is not null")
            continue
        found.append(f"old.{column} is distinct from new.{column}")
        if pa.types.is_floating(kind) and session.engine != "duckdb":
            # 0.0 and -0.0 are equal and not the same; DuckDB's files keep one of both for all zeros of a stretch.
            found.append(f"float8send(old.{column}) is distinct from float8send(new.{column})")
    return found

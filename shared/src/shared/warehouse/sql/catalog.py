"""Which tables and views a database has, with their columns and keys, as each engine's catalog tells it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from shared.warehouse.sql.quoting import quote_name
from shared.warehouse.sql.types import Kind, base_of, kind_of

# PostgreSQL's `relkind` of all that can be selected from, and of schemas those that are not its own.
RELATIONS = "relkind in ('r', 'p', 'v', 'm', 'f')"
OF_USERS = "nspname <> 'information_schema' and nspname !~ '^pg_'"

# A row for each column: schema, name, whether a view, column, type, what that is made of, its category, the primary
# key, bytes. `{}` takes what to look for: `and SCHEMA = $1 and NAME = $2`.
DUCKDB_CATALOG = """
select c.schema_name, c.table_name, v.view_name is not null, c.column_name, c.data_type, c.data_type, '',
    k.constraint_column_names, null
from duckdb_columns() as c
left join duckdb_views() as v
on v.database_name = c.database_name and v.schema_name = c.schema_name and v.view_name = c.table_name
left join duckdb_constraints() as k
on k.database_name = c.database_name and k.schema_name = c.schema_name and k.table_name = c.table_name
and k.constraint_type = 'PRIMARY KEY'
where c.database_name = current_database() and not c.internal {}
order by c.schema_name, c.table_name, c.column_index
"""
# A type of a domain is what the domain is made of. Outer joins, as a table may have no columns. The catalog and not
# information_schema, which hides what this role may not use and knows no materialized views.
POSTGRES_CATALOG = f"""
select nspname, relname, relkind in ('v', 'm'), attname, format_type(atttypid, atttypmod),
    format_type(coalesce(nullif(typbasetype, 0), atttypid), null), typcategory,
    (
        select array_agg(part.attname::text order by place) from pg_constraint
        cross join unnest(conkey) with ordinality as key(number, place)
        join pg_attribute as part on part.attrelid = conrelid and part.attnum = number
        where conrelid = pg_class.oid and contype = 'p'
    ),
    case when relkind in ('r', 'p', 'm') then pg_total_relation_size(pg_class.oid) end
from pg_class
join pg_namespace on pg_namespace.oid = relnamespace
left join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
left join pg_type on pg_type.oid = atttypid
where {RELATIONS} and {OF_USERS} {{}}
order by nspname collate "C", relname collate "C", attnum
"""


@dataclass(frozen=True)
class Field:
    """A column as the catalog has it.

    Attributes:
        type: As the engine names it.
        base: The name of what that is made of, in lower case and without arguments.
        kind: What its values are.
    """

    name: str
    type: str
    base: str
    kind: Kind

    @property
    def is_zoned(self) -> bool:
        """Whether it holds points in time: timestamps with a zone."""
        return self.base == "timestamp with time zone"


@dataclass(frozen=True)
class Relation:
    """A table or view as the catalog has it."""

    schema: str
    name: str
    is_view: bool
    fields: tuple[Field, ...]
    key: tuple[str, ...] = ()
    size_bytes: int | None = None

    @property
    def full_name(self) -> str:
        """Schema and name."""
        return f"{self.schema}.{self.name}"

    @property
    def sql(self) -> str:
        """Schema and name, quoted."""
        return f"{quote_name(self.schema)}.{quote_name(self.name)}"


def as_relations(rows: Iterable[tuple[Any, ...]]) -> list[Relation]:
    """Return the relations that the rows of a catalog's query tell of, in their order."""
    heads: dict[tuple[str, str], tuple[bool, tuple[str, ...], int | None]] = {}
    fields: dict[tuple[str, str], list[Field]] = {}
    for schema, name, is_view, column, type_, made_of, category, key, size in rows:
        heads[schema, name] = (is_view, tuple(key or ()), size)
        columns = fields.setdefault((schema, name), [])
        if column is not None:
            base = base_of(made_of)
            columns.append(Field(column, type_, base, kind_of(base, category)))
    return [Relation(*place, is_view, tuple(fields[place]), key, size) for place, (is_view, key, size) in heads.items()]

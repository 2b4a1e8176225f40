"""Which tables and views a database has, with their columns and keys, on either engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.errors import InputError
from shared.inspector.results import Kind
from shared.utils.names import suggestion
from shared.warehouse import Warehouse, quote_name

DUCKDB_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"), "integer"),
    **dict.fromkeys(("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"), "integer"),
    **dict.fromkeys(("FLOAT", "DOUBLE"), "float"),
    **dict.fromkeys(("STRUCT", "MAP", "UNION"), "nested"),
    "DECIMAL": "decimal",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "INTERVAL": "interval",
    "VARCHAR": "text",
    "UUID": "uuid",
    "ENUM": "enum",
    "JSON": "json",
    "BLOB": "binary",
}
POSTGRES_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("int2", "int4", "int8", "oid"), "integer"),
    **dict.fromkeys(("float4", "float8"), "float"),
    **dict.fromkeys(("timestamp", "timestamptz"), "timestamp"),
    **dict.fromkeys(("time", "timetz"), "time"),
    **dict.fromkeys(("text", "varchar", "bpchar", "char", "name", "citext"), "text"),
    **dict.fromkeys(("json", "jsonb"), "json"),
    "numeric": "decimal",
    "bool": "boolean",
    "date": "date",
    "interval": "interval",
    "uuid": "uuid",
    "bytea": "binary",
}
# By `typcategory`, for types that have no kind by name.
POSTGRES_CATEGORIES: dict[str, Kind] = {"E": "enum", "A": "nested", "C": "nested", "R": "nested"}

DUCKDB_COLUMNS = """
select c.schema_name, c.table_name, v.view_name is not null, c.column_name, c.data_type, c.data_type, '', null
from duckdb_columns() as c
left join duckdb_views() as v
on v.database_name = c.database_name and v.schema_name = c.schema_name and v.view_name = c.table_name
where c.database_name = current_database() and not c.internal
order by c.schema_name, c.table_name, c.column_index
"""
DUCKDB_KEYS = """
select schema_name, table_name, constraint_column_names
from duckdb_constraints() where constraint_type = 'PRIMARY KEY' and database_name = current_database()
"""
# A type of a domain is what the domain is made of. Outer joins, as a table may have no columns.
POSTGRES_COLUMNS = """
select nspname, relname, relkind in ('v', 'm'), attname, format_type(atttypid, atttypmod),
    coalesce(base.typname, own.typname), own.typcategory,
    case when relkind in ('r', 'p', 'm') then pg_total_relation_size(pg_class.oid) end
from pg_class
join pg_namespace on pg_namespace.oid = relnamespace
left join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
left join pg_type as own on own.oid = atttypid
left join pg_type as base on base.oid = own.typbasetype
where relkind in ('r', 'p', 'v', 'm', 'f') and nspname <> 'information_schema' and nspname !~ '^pg_'
order by nspname collate "C", relname collate "C", attnum
"""
POSTGRES_KEYS = """
select nspname, relname, array(
    select attname::text from unnest(conkey) with ordinality as part(number, place)
    join pg_attribute on attrelid = conrelid and attnum = number order by place
)
from pg_constraint
join pg_class on pg_class.oid = conrelid
join pg_namespace on pg_namespace.oid = relnamespace
where contype = 'p'
"""
POSTGRES_SIZE = "select pg_database_size(current_database())"


@dataclass(frozen=True)
class Field:
    """A column as the catalog has it."""

    name: str
    type: str
    kind: Kind


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


def relations(warehouse: Warehouse) -> list[Relation]:
    """Return every table and view of the database that is not the engine's own, in the order of their names."""
    duckdb = warehouse.engine == "duckdb"
    keys = {
        (schema, name): tuple(columns)
        for schema, name, columns in warehouse.fetch(DUCKDB_KEYS if duckdb else POSTGRES_KEYS)
    }
    heads: dict[tuple[str, str], tuple[bool, int | None]] = {}
    fields: dict[tuple[str, str], list[Field]] = {}
    for row in warehouse.fetch(DUCKDB_COLUMNS if duckdb else POSTGRES_COLUMNS):
        schema, name, is_view, column, type_, type_name, category, size = row
        heads[schema, name] = (is_view, size)
        found = fields.setdefault((schema, name), [])
        if column is not None:
            kind = duckdb_kind(type_name) if duckdb else postgres_kind(type_name, category)
            found.append(Field(column, type_, kind))
    return [
        Relation(*place, is_view, tuple(fields[place]), keys.get(place, ()), size)
        for place, (is_view, size) in heads.items()
    ]


def database_bytes(warehouse: Warehouse) -> int:
    """Return the size of the whole database."""
    if warehouse.path is not None:
        return warehouse.path.stat().st_size
    return int(warehouse.fetch(POSTGRES_SIZE)[0][0])


def duckdb_kind(type_: str) -> Kind:
    """Return the kind of a DuckDB type by its name, such as `DECIMAL(10,2)[]`."""
    if type_.endswith("]"):
        return "nested"
    word = type_.partition("(")[0]
    if word.startswith("TIMESTAMP"):
        return "timestamp"
    if word.startswith("TIME"):
        return "time"
    return DUCKDB_KINDS.get(word, "other")


def postgres_kind(name: str, category: str) -> Kind:
    """Return the kind of a PostgreSQL type by its name and category in `pg_type`."""
    return POSTGRES_KINDS.get(name) or POSTGRES_CATEGORIES.get(category, "other")


def chosen(everything: Sequence[Relation], target: str | None) -> list[Relation]:
    """Return the relations that a target names: all of them, those of a schema, or `schema.table`.

    Raises:
        InputError: There is nothing of that name, or nothing in it.
    """
    found = [one for one in everything if target in (None, one.schema, one.full_name)]
    if found:
        return found
    if target is None:
        raise InputError("nothing to inspect: the database has no tables", hint="load something first")
    schemas = {one.schema for one in everything}
    inside = [one.full_name for one in everything if target.startswith(f"{one.schema}.")]
    # Of a table named without its schema, what it is called with it.
    known = inside or [*schemas, *(one.full_name for one in everything if one.name == target)]
    raise InputError(f"no such table, and no schema with tables: `{target}`", hint=suggestion(target, known))

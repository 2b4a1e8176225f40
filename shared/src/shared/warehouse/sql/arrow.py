"""Arrow's types, and what they are in PostgreSQL."""

from __future__ import annotations

import pyarrow as pa

from shared.errors import InputError
from shared.warehouse.sql.quoting import quote_name_for_postgres
from shared.warehouse.sql.types import Kind

# By PostgreSQL's object ids of types (`select oid, typname from pg_type`); what is not here arrives as its text.
ARROW_TYPES: dict[int, pa.DataType] = {
    16: pa.bool_(),
    20: pa.int64(),
    21: pa.int16(),
    23: pa.int32(),
    700: pa.float32(),
    701: pa.float64(),
    1082: pa.date32(),
    1114: pa.timestamp("us"),
    1184: pa.timestamp("us", tz="UTC"),
}
POSTGRES_TYPES = {
    **dict.fromkeys(("int8", "uint8", "int16"), "smallint"),
    **dict.fromkeys(("uint16", "int32"), "integer"),
    **dict.fromkeys(("uint32", "int64"), "bigint"),
    "uint64": "numeric(20, 0)",
    **dict.fromkeys(("halffloat", "float"), "real"),
    "double": "double precision",
    "bool": "boolean",
    "date32[day]": "date",
    **dict.fromkeys(("string", "large_string", "string_view", "null"), "text"),
}


def kind_of_arrow(type_: pa.DataType) -> Kind:
    """Return what the values of an arrow column are."""
    types = pa.types
    if types.is_boolean(type_):
        return "boolean"
    if types.is_integer(type_):
        return "integer"
    if types.is_decimal(type_):
        return "decimal"
    if types.is_floating(type_):
        return "float"
    if types.is_date(type_):
        return "date"
    if types.is_timestamp(type_):
        return "timestamp"
    if types.is_string(type_) or types.is_large_string(type_) or types.is_string_view(type_):
        return "text"
    return "other"


def postgres_type(type_: pa.DataType) -> str:
    """Return the type of a PostgreSQL column that holds an arrow column exactly.

    Raises:
        InputError: There is none: nested and binary columns.
    """
    if pa.types.is_dictionary(type_):
        return postgres_type(type_.value_type)
    if pa.types.is_decimal(type_):
        return f"numeric({type_.precision}, {type_.scale})"
    if pa.types.is_timestamp(type_):
        return "timestamptz" if type_.tz else "timestamp"
    if str(type_) not in POSTGRES_TYPES:
        raise InputError(f"no column of PostgreSQL holds this type: `{type_}`", hint="make it text, for instance JSON")
    return POSTGRES_TYPES[str(type_)]


def column_definitions(schema: pa.Schema) -> str:
    """Return the columns of PostgreSQL's `create table` for arrow data.

    Raises:
        InputError: A column has a type that PostgreSQL cannot hold.
    """
    return ", ".join(f"{quote_name_for_postgres(column.name)} {postgres_type(column.type)}" for column in schema)

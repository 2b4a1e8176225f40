"""Columns of relations as a model's contract has them: in types that mean the same on both engines."""

from __future__ import annotations

from dataclasses import dataclass

from shared.new.names import SAFE, reserved
from shared.warehouse.sql.catalog import Field
from shared.warehouse.sql.types import Kind

TYPES: dict[Kind, str] = {
    "text": "varchar",
    "boolean": "boolean",
    "date": "date",
    "float": "double precision",
    "uuid": "uuid",
}
# What one engine alone has goes as what both have and what holds each of its values.
CAST: dict[Kind, str] = {"enum": "varchar", "json": "varchar"}
INTEGERS = {"smallint": "smallint", "integer": "integer", "bigint": "bigint"}
CAST_INTEGERS = {
    **dict.fromkeys(("tinyint", "utinyint"), "smallint"),
    "usmallint": "integer",
    "uinteger": "bigint",
    "ubigint": "decimal(20, 0)",
    "hugeint": "decimal(38, 0)",
}
SHOWN_NAME = 60


@dataclass(frozen=True)
class Column:
    """A column of a model.

    Attributes:
        relation: Where it is from.
        type: As the contract has it.
        is_cast: Whether it is of another type there.
    """

    relation: str
    name: str
    type: str
    is_cast: bool


def column_of(relation: str, field: Field) -> Column | str:
    """Return a column of a model, or why it can have none of it."""
    if not SAFE.fullmatch(field.name) or field.name in reserved():
        return "a name that needs quotes"
    type_, is_cast = type_of(field)
    return Column(relation, field.name, type_, is_cast) if type_ else f"no type that both engines have: {field.type}"


def type_of(field: Field) -> tuple[str, bool]:
    """Return the type of a column, nothing where there is none, and whether it has to be cast to it."""
    arguments = field.type.partition("(")[2].rstrip(")").replace(" ", "").split(",")
    if field.kind == "decimal":
        # Without digits it is PostgreSQL's alone, and a text has all of them.
        return (f"decimal({arguments[0]}, {arguments[1]})", False) if len(arguments) == 2 else ("varchar", True)
    if field.kind == "timestamp":
        type_ = "timestamp with time zone" if field.is_zoned else "timestamp"
        return type_, field.base not in ("timestamp", "timestamp with time zone", "timestamp without time zone")
    if field.kind == "integer":
        cast = CAST_INTEGERS.get(field.base, "")
        return (INTEGERS[field.base], False) if field.base in INTEGERS else (cast, bool(cast))
    if field.kind in CAST:
        return CAST[field.kind], True
    return TYPES.get(field.kind, ""), field.base in ("float", "real", "character", "bpchar", "citext", "name")

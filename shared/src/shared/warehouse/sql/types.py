"""Types of both engines by what their values are."""

from __future__ import annotations

from typing import Literal, TypeAlias

Kind: TypeAlias = Literal[
    "integer", "decimal", "float", "boolean", "date", "timestamp", "time", "interval",
    "text", "uuid", "enum", "json", "nested", "binary", "other",
]  # fmt: skip
NUMBERS: frozenset[Kind] = frozenset({"integer", "decimal", "float"})
TIMES: frozenset[Kind] = frozenset({"date", "timestamp"})
# What has an order that both engines agree on.
ORDERED: frozenset[Kind] = NUMBERS | TIMES | {"time", "interval", "text"}

# By the name in lower case and without arguments; PostgreSQL's as `format_type` writes it.
KINDS: dict[str, Kind] = {
    **dict.fromkeys(("tinyint", "smallint", "integer", "bigint", "hugeint"), "integer"),
    **dict.fromkeys(("utinyint", "usmallint", "uinteger", "ubigint", "uhugeint"), "integer"),
    **dict.fromkeys(("decimal", "numeric"), "decimal"),
    **dict.fromkeys(("float", "real", "double", "double precision"), "float"),
    **dict.fromkeys(("timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns"), "timestamp"),
    **dict.fromkeys(("timestamp with time zone", "timestamp without time zone"), "timestamp"),
    **dict.fromkeys(("time", "time_ns", "time with time zone", "time without time zone"), "time"),
    **dict.fromkeys(("varchar", "character varying", "text", "character", "bpchar"), "text"),
    **dict.fromkeys(("name", '"char"', "citext"), "text"),
    **dict.fromkeys(("json", "jsonb"), "json"),
    **dict.fromkeys(("struct", "map", "union"), "nested"),
    **dict.fromkeys(("blob", "bytea"), "binary"),
    "boolean": "boolean",
    "date": "date",
    "interval": "interval",
    "uuid": "uuid",
    "enum": "enum",
}
# By PostgreSQL's `typcategory`, for types that somebody has made and named.
CATEGORIES: dict[str, Kind] = {"E": "enum", "A": "nested", "C": "nested", "R": "nested"}


def base_of(type_: str) -> str:
    """Return a type's name in lower case and without its arguments: `decimal` for `DECIMAL(10,2)`, a list's whole."""
    name = type_.lower()
    return name if name.endswith("]") else name.partition("(")[0]


def kind_of(base: str, category: str = "") -> Kind:
    """Return what the values of a type are.

    Args:
        base: Its name as `base_of` returns it.
        category: PostgreSQL's `typcategory` of it.
    """
    if base.endswith("]"):
        return "nested"
    # An extension may lie in a schema of its own, which its types are then named with.
    return CATEGORIES.get(category) or KINDS.get(base.rpartition(".")[2], "other")

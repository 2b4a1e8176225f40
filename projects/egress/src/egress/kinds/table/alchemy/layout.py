"""The table at the target: made where it is not there, and held against the model where it is.

That a column holds each value as it is cannot be known of any database beforehand: the writer reads back what it wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import ReflectedColumn

from egress.kinds.table.alchemy.values import Values
from egress.kinds.table.database import Destination, Terms

TRANSACTIONAL = "InnoDB"
# SQLAlchemy's families of types, and what else may hold values of one as they are.
FAMILIES = (sa.String, sa.Boolean, sa.Integer, sa.Numeric, sa.Date, sa.DateTime)
ALIKE: dict[type[sa.types.TypeEngine[Any]], tuple[type[sa.types.TypeEngine[Any]], ...]] = {
    sa.Integer: (sa.Numeric,),
    sa.Boolean: (sa.Integer,),
    sa.String: (sa.Enum, sa.Uuid, sa.JSON),
    sa.Numeric: (sa.Integer,),
}


def prepare(connection: sa.Connection, table: sa.Table, destination: Destination, terms: Terms, values: Values) -> None:
    """Make the table, or see that it can hold the model.

    Raises:
        TargetRefused: It is not there and may not be made, or it differs from the model.
    """
    inspector = sa.inspect(connection)
    if not inspector.has_table(table.name, table.schema):
        if not terms.make:
            raise destination.dropped()
        table.create(connection)
        return
    wrong = [*differences(inspector, table, destination, values)]
    if wrong:
        raise destination.unfit(wrong)


def differences(inspector: sa.Inspector, table: sa.Table, destination: Destination, values: Values) -> list[str]:
    """Return why a table that is there cannot hold the model."""
    name, schema = table.name, table.schema
    if name not in inspector.get_table_names(schema):
        return ["it is no table"]
    of_mysql = inspector.dialect.name == "mysql"
    # As the statement has them that makes the table, where a backtick stands twice.
    twice = ("``", "`") if of_mysql else ("", "")
    columns = {column["name"].replace(*twice): column for column in inspector.get_columns(name, schema)}
    there = {name: column["type"] for name, column in columns.items()}
    filled = {name for name, column in columns.items() if fills_itself(column)} | row_number(inspector, table, there)
    computed = {name for name, column in columns.items() if column.get("computed")}
    wrong = [*destination.differences(there, filled=filled, computed=computed)]
    for column in values.columns:
        theirs, ours = there.get(column.name), table.columns[column.name].type
        # SQLite's columns hold what they are given, whatever they are called.
        if theirs is not None and inspector.dialect.name != "sqlite" and not holds(theirs, ours):
            wrong.append(f"column `{column.name}` is {theirs}, it should be {ours.compile(inspector.dialect)}")
    key = values.key.replace("`", "``") if of_mysql else values.key
    if values.key in there and not is_unique(inspector, name, schema, key):
        wrong.append(f"no primary key or unique constraint on `{values.key}` alone")
    engine = inspector.get_table_options(name, schema).get("mysql_engine", TRANSACTIONAL)
    if engine != TRANSACTIONAL:
        wrong.append(f"it is kept by {engine}, which has no transactions, and not by {TRANSACTIONAL}")
    return wrong


def fills_itself(column: ReflectedColumn) -> bool:
    """Tell whether a table gives a column a value by itself."""
    # MariaDB says of a column that has none that it is null.
    has_default = column.get("default") not in (None, "NULL")
    return (
        has_default or any(column.get(how) for how in ("computed", "identity")) or column.get("autoincrement") is True
    )


def row_number(inspector: sa.Inspector, table: sa.Table, kinds: Mapping[str, sa.types.TypeEngine[Any]]) -> set[str]:
    """Return the column that SQLite numbers rows in, where a table has one."""
    if inspector.dialect.name != "sqlite":
        return set()
    key = inspector.get_pk_constraint(table.name, table.schema)["constrained_columns"]
    return {*key} if len(key) == 1 and isinstance(kinds[key[0]], sa.INTEGER) else set()


def holds(theirs: sa.types.TypeEngine[Any], ours: sa.types.TypeEngine[Any]) -> bool:
    """Tell whether a column of their type may hold our values as they are."""
    if isinstance(theirs, sa.Float) or isinstance(ours, sa.Float):
        return isinstance(theirs, sa.Float) and isinstance(ours, sa.Float)
    if isinstance(theirs, sa.Numeric) and isinstance(ours, sa.Numeric) and theirs.scale is not None:
        return theirs.scale >= (ours.scale or 0)
    mine = next(family for family in FAMILIES if isinstance(ours, family))
    return isinstance(theirs, (mine, *ALIKE.get(mine, ())))


def is_unique(inspector: sa.Inspector, name: str, schema: str | None, key: str) -> bool:
    """Tell whether no two rows of a table can have the same key."""
    if inspector.get_pk_constraint(name, schema)["constrained_columns"] == [key]:
        return True
    if any(one["column_names"] == [key] for one in inspector.get_unique_constraints(name, schema)):
        return True
    # SQLite's constraints are read from its text, where `varchar(50) unique` is not found; their indexes are there.
    indexes = inspector.get_indexes(name, schema, include_auto_indexes=True)
    return any(
        one["column_names"] == [key] and one["unique"] and not one.get("dialect_options", {}).get("sqlite_where")
        for one in indexes
    )

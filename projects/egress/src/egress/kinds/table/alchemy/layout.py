"""The table at the target: made where it is not there, and held against the model where it is.

That a column holds each value as it is cannot be known of any database beforehand: the writer reads back what it wrote.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

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
    wrong = [*differences(inspector, table, values)]
    if wrong:
        raise destination.unfit(wrong)


def differences(inspector: sa.Inspector, table: sa.Table, values: Values) -> list[str]:
    """Return why a table that is there cannot hold the model."""
    name, schema = table.name, table.schema
    if name not in inspector.get_table_names(schema):
        return ["it is no table"]
    of_mysql = inspector.dialect.name == "mysql"
    # As the statement has them that makes the table, where a backtick stands twice.
    twice = ("``", "`") if of_mysql else ("", "")
    there = {column["name"].replace(*twice): column["type"] for column in inspector.get_columns(name, schema)}
    wrong = [f"column `{column.name}` is missing" for column in table.columns if column.name not in there]
    wrong += [f"the model has no column `{column}`" for column in there if column not in table.columns]
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
    indexes = inspector.get_indexes(name, schema)
    return any(
        one["column_names"] == [key] and one["unique"] and not one.get("dialect_options", {}).get("sqlite_where")
        for one in indexes
    )

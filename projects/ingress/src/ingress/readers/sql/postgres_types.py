"""The columns of a query on PostgreSQL, with their types: of a table SQLAlchemy finds them by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

# By PostgreSQL's numbers, which are the same in every version.
TYPES: Mapping[int, sa.types.TypeEngine[Any]] = {
    16: sa.Boolean(),
    20: sa.BigInteger(),
    21: sa.SmallInteger(),
    23: sa.Integer(),
    25: sa.Text(),
    114: sa.JSON(),
    700: sa.Float(),
    701: sa.Float(),
    1042: sa.String(),
    1043: sa.String(),
    1082: sa.Date(),
    1114: sa.DateTime(),
    1184: sa.DateTime(timezone=True),
    2950: sa.Uuid(),
    3802: sa.JSON(),
}
NUMERIC, OTHER = 1700, sa.types.NullType()
# What the driver says of a number without declared digits.
MOST_DIGITS = 1_000


def described(connection: sa.Connection, source: sa.FromClause) -> dict[str, sa.types.TypeEngine[Any]]:
    """Return the columns of a query by their names, without reading a row of it."""
    result = connection.execute(sa.select(sa.text("*")).select_from(source).where(sa.false()))
    columns: Any = result.cursor.description if result.cursor else []
    return {column.name: type_of(column) for column in columns}


def type_of(column: Any) -> sa.types.TypeEngine[Any]:
    """Return the type of a column of psycopg2's description."""
    if column.type_code != NUMERIC:
        return TYPES.get(column.type_code, OTHER)
    sized = column.precision is not None and 0 < column.precision <= MOST_DIGITS
    return sa.Numeric(column.precision, column.scale) if sized else sa.Numeric()

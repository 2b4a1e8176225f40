"""What the values of a table's columns look like."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from entity_resolution.kinds import functions
from shared.errors import UserError
from shared.warehouse import Warehouse, quote
from shared.warehouse.sql.catalog import Relation
from shared.warehouse.sql.types import Kind

# What is looked at: enough to tell a name from a code, in some seconds.
MOST_ROWS = 100_000
TABLE = "looked_at"
CURRENT = "is_current"


@dataclass(frozen=True)
class Look:
    """A column and its values.

    Attributes:
        kind: Of its type, by the catalog.
        rows: How many rows were looked at.
        filled: How many of them have a value.
        distinct: How many different values there are.
        words: Words of a value, on average.
        digits: Which share of the characters are digits.
        smallest, largest: Of numbers, as they are.
    """

    name: str
    kind: Kind
    rows: int
    filled: int
    distinct: int
    words: float = 0.0
    digits: float = 0.0
    smallest: float = 0.0
    largest: float = 0.0

    @property
    def is_unique(self) -> bool:
        """Whether each row has a value of its own."""
        return self.filled == self.distinct == self.rows > 0


def relation_called(warehouse: Warehouse, name: str) -> Relation:
    """Return a table or view of core.

    Raises:
        UserError: There is none of this name.
    """
    schema, _, table = name.partition(".")
    found = warehouse.relations(schema, table) if schema == "core" and table else []
    if not found:
        there = [each.full_name for each in warehouse.relations("core")]
        raise UserError(f"there is no such table of core: `{name}`", hint=f"there is: {', '.join(there) or 'none'}")
    return found[0]


@contextmanager
def looked_at(warehouse: Warehouse, relation: Relation) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database in memory with rows of a relation in `TABLE`: those of now, where it says which these are."""
    now = f" where {CURRENT}" if any(field.name == CURRENT for field in relation.fields) else ""
    with duckdb.connect() as connection:
        connection.execute(functions.duckdb())
        # Read as they come, since no column is known to order them by.
        rows = warehouse.stream_arrow(f"select * from {relation.sql}{now} limit {MOST_ROWS}")
        connection.register("rows", rows)
        connection.execute(f"create table {TABLE} as select * from rows")
        yield connection


def look(connection: duckdb.DuckDBPyConnection, relation: Relation) -> list[Look]:
    """Look at each column of the rows in `TABLE`."""
    return [_look_at(connection, field.name, field.kind) for field in relation.fields]


def pairs_of(connection: duckdb.DuckDBPyConnection, columns: tuple[str, ...]) -> int:
    """Count the pairs of rows that agree in all of some columns, in the form that texts are compared in."""
    keys = ", ".join(f"plain_text(cast({quote(column)} as varchar)) as {quote(column)}" for column in columns)
    filled = " and ".join(f"{quote(column)} is not null" for column in columns)
    names = ", ".join(map(quote, columns))
    row = connection.execute(
        f"select coalesce(sum(n * (n - 1) / 2), 0) from "
        f"(select count(*) as n from (select {keys} from {TABLE}) where {filled} group by {names})"
    ).fetchone()
    assert row is not None
    return int(row[0])


def _look_at(connection: duckdb.DuckDBPyConnection, name: str, kind: Kind) -> Look:
    column, text = quote(name), f"nullif(cast({quote(name)} as varchar), '')"
    number = f"cast({column} as double)" if kind in ("integer", "decimal", "float") else "0.0"
    row = connection.execute(
        f"select count(*), count({text}), count(distinct {text}), "
        f"coalesce(avg(len(string_split(trim({text}), ' '))), 0), "
        f"coalesce(sum(length(regexp_replace({text}, '[^0-9]', '', 'g'))) / nullif(sum(length({text})), 0), 0), "
        f"coalesce(min({number}), 0), coalesce(max({number}), 0) from {TABLE}"
    ).fetchone()
    assert row is not None
    rows, filled, distinct, words, digits, smallest, largest = row
    return Look(name, kind, rows, filled, distinct, words, digits, smallest, largest)

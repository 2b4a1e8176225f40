"""What the values of a table's columns look like."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import permutations

import duckdb

from entity_resolution.kinds import functions
from shared.errors import UserError
from shared.new.declared import relation_in
from shared.warehouse import Warehouse, quote
from shared.warehouse.sql.catalog import Relation
from shared.warehouse.sql.types import Kind

# What is looked at: enough to tell a name from a code, in some seconds.
MOST_ROWS = 100_000
TABLE = "looked_at"
# A year that was left at nought, or has a digit too many, makes no other column of one of years.
AT_THE_END = 0.02
# Each column of text is held against each other one, so of fewer.
HELD_AGAINST = 10_000
# A column repeats another whose values nearly always stand in its own, and has nothing else to tell where it has
# hardly more values than those that it repeats have together.
REPEATED, HARDLY_MORE = 0.8, 0.7
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
        smallest, largest: Of numbers, without the few at either end that may be none of them.
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

    @property
    def is_list(self) -> bool:
        """Whether its values are lists."""
        return self.kind == "nested"


def relation_called(warehouse: Warehouse, name: str) -> Relation:
    """Return a table or view of core.

    Raises:
        UserError: There is none of this name.
    """
    found = relation_in(warehouse, "core", name)
    if found is None:
        there = [each.full_name for each in warehouse.relations("core")]
        raise UserError(f"there is no such table of core: `{name}`", hint=f"there is: {', '.join(there) or 'none'}")
    return found


@contextmanager
def looked_at(warehouse: Warehouse, relation: Relation) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database in memory with rows of a relation in `TABLE`: those of now, where it says which these are."""
    with duckdb.connect() as connection:
        connection.execute(functions.duckdb())
        # Read as they come, since no column is known to order them by.
        rows = warehouse.stream_arrow(f"select * from {_now(relation)} limit {MOST_ROWS}")
        connection.register("rows", rows)
        connection.execute(f"create table {TABLE} as select * from rows")
        yield connection


def rows_of(warehouse: Warehouse, relation: Relation) -> int:
    """Count the rows of a relation: those of now, where it says which these are."""
    ((rows,),) = warehouse.fetch(f"select count(*) from {_now(relation)}")
    return int(rows)


def _now(relation: Relation) -> str:
    has_former = any(field.name == CURRENT for field in relation.fields)
    return f"{relation.sql} where {CURRENT}" if has_former else relation.sql


def look(connection: duckdb.DuckDBPyConnection, relation: Relation) -> list[Look]:
    """Look at each column of the rows in `TABLE`, those apart that hold several fields, which nothing compares."""
    there = connection.table(TABLE)
    several = {name for name, kind in zip(there.columns, there.types, strict=True) if kind.id in ("struct", "map")}
    return [look_at(connection, field.name, field.kind) for field in relation.fields if field.name not in several]


def repetitions(connection: duckdb.DuckDBPyConnection, looks: Sequence[Look]) -> dict[str, tuple[str, ...]]:
    """Return the columns that say what others say, and these: comparing both would count one agreement twice.

    A full name repeats first name and surname, and is left for them; a town that stands in each line of an address
    is left for the line, which says more.
    """
    texts = {look.name: look.filled for look in looks if look.kind == "text" and look.filled}
    if len(texts) < 2:
        return {}
    plain = ", ".join(f"plain_text({quote(name)}) as {quote(name)}" for name in texts)
    connection.execute(
        f"create or replace temporary table {TABLE}_plain as select {plain} from {TABLE} "
        f"using sample reservoir({HELD_AGAINST} rows) repeatable (1)"
    )
    pairs = list(permutations(texts, 2))
    shares = ", ".join(
        f"avg(contains(' ' || {quote(whole)} || ' ', ' ' || {quote(part)} || ' ')::integer)" for whole, part in pairs
    )
    row = connection.execute(f"select {shares} from {TABLE}_plain").fetchone()
    assert row is not None
    parts: dict[str, list[str]] = {}
    for (whole, part), share in zip(pairs, row, strict=True):
        # Of two that are the same each would repeat the other.
        if (share or 0) >= REPEATED and part not in parts:
            parts.setdefault(whole, []).append(part)
    found: dict[str, tuple[str, ...]] = {}
    for whole, repeated in parts.items():
        if _says_hardly_more(connection, whole, repeated):
            found[whole] = tuple(repeated)
        elif texts[whole] >= max(texts[part] for part in repeated):
            found |= dict.fromkeys(repeated, (whole,))
    return {name: others for name, others in found.items() if not set(others) <= found.keys()}


def _says_hardly_more(connection: duckdb.DuckDBPyConnection, whole: str, parts: Sequence[str]) -> bool:
    names = ", ".join(map(quote, parts))
    filled = " and ".join(f"{quote(name)} is not null" for name in (whole, *parts))
    row = connection.execute(
        f"select count(distinct {quote(whole)}), count(distinct ({names})) from {TABLE}_plain where {filled}"
    ).fetchone()
    assert row is not None
    return bool(row[1] >= HARDLY_MORE * row[0])


def look_at(connection: duckdb.DuckDBPyConnection, name: str, kind: Kind) -> Look:
    """Look at a column of the rows in `TABLE`."""
    column, text = quote(name), f"nullif(cast({quote(name)} as varchar), '')"
    number = f"cast({column} as double)" if kind in ("integer", "decimal", "float") else "0.0"
    # What is no number has no place between the smallest and the largest.
    number = f"if(isfinite({number}), {number}, null)"
    ends = (f"coalesce(quantile_cont({number}, {share}), 0)" for share in (AT_THE_END, 1 - AT_THE_END))
    row = connection.execute(
        f"select count(*), count({text}), count(distinct {text}), "
        f"coalesce(avg(len(string_split(trim({text}), ' '))), 0), "
        f"coalesce(sum(length(regexp_replace({text}, '[^0-9]', '', 'g'))) / nullif(sum(length({text})), 0), 0), "
        f"{', '.join(ends)} from {TABLE}"
    ).fetchone()
    assert row is not None
    rows, filled, distinct, words, digits, smallest, largest = row
    return Look(name, kind, rows, filled, distinct, words, digits, smallest, largest)

"""Compare relations of two warehouses row by row, whatever their engines and whatever the order of the rows.

Each value is written in one canonical form with its kind before it: `n1.5` for a number, `s` alone for an empty text. A
row is the hash of its values in the order of their columns' names, a relation the sum of its rows' hashes. Only where
the sums differ are the rows themselves brought side by side, matched by their key.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import duckdb
import pyarrow as pa

from shared.warehouse import Warehouse, quote
from shared.warehouse.sql.arrow import kind_of_arrow
from shared.warehouse.sql.types import NUMBERS, Kind

KINDS = {"b": "boolean", "n": "number", "d": "date", "t": "timestamp", "s": "text", "o": "other"}
OTHER = "o"
SIGNS: dict[Kind, str] = {
    **dict.fromkeys(NUMBERS, "n"),
    "boolean": "b",
    "date": "d",
    "timestamp": "t",
    "text": "s",
}
HASH = "hash of the row"
Columns: TypeAlias = dict[str, pa.DataType]


@dataclass(frozen=True)
class Difference:
    """One place in which two warehouses differ.

    Attributes:
        relation: `core.fct_sales`.
        key: Which row, as `product_id=5`; empty where all of a relation or column is meant.
        column: Which column; None where a whole row or relation is missing or there too often.
        left: The value on the left, or how many rows there are.
        right: The same on the right.
    """

    relation: str
    key: str
    column: str | None
    left: str
    right: str

    def __str__(self) -> str:
        place = " ".join(part for part in (self.key, self.column and f"column {self.column}") if part)
        return f"{self.relation} {place}: {self.left} | {self.right}"


@dataclass(frozen=True)
class Outcome:
    """What came of comparing one relation: rows on both sides, differences in all, and the first of them."""

    relation: str
    left_rows: int
    right_rows: int
    count: int
    differences: Sequence[Difference]


def compare_relation(
    left: Warehouse,
    right: Warehouse,
    relation: str,
    *,
    key: Sequence[str] = (),
    ignored: Callable[[str], bool] = lambda column: False,
    shown: int = 10,
) -> Outcome:
    """Compare a table or view of two warehouses.

    Args:
        left: One warehouse.
        right: The other one.
        relation: `schema.table`.
        key: The columns that identify a row; all of them where it has no key.
        ignored: Tells which columns to leave out.
        shown: How many differing rows to describe.
    """
    sides = [columns_of(warehouse, relation) for warehouse in (left, right)]
    if None in sides:
        found = ["there" if side is not None else "no such relation" for side in sides]
        return Outcome(relation, 0, 0, 1, [Difference(relation, "", None, *found)])
    ours, theirs = ({name: kind for name, kind in (side or {}).items() if not ignored(name)} for side in sides)
    lone = [
        Difference(relation, "", name, *("there" if name in side else "no such column" for side in (ours, theirs)))
        for name in sorted(ours.keys() ^ theirs.keys())
    ]
    names = sorted(ours.keys() & theirs.keys())
    with duckdb.connect() as calculator:
        calculator.execute("set TimeZone = 'UTC'")
        sums = [
            fingerprint(calculator, warehouse, relation, {name: columns[name] for name in names})
            for warehouse, columns in ((left, ours), (right, theirs))
        ]
        if sums[0] == sums[1]:
            return Outcome(relation, sums[0][0], sums[1][0], len(lone), lone)
        load(calculator, "ours", left, relation, {name: ours[name] for name in names})
        load(calculator, "theirs", right, relation, {name: theirs[name] for name in names})
        count, rows = differing_rows(calculator, relation, [name for name in key if name in names] or names, shown)
    return Outcome(relation, sums[0][0], sums[1][0], len(lone) + count, [*lone, *rows])


def columns_of(warehouse: Warehouse, relation: str) -> Columns | None:
    """Return a relation's columns with their types, None where there is no such relation."""
    if not warehouse.table_exists(relation):
        return None
    schema = warehouse.fetch_arrow(f"select * from {quote(relation)} where 1 = 0").schema
    return {field.name: field.type for field in schema}


def canonical(name: str, type_: pa.DataType) -> str:
    """Return the SQL expression that writes a column in the same way for each engine; null stays null."""
    column, kind = quote(name), kind_of_arrow(type_)
    if kind == "decimal" and type_.scale:
        # Numbers without zeros at the end, so that 1.50 is the same as 1.5.
        written = f"rtrim(rtrim(cast({column} as varchar), '0'), '.')"
    elif kind == "float":
        # Adding zero takes the sign off minus zero.
        written = rf"regexp_replace(cast({column} + 0.0 as varchar), '\.0+$', '')"
    elif kind == "timestamp" and type_.tz:
        written = f"{column} at time zone 'UTC'"
    else:
        written = f"cast({column} as varchar)"
    return f"'{SIGNS.get(kind, OTHER)}' || {written}"


def row_hash(columns: Columns) -> str:
    """Return the SQL expression of a row's hash."""
    return f"hash({', '.join(canonical(name, kind) for name, kind in columns.items())})"


def stream(calculator: duckdb.DuckDBPyConnection, warehouse: Warehouse, relation: str, columns: Columns) -> None:
    """Let the calculator read a relation's columns as `incoming`, once."""
    names = ", ".join(quote(name) for name in columns)
    calculator.register("incoming", warehouse.stream_arrow(f"select {names} from {quote(relation)}"))


def fingerprint(
    calculator: duckdb.DuckDBPyConnection, warehouse: Warehouse, relation: str, columns: Columns
) -> tuple[int, int]:
    """Return how many rows there are, and the sum of their hashes."""
    if not columns:
        return warehouse.row_count(relation), 0
    stream(calculator, warehouse, relation, columns)
    row = calculator.execute(f"select count(*), coalesce(sum({row_hash(columns)}), 0) from incoming").fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def load(
    calculator: duckdb.DuckDBPyConnection, table: str, warehouse: Warehouse, relation: str, columns: Columns
) -> None:
    """Put a relation's canonical rows with their hashes into a table of the calculator's."""
    stream(calculator, warehouse, relation, columns)
    values = ", ".join(f"{canonical(name, kind)} as {quote(name)}" for name, kind in columns.items())
    hashed = f"{row_hash(columns)} as {quote(HASH)}"
    calculator.execute(f"create table {table} as select {', '.join(filter(None, (values, hashed)))} from incoming")


def differing_rows(
    calculator: duckdb.DuckDBPyConnection, relation: str, key: Sequence[str], shown: int
) -> tuple[int, list[Difference]]:
    """Match by key those rows that one side has more often than the other; return how many keys, and the first ones."""
    hashed = quote(HASH)
    # A canonical value is never an empty text, so that stands for null.
    identified = " || chr(31) || ".join(f"coalesce({quote(name)}, '')" for name in key)
    calculator.execute(
        f"create table odd as select {hashed} from (select {hashed}, 1 as sign from ours "
        f"union all select {hashed}, -1 from theirs) group by 1 having sum(sign) <> 0"
    )
    grouped = (
        f"select {identified} as id, count(*) as n, any_value(side) as example "
        f"from {{}} as side where {hashed} in (select {hashed} from odd) group by 1"
    )
    calculator.execute(
        f"create table pairs as select l.n, r.n, l.example, r.example, id "
        f"from ({grouped.format('ours')}) as l full join ({grouped.format('theirs')}) as r using (id)"
    )
    row = calculator.execute("select count(*) from pairs").fetchone()
    assert row is not None
    pairs = calculator.execute("select * exclude (id) from pairs order by id limit ?", [shown]).fetchall()
    return int(row[0]), [difference for pair in pairs for difference in differences_of(relation, key, *pair)]


def differences_of(
    relation: str,
    key: Sequence[str],
    left_count: int | None,
    right_count: int | None,
    left: dict[str, Any] | None,
    right: dict[str, Any] | None,
) -> list[Difference]:
    """Describe how the rows of one key differ."""
    identified = ", ".join(f"{name}={shown_value((left or right or {})[name])}" for name in key)
    if left and right and left_count == right_count == 1:
        return [
            Difference(relation, identified, name, *shown_pair(left[name], right[name]))
            for name in left
            if name != HASH and left[name] != right[name]
        ]
    counts = [f"{count} row{'s' if count > 1 else ''}" if count else "no row" for count in (left_count, right_count)]
    if counts[0] == counts[1]:
        counts[1] += ", others"
    return [Difference(relation, identified, None, *counts)]


def shown_pair(left: str | None, right: str | None) -> tuple[str, str]:
    """Write two values for a reader, with their kinds where these are not the same."""
    if left and right and left[0] != right[0]:
        return f"{shown_value(left)} ({KINDS[left[0]]})", f"{shown_value(right)} ({KINDS[right[0]]})"
    return shown_value(left), shown_value(right)


def shown_value(value: str | None) -> str:
    """Write a canonical value for a reader: text in quotes, so that an empty one and spaces can be seen."""
    if value is None:
        return "null"
    return repr(value[1:]) if value[0] == "s" else value[1:]

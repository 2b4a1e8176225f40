"""What has changed between two inspections."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from shared.inspector.results import ColumnProfile, Inspection, TableProfile, Value
from shared.inspector.values import as_seconds

What: TypeAlias = Literal[
    "table added", "table gone", "column added", "column gone", "type",
    "rows", "null share", "distinct", "minimum", "maximum",
]  # fmt: skip


@dataclass(frozen=True)
class Tolerance:
    """Up to where a difference is none worth telling.

    Attributes:
        rows: A share of the rows there were.
        null_share: The difference of two shares of nulls.
        distinct: A share of the distinct values there were; twice as much where one of both counts is an estimate.
        bounds: How far a minimum may go down or a maximum up, as a share of the distance between them.
    """

    rows: float = 0.1
    null_share: float = 0.05
    distinct: float = 0.1
    bounds: float = 0.1


@dataclass(frozen=True)
class Change:
    """One thing that has changed.

    Attributes:
        table: Schema and name.
        column: Where it is about one.
        before: What it was, None where there was nothing.
        after: What it is.
    """

    table: str
    column: str | None
    what: What
    before: Value | None = None
    after: Value | None = None


def changes_between(previous: Inspection, current: Inspection, tolerance: Tolerance | None = None) -> list[Change]:
    """Return what has changed in the tables that both inspections have looked for, in the order of tables.

    A table that could not be inspected in one of them is left out. Where one measured a sample, neither distinct values
    nor bounds are compared: those of a sample differ by chance.
    """
    tolerance = tolerance or Tolerance()
    before = {(table.schema, table.name): table for table in previous.tables if current.covers(table)}
    after = {(table.schema, table.name): table for table in current.tables if previous.covers(table)}
    found: list[Change] = []
    for place in sorted(before.keys() | after.keys()):
        old, new = before.get(place), after.get(place)
        if old is None and new is not None:
            found.append(Change(new.full_name, None, "table added", None, new.rows))
        elif new is None and old is not None:
            found.append(Change(old.full_name, None, "table gone", old.rows, None))
        elif old is not None and new is not None and old.problem is None and new.problem is None:
            found += of_table(old, new, tolerance)
    return found


def of_table(old: TableProfile, new: TableProfile, tolerance: Tolerance) -> Iterator[Change]:
    """Return what has changed in a table."""
    name = new.full_name
    if differs(old.rows, new.rows, tolerance.rows):
        yield Change(name, None, "rows", old.rows, new.rows)
    before = {column.name: column for column in old.columns}
    after = {column.name: column for column in new.columns}
    for column in old.columns:
        if column.name not in after:
            yield Change(name, column.name, "column gone", column.type, None)
    for column in new.columns:
        if column.name not in before:
            yield Change(name, column.name, "column added", None, column.type)
        else:
            whole = old.sampled is None and new.sampled is None
            yield from of_column(name, before[column.name], column, tolerance, whole=whole)


def of_column(
    table: str, old: ColumnProfile, new: ColumnProfile, tolerance: Tolerance, *, whole: bool
) -> Iterator[Change]:
    """Return what has changed in a column; where not the whole was measured, as far as that can be said."""
    if old.type != new.type:
        yield Change(table, new.name, "type", old.type, new.type)
    # What is said of no rows would differ from what is said of any.
    if not old.values + old.nulls or not new.values + new.nulls:
        return
    if abs(new.null_share - old.null_share) > tolerance.null_share:
        yield Change(table, new.name, "null share", old.null_share, new.null_share)
    if not whole:
        return
    estimated = old.distinct_is_approximate or new.distinct_is_approximate
    if differs(old.distinct, new.distinct, tolerance.distinct * (2 if estimated else 1)):
        yield Change(table, new.name, "distinct", old.distinct, new.distinct)
    if old.kind == new.kind:
        yield from of_bounds(table, old, new, tolerance)


def of_bounds(table: str, old: ColumnProfile, new: ColumnProfile, tolerance: Tolerance) -> Iterator[Change]:
    """Return which bounds of numbers or times have moved outwards by more than is tolerated."""
    (low, high), (new_low, new_high) = bounds(old), bounds(new)
    if low is None or high is None or new_low is None or new_high is None:
        return
    reach = (high - low) * tolerance.bounds
    if new_low < low - reach:
        yield Change(table, new.name, "minimum", old.minimum, new.minimum)
    if new_high > high + reach:
        yield Change(table, new.name, "maximum", old.maximum, new.maximum)


def bounds(column: ColumnProfile) -> tuple[float | None, float | None]:
    """Return minimum and maximum as numbers, of times in seconds, None where there are none."""
    ends = column.minimum, column.maximum
    if column.kind in ("date", "timestamp"):
        return as_seconds(ends[0]), as_seconds(ends[1])
    low, high = (None if isinstance(end, str) else end for end in ends)
    return low, high


def differs(before: int, after: int, share: float) -> bool:
    """Tell whether a count has changed by more than a share of what it was."""
    return abs(after - before) > share * before

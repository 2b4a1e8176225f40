"""What has changed between two inspections."""

from __future__ import annotations

from dataclasses import replace

from shared.inspector import Change, DataInspector, Inspection, Tolerance, changes_between
from shared.warehouse import Warehouse


def inspect(warehouse: Warehouse, target: str | None = "raw", sample_rows: int | None = None) -> Inspection:
    """Inspect without remembering."""
    return DataInspector(warehouse, remember=False).inspect(target, sample_rows=sample_rows)


def fill(warehouse: Warehouse, *, rows: int = 100, first: int = 0, nulls: int = 0) -> Inspection:
    """Make a table of numbers and days, some of them null, and inspect it."""
    warehouse.execute("drop table if exists raw.t")
    warehouse.execute("create table raw.t (n integer, day date)")
    numbers = [(n, n if n >= first + nulls else "null") for n in range(first, first + rows)]
    values = ", ".join(f"({value}, date '2024-01-01' + ({n}))" for n, value in numbers)
    warehouse.execute(f"insert into raw.t values {values}")
    return inspect(warehouse)


def test_nothing_has_changed(warehouse: Warehouse) -> None:
    """The same rows, and differences within the tolerances, are no change."""
    before = fill(warehouse)
    assert changes_between(before, inspect(warehouse)) == []
    assert changes_between(before, fill(warehouse, rows=109, nulls=4)) == []


def test_tables_and_columns(warehouse: Warehouse) -> None:
    """Tables and columns that came, went or have another type are told."""
    warehouse.execute("create table raw.old (a integer)")
    warehouse.execute("create table raw.kept (a integer, b integer, c integer)")
    before = inspect(warehouse)
    warehouse.execute("drop table raw.old")
    warehouse.execute("create table raw.new (a integer)")
    warehouse.execute("alter table raw.kept drop column b")
    warehouse.execute("alter table raw.kept add column d integer")
    warehouse.execute("alter table raw.kept alter column c type bigint")
    integer, bigint = ("INTEGER", "BIGINT") if warehouse.engine == "duckdb" else ("integer", "bigint")
    assert changes_between(before, inspect(warehouse)) == [
        Change("raw.kept", "b", "column gone", integer, None),
        Change("raw.kept", "c", "type", integer, bigint),
        Change("raw.kept", "d", "column added", None, integer),
        Change("raw.new", None, "table added", None, 0),
        Change("raw.old", None, "table gone", 0, None),
    ]


def test_figures_beyond_the_tolerances(warehouse: Warehouse) -> None:
    """Rows, null share, distinct values and bounds that moved further than is tolerated are told, before and after."""
    before = fill(warehouse)
    after = fill(warehouse, rows=120, first=-20, nulls=10)
    assert changes_between(before, after) == [
        Change("raw.t", None, "rows", 100, 120),
        Change("raw.t", "n", "null share", 0.0, 10 / 120),
        Change("raw.t", "n", "minimum", 0, -10),
        Change("raw.t", "day", "distinct", 100, 120),
        Change("raw.t", "day", "minimum", "2024-01-01", "2023-12-12"),
    ]
    assert [change.what for change in changes_between(before, fill(warehouse, first=11))] == ["maximum", "maximum"]
    assert changes_between(before, after, Tolerance(rows=0.3, null_share=0.1, distinct=0.3, bounds=0.3)) == []


def test_samples_are_compared_by_what_they_can_tell(warehouse: Warehouse) -> None:
    """Distinct values and bounds of a sample are not compared with those of all rows."""
    before = fill(warehouse)
    assert changes_between(before, inspect(warehouse, sample_rows=30)) == []


def test_only_what_both_have_looked_at_is_compared(warehouse: Warehouse) -> None:
    """A table outside the other inspection's target is neither new nor gone."""
    warehouse.execute("create table raw.a (a integer)")
    warehouse.execute("create table raw.b (a integer)")
    whole, one = inspect(warehouse, None), inspect(warehouse, "raw.a")
    assert changes_between(one, whole) == [] and changes_between(whole, one) == []
    warehouse.execute("drop table raw.b")
    assert [change.what for change in changes_between(whole, inspect(warehouse, "raw"))] == ["table gone"]


def test_table_with_a_problem_is_not_compared(warehouse: Warehouse) -> None:
    """A table that could not be inspected is told as it is, not as one whose rows have gone."""
    before = fill(warehouse)
    broken = replace(before, tables=(replace(before.tables[0], rows=0, columns=(), problem="no permission"),))
    assert changes_between(before, broken) == [] and changes_between(broken, before) == []

"""Measure one table: few queries, whatever the number of its columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

from shared.inspector.columns import basics, detailed, wanted
from shared.inspector.queries import Measured, aggregate_query, aggregates, detail_query
from shared.inspector.results import ColumnProfile, Key, TableProfile
from shared.warehouse import Warehouse
from shared.warehouse.sql.catalog import Field, Relation

# Columns measured by one query: each holds its values in memory while quantiles are found.
COLUMNS_AT_ONCE = 100


@dataclass(frozen=True)
class Limits:
    """How much is counted exactly, and how much is listed.

    Attributes:
        exact_distinct_rows: Up to how many rows of a table distinct values are counted; above that DuckDB estimates.
        exact_quantile_values: Up to how many values at once quantiles are exact; above that DuckDB estimates.
        top: How many frequent values of a column are listed.
    """

    exact_distinct_rows: int = 250_000
    exact_quantile_values: int = 50_000_000
    top: int = 10


def measure(
    warehouse: Warehouse, relation: Relation, limits: Limits, *, key: Sequence[str] = (), sample_rows: int | None = None
) -> TableProfile:
    """Measure a table.

    Args:
        warehouse: Where it is.
        relation: The table.
        limits: How much is counted exactly.
        key: Columns that should tell rows apart; the primary key where it is empty.
        sample_rows: On about how many rows to measure the columns; on all rows where it is None.
    """
    rows = int(warehouse.fetch(f"select count(*) from {relation.sql}")[0][0])
    table = TableProfile(relation.schema, relation.name, relation.is_view, rows, size_bytes=relation.size_bytes)
    sampled = sample_rows is not None and sample_rows < rows
    if sample_rows is not None and sampled:
        with sample(warehouse, relation, sample_rows, rows) as origin:
            profile = Profiler(warehouse, origin, sample_rows, limits, once=True)
            table = replace(table, columns=profile.columns(relation.fields), sampled=profile.rows)
    else:
        profile = Profiler(warehouse, relation.sql, rows, limits, once=relation.is_view)
        table = replace(table, columns=profile.columns(relation.fields), rows=profile.rows)
    if key:
        return replace(table, key=duplicates(warehouse, relation, key, "given"))
    # Whoever asks for a sample wants to be spared a pass over all rows.
    if relation.key and not sampled:
        return replace(table, key=duplicates(warehouse, relation, relation.key, "declared"))
    return table


@contextmanager
def sample(warehouse: Warehouse, relation: Relation, sample_rows: int, rows: int) -> Iterator[str]:
    """Give a random sample of a table's rows that is the same in each query of a `Profiler`."""
    sampling = warehouse.dialect.sample(relation.sql, sample_rows, rows)
    for statement in sampling.before:
        warehouse.execute(statement)
    try:
        yield sampling.origin
    finally:
        for statement in sampling.after:
            warehouse.execute(statement)


class Profiler:
    """Measures the columns of one origin.

    Args:
        warehouse: Where the rows are.
        origin: A table, view or sample, as SQL.
        rows: How many rows it has, about.
        limits: How much is counted exactly.
        once: Whether the origin's rows are dear to find or random, so that a query finds them once.

    Attributes:
        rows: How many rows there are, exactly once columns have been measured.
    """

    def __init__(self, warehouse: Warehouse, origin: str, rows: int, limits: Limits, *, once: bool) -> None:
        self.warehouse = warehouse
        self.dialect = warehouse.dialect
        self.origin = origin
        self.rows = rows
        self.limits = limits
        self.once = once

    def columns(self, fields: Sequence[Field]) -> tuple[ColumnProfile, ...]:
        """Measure columns, so many at once that memory holds them."""
        measured = [Measured(index, field) for index, field in enumerate(fields)]
        found: list[ColumnProfile] = []
        for start in range(0, len(measured), COLUMNS_AT_ONCE):
            found += self._measure(measured[start : start + COLUMNS_AT_ONCE])
        return tuple(found)

    def _measure(self, measured: Sequence[Measured]) -> list[ColumnProfile]:
        graded = sum(one.is_graded for one in measured)
        rough_distinct = self.dialect.approximates and self.rows > self.limits.exact_distinct_rows
        rough_quantiles = self.dialect.approximates and self.rows * graded > self.limits.exact_quantile_values
        measures = [
            aggregates(self.dialect, one, rough_distinct=rough_distinct, rough_quantiles=rough_quantiles)
            for one in measured
        ]
        self.rows, *lists = self._ask(aggregate_query(self.dialect, self.origin, measured, measures))[0]
        details, columns = {}, []
        for one, names, texts in zip(measured, measures, lists, strict=True):
            result = dict(zip(names, texts, strict=True))
            column = replace(
                basics(one, self.rows, result),
                distinct_is_approximate=rough_distinct,
                quantiles_are_approximate=rough_quantiles and one.is_graded,
            )
            columns.append(column)
            details[one] = wanted(column, result)
        rows: dict[int, list[tuple[Any, ...]]] = {one.index: [] for one in measured}
        sql = detail_query(self.dialect, self.origin, details, top=self.limits.top, once=self.once)
        for index, *row in self._ask(sql) if sql else []:
            rows[index].append(tuple(row))
        return [
            detailed(one, column, details[one], rows[one.index]) for one, column in zip(measured, columns, strict=True)
        ]

    def _ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a query, a random one with the same random numbers as the query before."""
        if self.once and self.dialect.repeat:
            self.warehouse.fetch(self.dialect.repeat)
        return self.warehouse.fetch(sql)


def duplicates(
    warehouse: Warehouse, relation: Relation, key: Sequence[str], origin: Literal["given", "declared"]
) -> Key:
    """Count the rows that a key does not tell apart."""
    dialect = warehouse.dialect
    fields = {field.name: field for field in relation.fields}
    parts = {f"k{place}": dialect.value(fields[name]) for place, name in enumerate(key)}
    selected = ", ".join(f"{value} as {name}" for name, value in parts.items())
    complete = " and ".join(f"{name} is not null" for name in parts)
    rows = warehouse.fetch(
        f"with keys as (select {selected} from {relation.sql}), many as (select count(*) as n from keys "
        f"where {complete} group by {', '.join(parts)} having count(*) > 1) "
        f"select (select count(*) from many), (select coalesce(sum(n - 1), 0) from many), "
        f"(select count(*) from keys where not ({complete}))"
    )
    duplicated, surplus, incomplete = map(int, rows[0])
    return Key(tuple(key), origin, duplicated, surplus, incomplete)

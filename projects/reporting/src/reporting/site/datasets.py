"""The data of the page: rows of the models, as few columns of them as the charts and filters need."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, Protocol

import pyarrow as pa

from reporting.content import MetricQuery
from reporting.explores import Explore, Metric
from reporting.expressions import Expressions
from reporting.filter_sql import group_sql
from reporting.filters import FilterGroup
from reporting.query import Parameters, run_query, source_sql
from reporting.values import settled
from shared.errors import InputError
from shared.warehouse import Warehouse

MOST_ROWS = 50_000
# A column holds numbers to compute with, values to group by, or only which rows have the same value.
Form = Literal["numbers", "values", "codes"]
Encoded = dict[str, Any]


class Dataset(Protocol):
    """Data that tiles are made of."""

    def fetch(self, warehouse: Warehouse) -> Encoded:
        """Read it, in the form in which the page holds it."""


@dataclass(frozen=True)
class DatasetColumn:
    """A column of a dataset: its SQL, the type of its values, and the form in which the page holds them."""

    sql: str
    type: str
    form: Form


@dataclass
class ModelRows:
    """Rows of an explore's model. What they are aggregates of is in the model; here nothing is brought together."""

    explore: Explore
    columns: dict[str, DatasetColumn] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._parameters = Parameters()
        self._expressions = Expressions(self.explore, self._parameters.bind)

    def dimension(self, id_: str) -> int:
        """Return the number of a dimension's column."""
        sql, kind = self._expressions.dimension_field(id_)
        return self._column(id_, lambda: DatasetColumn(sql, kind, "values"))

    def argument(self, metric: Metric) -> int:
        """Return the number of the column that a metric brings together."""
        return self._column(metric.id, lambda: self._argument(metric))

    def condition(self, name: str, group: FilterGroup) -> int:
        """Return the number of the column that is 1 where a chart's own filters let a row through."""
        return self._column(f"where {name}", lambda: self._condition(group))

    def fetch(self, warehouse: Warehouse) -> Encoded:
        """Read the rows.

        Raises:
            InputError: There are too many for a page.
        """
        selected = ", ".join(f"{column.sql} as c{number}" for number, column in enumerate(self.columns.values()))
        sql = f"select {selected} from {source_sql(self.explore, self._expressions)} limit {MOST_ROWS + 1}"
        found = warehouse.fetch_arrow(sql, tuple(self._parameters.values))
        if found.num_rows > MOST_ROWS:
            raise InputError(
                f"more than {MOST_ROWS:,} rows, too many for a page: `{self.explore.relation}`",
                hint="let the model bring its rows together further, or leave its charts out of the dashboards",
            )
        columns = zip(self.columns.values(), found.columns, strict=True)
        return {"rows": found.num_rows, "columns": [encoded(column, values) for column, values in columns]}

    def _column(self, key: str, make: Callable[[], DatasetColumn]) -> int:
        if key not in self.columns:
            self.columns[key] = make()
        return list(self.columns).index(key)

    def _argument(self, metric: Metric) -> DatasetColumn:
        sql = self._expressions.argument(metric)
        if metric.kind == "count":
            return DatasetColumn(f"case when {sql} is not null then 1 end", "number", "numbers")
        if metric.kind == "count_distinct":
            return DatasetColumn(sql, "string", "codes")
        return DatasetColumn(sql, metric.type, "numbers" if metric.type == "number" else "values")

    def _condition(self, group: FilterGroup) -> DatasetColumn:
        condition = group_sql(group, self._expressions.dimension_field, self._parameters.bind)
        return DatasetColumn(f"case when {condition} then 1 end", "number", "numbers")


@dataclass(frozen=True)
class QueryRows:
    """The result of a chart's query, for what the page cannot compute again itself."""

    explores: Mapping[str, Explore]
    query: MetricQuery

    def fetch(self, warehouse: Warehouse) -> Encoded:
        """Run the query."""
        found = run_query(warehouse, self.explores, self.query)
        return {"rows": found.num_rows, "columns": [encoded_values(values.to_pylist()) for values in found.columns]}


def encoded(column: DatasetColumn, values: pa.ChunkedArray) -> Encoded:
    """Return a column as the page holds it."""
    if column.form == "numbers":
        return encoded_numbers(values)
    whole = encoded_values(values.to_pylist())
    return whole if column.form == "values" else {"codes": whole["codes"]}


def encoded_numbers(values: pa.ChunkedArray) -> Encoded:
    """Return numbers as integers with a divisor where they are exact, so that the page adds them up exactly."""
    column = settled(values, "number")
    scale = column.type.scale if pa.types.is_decimal(column.type) else 0
    numbers = list(map(finite, column.to_pylist()))
    if scale:
        numbers = [None if number is None else int(number.scaleb(scale)) for number in numbers]
    return {"numbers": numbers, "divisor": 10**scale}


def encoded_values(values: list[Any]) -> Encoded:
    """Return values as codes that point into the different ones; null is -1."""
    texts = [json_value(value) for value in values]
    # True and 1 are the same key, but not the same value.
    places: dict[tuple[type, Any], int] = {}
    codes = [-1 if text is None else places.setdefault((type(text), text), len(places)) for text in texts]
    return {"values": [text for _, text in places], "codes": codes}


def json_value(value: Any) -> Any:
    """Return a value as JSON has it: a date or moment as text of ISO's form, a decimal as a number."""
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return finite(float(value) if isinstance(value, Decimal) else value)


def finite(value: Any) -> Any:
    """Return a value, or null for an infinite number or one that is none, which JSON does not have."""
    return None if isinstance(value, float) and not math.isfinite(value) else value

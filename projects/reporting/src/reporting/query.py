"""Ask the warehouse what a chart asks: a metric query becomes one SQL statement, valid on both engines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from reporting.content import Content, DashboardFilter, MetricQuery, TableCalculation, Tile
from reporting.explores import Dimension, Explore, Metric
from reporting.expressions import Expressions
from reporting.filter_sql import group_sql
from reporting.filters import FilterGroup, FilterRule
from reporting.table_calculations import calculation_sql
from reporting.values import settled
from shared.errors import InputError
from shared.utils.names import suggestion
from shared.warehouse import Warehouse, quote, quote_name


@dataclass(frozen=True)
class ResultColumn:
    """A column of a result.

    Attributes:
        id: Its name in the result: the field's id, or the table calculation's name.
        label: What it is called.
        type: `string`, `number`, `date`, `timestamp` or `boolean`.
        format: How a value is written, as a spreadsheet's format: `#,##0.00`, `0.0%`; null where nothing is said.
        role: `dimension`, `metric` or `calculation`.
    """

    id: str
    label: str
    type: str
    format: str | None
    role: str


@dataclass(frozen=True)
class Statement:
    """A statement and its bound parameters, and what its columns are."""

    sql: str
    parameters: tuple[Any, ...]
    columns: tuple[ResultColumn, ...]


@dataclass
class Parameters:
    """The values of a statement, in the order of their placeholders."""

    values: list[Any] = field(default_factory=list)

    def bind(self, value: Any) -> str:
        """Take a value, and return the placeholder that stands for it."""
        self.values.append(value)
        return f"${len(self.values)}"


def run_query(warehouse: Warehouse, explores: Mapping[str, Explore], query: MetricQuery) -> pa.Table:
    """Return what a query asks for, one column a field, named by its id.

    Whole numbers are int64, sums of decimals stay decimals, ratios and averages are float64, on either engine.

    Raises:
        InputError: It asks for what there is not.
    """
    statement = compile_query(explores, query)
    found = warehouse.fetch_arrow(statement.sql, statement.parameters)
    columns = [settled(found.column(column.id), column.type) for column in statement.columns]
    return pa.table(columns, names=[column.id for column in statement.columns])


def filtered(query: MetricQuery, rules: Sequence[FilterRule]) -> MetricQuery:
    """Return a query with more filters on dimensions, as those of a dashboard."""
    if not rules:
        return query
    return replace(query, dimension_filters=FilterGroup("and", (query.dimension_filters, *rules)))


def tile_query(content: Content, tile: Tile, values: Iterable[tuple[DashboardFilter, Sequence[Any]]]) -> MetricQuery:
    """Return what a tile's chart asks for while filters of its dashboard are set to these values, others to none."""
    chart = content.charts[tile.chart or ""]
    explore = content.explores[chart.query.explore]
    rules = []
    for chosen, wanted in values:
        target = chosen.field_in(tile, explore)
        if target is not None:
            rules.append(FilterRule(target, chosen.operator, tuple(wanted)))
    return filtered(chart.query, rules)


def compile_query(explores: Mapping[str, Explore], query: MetricQuery) -> Statement:
    """Return the SQL of a query.

    Raises:
        InputError: It asks for what there is not.
    """
    if query.explore not in explores:
        raise InputError(f"no such model: `{query.explore}`", hint=suggestion(query.explore, explores))
    explore = explores[query.explore]
    columns = columns_of(explore, query)
    parameters = Parameters()
    sql = grouped_sql(explore, query, parameters)
    if query.calculations:
        calculations = [f"{calculation_sql(each, query)} as {quote_name(each.name)}" for each in query.calculations]
        sql = f"select *, {', '.join(calculations)} from ({sql}) as metrics"
        kinds = {column.id: column.type for column in columns}
        condition = group_sql(query.calculation_filters, lambda name: (quote_name(name), kinds[name]), parameters.bind)
        sql = f"select * from ({sql}) as calculated where {condition}"
    return Statement(f"{sql}{order_sql(query)} limit {query.limit}", tuple(parameters.values), columns)


def grouped_sql(explore: Explore, query: MetricQuery, parameters: Parameters) -> str:
    """Return the SQL of dimensions and metrics, without order and limit."""
    expressions = Expressions(explore, parameters.bind)
    selected = [f"{expressions.dimension(explore.dimensions[id_])} as {quote_name(id_)}" for id_ in query.dimensions]
    selected += [f"{expressions.result(explore.metrics[id_])} as {quote_name(id_)}" for id_ in query.metrics]
    rest = ""
    if query.dimension_filters.items:
        rest += f" where {group_sql(query.dimension_filters, expressions.dimension_field, parameters.bind)}"
    if query.dimensions and (query.metrics or query.metric_filters.items):
        rest += f" group by {', '.join(str(number + 1) for number in range(len(query.dimensions)))}"
    if query.metric_filters.items:
        rest += f" having {group_sql(query.metric_filters, expressions.metric_field, parameters.bind)}"
    return f"select {', '.join(selected)} from {source_sql(explore, expressions)}{rest}"


def source_sql(explore: Explore, expressions: Expressions) -> str:
    """Return what is selected from: the explore's table, and of those it can be joined with the ones that are used."""
    sql = f"{quote(explore.relation)} as {quote_name(explore.name)}"
    for join in explore.joins:
        if join.alias in expressions.tables:
            condition = expressions.references(join.condition, explore.name)
            sql += (
                f" {join.kind} join {quote(explore.relations[join.alias])} as {quote_name(join.alias)} on {condition}"
            )
    return sql


def order_sql(query: MetricQuery) -> str:
    """Return the order of a query's rows; where nulls go is told, or each engine would choose."""
    sorts = [
        f"{quote_name(sort.field)} {'desc' if sort.descending else 'asc'} "
        f"nulls {'first' if sort.nulls_first else 'last'}"
        for sort in query.order
    ]
    return f" order by {', '.join(sorts)}" if sorts else ""


def columns_of(explore: Explore, query: MetricQuery) -> tuple[ResultColumn, ...]:
    """Return what the columns of a query's result are.

    Raises:
        InputError: The explore has no such field.
    """
    wanted: list[tuple[str, Mapping[str, Dimension] | Mapping[str, Metric], str]] = [
        *((id_, explore.dimensions, "dimension") for id_ in query.dimensions),
        *((id_, explore.metrics, "metric") for id_ in query.metrics),
    ]
    columns = []
    for id_, known, role in wanted:
        if id_ not in known:
            raise InputError(f"`{explore.name}` has no such {role}: `{id_}`", hint=suggestion(id_, known))
        found = known[id_]
        columns.append(ResultColumn(id_, found.label, found.type, found.format, role))
    return (*columns, *map(calculation_column, query.calculations))


def calculation_column(calculation: TableCalculation) -> ResultColumn:
    """Return what the column of a table calculation is."""
    digits = int(calculation.format.get("round", 0))
    kinds = {"percent": "%", "number": ""}
    kind = calculation.format.get("type")
    shape = f"{'#,##' if kind == 'number' else ''}0{'.' if digits else ''}{'0' * digits}{kinds.get(str(kind), '')}"
    return ResultColumn(calculation.name, calculation.label, "number", shape if kind in kinds else None, "calculation")

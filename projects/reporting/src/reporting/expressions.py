"""The SQL of an explore's dimensions and metrics, with the references in them resolved."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reporting.explores import Dimension, Explore, Metric
from reporting.filter_sql import Binder, group_sql
from reporting.filters import FilterGroup
from shared.errors import InputError
from shared.utils.names import suggestion
from shared.warehouse import quote_name

REFERENCE = re.compile(r"\$\{([a-zA-Z0-9_.-]+)\}")
# How rows are brought together. Engines disagree on whether an average or a median of decimals is a decimal.
AGGREGATES: Mapping[str, str] = {
    "sum": "sum({})",
    "count": "count({})",
    "count_distinct": "count(distinct {})",
    "min": "min({})",
    "max": "max({})",
    "average": "cast(avg({}) as double precision)",
    "median": "cast(percentile_cont(0.5) within group (order by {}) as double precision)",
}
MADE_OF_METRICS = ("number", "string", "date", "timestamp", "boolean")
DEPTH = 20


class Expressions:
    """The SQL of the fields of one explore.

    Args:
        explore: What the fields are of.
        bind: Binds the values of metrics' own filters.

    Attributes:
        tables: The tables that the fields asked for so far are of.
    """

    def __init__(self, explore: Explore, bind: Binder) -> None:
        self.explore = explore
        self.bind = bind
        self.tables: set[str] = set()

    def dimension(self, dimension: Dimension, depth: int = 0) -> str:
        """Return the SQL of a dimension."""
        return self.references(dimension.sql, dimension.table, depth)

    def result(self, metric: Metric) -> str:
        """Return the SQL of a metric as a column of a result: a ratio is floating point on both engines."""
        sql = self.metric(metric)
        return f"cast({sql} as double precision)" if metric.kind == "number" else sql

    def metric(self, metric: Metric, depth: int = 0) -> str:
        """Return the SQL of a metric.

        Raises:
            InputError: It is of a kind that is not computed here.
        """
        if metric.kind in MADE_OF_METRICS:
            return f"({self.references(metric.sql, metric.table, depth)})"
        sql = self.argument(metric, depth)
        if metric.kind == "percentile":
            share = (50 if metric.percentile is None else metric.percentile) / 100
            return f"cast(percentile_cont({share}) within group (order by {sql}) as double precision)"
        if metric.kind not in AGGREGATES:
            raise InputError(
                f"a metric of a kind that is not computed here: `{metric.id}`: {metric.kind}",
                hint=f"use one of: {', '.join([*AGGREGATES, 'percentile', *MADE_OF_METRICS])}",
            )
        return AGGREGATES[metric.kind].format(sql)

    def argument(self, metric: Metric, depth: int = 0) -> str:
        """Return the SQL of what a metric brings together: of each row that its filters let through, else null."""
        sql = self.references(metric.sql, metric.table, depth)
        if not metric.filters:
            return sql
        rules = FilterGroup("and", metric.filters)
        condition = group_sql(rules, lambda name: self.dimension_field(f"{metric.table}_{name}"), self.bind)
        return f"case when {condition} then {sql} end"

    def dimension_field(self, id_: str) -> tuple[str, str]:
        """Return the SQL and the type of a dimension, for a filter on it."""
        found = self.explore.dimensions.get(id_)
        if found is None:
            raise InputError(f"no such dimension: `{id_}`", hint=suggestion(id_, self.explore.dimensions))
        return self.dimension(found), found.type

    def metric_field(self, id_: str) -> tuple[str, str]:
        """Return the SQL and the type of a metric, for a filter on it."""
        found = self.explore.metrics.get(id_)
        if found is None:
            raise InputError(f"no such metric: `{id_}`", hint=suggestion(id_, self.explore.metrics))
        return self.metric(found), found.type

    def references(self, sql: str, table: str, depth: int = 0) -> str:
        """Return SQL with `${TABLE}`, `${name}` and `${table.name}` resolved.

        Raises:
            InputError: It refers to what there is not, or to itself.
        """
        if depth > DEPTH:
            raise InputError(f"refers to itself: `{sql}`", hint="correct the metric's `sql`")

        def resolved(match: re.Match[str]) -> str:
            if match[1] == "TABLE":
                self.tables.add(table)
                return quote_name(table)
            owner, _, name = match[1].rpartition(".")
            found = self.explore.fields.get(f"{owner or table}_{name}")
            if found is None:
                names = [known.name for known in self.explore.fields.values()]
                raise InputError(f"`{table}` refers to an unknown field: `{match[1]}`", hint=suggestion(name, names))
            if isinstance(found, Metric):
                return self.metric(found, depth + 1)
            return self.dimension(found, depth + 1)

        return REFERENCE.sub(resolved, sql)

"""The SQL of table calculations: window functions over the result of a query."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from reporting.content import MetricQuery, TableCalculation
from shared.errors import InputError
from shared.utils.names import suggestion
from shared.warehouse import quote_name

REFERENCE = re.compile(r"\$\{([a-zA-Z0-9_.-]+)\}")
# `{field}` is the column, `{partition}` and `{order}` what the template says of them, else the order of the query.
TEMPLATES: Mapping[str, str] = {
    "percent_of_column_total": "{field} / nullif(sum({field}) over ({partition}), 0)",
    "percent_of_previous_value": "{field} / nullif(lag({field}) over ({partition} {order}), 0)",
    "percent_change_from_previous": "{field} / nullif(lag({field}) over ({partition} {order}), 0) - 1",
    "running_total": "sum({field}) over ({order} rows between unbounded preceding and current row)",
    "rank_in_column": "rank() over (order by {field} asc)",
}


def calculation_sql(calculation: TableCalculation, query: MetricQuery) -> str:
    """Return the SQL of a table calculation, over a table with the query's fields as columns.

    Raises:
        InputError: It is of a kind that is not computed here, or refers to what is not selected.
    """
    if calculation.template is None and calculation.sql is None:
        raise InputError(
            f"a table calculation that is not computed here: `{calculation.name}`", hint="give it a `template` or `sql`"
        )
    if calculation.template is None:
        return REFERENCE.sub(lambda match: column(match[1].replace(".", "_"), query), calculation.sql or "")
    template = calculation.template
    if template["type"] not in TEMPLATES:
        raise InputError(
            f"a template that is not computed here: `{template['type']}`", hint=f"use one of: {', '.join(TEMPLATES)}"
        )
    # Of two decimals, engines make decimals or floating point.
    field = f"cast({column(template['fieldId'], query)} as double precision)"
    return TEMPLATES[template["type"]].format(
        field=field, partition=partition_sql(template, query), order=order_sql(template, query)
    )


def partition_sql(template: Mapping[str, Any], query: MetricQuery) -> str:
    """Return the `partition by` of a template that has one."""
    names = [column(name, query) for name in template.get("partitionBy") or []]
    return f"partition by {', '.join(names)}" if names else ""


def order_sql(template: Mapping[str, Any], query: MetricQuery) -> str:
    """Return the `order by` of a template, which is that of the query where it has none of its own."""
    given = [(each["fieldId"], each.get("order") or "asc") for each in template.get("orderBy") or []]
    given = given or [(sort.field, "desc" if sort.descending else "asc") for sort in query.sorts]
    columns = [f"{column(name, query)} {direction} nulls last" for name, direction in given]
    return f"order by {', '.join(columns)}" if columns else ""


def column(name: str, query: MetricQuery) -> str:
    """Return a column of the query's result, quoted."""
    known = [*query.dimensions, *query.metrics, *(each.name for each in query.calculations)]
    if name not in known:
        raise InputError(f"not selected by the query: `{name}`", hint=suggestion(name, known))
    return quote_name(name)

"""What can be asked: models as Lightdash sees them, with dimensions and metrics from the metadata in dbt's manifest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from reporting.filters import FilterRule, metric_rule

DEFAULT_INTERVALS = {
    "date": ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR"),
    "timestamp": ("RAW", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"),
}
TRUNCATED = ("SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR")
WITHIN_A_DAY = ("SECOND", "MINUTE", "HOUR")


@dataclass(frozen=True)
class Dimension:
    """What results can be split by.

    Attributes:
        id: `rpt_sales_weekly_week_start_month`: table and name.
        type: `string`, `number`, `date`, `timestamp` or `boolean`.
        sql: Its expression, with `${TABLE}` for the table.
        base: The name of the date that this is an interval of.
        interval: That interval: `MONTH`.
        format: How a value is written, as a spreadsheet's format: `#,##0.00`, `0.0%`.
    """

    id: str
    table: str
    name: str
    label: str
    description: str
    type: str
    sql: str
    base: str | None = None
    interval: str | None = None
    format: str | None = None
    hidden: bool = False


@dataclass(frozen=True)
class Metric:
    """What can be measured.

    Attributes:
        id: `rpt_sales_weekly_total_sales`: table and name.
        kind: How rows are brought together: `sum`, `count_distinct`, `number` (made of other metrics), …
        type: The type of its values: `number`, `date`, …
        sql: What it brings together, with `${TABLE}` for the table and `${name}` for another metric or dimension.
        filters: Conditions on the rows that count; their fields are names of this table's dimensions.
        format: How a value is written, as a spreadsheet's format.
    """

    id: str
    table: str
    name: str
    label: str
    description: str
    kind: str
    type: str
    sql: str
    filters: tuple[FilterRule, ...] = ()
    percentile: float | None = None
    format: str | None = None
    hidden: bool = False


@dataclass(frozen=True)
class Join:
    """Another table that a model is joined with: its alias, the condition in Lightdash's SQL, and `left`, `inner`, …"""

    table: str
    alias: str
    condition: str
    kind: str


@dataclass(frozen=True)
class Explore:
    """A model that charts can be made of.

    Attributes:
        relation: `schema.table` in the warehouse.
        dimensions: Its dimensions, and those of joined tables, by id.
        metrics: Its metrics, and those of joined tables, by id.
        relations: `schema.table` of itself and of each joined table, by the name that fields give the table.
    """

    name: str
    label: str
    description: str
    relation: str
    dimensions: Mapping[str, Dimension]
    metrics: Mapping[str, Metric]
    joins: tuple[Join, ...] = ()
    relations: Mapping[str, str] = field(default_factory=dict)

    @property
    def fields(self) -> dict[str, Dimension | Metric]:
        """All dimensions and metrics by id."""
        return {**self.dimensions, **self.metrics}


def explores_of(nodes: Iterable[Mapping[str, Any]]) -> dict[str, Explore]:
    """Return the explores that the models in dbt's manifest are, by name."""
    tables = {explore.name: (explore, meta_of(node)) for node in nodes for explore in [explore_of(node)]}
    return {name: joined(explore, meta, tables) for name, (explore, meta) in tables.items()}


def explore_of(node: Mapping[str, Any]) -> Explore:
    """Return the explore of one model, without what it is joined with."""
    table, meta = node["name"], meta_of(node)
    columns = list(node["columns"].values())
    dimensions = {found.name: found for column in columns for found in dimensions_of(table, column)}
    metrics = [found for column in columns for found in column_metrics(table, column, dimensions)]
    metrics += [metric_of(table, name, metric, None) for name, metric in (meta.get("metrics") or {}).items()]
    relation = f"{node['schema']}.{node.get('alias') or table}"
    return Explore(
        table,
        meta.get("label") or friendly(table),
        node.get("description") or "",
        relation,
        {found.id: found for found in dimensions.values()},
        # A dimension of the same name goes first.
        {found.id: found for found in metrics if found.name not in dimensions},
        relations={table: relation},
    )


def joined(explore: Explore, meta: Mapping[str, Any], tables: Mapping[str, tuple[Explore, Any]]) -> Explore:
    """Return an explore with the fields of the tables that its model says it is joined with."""
    joins = tuple(
        Join(join["join"], join.get("alias") or join["join"], join["sql_on"], join.get("type") or "left")
        for join in meta.get("joins") or []
        if join["join"] in tables
    )
    dimensions, metrics = dict(explore.dimensions), dict(explore.metrics)
    for join in joins:
        other = tables[join.table][0]
        dimensions |= {f"{join.alias}_{d.name}": under_alias(d, join.alias) for d in other.dimensions.values()}
        metrics |= {f"{join.alias}_{m.name}": under_alias(m, join.alias) for m in other.metrics.values()}
    relations = {**explore.relations, **{join.alias: tables[join.table][0].relation for join in joins}}
    shown = (explore.name, explore.label, explore.description, explore.relation)
    return Explore(*shown, dimensions, metrics, joins, relations)


def under_alias(found: Any, alias: str) -> Any:
    """Return a field as that of the table's alias."""
    return type(found)(**{**vars(found), "id": f"{alias}_{found.name}", "table": alias})


def dimensions_of(table: str, column: Mapping[str, Any]) -> Iterator[Dimension]:
    """Return the dimensions that a column stands for: itself, its intervals, and additional ones with theirs."""
    meta = meta_of(column)
    dimension = meta.get("dimension") or {}
    yield from with_intervals(table, column["name"], dimension, column, f"${{TABLE}}.{column['name']}")
    for name, additional in (meta.get("additional_dimensions") or {}).items():
        yield from with_intervals(table, name, additional, {}, f"${{TABLE}}.{column['name']}")


def with_intervals(
    table: str, name: str, meta: Mapping[str, Any], column: Mapping[str, Any], sql: str
) -> Iterator[Dimension]:
    """Return a dimension, and where it is a date or timestamp, its intervals."""
    kind = meta.get("type") or column.get("data_type") or "string"
    name, sql = meta.get("name") or name, meta.get("sql") or sql
    label = meta.get("label") or friendly(name)
    description = meta.get("description") or column.get("description") or ""
    shown = meta.get("format"), bool(meta.get("hidden"))
    yield Dimension(f"{table}_{name}", table, name, label, description, kind, sql, None, None, *shown)
    intervals = meta.get("time_intervals")
    if kind not in DEFAULT_INTERVALS or intervals in (False, "OFF"):
        return
    for interval in map(str.upper, intervals if isinstance(intervals, list) else DEFAULT_INTERVALS[kind]):
        if interval != "RAW" and interval not in TRUNCATED:
            continue
        part = f"{name}_{interval.lower()}"
        truncated = sql if interval == "RAW" else f"date_trunc('{interval.lower()}', {sql})"
        type_ = kind if interval == "RAW" or interval in WITHIN_A_DAY else "date"
        expression = truncated if type_ == kind == "timestamp" else f"cast({truncated} as {type_})"
        words = f"{label} {interval.lower()}"
        yield Dimension(f"{table}_{part}", table, part, words, description, type_, expression, name, interval, *shown)


def column_metrics(table: str, column: Mapping[str, Any], dimensions: Mapping[str, Dimension]) -> Iterator[Metric]:
    """Return the metrics that a column's metadata declares."""
    meta = meta_of(column)
    base = dimensions[(meta.get("dimension") or {}).get("name") or column["name"]]
    for name, metric in (meta.get("metrics") or {}).items():
        yield metric_of(table, name, metric, base)


def metric_of(table: str, name: str, meta: Mapping[str, Any], base: Dimension | None) -> Metric:
    """Return the metric that metadata declares, of a column where `base` is its dimension."""
    kind, own = meta["type"], meta.get("sql")
    type_ = kind if kind in ("string", "date", "timestamp", "boolean") else "number"
    if kind in ("min", "max") and base is not None and not own:
        type_ = base.type
    return Metric(
        f"{table}_{name}",
        table,
        name,
        meta.get("label") or friendly(name),
        meta.get("description") or "",
        kind,
        type_,
        own or (base.sql if base else ""),
        tuple(metric_rule(key, text) for rule in meta.get("filters") or [] for key, text in rule.items()),
        meta.get("percentile"),
        meta.get("format"),
        bool(meta.get("hidden")),
    )


def meta_of(node: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata of a model or column; what stands under `config` goes first, as in Lightdash."""
    return {**(node.get("meta") or {}), **((node.get("config") or {}).get("meta") or {})}


def friendly(name: str) -> str:
    """Return a name as a label: `total_sales` becomes `Total sales`."""
    words = " ".join(re.findall(r"[A-Za-z]+|\d+", name)).lower()
    return words[:1].upper() + words[1:]

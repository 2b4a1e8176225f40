"""Tiles as the page computes and draws them: fields, filters and order of a chart, and how its result is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from reporting.content import Chart, Content, DashboardFilter, MetricQuery, TableCalculation, Tile
from reporting.explores import Explore, Metric
from reporting.filters import FilterGroup, FilterRule, typed
from reporting.query import ResultColumn, columns_of
from reporting.site.datasets import Dataset, ModelRows, QueryRows
from reporting.site.display import Field, display
from reporting.site.formats import number_format
from reporting.site.formulas import Formula, NotComputable, formula_of

AGGREGATES = {
    "sum": "sum",
    "count": "count",
    "count_distinct": "distinct",
    "min": "min",
    "max": "max",
    "average": "average",
}
CALCULATIONS = (
    "percent_of_column_total",
    "percent_of_previous_value",
    "percent_change_from_previous",
    "running_total",
    "rank_in_column",
)
INTERVALS = ("month", "quarter", "year")
FieldData = dict[str, Any]


class Datasets:
    """The data of a page: that of each model once, however many tiles are made of it."""

    def __init__(self, content: Content) -> None:
        self.content = content
        self.all: list[Dataset] = []
        self._models: dict[str, int] = {}

    def model(self, explore: Explore) -> tuple[int, ModelRows]:
        """Return the number and the rows of an explore's model."""
        if explore.name not in self._models:
            self._models[explore.name] = self.add(ModelRows(explore))
        number = self._models[explore.name]
        rows = self.all[number]
        assert isinstance(rows, ModelRows)
        return number, rows

    def add(self, dataset: Dataset) -> int:
        """Take a dataset, and return its number."""
        self.all.append(dataset)
        return len(self.all) - 1


def tile_data(
    content: Content, tile: Tile, filters: Mapping[str, DashboardFilter], datasets: Datasets
) -> dict[str, Any]:
    """Return what the page needs to compute and draw a tile.

    Args:
        content: Where its chart and explore are.
        tile: The tile.
        filters: The filters of its dashboard, by the key that their controls have.
        datasets: Takes the data that is needed.

    Raises:
        InputError: The chart asks for what there is not.
    """
    chart = content.charts[tile.chart or ""]
    explore = content.explores[chart.query.explore]
    columns = columns_of(explore, chart.query)
    try:
        data = computed(chart, explore, filters, tile, datasets)
    except NotComputable:
        data = fixed(content, chart, datasets)
    shown = [Field(column, index) for index, column in enumerate(columns)]
    for field, column in zip(data["fields"], columns, strict=False):
        field |= field_data(column, explore)
    return {**data, "limit": chart.query.limit, "display": display(chart, shown, tile.h)}


def computed(
    chart: Chart, explore: Explore, filters: Mapping[str, DashboardFilter], tile: Tile, datasets: Datasets
) -> dict[str, Any]:
    """Return a tile that the page computes again after each filter.

    Raises:
        NotComputable: The page cannot.
    """
    query = chart.query
    if explore.joins:
        # Which rows there are depends on the tables that each query uses.
        raise NotComputable(explore.name)
    number, rows = datasets.model(explore)
    fields: dict[str, FieldData] = {id_: {"column": rows.dimension(id_)} for id_ in query.dimensions}
    fields |= {id_: {"value": metric_formula(explore.metrics[id_], explore, rows)} for id_ in query.metrics}
    unseen: dict[str, FieldData] = {}
    for id_ in {rule.field for rule in query.metric_filters.rules()} - fields.keys():
        formula = metric_formula(explore.metrics[id_], explore, rows)
        unseen[id_] = {"value": formula, "label": "", "kind": "number", "hidden": True}
    names = [*fields, *(each.name for each in query.calculations), *unseen]
    places = {name: index for index, name in enumerate(names)}
    fields |= {each.name: calculation_data(each, places) for each in query.calculations} | unseen
    kinds = {name: explore.fields[name].type if name in explore.fields else "number" for name in names}
    targets = {key: chosen.field_in(tile, explore) for key, chosen in filters.items()}
    return {
        "dataset": number,
        "where": [rows.condition(chart.slug, query.dimension_filters)] if query.dimension_filters.items else [],
        "filters": {key: rows.dimension(id_) for key, id_ in targets.items() if id_ is not None},
        "fields": list(fields.values()),
        "having": rules_data(query.metric_filters, places, kinds),
        "afterwards": rules_data(query.calculation_filters, places, kinds),
        "sorts": sorts_data(query, places),
    }


def sorts_data(query: MetricQuery, places: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return the order of a result."""
    return [
        {"field": places[sort.field], "descending": sort.descending, "nulls_first": sort.nulls_first}
        for sort in query.order
    ]


def fixed(content: Content, chart: Chart, datasets: Datasets) -> dict[str, Any]:
    """Return a tile that shows what the warehouse has computed, whatever the filters say."""
    columns = columns_of(content.explores[chart.query.explore], chart.query)
    everything = rules_data(FilterGroup(), {}, {})
    return {
        "dataset": datasets.add(QueryRows(content.explores, chart.query)),
        "where": [],
        "filters": {},
        "fields": [{"column": number} for number, _ in enumerate(columns)],
        "having": everything,
        "afterwards": everything,
        "sorts": [],
    }


def metric_formula(metric: Metric, explore: Explore, rows: ModelRows) -> Formula:
    """Return how the page computes a metric.

    Raises:
        NotComputable: It is of a kind that the page cannot compute.
    """
    if metric.kind == "number":
        return formula_of(metric.sql, lambda name: metric_formula(referred(metric, name, explore), explore, rows))
    if metric.kind in ("median", "percentile"):
        share = 50 if metric.kind == "median" or metric.percentile is None else metric.percentile
        return ["percentile", rows.argument(metric), share / 100]
    if metric.kind not in AGGREGATES:
        raise NotComputable(metric.kind)
    return [AGGREGATES[metric.kind], rows.argument(metric)]


def referred(metric: Metric, name: str, explore: Explore) -> Metric:
    """Return the metric that `${name}` or `${table.name}` stands for in another one's SQL."""
    owner, _, own = name.rpartition(".")
    found = explore.metrics.get(f"{owner or metric.table}_{own}")
    if found is None:
        raise NotComputable(name)
    return found


def calculation_data(calculation: TableCalculation, places: Mapping[str, int]) -> FieldData:
    """Return how the page computes a table calculation: one of the templates, over the result in its order."""
    template = calculation.template or {}
    if template.get("type") not in CALCULATIONS or template.get("partitionBy") or template.get("orderBy"):
        raise NotComputable(calculation.name)
    return {"calculation": {"kind": template["type"], "field": places[template["fieldId"]]}}


def rules_data(rules: FilterGroup | FilterRule, places: Mapping[str, int], kinds: Mapping[str, str]) -> dict[str, Any]:
    """Return conditions on the rows of a result."""
    if isinstance(rules, FilterGroup):
        return {"joiner": rules.joiner, "items": [rules_data(item, places, kinds) for item in rules.items]}
    if rules.asks_nothing:
        return {"joiner": "and", "items": []}
    if kinds[rules.field] != "number":
        raise NotComputable(rules.field)
    values = [typed(value, "number") for value in rules.values]
    return {"field": places[rules.field], "operator": rules.operator, "values": values}


def field_data(column: ResultColumn, explore: Explore) -> FieldData:
    """Return what a field is called and how its values are written."""
    dimension = explore.dimensions.get(column.id) if column.role == "dimension" else None
    interval = (dimension.interval or "").lower() if dimension else ""
    form = number_format(column.format, grouping=dimension is None)
    kind = interval if interval in INTERVALS else column.type
    return {"label": column.label, "kind": kind, "format": asdict(form) if column.type == "number" else None}

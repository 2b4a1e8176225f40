"""Hold the kind of a chart against what it selects: no line without an axis, no pie of two dimensions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reporting.explores import Explore
from reporting.lint.documents import Document, Keys
from reporting.lint.fields import kinds_of_fields, selected
from reporting.lint.findings import Finding
from shared.utils.names import suggestion

# Kinds that need something to split by and something to measure.
SPLIT = ("cartesian", "pie", "funnel", "treemap", "sankey")
NAMES = {"big_number": "a big number", "cartesian": "a chart with axes", "pie": "a pie", "gauge": "a gauge"}


def kind_findings(document: Document, explore: Explore) -> Iterator[Finding]:
    """Return where a chart's kind does not fit its fields, or its configuration names fields that are not selected."""
    query, kind = document.content["metricQuery"], document.content["chartConfig"]["type"]
    measures = [*query["metrics"], *(each["name"] for each in query["tableCalculations"])]
    name = NAMES.get(kind, f"a {kind}")
    if not selected(document):
        yield document.finding(["metricQuery"], "the chart asks for nothing", "name a dimension or a metric")
        return
    if kind in SPLIT and not query["dimensions"]:
        hint = "add a dimension, or make it a `big_number`"
        yield document.finding(["metricQuery", "dimensions"], f"{name} without a dimension", hint)
    if kind in SPLIT and not measures:
        hint = "add a metric, or make it a `table`"
        yield document.finding(["metricQuery", "metrics"], f"{name} without a metric", hint)
    yield from named_fields(document)
    yield from pivot_findings(document)
    if kind == "cartesian":
        yield from axis_findings(document, explore)
    if kind in ("big_number", "gauge"):
        yield from single_value_findings(document, measures, name)
    if kind == "pie":
        yield from pie_findings(document, measures)


def config_of(document: Document) -> Mapping[str, Any]:
    """Return what a chart says of its kind."""
    config: Mapping[str, Any] = document.content["chartConfig"].get("config") or {}
    return config


def named_fields(document: Document) -> Iterator[Finding]:
    """Return fields that a chart's configuration names and that it does not select."""
    columns = selected(document)
    for keys, field in fields_in(document):
        if field not in columns:
            message = f"the chart shows a field that it does not select: `{field}`"
            yield document.finding(keys, message, suggestion(field, columns))


def fields_in(document: Document) -> Iterator[tuple[Keys, str]]:
    """Return the fields that a chart's configuration names, with the keys that lead there."""
    config = config_of(document)
    start: list[str | int] = ["chartConfig", "config"]
    for key in ("selectedField", "comparisonField", "metricId", "fieldId", "maxFieldId"):
        if isinstance(config.get(key), str):
            yield [*start, key], config[key]
    layout = config.get("layout") or {}
    if layout.get("xField"):
        yield [*start, "layout", "xField"], layout["xField"]
    series = (config.get("eChartsConfig") or {}).get("series") or []
    lists = {("layout", "yField"): layout.get("yField"), ("groupFieldIds",): config.get("groupFieldIds")}
    for keys, names in lists.items():
        for position, name in enumerate(names or []):
            yield [*start, *keys, position], name
    for position, each in enumerate(series):
        for end in ("xRef", "yRef"):
            yield [*start, "eChartsConfig", "series", position, "encode", end, "field"], each["encode"][end]["field"]
    for name in config.get("columns") or {}:
        yield [*start, "columns", name], name
    order = (document.content.get("tableConfig") or {}).get("columnOrder") or []
    for position, name in enumerate(order):
        yield ["tableConfig", "columnOrder", position], name


def pivot_findings(document: Document) -> Iterator[Finding]:
    """Return where values are to become series or columns that cannot."""
    pivot = (document.content.get("pivotConfig") or {}).get("columns") or []
    kind = document.content["chartConfig"]["type"]
    if pivot and kind not in ("cartesian", "table"):
        yield document.finding(["pivotConfig"], f"a {kind} has no pivot", "remove `pivotConfig`")
    dimensions = document.content["metricQuery"]["dimensions"]
    for position, name in enumerate(pivot):
        if name not in dimensions:
            message = f"the pivot is no dimension that the chart selects: `{name}`"
            yield document.finding(["pivotConfig", "columns", position], message, suggestion(name, dimensions))


def axis_findings(document: Document, explore: Explore) -> Iterator[Finding]:
    """Return what a chart with axes lacks, has too much, or cannot draw."""
    layout = config_of(document).get("layout") or {}
    keys = ["chartConfig", "config", "layout"]
    axes = layout.get("xField"), *(layout.get("yField") or [])
    if not layout.get("xField") or not layout.get("yField"):
        yield document.finding(keys, "a chart with axes needs `xField` and `yField`", "name a field for each axis")
    kinds = {name: kind for fields in kinds_of_fields(document, explore).values() for name, kind in fields.items()}
    for position, name in enumerate(layout.get("yField") or []):
        if name in selected(document) and kinds.get(name, "number") != "number":
            message = f"`yField` is not a number but of type {kinds[name]}: `{name}`"
            yield document.finding([*keys, "yField", position], message, "draw a metric, or make it a `table`")
    pivot = (document.content.get("pivotConfig") or {}).get("columns") or []
    for position, name in enumerate(document.content["metricQuery"]["dimensions"]):
        if name not in axes and name not in pivot:
            message = f"a dimension that is neither an axis nor a series: `{name}`"
            hint = "name it in `layout.xField` or `pivotConfig.columns`, or remove it"
            yield document.finding(["metricQuery", "dimensions", position], message, hint)


def single_value_findings(document: Document, measures: list[str], name: str) -> Iterator[Finding]:
    """Return where it is open which value a big number or gauge shows."""
    chosen = config_of(document).get("selectedField")
    if chosen is None and len(measures) > 1:
        message = f"{name} of {len(measures)} metrics"
        yield document.finding(["metricQuery", "metrics"], message, "name one in `chartConfig.config.selectedField`")
    if chosen is None and not measures:
        yield document.finding(["metricQuery", "metrics"], f"{name} without a metric", "add a metric")


def pie_findings(document: Document, measures: list[str]) -> Iterator[Finding]:
    """Return where it is open what the slices of a pie are."""
    config, dimensions = config_of(document), document.content["metricQuery"]["dimensions"]
    if len(dimensions) > 1:
        message = f"a pie of {len(dimensions)} dimensions"
        yield document.finding(["metricQuery", "dimensions"], message, "keep one, or make it a stacked bar")
    if len(measures) > 1 and config.get("metricId") is None:
        message = f"a pie of {len(measures)} metrics"
        yield document.finding(["metricQuery", "metrics"], message, "name one in `chartConfig.config.metricId`")

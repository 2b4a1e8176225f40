"""How the result of a chart is shown: as a number, a table, or drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from reporting.content import Chart
from reporting.query import ResultColumn
from reporting.site.formats import compact, number_format
from reporting.site.specs import Cartesian, Mark, Series, cartesian, pie

# What the grid's rows leave for the drawing, after title, description and the way to the numbers.
ROW_HEIGHT = 40
AROUND = 110
LEAST_HEIGHT = 160
Display = dict[str, Any]


@dataclass(frozen=True)
class Field:
    """A field of a tile, and its place among them."""

    column: ResultColumn
    index: int


def display(chart: Chart, fields: Sequence[Field], rows: int) -> Display:
    """Return how a chart's result is shown; a kind that is not drawn here is shown as a table.

    Args:
        chart: The chart.
        fields: Its fields.
        rows: How many rows of the grid it has.
    """
    places = {field.column.id: field.index for field in fields}
    height = max(LEAST_HEIGHT, rows * ROW_HEIGHT - AROUND)
    metrics = [field for field in fields if field.column.role != "dimension"]
    if chart.kind == "big_number" and metrics:
        return number_display(chart, metrics, places)
    if chart.kind == "cartesian" and metrics:
        return cartesian_display(chart, fields, places, height) or table_display(chart, places)
    if chart.kind == "pie" and metrics and len(fields) > len(metrics):
        return pie_display(chart, fields, places, height)
    return table_display(chart, places)


def number_display(chart: Chart, metrics: Sequence[Field], places: Mapping[str, int]) -> Display:
    """Return how a single number is shown."""
    index = places.get(chart.config.get("selectedField") or "", metrics[0].index)
    column = next(field.column for field in metrics if field.index == index)
    form = compact(number_format(column.format), chart.config.get("style"))
    return {"kind": "number", "field": index, "format": asdict(form) if column.type == "number" else None}


def table_display(chart: Chart, places: Mapping[str, int]) -> Display:
    """Return which columns a table has, in order."""
    hidden = {id_ for id_, options in (chart.config.get("columns") or {}).items() if options.get("visible") is False}
    ordered = [id_ for id_ in chart.columns if id_ in places] + [id_ for id_ in places if id_ not in chart.columns]
    return {"kind": "table", "order": [places[id_] for id_ in ordered if id_ not in hidden]}


def pie_display(chart: Chart, fields: Sequence[Field], places: Mapping[str, int], height: int) -> Display:
    """Return how a whole is shown in parts."""
    metrics = [field for field in fields if field.column.role != "dimension"]
    dimensions = [field.column.id for field in fields if field.column.role == "dimension"]
    metric = next((field for field in metrics if field.column.id == chart.config.get("metricId")), metrics[0])
    group = places[next(iter(chart.config.get("groupFieldIds") or dimensions))]
    spec = pie(metric.column.label, donut=bool(chart.config.get("isDonut")), height=height)
    return drawn(spec, x=group, ys=[metric], pivot=group, scale="names")


def cartesian_display(chart: Chart, fields: Sequence[Field], places: Mapping[str, int], height: int) -> Display | None:
    """Return how lines, bars, areas or points are drawn; nothing where the layout names no fields of the query."""
    layout, axes = chart.config.get("layout") or {}, chart.config.get("eChartsConfig") or {}
    ys = [fields[places[id_]] for id_ in layout.get("yField") or [] if id_ in places]
    if layout.get("xField") not in places or not ys:
        return None
    x = fields[places[layout["xField"]]]
    series = [series_of(field, axes.get("series") or [], stacked=bool(layout.get("stack"))) for field in ys]
    scale = scale_of(x.column, {each.mark for each in series})
    pivots = [places[id_] for id_ in chart.pivot if id_ in places]
    look = Cartesian(
        title_of(axes.get("xAxis"), 0) or x.column.label,
        [title_of(axes.get("yAxis"), axis) or named(series, axis) for axis in range(2)],
        series,
        bool(pivots),
        scale,
        bool(layout.get("flipAxes")),
        x.column.type in ("date", "timestamp"),
    )
    spec = cartesian(look, height)
    return drawn(
        spec, x=x.index, ys=ys, pivot=pivots[0] if pivots else None, scale=scale, names=[s.name for s in series]
    )


def drawn(
    spec: Mapping[str, Any], *, x: int, ys: Sequence[Field], pivot: int | None, scale: str, names: Sequence[str] = ()
) -> Display:
    """Return what the page makes marks of, and how they are drawn."""
    labels = list(names) or [field.column.label for field in ys]
    return {
        "kind": "chart",
        "spec": spec,
        "x": x,
        "ys": [field.index for field in ys],
        "pivot": pivot,
        "names": labels,
        "continuous": scale != "names",
    }


def series_of(field: Field, configured: Sequence[Mapping[str, Any]], *, stacked: bool) -> Series:
    """Return how a metric is drawn: by the first series that is configured for it, else as bars."""
    own = [one for one in configured if one.get("encode", {}).get("yRef", {}).get("field") == field.column.id]
    first: Mapping[str, Any] = own[0] if own else {}
    mark: Mark = "area" if first.get("areaStyle") else first.get("type", "bar")
    form = number_format(field.column.format).axis
    piled = bool(first.get("stack") or stacked) and mark in ("bar", "area")
    return Series(first.get("name") or field.column.label, mark, int(first.get("yAxisIndex", 0)), piled, form)


def scale_of(column: ResultColumn, marks: set[Mark]) -> Any:
    """Return what places are: between two moments or numbers there is something, unless bars stand on them."""
    if "bar" in marks:
        return "names"
    return {"date": "time", "timestamp": "time", "number": "number"}.get(column.type, "names")


def title_of(axes: Sequence[Mapping[str, Any]] | None, number: int) -> str:
    """Return the title that is configured for an axis."""
    return str(axes[number].get("name") or "") if axes and number < len(axes) else ""


def named(series: Sequence[Series], axis: int) -> str:
    """Return the title of an axis that has none: its series' names."""
    return ", ".join(each.name for each in series if each.axis == axis)

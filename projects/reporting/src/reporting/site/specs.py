"""How charts look: Vega-Lite by Altair, for marks that the page makes of a tile's rows.

Each mark has its place (`x`, and `xt` as text), its height (`y`, and `yt` as text), its `series`, and `part`, the
number of the metric that it shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal, TypeAlias

import altair as alt

from reporting.site.formats import PERCENT

Mark = Literal["line", "bar", "area", "scatter"]
Spec: TypeAlias = dict[str, Any]
# Each has a contrast of at least 3 with the ground of either theme.
PALETTE = (
    "#3b7dd8", "#d9622b", "#2a9d6f", "#b8599c", "#8a7a1f", "#7a6fd6", "#1f95a8", "#c8506a", "#6f8f2f", "#8d7b6c",
)  # fmt: skip
# The page sets `tilt` where labels would not fit beside each other, and `columns` to what fits into a legend's line.
TILTED: dict[str, Any] = {
    "labelAngle": alt.expr("tilt ? -40 : 0"),
    "labelAlign": alt.expr("tilt ? 'right' : 'center'"),
    "labelBaseline": alt.expr("tilt ? 'middle' : 'top'"),
}


@dataclass(frozen=True)
class Series:
    """A metric of a chart: its name, how it is drawn, on which of two axes, and the form of the axis' labels."""

    name: str
    mark: Mark
    axis: int
    stacked: bool
    form: str


@dataclass(frozen=True)
class Cartesian:
    """A chart with two axes.

    Attributes:
        y_titles: A title for each of the axes that the series use.
        pivoted: Whether a dimension makes the series, within those of each metric.
        scale: What places are: moments, numbers, or names that stand beside each other.
        flipped: Whether places are one below the other.
        crowded: Whether labels may be left out where they do not fit, as those of dates may.
    """

    x_title: str
    y_titles: Sequence[str]
    series: Sequence[Series]
    pivoted: bool
    scale: Literal["time", "number", "names"]
    flipped: bool
    crowded: bool

    @property
    def coloured(self) -> bool:
        """Whether colours tell series apart."""
        return self.pivoted or len(self.series) > 1

    @property
    def beside(self) -> bool:
        """Whether bars of the same place stand beside each other."""
        bars = [series for series in self.series if series.mark == "bar"]
        return self.scale == "names" and bool(bars) and not bars[0].stacked and (self.pivoted or len(bars) > 1)


def cartesian(look: Cartesian, height: int) -> Spec:
    """Return the chart, without its data."""
    numbered = sorted(enumerate(look.series), key=lambda entry: like(entry[1]))
    groups = [list(group) for _, group in groupby(numbered, key=lambda entry: like(entry[1]))]
    # Lines lie on bars.
    groups.sort(key=lambda group: group[0][1].mark == "line")
    layers = [layer(look, group, alone=len(groups) == 1) for group in groups]
    if len(layers) == 1:
        return finished(layers[0], height)
    two_axes = len({series.axis for series in look.series}) > 1
    value_axis: dict[str, Any] = {"x" if look.flipped else "y": "independent" if two_axes else "shared"}
    return finished(alt.layer(*layers).resolve_scale(**value_axis), height)


def like(series: Series) -> tuple[str, int, bool]:
    """Return what series of one layer have in common."""
    return series.mark, series.axis, series.stacked


def layer(look: Cartesian, group: Sequence[tuple[int, Series]], *, alone: bool) -> Any:
    """Return the marks of series that are drawn alike."""
    _, first = group[0]
    chart = marked(alt.Chart(), first.mark)
    if not alone:
        chart = chart.transform_filter(alt.FieldOneOfPredicate("part", [number for number, _ in group]))
    across, along = ("y", "x") if look.flipped else ("x", "y")
    channels: dict[str, Any] = {
        across: place(look),
        along: height_of(look, first),
        "tooltip": tooltip(look),
    }
    if look.coloured:
        channels["color"] = colour(None if look.pivoted else [series.name for series in look.series])
    if first.mark == "bar" and look.beside:
        names = [series.name for series in look.series if series.mark == "bar"]
        channel = alt.YOffset if look.flipped else alt.XOffset
        scale = alt.Undefined if look.pivoted else alt.Scale(domain=names)
        channels[f"{across}Offset"] = channel("series:N", sort=None, scale=scale)
    return chart.encode(**channels)


def marked(chart: Any, mark: Mark) -> Any:
    """Return a chart with marks of a kind."""
    match mark:
        case "line":
            return chart.mark_line(point=alt.OverlayMarkDef(size=22, filled=True), strokeWidth=2, color=PALETTE[0])
        case "area":
            return chart.mark_area(opacity=0.85, line=True, color=PALETTE[0])
        case "scatter":
            return chart.mark_point(size=60, filled=True, color=PALETTE[0])
        case "bar":
            return chart.mark_bar(color=PALETTE[0])


def place(look: Cartesian) -> Any:
    """Return where marks stand."""
    channel = alt.Y if look.flipped else alt.X
    title = look.x_title
    if look.scale == "time":
        axis = alt.Axis(grid=False, labelOverlap=True, labelSeparation=10)
        return channel("x:T", title=title, scale=alt.Scale(type="utc"), axis=axis)
    if look.scale == "number":
        return channel("x:Q", title=title, scale=alt.Scale(zero=False), axis=alt.Axis(grid=False, labelOverlap=True))
    if look.flipped:
        return channel("x:N", title=title, sort=None, axis=alt.Axis(labelLimit=190))
    if look.crowded:
        return channel(
            "x:N", title=title, sort=None, axis=alt.Axis(labelOverlap="greedy", labelSeparation=8, labelAngle=0)
        )
    return channel("x:N", title=title, sort=None, axis=alt.Axis(labelOverlap=False, labelLimit=140, **TILTED))


def height_of(look: Cartesian, series: Series) -> Any:
    """Return how high marks are."""
    channel = alt.X if look.flipped else alt.Y
    return channel(
        "y:Q",
        title=look.y_titles[series.axis],
        axis=alt.Axis(format=series.form, grid=series.axis == 0, tickCount=5),
        scale=alt.Scale(zero=series.mark in ("bar", "area") or series.form != PERCENT),
        stack="zero" if series.stacked else None,
    )


def tooltip(look: Cartesian) -> list[alt.Tooltip]:
    """Return what is told of a mark."""
    value = look.series[0].name if len(look.series) == 1 else "Value"
    series = [alt.Tooltip("series:N", title="Series")] if look.coloured else []
    return [alt.Tooltip("xt:N", title=look.x_title), *series, alt.Tooltip("yt:N", title=value)]


def colour(names: Sequence[str] | None) -> alt.Color:
    """Return the colours of series, in the order of `names`, or else in that of the marks."""
    legend = alt.Legend(orient="bottom", title=None, labelLimit=170, symbolType="square", columns=alt.expr("columns"))
    scale = alt.Scale(range=list(PALETTE), domain=alt.Undefined if names is None else list(names))
    return alt.Color("series:N", sort=None, scale=scale, legend=legend)


def pie(title: str, *, donut: bool, height: int) -> Spec:
    """Return a pie, without its data; `title` says what its parts add up to."""
    chart = alt.Chart().mark_arc(innerRadius=alt.expr("min(width, height) / 4") if donut else 0)
    parts = [alt.Tooltip("series:N", title="Part"), alt.Tooltip("yt:N", title=title)]
    theta = alt.Theta("y:Q", stack=True)
    return finished(chart.encode(theta=theta, color=colour(None), order="part:Q", tooltip=parts), height)


def finished(chart: alt.Chart | alt.LayerChart, height: int) -> Spec:
    """Return the specification as the page takes it: as wide as its frame, its texts coloured by the page."""
    sized = chart.properties(
        width="container", height=height, autosize=alt.AutoSizeParams(type="fit", contains="padding")
    )
    told = [alt.param(name="tilt", value=False), alt.param(name="columns", value=4)]
    spec: Spec = sized.add_params(*told).to_dict(validate=True)
    # The page puts its marks in; empty data of a layer's own would go before them.
    for part in (spec, *spec.get("layer", [])):
        for unwanted in ("$schema", "data", "datasets"):
            part.pop(unwanted, None)
    return {**spec, "config": CONFIG, "background": None}


# Texts and lines are coloured by the page's style.
CONFIG: Spec = {
    "aria": False,
    # That of the page, or texts would be measured in another one than they are shown in.
    "font": 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
    "view": {"stroke": None},
    "axis": {"labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": "normal", "titlePadding": 8},
    "legend": {"labelFontSize": 11, "symbolSize": 90, "rowPadding": 3, "columnPadding": 10},
}

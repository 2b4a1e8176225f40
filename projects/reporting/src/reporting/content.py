"""Charts and dashboards, read from their files, and the explores that they ask, read from dbt's manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reporting.explores import Explore, explores_of
from reporting.filters import FilterGroup, group_of
from reporting.manifest import model_nodes
from reporting.project import DASHBOARDS_DIR
from shared.config import Settings
from shared.errors import ConfigurationError
from shared.utils.yaml_file import read_yaml

NO_FILTERS = FilterGroup()


@dataclass(frozen=True)
class Sort:
    """A field that results are ordered by."""

    field: str
    descending: bool
    nulls_first: bool = False


@dataclass(frozen=True)
class TableCalculation:
    """What is computed from a query's results.

    Attributes:
        name: The column's name.
        label: What it is called.
        template: A template of Lightdash's with its arguments: `{type: percent_of_column_total, fieldId: …}`.
        sql: SQL with `${table.field}` for columns, where there is no template.
        format: Lightdash's format options: `{type: percent, round: 1}`.
    """

    name: str
    label: str
    template: Mapping[str, Any] | None
    sql: str | None
    format: Mapping[str, Any]


@dataclass(frozen=True)
class MetricQuery:
    """What a chart asks of an explore: ids of dimensions and metrics, filters, order and a limit."""

    explore: str
    dimensions: tuple[str, ...]
    metrics: tuple[str, ...]
    dimension_filters: FilterGroup = NO_FILTERS
    metric_filters: FilterGroup = NO_FILTERS
    calculation_filters: FilterGroup = NO_FILTERS
    sorts: tuple[Sort, ...] = ()
    limit: int = 500
    calculations: tuple[TableCalculation, ...] = ()

    @property
    def order(self) -> tuple[Sort, ...]:
        """The whole order of the result: ties come in that of the dimensions, or each engine would choose."""
        sorted_by = {sort.field for sort in self.sorts}
        return (*self.sorts, *(Sort(id_, descending=False) for id_ in self.dimensions if id_ not in sorted_by))


@dataclass(frozen=True)
class Chart:
    """A chart.

    Attributes:
        kind: `cartesian`, `big_number`, `pie`, `table`, …
        config: What Lightdash calls `chartConfig.config`: axes and series, the selected field, …
        pivot: Ids of the dimensions whose values become series or columns.
        columns: The order of a table's columns, where the chart tells it.
        path: Its file.
    """

    slug: str
    name: str
    description: str
    query: MetricQuery
    kind: str
    config: Mapping[str, Any]
    pivot: tuple[str, ...]
    columns: tuple[str, ...]
    path: Path


@dataclass(frozen=True)
class Tile:
    """A place on a dashboard's grid of 36 columns.

    Attributes:
        kind: `saved_chart`, `heading`, `markdown`, …
        slug: Its name within the dashboard.
        chart: The slug of its chart.
        title: The title that is shown.
        text: What a heading says or a text tile contains.
        tab: The slug of its tab.
    """

    kind: str
    slug: str
    x: int
    y: int
    w: int
    h: int
    title: str
    chart: str | None = None
    text: str = ""
    tab: str | None = None


@dataclass(frozen=True)
class DashboardFilter:
    """A filter of a whole dashboard.

    Attributes:
        values: What it is set to at first.
        disabled: Whether it is not set at first, that is, whether every value passes.
        targets: The field that it acts on in a tile, by the tile's slug; null for one that it leaves alone. In others
            it acts on `field`, where the chart's explore has that.
    """

    label: str
    field: str
    table: str
    operator: str
    values: tuple[Any, ...]
    disabled: bool
    targets: Mapping[str, str | None]

    def field_in(self, tile: Tile, explore: Explore) -> str | None:
        """Return the id of the field that the filter acts on in a tile, or null where it leaves the tile alone."""
        target = self.targets.get(tile.slug, self.field)
        return target if target in explore.fields else None


@dataclass(frozen=True)
class Dashboard:
    """A dashboard: tiles on a grid, in tabs where it has some."""

    slug: str
    name: str
    description: str
    tiles: tuple[Tile, ...]
    filters: tuple[DashboardFilter, ...]
    tabs: tuple[Mapping[str, Any], ...]
    path: Path


@dataclass(frozen=True)
class Content:
    """All that there is: by slug, explores by name."""

    charts: Mapping[str, Chart]
    dashboards: Mapping[str, Dashboard]
    explores: Mapping[str, Explore]


def load_content(settings: Settings, folder: Path = DASHBOARDS_DIR) -> Content:
    """Read all charts, dashboards and explores. What is wrong in them is told by `python -m reporting lint`.

    Raises:
        ConfigurationError: A file cannot be read, or lacks what it must have.
        PlatformError: dbt cannot read its project.
    """
    charts = [read(path, chart_of) for path in sorted(folder.glob("charts/*.yml"))]
    dashboards = [read(path, dashboard_of) for path in sorted(folder.glob("dashboards/*.yml"))]
    return Content(
        {chart.slug: chart for chart in charts},
        {dashboard.slug: dashboard for dashboard in dashboards},
        explores_of(model_nodes(settings)),
    )


def read(path: Path, convert: Any) -> Any:
    """Return what a file describes."""
    try:
        return convert(read_yaml(path), path)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(
            f"not as it should be: `{path}`: {type(error).__name__}: {error}", hint="run `./pixiw run lint-dashboards`"
        ) from error


def chart_of(document: Mapping[str, Any], path: Path) -> Chart:
    """Return the chart that a file's content describes."""
    query = document["metricQuery"]
    filters = query["filters"]
    return Chart(
        document["slug"],
        document["name"],
        document.get("description", ""),
        MetricQuery(
            document["tableName"],
            tuple(query["dimensions"]),
            tuple(query["metrics"]),
            group_of(filters.get("dimensions")),
            group_of(filters.get("metrics")),
            group_of(filters.get("tableCalculations")),
            tuple(Sort(s["fieldId"], s["descending"], s.get("nullsFirst", False)) for s in query["sorts"]),
            int(query["limit"]),
            tuple(map(calculation_of, query["tableCalculations"])),
        ),
        document["chartConfig"]["type"],
        document["chartConfig"].get("config", {}),
        tuple(document.get("pivotConfig", {}).get("columns", ())),
        tuple(document.get("tableConfig", {}).get("columnOrder", ())),
        path,
    )


def calculation_of(document: Mapping[str, Any]) -> TableCalculation:
    """Return the table calculation that a chart's file describes."""
    name, label = document["name"], document["displayName"]
    return TableCalculation(name, label, document.get("template"), document.get("sql"), document.get("format") or {})


def dashboard_of(document: Mapping[str, Any], path: Path) -> Dashboard:
    """Return the dashboard that a file's content describes."""
    filters = document.get("filters", {}).get("dimensions", [])
    shown = document["slug"], document["name"], document.get("description", "")
    tiles = tuple(tile_of(number, tile) for number, tile in enumerate(document["tiles"]))
    return Dashboard(*shown, tiles, tuple(map(filter_of, filters)), tuple(document["tabs"]), path)


def tile_of(number: int, document: Mapping[str, Any]) -> Tile:
    """Return the tile that a dashboard's file describes."""
    properties = document["properties"]
    slug = document.get("tileSlug") or properties.get("chartSlug") or f"tile-{number}"
    return Tile(
        document["type"],
        slug,
        int(document["x"]),
        int(document["y"]),
        int(document["w"]),
        int(document["h"]),
        properties.get("title") or properties.get("chartName") or "",
        properties.get("chartSlug"),
        properties.get("text") or properties.get("content") or "",
        document.get("tabSlug"),
    )


def filter_of(document: Mapping[str, Any]) -> DashboardFilter:
    """Return the filter that a dashboard's file describes."""
    target = document["target"]
    targets = {slug: tile["fieldId"] if tile else None for slug, tile in (document.get("tileTargets") or {}).items()}
    return DashboardFilter(
        document.get("label") or target["fieldId"],
        target["fieldId"],
        target["tableName"],
        document["operator"],
        tuple(document.get("values") or ()),
        bool(document.get("disabled")),
        targets,
    )

"""Faults for the trial of dashboards' linters: what somebody mistypes in a file, or forgets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Content = dict[str, Any]
CHART, BIG_NUMBER, DASHBOARD = "charts/sales-by-week.yml", "charts/sales-total.yml", "dashboards/sales-performance.yml"


@dataclass(frozen=True)
class Fault:
    """A fault, the file that it is put into, and what puts it there."""

    name: str
    file: str
    put: Callable[[Content], object]


def query(content: Content) -> Content:
    """Return what a chart asks for."""
    found: Content = content["metricQuery"]
    return found


def first_chart(content: Content) -> Content:
    """Return the first tile of a dashboard that shows a chart."""
    return next(tile for tile in content["tiles"] if "chartSlug" in tile["properties"])


FAULTS = (
    Fault("an unknown key", CHART, lambda chart: chart.update(tablename="x")),
    Fault("a key that lacks", CHART, lambda chart: chart.pop("name")),
    Fault("a text for a number", CHART, lambda chart: query(chart).update(limit="many")),
    Fault("an unknown kind of chart", CHART, lambda chart: chart["chartConfig"].update(type="spiral")),
    Fault("a model that is not there", CHART, lambda chart: chart.update(tableName="rpt_sales_wekly")),
    Fault(
        "a metric that is not there",
        BIG_NUMBER,
        lambda chart: query(chart).update(metrics=["rpt_sales_weekly_total_sale"]),
    ),
    Fault(
        "a dimension that is not there", CHART, lambda chart: query(chart)["dimensions"].append("rpt_sales_weekly_weak")
    ),
    Fault(
        "a metric among the dimensions",
        CHART,
        lambda chart: query(chart)["dimensions"].append(query(chart)["metrics"][0]),
    ),
    Fault(
        "a sort by what is not selected",
        CHART,
        lambda chart: query(chart)["sorts"].append({"fieldId": "rpt_x", "descending": True}),
    ),
    Fault(
        "an axis of what is not selected",
        CHART,
        lambda chart: chart["chartConfig"]["config"]["layout"].update(xField="rpt_x"),
    ),
    Fault("a chart that asks for nothing", BIG_NUMBER, lambda chart: query(chart).update(metrics=[], dimensions=[])),
    Fault(
        "a tile of a chart that is not there",
        DASHBOARD,
        lambda board: first_chart(board)["properties"].update(chartSlug="gone"),
    ),
    Fault(
        "tiles over one another",
        DASHBOARD,
        lambda board: first_chart(board).update(x=board["tiles"][-1]["x"], y=board["tiles"][-1]["y"]),
    ),
    Fault("a tile beyond the page", DASHBOARD, lambda board: first_chart(board).update(x=40)),
    Fault("the slug of another file", CHART, lambda chart: chart.update(slug="sales-total")),
)

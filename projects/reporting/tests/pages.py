"""A small model with charts on it, the page that is made of them, and what a browser shows of the page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
from selenium.webdriver import Chrome
from selenium.webdriver.support.ui import WebDriverWait

from reporting.content import Chart, Content, Dashboard, chart_of, dashboard_of
from reporting.explores import explores_of
from reporting.query import run_query, tile_query
from reporting.site.page import plan_page, render
from shared.warehouse import Warehouse

TABLE = "rpt_things"
HOSTILE = '</script><img src=x onerror="hacked=1"> & a\'b'
# Week, department, sales, baskets, lift, whether it was promoted, when it was seen.
ROWS: list[tuple[Any, ...]] = [
    (date(2017, 1, 2), "MEAT", "10.10", 2, 0.5, True, datetime(2017, 1, 3, 8, 30)),
    (date(2017, 1, 2), "DELI", "20.20", 3, None, False, datetime(2017, 1, 4, 9, 0, 1)),
    (date(2017, 1, 9), "MEAT", "30.30", 0, 0.25, False, None),
    (date(2017, 1, 9), HOSTILE, "0.07", 4, -1.5, True, datetime(2017, 1, 9, 23, 59, 59, 250000)),
    (date(2017, 2, 6), "DELI", "1234567.89", 5, 2.0, True, datetime(2017, 2, 7)),
    (date(2017, 2, 6), None, "-0.01", 1, 0.125, False, datetime(2017, 2, 8)),
]


def fill(warehouse: Warehouse) -> None:
    """Make the model's table."""
    kinds = [pa.date32(), pa.string(), pa.decimal128(18, 2), pa.int64(), pa.float64(), pa.bool_(), pa.timestamp("us")]
    names = ["week_start", "department", "sales", "baskets", "lift", "promoted", "seen_at"]
    columns = [list(values) for values in zip(*ROWS, strict=True)]
    columns[2] = [Decimal(text) for text in columns[2]]
    arrays = [pa.array(values, kind) for values, kind in zip(columns, kinds, strict=True)]
    warehouse.replace_arrow(f"reporting.{TABLE}", pa.table(arrays, names=names))


def metric(kind: str, **more: Any) -> dict[str, Any]:
    """Return a metric's metadata."""
    return {"type": kind, **more}


def column(name: str, kind: str, **metrics: Any) -> dict[str, Any]:
    """Return a column of the manifest."""
    return {"name": name, "config": {"meta": {"dimension": {"type": kind}, "metrics": metrics}}}


NODE: dict[str, Any] = {
    "name": TABLE,
    "schema": "reporting",
    "config": {
        "meta": {
            "metrics": {
                "basket_value": metric("number", sql="1.0 * ${total_sales} / nullif(${total_baskets}, 0)"),
                "odd_value": metric("number", sql="greatest(${total_sales}, ${total_baskets})"),
            }
        }
    },
    "columns": {
        found["name"]: found
        for found in [
            column("week_start", "date"),
            column("department", "string", departments=metric("count_distinct"), named=metric("count")),
            column(
                "sales",
                "number",
                total_sales=metric("sum", format="#,##0.00"),
                promoted_sales=metric("sum", filters=[{"promoted": "true"}]),
                largest=metric("max"),
            ),
            column("baskets", "number", total_baskets=metric("sum", format="#,##0"), fewest=metric("min")),
            column(
                "lift",
                "number",
                average_lift=metric("average", format="0.0%"),
                median_lift=metric("median"),
                high_lift=metric("percentile", percentile=90),
            ),
            column("promoted", "boolean"),
            column("seen_at", "timestamp", first_seen=metric("min"), last_seen=metric("max")),
        ]
    },
}
METRICS = [name for found in NODE["columns"].values() for name in found["config"]["meta"]["metrics"]] + ["basket_value"]


def chart(slug: str, kind: str, dimensions: list[str], metrics: list[str], **more: Any) -> Chart:
    """Return a chart. `more`: its filters, sorts, limit, calculations, config, pivot."""
    sorts = more.get("sorts", [(name, False) for name in dimensions])
    document = {
        "slug": slug,
        "name": f"Chart {slug}",
        "description": "What it shows.",
        "tableName": TABLE,
        "metricQuery": {
            "dimensions": [f"{TABLE}_{name}" for name in dimensions],
            "metrics": [f"{TABLE}_{name}" for name in metrics],
            "filters": more.get("filters", {}),
            "sorts": [{"fieldId": f"{TABLE}_{name}", "descending": descending} for name, descending in sorts],
            "limit": more.get("limit", 500),
            "tableCalculations": more.get("calculations", []),
        },
        "chartConfig": {"type": kind, "config": more.get("config", {})},
        "pivotConfig": {"columns": [f"{TABLE}_{name}" for name in more.get("pivot", [])]},
    }
    return chart_of(document, Path(f"{slug}.yml"))


def where(name: str, operator: str, *values: Any) -> dict[str, Any]:
    """Return a filter as a chart's file has it."""
    return {"target": {"fieldId": f"{TABLE}_{name}"}, "operator": operator, "values": list(values)}


def axes(x: str, *ys: str, **more: Any) -> dict[str, Any]:
    """Return the configuration of a chart with axes. `more`: its series, and what else the layout says."""
    layout = {"xField": f"{TABLE}_{x}", "yField": [f"{TABLE}_{y}" for y in ys], **more.get("layout", {})}
    series = [
        {"encode": {"yRef": {"field": f"{TABLE}_{y}"}}, **one}
        for y, one in zip(ys, more.get("series", [{"type": "bar"}] * len(ys)), strict=True)
    ]
    return {"layout": layout, "eChartsConfig": {"series": series}}


CHARTS = [
    chart("sales", "big_number", [], ["total_sales"], config={"selectedField": f"{TABLE}_total_sales"}),
    chart("millions", "big_number", [], ["total_sales"], config={"style": "millions"}),
    chart("last", "big_number", [], ["last_seen"]),
    chart("everything", "table", ["department"], METRICS),
    chart("undivided", "table", [], METRICS),
    chart(
        "months",
        "table",
        ["week_start_month", "promoted"],
        ["total_sales"],
        filters={"dimensions": {"and": [where("department", "notEquals", "DELI")]}},
    ),
    chart(
        "many-baskets",
        "table",
        ["department"],
        ["total_sales"],
        filters={"metrics": {"or": [where("total_baskets", "greaterThan", 4), where("named", "equals", 1)]}},
    ),
    chart(
        "shares",
        "table",
        ["week_start"],
        ["total_sales"],
        calculations=[
            {
                "name": f"calculated_{number}",
                "displayName": kind,
                "template": {"type": kind, "fieldId": f"{TABLE}_total_sales"},
                "format": {"type": "percent", "round": 1},
            }
            for number, kind in enumerate(
                ["percent_of_column_total", "percent_change_from_previous", "running_total", "rank_in_column"]
            )
        ],
    ),
    chart("largest", "table", ["department"], ["total_sales"], sorts=[("total_sales", True)], limit=2),
    chart("ties", "table", ["promoted", "week_start", "department"], ["departments"], sorts=[("departments", True)]),
    chart("odd", "table", ["department"], ["odd_value"]),
    chart("bars", "cartesian", ["department"], ["total_sales"], config=axes("department", "total_sales")),
    chart(
        "stacked",
        "cartesian",
        ["week_start", "department"],
        ["total_sales"],
        pivot=["department"],
        config=axes("week_start", "total_sales", layout={"stack": True}),
    ),
    chart(
        "two-axes",
        "cartesian",
        ["week_start"],
        ["total_sales", "average_lift"],
        config=axes(
            "week_start", "total_sales", "average_lift", series=[{"type": "bar"}, {"type": "line", "yAxisIndex": 1}]
        ),
    ),
    chart(
        "lines",
        "cartesian",
        ["week_start"],
        ["total_sales", "total_baskets"],
        config=axes("week_start", "total_sales", "total_baskets", series=[{"type": "line"}, {"type": "line"}]),
    ),
    chart("pie", "pie", ["department"], ["total_baskets"], config={"isDonut": True}),
]


def dashboard() -> Dashboard:
    """Return a dashboard of all charts, with a filter on departments and one on periods."""
    tiles: list[dict[str, Any]] = [
        {"type": "saved_chart", "x": 0, "y": 8 * place, "w": 36, "h": 8, "properties": {"chartSlug": shown.slug}}
        for place, shown in enumerate(CHARTS)
    ]
    text = {"content": f"**Bold** {HOSTILE}", "title": "Words"}
    tiles.append({"type": "markdown", "x": 0, "y": 200, "w": 36, "h": 4, "properties": text})
    target = {"tableName": TABLE}
    document = {
        "slug": "things",
        "name": "Things & <b>more</b>",
        "description": "What there is.",
        "tabs": [],
        "tiles": tiles,
        "filters": {
            "dimensions": [
                {"label": "Department", "operator": "equals", "target": {**target, "fieldId": f"{TABLE}_department"}},
                {"label": "Period", "operator": "inBetween", "target": {**target, "fieldId": f"{TABLE}_week_start"}},
            ]
        },
    }
    return dashboard_of(document, Path("things.yml"))


def content() -> Content:
    """Return the model, its charts and their dashboard."""
    return Content({shown.slug: shown for shown in CHARTS}, {"things": dashboard()}, explores_of([NODE]))


def page(warehouse: Warehouse, library: str = "", shown: Content | None = None) -> str:
    """Return the page of the small model, or of other content."""
    plan = plan_page(shown or content())
    data = [dataset.fetch(warehouse) for dataset in plan.datasets.all]
    return render(plan, data, built_at=datetime(2017, 3, 1), engine=warehouse.engine, library=library)


def faults(browser: Any) -> list[dict[str, Any]]:
    """Return what has gone wrong in a page since the last call, as its console tells."""
    return [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]


@dataclass
class Shown:
    """A dashboard in a browser."""

    browser: Chrome
    path: Path
    slug: str

    def open(self) -> Shown:
        """Load the page and wait until the dashboard is drawn."""
        self.browser.get("about:blank")
        self.browser.get(f"{self.path.as_uri()}#{self.slug}")
        self.wait(0)
        return self

    def wait(self, before: int) -> None:
        """Wait until the dashboard has been drawn once more."""
        WebDriverWait(self.browser, 30, 0.05).until(lambda _: self.drawn() > before)

    def drawn(self) -> int:
        """Return how often the dashboard has been drawn."""
        return int(self.browser.execute_script(f"return {self.element('')}.dataset.drawn ?? 0"))

    def element(self, selector: str) -> str:
        """Return JavaScript for an element of the dashboard."""
        return f"document.querySelector({json.dumps(f'#{self.slug} {selector}'.strip())})"

    def choose(self, choices: Mapping[str, str]) -> None:
        """Set the controls to these values by their ids, and all others to nothing."""
        before = self.drawn()
        self.browser.execute_script(
            "for (const control of document.querySelectorAll(`[id='${arguments[0]}'] [data-filter]`))"
            "  control.value = arguments[1][control.id] ?? '';"
            f"{self.element('form')}.dispatchEvent(new Event('change'))",
            self.slug,
            dict(choices),
        )
        self.wait(before)

    def values(self, tile: str) -> list[list[Any]]:
        """Return the values of a tile, in the order of its query's fields."""
        frame = f"{self.slug}--{tile}"
        script = (
            "const frame = document.getElementById(arguments[0]);"
            "const display = results.report.tiles[arguments[0]].display;"
            "if (display.kind === 'number') return [[JSON.parse(frame.querySelector('.body').dataset.value)]];"
            "return [...frame.querySelectorAll('tbody tr')].map((row) => {"
            "  const values = [...row.cells].map((cell) => JSON.parse(cell.dataset.value));"
            "  const order = display.order ?? values.map((_, index) => index);"
            "  return order.map((_, index) => values[order.indexOf(index)]);"
            "});"
        )
        found: list[list[Any]] = self.browser.execute_script(script, frame)
        return found

    def colours(self, tile: str) -> dict[str, str]:
        """Return the colour of each part that a chart's legend names."""
        script = (
            "const all = (selector) => [...document.querySelectorAll(`[id='${arguments[0]}'] .body ${selector}`)];"
            "const symbols = all('.role-legend-symbol path').map((symbol) => symbol.getAttribute('fill'));"
            "return all('.role-legend-label text').map((label, number) => [label.textContent, symbols[number]]);"
        )
        return dict(self.browser.execute_script(script, f"{self.slug}--{tile}"))

    def text(self, selector: str) -> str:
        """Return the text of an element."""
        return str(self.browser.execute_script(f"return {self.element(selector)}.textContent"))


def expected(
    warehouse: Warehouse, all_content: Content, slug: str, tile_slug: str, filters: Mapping[str, tuple[Any, ...]]
) -> list[list[Any]]:
    """Return what the warehouse answers a tile, its dashboard's filters set to these values by their labels."""
    shown = all_content.dashboards[slug]
    tile = next(tile for tile in shown.tiles if tile.slug == tile_slug)
    chosen = [(one, filters[one.label]) for one in shown.filters if one.label in filters]
    query = tile_query(all_content, tile, chosen)
    rows = run_query(warehouse, all_content.explores, query).to_pylist()
    chart_ = all_content.charts[tile.chart or ""]
    if chart_.kind == "big_number":
        return [[as_json(rows[0][chart_.config.get("selectedField") or query.metrics[0]])]]
    return [[as_json(value) for value in row.values()] for row in rows]


def as_json(value: Any) -> Any:
    """Return a value of the warehouse as the page has it."""
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value

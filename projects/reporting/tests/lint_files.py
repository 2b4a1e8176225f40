"""A folder of a chart and a dashboard without a fault, for tests to put faults into."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from reporting.explores import Explore, explores_of
from reporting.lint import Finding, lint


def dimension(kind: str, **meta: Any) -> dict[str, Any]:
    """Return a column's metadata as dbt's manifest has it."""
    return {"config": {"meta": {"dimension": {"type": kind, **meta}}}}


NODES: list[dict[str, Any]] = [
    {
        "name": "orders",
        "schema": "reporting",
        "config": {"meta": {"metrics": {"per_order": {"type": "number", "sql": "${total} / ${orders}"}}}},
        "columns": {
            "day": {"name": "day", **dimension("date", time_intervals=["MONTH"])},
            "seen_at": {"name": "seen_at", **dimension("timestamp")},
            "shop": {"name": "shop", **dimension("string")},
            "size": {"name": "size", **dimension("number")},
            "paid": {"name": "paid", **dimension("boolean")},
            "value": {
                "name": "value",
                "config": {"meta": {"metrics": {"total": {"type": "sum"}, "orders": {"type": "count"}}}},
            },
        },
    },
    {"name": "shops", "schema": "reporting", "columns": {"city": {"name": "city", **dimension("string")}}},
]
CHART: dict[str, Any] = {
    "contentType": "chart",
    "version": 1,
    "slug": "totals",
    "name": "Totals",
    "spaceSlug": "platform",
    "tableName": "orders",
    "metricQuery": {
        "exploreName": "orders",
        "dimensions": ["orders_day_month"],
        "metrics": ["orders_total"],
        "filters": {
            "dimensions": {"and": [{"target": {"fieldId": "orders_shop"}, "operator": "equals", "values": ["a"]}]}
        },
        "sorts": [{"fieldId": "orders_day_month", "descending": False}],
        "limit": 500,
        "tableCalculations": [
            {
                "name": "share",
                "displayName": "Share",
                "template": {"type": "percent_of_column_total", "fieldId": "orders_total"},
            }
        ],
    },
    "chartConfig": {
        "type": "cartesian",
        "config": {
            "layout": {"xField": "orders_day_month", "yField": ["orders_total"]},
            "eChartsConfig": {
                "series": [
                    {
                        "type": "line",
                        "encode": {"xRef": {"field": "orders_day_month"}, "yRef": {"field": "orders_total"}},
                    }
                ]
            },
        },
    },
}
DASHBOARD: dict[str, Any] = {
    "contentType": "dashboard",
    "version": 1,
    "slug": "overview",
    "name": "Overview",
    "spaceSlug": "platform",
    "tabs": [],
    "filters": {
        "dimensions": [
            {
                "target": {"fieldId": "orders_shop", "tableName": "orders"},
                "operator": "equals",
                "values": ["a"],
                "tileTargets": {"totals": {"fieldId": "orders_shop", "tableName": "orders"}},
            }
        ]
    },
    "tiles": [
        {
            "type": "saved_chart",
            "x": 0,
            "y": 0,
            "w": 18,
            "h": 9,
            "tileSlug": "totals",
            "properties": {"chartSlug": "totals"},
        }
    ],
}
EXPLORES: Mapping[str, Explore] = explores_of(NODES)


class Folder:
    """A folder of charts and dashboards."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.chart, self.dashboard = copy.deepcopy(CHART), copy.deepcopy(DASHBOARD)

    def write(self, **more: Mapping[str, Any]) -> None:
        """Write the chart, the dashboard, and further files: `charts/name` by `charts__name`."""
        files = {"charts/totals": self.chart, "dashboards/overview": self.dashboard}
        for name, content in {**files, **{key.replace("__", "/"): value for key, value in more.items()}}.items():
            path = self.path / f"{name}.yml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")

    def faults(self, **more: Mapping[str, Any]) -> list[Finding]:
        """Write the files and lint them."""
        self.write(**more)
        return list(lint(self.path, EXPLORES).findings)

    def fault(self, **more: Mapping[str, Any]) -> str:
        """Return the one fault there is: its message, its hint, and the text of its line."""
        (found,) = self.faults(**more)
        line = found.path.read_text(encoding="utf-8").splitlines()[found.line - 1].strip()
        return f"{found.message} | {found.hint} | {line}"


def put(content: Any, place: str, value: Any) -> None:
    """Put a value at a place of nested content: `tiles.0.x`."""
    *keys, last = (int(key) if key.isdigit() else key for key in place.split("."))
    for key in keys:
        content = content[key]
    content[last] = value

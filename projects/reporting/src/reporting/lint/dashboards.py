"""Hold dashboards against the charts that they show and the models behind these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reporting.content import dashboard_of
from reporting.explores import Explore
from reporting.lint.documents import Document, Keys
from reporting.lint.fields import filter_findings
from reporting.lint.findings import Finding
from shared.utils.names import suggestion


@dataclass(frozen=True)
class Shown:
    """What dashboards can show.

    Attributes:
        tables: The model of each chart, by the chart's slug; null where the chart's file is faulty.
        explores: The models by name.
    """

    tables: Mapping[str, str | None]
    explores: Mapping[str, Explore]

    def explore_of(self, chart: str | None) -> Explore | None:
        """Return the explore of a chart, where both are known."""
        return self.explores.get(self.tables.get(chart or "") or "")


def dashboard_findings(document: Document, shown: Shown) -> Iterator[Finding]:
    """Return what is wrong in a dashboard's tiles and filters."""
    yield from tile_findings(document, shown)
    for position, rule in enumerate((document.content.get("filters") or {}).get("dimensions") or []):
        yield from dashboard_filter_findings(document, position, rule, shown)


def tile_findings(document: Document, shown: Shown) -> Iterator[Finding]:
    """Return tiles of unknown charts or tabs, and two tiles of one name."""
    tabs = [tab.get("slug") for tab in document.content["tabs"]]
    seen = set()
    for position, tile in enumerate(document.content["tiles"]):
        chart, slug, tab = tile["properties"].get("chartSlug"), tile.get("tileSlug"), tile.get("tabSlug")
        if tile["type"] == "saved_chart" and chart is not None and chart not in shown.tables:
            keys: Keys = ["tiles", position, "properties", "chartSlug"]
            yield document.finding(keys, f"no such chart: `{chart}`", suggestion(chart, shown.tables))
        if slug is not None and slug in seen:
            yield document.finding(["tiles", position, "tileSlug"], f"two tiles of one name: `{slug}`", "rename one")
        if tab is not None and tab not in tabs:
            hint = suggestion(tab, filter(None, tabs))
            yield document.finding(["tiles", position, "tabSlug"], f"no such tab: `{tab}`", hint)
        seen.add(slug)


def dashboard_filter_findings(
    document: Document, position: int, rule: Mapping[str, Any], shown: Shown
) -> Iterator[Finding]:
    """Return what is wrong with a dashboard's filter: its field, its values, and what it acts on."""
    keys: list[str | int] = ["filters", "dimensions", position]
    table, name = rule["target"]["tableName"], rule["target"]["fieldId"]
    explore = shown.explores.get(table)
    if explore is None:
        hint = suggestion(table, shown.explores)
        yield document.finding([*keys, "target", "tableName"], f"a filter on an unknown model: `{table}`", hint)
        return
    kinds = {found.id: found.type for found in explore.dimensions.values()}
    yield from filter_findings(document, keys, rule, kinds, "dimensions")
    yield from target_findings(document, keys, rule, kinds.get(name), shown)
    dashboard = dashboard_of(document.content, document.path)
    chosen = dashboard.filters[position]
    tiles = [(tile, shown.explore_of(tile.chart)) for tile in dashboard.tiles if tile.chart]
    # What is told of faulty charts would be told twice.
    if name in kinds and all(found and chosen.field_in(tile, found) is None for tile, found in tiles):
        message = f"a filter on a field that no tile has: `{name}`"
        yield document.finding(keys, message, "remove the filter, or name fields of tiles in its `tileTargets`")


def target_findings(
    document: Document, keys: list[str | int], rule: Mapping[str, Any], kind: str | None, shown: Shown
) -> Iterator[Finding]:
    """Return targets of a filter that are no tiles, or fields that the tile's model lacks or has of another type."""
    charts = {
        tile.get("tileSlug"): tile["properties"].get("chartSlug")
        for tile in document.content["tiles"]
        if tile.get("tileSlug")
    }
    for slug, target in (rule.get("tileTargets") or {}).items():
        place = [*keys, "tileTargets", slug]
        if slug not in charts:
            yield document.finding(place, f"no such tile: `{slug}`", suggestion(slug, charts))
            continue
        explore = shown.explore_of(charts[slug])
        if explore is None or not target:
            continue
        found = explore.dimensions.get(target["fieldId"])
        if found is None:
            message = f"`{explore.name}` has no such dimension: `{target['fieldId']}`"
            yield document.finding([*place, "fieldId"], message, suggestion(target["fieldId"], explore.dimensions))
        elif kind is not None and family(found.type) != family(kind):
            message = f"the filter is on a {kind}, but in this tile on a {found.type}: `{found.id}`"
            yield document.finding([*place, "fieldId"], message, f"name a field of type {kind}")


def family(kind: str) -> str:
    """Return what a type is to a filter: timestamps are filtered as dates are."""
    return "date" if kind == "timestamp" else kind

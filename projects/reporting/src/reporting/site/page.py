"""The page: dashboards with their controls and tiles as HTML, and beside them the data and the scripts."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from reporting.content import Content, Dashboard, DashboardFilter, Tile
from reporting.filters import typed
from reporting.site.datasets import Encoded
from reporting.site.tiles import Datasets, tile_data
from shared.errors import ConfigurationError

TITLE = "Reports"
# Files of dashboards have no order: these come first, from what is sold to how that is known, then all others.
FIRST = (
    "sales-performance",
    "promotion-effect",
    "customers-and-segments",
    "entity-resolution-quality",
    "data-quality-and-freshness",
    "pipeline-runs",
)
FRAMES = {"markdown": "text", "heading": "heading"}
PERIODS = ("date", "timestamp")
DAY = len("2017-01-31")


@dataclass
class Plan:
    """All that the page shows, before its data is read.

    Attributes:
        content: The dashboards, charts and explores.
        datasets: The data that is needed.
        tiles: What the page computes, by the id of the tile's frame.
    """

    content: Content
    datasets: Datasets
    tiles: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def relations(self) -> set[str]:
        """The tables that the data is read from."""
        tiles = [tile for dashboard in self.content.dashboards.values() for tile in dashboard.tiles if tile.chart]
        explores = {self.content.charts[tile.chart or ""].query.explore for tile in tiles}
        return {relation for name in explores for relation in self.content.explores[name].relations.values()}


def plan_page(content: Content) -> Plan:
    """Plan all dashboards.

    Raises:
        InputError: A chart asks for what there is not.
    """
    plan = Plan(content, Datasets(content))
    for dashboard in content.dashboards.values():
        filters = keyed(dashboard)
        for tile in dashboard.tiles:
            if tile.kind == "saved_chart":
                plan.tiles[frame_id(dashboard, tile)] = tile_data(content, tile, filters, plan.datasets)
    return plan


def render(plan: Plan, data: Sequence[Encoded], *, built_at: datetime, engine: str, library: str) -> str:
    """Return the page.

    Args:
        plan: What it shows.
        data: What has been read for each dataset.
        built_at: When, in UTC.
        engine: Where from.
        library: The script that draws charts.
    """
    own = files("reporting.site")
    scripts = [library, *(own.joinpath(name).read_text(encoding="utf-8") for name in ("results.js", "page.js"))]
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(own.joinpath("page.html.jinja").read_text(encoding="utf-8"))
    return template.render(
        title=TITLE,
        dashboards=[dashboard_context(plan, dashboard, data) for dashboard in ordered(plan.content)],
        data=embedded({"title": TITLE, "datasets": data, "tiles": plan.tiles}),
        style=Markup(own.joinpath("page.css").read_text(encoding="utf-8")),
        scripts=[Markup(script) for script in scripts],
        script_hashes=Markup(" ".join(map(script_hash, scripts))),
        built_at=f"{built_at:%Y-%m-%d %H:%M}",
        engine=engine,
    )


def ordered(content: Content) -> list[Dashboard]:
    """Return the dashboards in the order in which the page has them."""
    places = {slug: place for place, slug in enumerate(FIRST)}
    return sorted(content.dashboards.values(), key=lambda dashboard: places.get(dashboard.slug, len(FIRST)))


def dashboard_context(plan: Plan, dashboard: Dashboard, data: Sequence[Encoded]) -> dict[str, Any]:
    """Return what the template shows of a dashboard; its tabs follow one another."""
    order = {tab.get("slug") or tab.get("uuid"): tab.get("order", place) for place, tab in enumerate(dashboard.tabs)}
    tiles = sorted(dashboard.tiles, key=lambda tile: (order.get(tile.tab, 0), tile.y, tile.x))
    offsets = offsets_of(tiles)
    return {
        "slug": dashboard.slug,
        "name": dashboard.name,
        "description": dashboard.description,
        "filters": [filter_context(plan, dashboard, key, chosen, data) for key, chosen in keyed(dashboard).items()],
        "tiles": [tile_context(plan, dashboard, tile, offsets[tile.tab]) for tile in tiles],
    }


def offsets_of(tiles: Iterable[Tile]) -> dict[str | None, int]:
    """Return how far down each tab begins."""
    offsets: dict[str | None, int] = {}
    ends: dict[str | None, int] = {}
    for tile in tiles:
        offsets.setdefault(tile.tab, max((offsets[tab] + end for tab, end in ends.items()), default=0))
        ends[tile.tab] = max(ends.get(tile.tab, 0), tile.y + tile.h)
    return offsets


def tile_context(plan: Plan, dashboard: Dashboard, tile: Tile, offset: int) -> dict[str, Any]:
    """Return what the template shows of a tile."""
    frame = frame_id(dashboard, tile)
    context = {"id": frame, "x": tile.x, "y": tile.y + offset, "w": tile.w, "h": tile.h}
    if tile.kind in FRAMES:
        # Markup in a text is shown as it stands, not taken as markup.
        text = MarkdownIt("commonmark", {"html": False}).render(tile.text)
        title = tile.text if tile.kind == "heading" else tile.title
        return {**context, "kind": FRAMES[tile.kind], "title": title, "content": Markup(text)}
    if tile.kind != "saved_chart":
        return {
            **context,
            "kind": "text",
            "title": tile.title,
            "content": f"A tile of the kind {tile.kind} is not shown here.",
        }
    chart = plan.content.charts[tile.chart or ""]
    title = tile.title or chart.name
    return {
        **context,
        "kind": plan.tiles[frame]["display"]["kind"],
        "title": title,
        "description": chart.description,
        "label": f"Chart of {title}. Its numbers are in the table that follows.",
    }


def filter_context(
    plan: Plan, dashboard: Dashboard, key: str, chosen: DashboardFilter, data: Sequence[Encoded]
) -> dict[str, Any]:
    """Return what the template shows of a filter: its choices are all values that its tiles have."""
    kind = kind_of(plan.content, chosen)
    found: set[str] = set()
    for tile in dashboard.tiles:
        shown = plan.tiles.get(frame_id(dashboard, tile))
        if shown and key in shown["filters"]:
            values = data[shown["dataset"]]["columns"][shown["filters"][key]]["values"]
            found |= {as_option(value)[: DAY if kind == "period" else None] for value in values}
    first = first_values(chosen, kind)
    return {
        "key": key,
        "id": f"{dashboard.slug}-{key}",
        "label": chosen.label,
        "kind": kind,
        "options": sorted(found | {value for value in first.values() if value}, key=as_listed),
        **first,
    }


def kind_of(content: Content, chosen: DashboardFilter) -> str:
    """Return how a filter is set: by a period, or by one value."""
    explore = content.explores.get(chosen.table)
    dimension = explore.dimensions.get(chosen.field) if explore else None
    return "period" if dimension is not None and dimension.type in PERIODS else "choice"


def first_values(chosen: DashboardFilter, kind: str) -> dict[str, str]:
    """Return what a filter is set to when the page opens.

    Raises:
        ConfigurationError: It is set to what the page's controls cannot say.
    """
    nothing = {"from": "", "to": "", "equals": ""}
    values = [] if chosen.disabled else list(chosen.values)
    if not values:
        return nothing
    if kind == "choice" and chosen.operator == "equals" and len(values) == 1:
        return {**nothing, "equals": as_option(values[0])}
    if kind == "period" and chosen.operator in ("inBetween", "equals"):
        days = [typed(value, "date").isoformat() for value in values]
        return {**nothing, "from": days[0], "to": days[-1]}
    raise ConfigurationError(
        f"a filter is set to what the page cannot show: `{chosen.label}`: {chosen.operator} {values}",
        hint="let the dashboard set it to one value (`equals`) or one period (`inBetween`), or disable it",
    )


def as_option(value: Any) -> str:
    """Return a value as text, as the page compares it with what is chosen."""
    if isinstance(value, str):
        return value
    return json.dumps(int(value) if isinstance(value, float) and value.is_integer() else value)


def as_listed(option: str) -> tuple[bool, float, str]:
    """Return the place of an option among others: numbers by size, then texts."""
    is_number = option.lstrip("-").replace(".", "", 1).isdecimal()
    return not is_number, float(option) if is_number else 0, option


def keyed(dashboard: Dashboard) -> dict[str, DashboardFilter]:
    """Return a dashboard's filters by the keys of their controls."""
    return {f"filter{number}": chosen for number, chosen in enumerate(dashboard.filters)}


def frame_id(dashboard: Dashboard, tile: Tile) -> str:
    """Return the id of a tile's frame in the page."""
    return f"{dashboard.slug}--{tile.slug}"


def embedded(value: Mapping[str, Any]) -> Markup:
    """Return JSON that ends no script element, whatever is in it."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def script_hash(script: str) -> str:
    """Return what the page's security policy knows a script by: no other one is run."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"

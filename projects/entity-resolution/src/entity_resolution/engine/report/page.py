"""A model's page: figures and charts in one file, which opens without a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from splink.internals.html_utils import json_for_html, load_chart_libraries


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes:
        title: Its heading.
        text: What it shows, or why there is nothing to show.
        chart: A specification of Vega-Lite, if there is one.
        rows: A table's head and rows, if there is one.
    """

    title: str
    text: str
    chart: Mapping[str, Any] | None = None
    rows: Sequence[Sequence[str]] = ()


def page(title: str, facts: Mapping[str, str], sections: Sequence[Section]) -> str:
    """Return the page's HTML. The charts are drawn by the scripts that Splink brings, which are in it."""
    parts = {f"chart-{number}": section for number, section in enumerate(sections)}
    charts = {name: section.chart for name, section in parts.items() if section.chart is not None}
    specs: str = json_for_html(charts)  # type: ignore[no-untyped-call]
    scripts: dict[str, str] = load_chart_libraries()  # type: ignore[no-untyped-call]
    return Template((files(__package__) / "page.html").read_text(encoding="utf-8")).substitute(
        title=escape(title),
        facts="".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in facts.items()),
        sections="".join(_section(name, section) for name, section in parts.items()),
        specs=specs,
        **{name.replace("-", "_"): script for name, script in scripts.items()},
    )


def _section(name: str, section: Section) -> str:
    chart = f'<div class="chart" id="{name}"></div>' if section.chart is not None else ""
    table = ""
    if section.rows:
        head, *body = ("".join(f"<{{0}}>{escape(cell)}</{{0}}>" for cell in row) for row in section.rows)
        rows = "".join(f"<tr>{row.format('td')}</tr>" for row in body)
        table = f"<table><thead><tr>{head.format('th')}</tr></thead><tbody>{rows}</tbody></table>"
    return f"<h2>{escape(section.title)}</h2><p>{escape(section.text)}</p>{chart}{table}"

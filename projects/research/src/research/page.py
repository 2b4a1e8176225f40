"""A run as one HTML page that opens without a network and runs no script.

marimo's own export loads its program from another server, and shows an empty page where it cannot.
"""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from typing import Any

import altair as alt
import marimo as mo
import pandas as pd
import vl_convert
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from research.record import Record
from research.showing import Shown
from shared.errors import InputError

TEMPLATE = "page.html.jinja"
MOST_ROWS = 40


def page(record: Record, blocks: Sequence[str], source: str) -> str:
    """Return the page.

    Args:
        record: The run.
        blocks: What the notebook's cells showed, as `draw` gives it.
        source: The notebook's code.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["value"] = value
    template = environment.from_string(files("research").joinpath(TEMPLATE).read_text(encoding="utf-8"))
    return template.render(record=record, blocks=[Markup(block) for block in blocks], source=source)


def draw(outputs: Iterable[Any]) -> list[str]:
    """Return what a notebook's cells showed as HTML, in their order.

    Raises:
        InputError: A cell showed something that needs a running notebook.
    """
    return [block for output in outputs for block in blocks_of(output)]


def blocks_of(output: Any) -> Iterator[str]:
    """Return what a cell showed as HTML: text, table, chart, several of them, or anything else as Python writes it."""
    if output is None:
        return
    if isinstance(output, Shown):
        for part in output.parts:
            yield from blocks_of(part)
    elif isinstance(output, alt.TopLevelMixin):
        yield chart(output)
    elif isinstance(output, pd.DataFrame):
        yield table(output)
    elif isinstance(output, mo.Html):
        yield text(output.text)
    else:
        yield f"<pre>{html.escape(str(output))}</pre>"


def text(markup: str) -> str:
    """Return what `mo.md` made; elements that marimo's program would draw cannot be shown."""
    if "<marimo-" in markup:
        raise InputError(
            "a cell shows an element that only a running notebook can draw",
            hint="show `mo.md` text without formulas, pandas tables and altair charts, several of them by `show`",
        )
    return f'<div class="text">{markup}</div>'


def table(frame: pd.DataFrame) -> str:
    """Return the first rows of a table."""
    shown = (
        frame.head(MOST_ROWS)
        .rename_axis(columns=None)
        .to_html(index=False, border=0, justify="inherit", float_format=number, na_rep="–")
    )
    more = len(frame) - MOST_ROWS
    return f'<div class="scroll">{shown}</div>' + (f"<p class='soft'>and {more:,} more rows</p>" if more > 0 else "")


def chart(drawing: Any) -> str:
    """Return a chart as a picture of its own, so that no name in it can meet one of the page."""
    svg = vl_convert.vegalite_to_svg(json.dumps(drawing.to_dict()))
    title = drawing.title if isinstance(getattr(drawing, "title", None), str) else "chart"
    data = base64.b64encode(svg.encode()).decode()
    return f'<img alt="{html.escape(title)}" src="data:image/svg+xml;base64,{data}">'


def number(amount: float) -> str:
    """Return a number with four significant digits, all of those before the point."""
    if amount == 0 or abs(amount) >= 1000:
        return f"{amount:,.0f}"
    return f"{amount:.4g}"


def value(anything: Any) -> str:
    """Return a parameter or figure as the page shows it."""
    if isinstance(anything, float):
        return number(anything)
    return json.dumps(anything, default=str) if isinstance(anything, dict | list | bool | None) else str(anything)

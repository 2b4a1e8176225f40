"""An inspection as one HTML page that opens without a network and runs no script."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from shared.inspector import findings, formatting
from shared.inspector.changes import Change
from shared.inspector.results import ColumnProfile, Inspection

TEMPLATE = "page.html.jinja"


def page(inspection: Inspection, changes: Sequence[Change] | None) -> str:
    """Return the page.

    Args:
        inspection: What it shows.
        changes: What has changed since the last one, None where there is none to compare with.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {
        "text": formatting.text,
        "number": formatting.number,
        "percent": formatting.percent,
        "size": formatting.size,
        "change": findings.of_change,
    }
    template = environment.from_string(files("shared.inspector").joinpath(TEMPLATE).read_text(encoding="utf-8"))
    names = {table.full_name for table in inspection.tables}
    return template.render(
        inspection=inspection,
        changes=changes,
        gone=[change for change in changes or () if change.table not in names],
        findings=findings.of_table,
        age=findings.age,
        plural=formatting.plural,
        picture=picture,
        label=label,
    )


def picture(column: ColumnProfile) -> str:
    """Return how a column is drawn: its histogram, or where a few values are all there is, or nothing else, those."""
    if column.histogram and column.distinct > max(len(column.top), 2):
        return "histogram"
    return "top" if column.top else ""


def label(column: ColumnProfile) -> str:
    """Return what the histogram of a column says, for whoever does not see it."""
    highest = max(column.histogram, key=lambda bin_: bin_.count)
    return (
        f"Histogram of {formatting.text(column.name)}: {formatting.plural(column.values, 'value')} from "
        f"{formatting.text(column.minimum)} to {formatting.text(column.maximum)}, most of them, "
        f"{formatting.number(highest.count)}, between {formatting.text(highest.low)} "
        f"and {formatting.text(highest.high)}"
    )

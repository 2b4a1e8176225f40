"""An inspection as text: tables on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from shared.inspector import findings
from shared.inspector.changes import Change
from shared.inspector.formatting import number, percent, plural, size, text
from shared.inspector.results import ColumnProfile, Inspection, TableProfile

# Frequent values named in a line.
NAMED = 3
SHORT = 24
HEADINGS = ("column", "type", "nulls", "distinct", "minimum", "maximum", "mean", "median", "most frequent")
AMOUNTS = ("nulls", "distinct", "mean", "median")


def write(inspection: Inspection, changes: Sequence[Change] | None, console: Console) -> None:
    """Write an inspection to a console.

    Args:
        inspection: What to write.
        changes: What has changed since the last one, None where there is none to compare with.
        console: Where to; in a pipe or a file it gets plain lines of any length.
    """

    def line(words: str, style: str = "") -> None:
        console.print(Text(words, style), soft_wrap=True)

    line(heading(inspection), "bold")
    if changes is not None and not changes:
        line("nothing has changed since the last inspection beyond the tolerances")
    for table in inspection.tables:
        line("")
        line(facts(table, inspection), "bold")
        for finding in findings.of_table(table):
            line(f"  ! {finding}", "yellow")
        for change in changes or ():
            if change.table == table.full_name:
                line(f"  ~ {findings.of_change(change)}", "cyan")
        if console.is_terminal and table.columns:
            console.print(grid(table))
        for column in () if console.is_terminal else table.columns:
            line(f"  {line_of(column)}")
    there = {table.full_name for table in inspection.tables}
    for change in changes or ():
        if change.table not in there:
            line(f"~ {text(change.table)}: {findings.of_change(change)}", "cyan")


def heading(inspection: Inspection) -> str:
    """Return what was inspected, and when."""
    parts = [
        plural(len(inspection.tables), "table"),
        plural(sum(table.rows for table in inspection.tables), "row"),
        f"database of {size(inspection.size_bytes)}" if inspection.size_bytes is not None else "",
        f"inspected {inspection.taken_at:%Y-%m-%d %H:%M} UTC",
    ]
    what = f"{inspection.database}: {inspection.target}" if inspection.target else inspection.database
    return f"{text(what)} ({inspection.engine}, {inspection.location}): {', '.join(filter(None, parts))}"


def facts(table: TableProfile, inspection: Inspection) -> str:
    """Return what there is to say of a table as a whole."""
    parts = ["view" if table.is_view else "table", plural(table.rows, "row"), plural(len(table.columns), "column")]
    if table.sampled is not None:
        parts.append(f"columns measured on a sample of {plural(table.sampled, 'row')}")
    if table.size_bytes is not None:
        parts.append(size(table.size_bytes))
    if table.key:
        key = ", ".join(f"`{text(name)}`" for name in table.key.columns)
        parts.append(f"key {key}" + (" is unique" if not (table.key.surplus or table.key.incomplete) else ""))
    if table.freshness:
        fresh = table.freshness
        parts.append(f"newest `{text(fresh.column)}` {fresh.newest}, {findings.age(fresh, inspection.taken_at)}")
    return f"{text(table.full_name)}: {', '.join(parts)}"


def cells(column: ColumnProfile) -> tuple[str, ...]:
    """Return what is said of a column, as HEADINGS name it."""
    distinct = ("≈ " if column.distinct_is_approximate else "") + number(column.distinct)
    median = column.quantile(0.5)
    return (
        text(column.name),
        short(column.type),
        percent(column.null_share),
        distinct,
        short(text(column.minimum)),
        short(text(column.maximum)),
        "" if column.mean is None else number(column.mean),
        ("≈ " if column.quantiles_are_approximate else "") + text(median) if median is not None else "",
        ", ".join(f"{short(text(top.value))} ({number(top.count)})" for top in column.top[:NAMED]),
    )


def line_of(column: ColumnProfile) -> str:
    """Return a column in one line; what there is nothing to say of is left out."""
    name, type_, *rest = cells(column)
    parts = [f"{heading} {cell}" for heading, cell in zip(HEADINGS[2:], rest, strict=True) if cell]
    if column.lengths:
        parts.append(f"length {number(column.lengths.minimum)} to {number(column.lengths.maximum)}")
    return f"{name} {type_}: {', '.join(parts)}"


def grid(table: TableProfile) -> Grid:
    """Return a table's columns as a grid for a terminal."""
    drawn = Grid(title_justify="left", header_style="bold", expand=False)
    for heading in HEADINGS:
        drawn.add_column(heading, justify="right" if heading in AMOUNTS else "left", overflow="fold")
    for column in table.columns:
        drawn.add_row(*map(Text, cells(column)))
    return drawn


def short(words: str) -> str:
    """Return a text cut to what a cell of a terminal has room for."""
    return words if len(words) <= SHORT else words[: SHORT - 1] + "…"

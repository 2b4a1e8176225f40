"""What stands out in a table, in words: what somebody who looks at data for the first time should know."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone

from shared.inspector.changes import Change
from shared.inspector.formatting import number, percent, plural, text
from shared.inspector.results import ColumnProfile, Freshness, TableProfile
from shared.inspector.values import as_seconds

DAY = 86_400
# From this share of a column's texts on, empty ones left out, they are said to look like something else.
MOSTLY = 0.9


def of_table(table: TableProfile) -> list[str]:
    """Return what stands out in a table, the whole before its columns."""
    found = []
    if table.problem:
        return [f"cannot be inspected: {text(table.problem)}"]
    if not table.rows:
        found.append("no rows")
    key = table.key
    if key and (key.surplus or key.incomplete):
        named = ", ".join(f"`{text(name)}`" for name in key.columns)
        if key.surplus:
            found.append(
                f"{plural(key.duplicated, 'key')} ({named}) on several rows: {plural(key.surplus, 'row')} too many"
            )
        if key.incomplete:
            found.append(f"{plural(key.incomplete, 'row')} without a whole key ({named})")
    for column in table.columns:
        found += [f"`{text(column.name)}` {what}" for what in of_column(column)]
    return found


def of_column(column: ColumnProfile) -> Iterator[str]:
    """Return what stands out in a column."""
    if column.is_empty:
        yield "has no values"
    elif column.is_constant:
        yield "has one value in all rows" if not column.nulls else "has one value or none"
    if column.nan:
        yield f"is not a number in {plural(column.nan, 'row')}"
    if column.infinite:
        yield f"is infinite in {plural(column.infinite, 'row')}"
    outliers = column.outliers
    if outliers and (outliers.below or outliers.above):
        sides = [
            f"{number(count)} {side} {text(fence)}"
            for count, side, fence in (
                (outliers.below, "below", outliers.low),
                (outliers.above, "above", outliers.high),
            )
            if count
        ]
        yield f"has outliers: {' and '.join(sides)}"
    if column.lengths and column.lengths.empty and column.kind == "text":
        yield f"is an empty text in {plural(column.lengths.empty, 'row')}"
    resembles, written = column.resembles, column.values - (column.lengths.empty if column.lengths else 0)
    if resembles and resembles.count >= MOSTLY * written:
        share = "" if resembles.count == written else f" ({percent(resembles.count / written)})"
        yield f"is text that looks like {'numbers' if resembles.kind == 'number' else 'dates'}{share}"


def age(freshness: Freshness, now: datetime) -> str:
    """Return how old the newest value is."""
    seconds = as_seconds(freshness.newest)
    if seconds is None:
        return "of unknown age"
    old = now.replace(tzinfo=timezone.utc).timestamp() - seconds
    if old < 0:
        return "in the future"
    if old < 2 * DAY:
        return f"{plural(int(old // 3600), 'hour')} old"
    return f"{plural(int(old // DAY), 'day')} old"


def of_change(change: Change) -> str:
    """Say a change in words."""
    place = f"`{text(change.column)}`: " if change.column is not None else ""
    if change.what == "table added":
        return f"the table is new, {plural(int(change.after or 0), 'row')}"
    if change.what == "table gone":
        return f"the table is gone, {plural(int(change.before or 0), 'row')}"
    if change.what in ("column added", "column gone"):
        added = change.what == "column added"
        return f"{place}the column is {'new' if added else 'gone'}, {text(change.after if added else change.before)}"
    if change.what == "null share":
        return f"{place}share of nulls {percent(float(change.before or 0))} → {percent(float(change.after or 0))}"
    return f"{place}{change.what} {text(change.before)} → {text(change.after)}"

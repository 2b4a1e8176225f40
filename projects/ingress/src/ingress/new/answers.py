"""Where an answer has its rows, and the number of all rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

# Where rows are, the likeliest first.
ROWS = ("data", "items", "records", "results", "rows", "value", "values", "entries", "objects", "content", "list")
TOTALS = (
    "total",
    "totalsize",
    "totalcount",
    "count",
    "totalresults",
    "totalrecords",
    "totalitems",
    "totalelements",
    "itemcount",
    "numfound",
)
PLAIN = re.compile("[A-Za-z_][A-Za-z0-9_]*")
DEPTH, INSIDE = 3, 200


def rows_in(body: Any) -> str | None:
    """Return the path of the rows: the list of objects, by a usual name if there are several."""
    if isinstance(body, list):
        return "$" if is_rows(body) else None
    found = [path for path, value in inside(body) if is_rows(value)]
    named = sorted(found, key=lambda path: (path.count("."), _place(path)))
    return named[0] if named and (len(found) == 1 or _place(named[0]) < len(ROWS) or "." not in named[0]) else None


def _place(path: str) -> int:
    last = path.rpartition(".")[2].lower()
    return ROWS.index(last) if last in ROWS else len(ROWS)


def is_rows(value: Any) -> bool:
    """Tell whether a value is a list of objects."""
    return isinstance(value, list) and bool(value) and all(isinstance(each, dict) for each in value)


def total_in(body: Any, rows_at: str, count: int) -> tuple[str, int] | None:
    """Return where an answer says how many rows there are, and how many."""
    for path, value in inside(body, skip=rows_at):
        plain = path.rpartition(".")[2].lower().replace("_", "")
        if isinstance(value, str) and re.fullmatch("0|[1-9][0-9]{0,8}", value):
            value = int(value)
        if plain in TOTALS and type(value) is int and value >= count:
            return path, value
    return None


def inside(body: Any, *, skip: str = "", before: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield what an object holds, nested objects too, with paths that mean the same to a JSONPath."""
    if not isinstance(body, Mapping) or depth == DEPTH:
        return
    for name, value in list(body.items())[:INSIDE]:
        path = before + (name if PLAIN.fullmatch(name) else f"['{name}']")
        if path == skip or not (PLAIN.fullmatch(name) or re.fullmatch("[@A-Za-z][A-Za-z0-9_.@]*", name)):
            continue
        yield path, value
        yield from inside(value, skip=skip, before=f"{path}.", depth=depth + 1)

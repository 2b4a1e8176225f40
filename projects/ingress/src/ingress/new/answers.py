"""Where an answer has its rows, and the number of all rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
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
# What rows lie within, where each does: in GraphQL, in FHIR, in Elasticsearch.
WRAPPED = ("node", "resource", "_source")
LINKS = {"rel", "relation", "href", "url", "uri", "title", "method", "type"}
DEPTH, INSIDE = 5, 200


def rows_in(body: Any) -> tuple[str, Sequence[str]] | None:
    """Return the path of the rows: the list of objects, by a usual name or else the longest; and the other lists."""
    if isinstance(body, list):
        return ("$", ()) if is_rows(body) else None
    found = {path: value for path, value in inside(body) if is_rows(value) and not are_links(value)}
    found.pop("errors", None)
    ranked = sorted(found, key=lambda path: (path.count("."), _place(path), -len(found[path])))
    if not ranked or (len(found) > 1 and _place(ranked[0]) == len(ROWS) and "." in ranked[0]):
        return None
    rows = found[ranked[0]]
    wrapped = next((name for name in WRAPPED if all(isinstance(row.get(name), dict) for row in rows)), None)
    return ranked[0] + (f"[*].{wrapped}" if wrapped else ""), ranked[1:]


def are_links(value: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether objects are links to other pages."""
    return all(LINKS.issuperset(each) and {"rel", "relation"} & set(each) for each in value)


def _place(path: str) -> int:
    last = path.rpartition(".")[2].lower()
    return ROWS.index(last) if last in ROWS else len(ROWS)


def is_rows(value: Any) -> bool:
    """Tell whether a value is a list of objects."""
    return isinstance(value, list) and bool(value) and all(isinstance(each, dict) for each in value)


def total_in(body: Any, rows_at: str, count: int) -> tuple[str, int] | None:
    """Return where an answer says how many rows there are, and how many; what is more than the page's rows is surer."""
    found: list[tuple[str, int]] = []
    for path, value in inside(body, skip=rows_at):
        plain = path.rpartition(".")[2].lower().replace("_", "")
        if isinstance(value, str) and re.fullmatch("0|[1-9][0-9]{0,8}", value):
            value = int(value)
        if plain in TOTALS and type(value) is int and value >= count:
            found.append((path, value))
    return next((each for each in found if each[1] > count), found[0] if found else None)


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


def next_among(links: Sequence[Any]) -> str | None:
    """Return the path of the next page's address among links, where they have one."""
    for link in links:
        by = next((name for name in ("rel", "relation") if isinstance(link, dict) and link.get(name) == "next"), None)
        at = next((name for name in ("href", "url", "uri") if by and isinstance(link.get(name), str)), None)
        if at:
            return f"[?(@.{by}=='next')].{at}"
    return None

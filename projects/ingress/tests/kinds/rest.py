"""Lists of an API, numbered pages and cursors of POST, asked for what has changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from api_styles import Answer, Api, serving

from ingress.readers.rest.reader import Rest
from kinds import Kind

PAGE_ROWS = 1_000
PAGED: dict[str, Any] = {
    "paginator": {"type": "page_number", "base_page": 0, "total_path": None},
    "rows": "data",
    "total": "total",
}


def changes(api: Api, path: str, query: dict[str, str], headers: Mapping[str, str]) -> Answer:
    """Answer with the rows that have changed since a time, page by page."""
    rows = [row for row in api.rows if row["changed_at"] >= query.get("since", "")]
    begin = int(query.get("page", 0)) * PAGE_ROWS
    return 200, {}, {"data": rows[begin : begin + PAGE_ROWS], "total": len(rows)}


def searched(api: Api, path: str, query: Any, headers: Mapping[str, str]) -> Answer:
    """Answer a POST with the rows that have changed since a time, page by page."""
    rows = [row for row in api.rows if row["changed_at"] >= query["filter"]["since"]]
    begin = query.get("page", {}).get("after", 0)
    end = begin + PAGE_ROWS
    return 200, {}, {"hits": [{"row": row} for row in rows[begin:end]], "next": end if end < len(rows) else None}


def as_json_has_it(value: Any) -> Any:
    """Return a value as an API writes it."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S.%fZ}"
    return str(value) if isinstance(value, Decimal) else value


class RestList(Kind):
    """An API on loopback."""

    name = "rest"
    asks_since = True
    style = staticmethod(changes)

    def __init__(self, api: Api) -> None:
        self._api = api

    @classmethod
    @contextmanager
    def opened(cls, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[RestList]:
        """Begin to serve."""
        with serving(Api(cls.style, [])) as api:
            patch.setenv("KIND_API_URL", api.url)
            yield cls(api)

    def put(self, rows: Sequence[dict[str, Any]], **more: Any) -> None:
        """Serve these rows."""
        self._api.rows = [{name: as_json_has_it(value) for name, value in {**row, **more}.items()} for row in rows]

    def reader(self, *, cursor: bool = False) -> Rest:
        """Return the list's reader."""
        by: dict[str, Any] = {"cursor": "changed_at", "since": "since"} if cursor else {}
        return Rest("KIND_API_URL", "/rows", **PAGED, **by)


class RestSearch(RestList):
    """The same list, asked for by POST: each page has the cursor of the next one, and the rows lie within others."""

    name = "rest-post"
    style = staticmethod(searched)

    def reader(self, *, cursor: bool = False) -> Rest:
        """Return the list's reader."""
        by: dict[str, Any] = {"cursor": "changed_at", "since": "filter.since"} if cursor else {}
        paginator = {"type": "cursor", "cursor_path": "next", "cursor_body_path": "page.after"}
        return Rest("KIND_API_URL", "/search", paginator, rows="hits[*].row", body={"filter": {"since": ""}}, **by)


KINDS: tuple[type[Kind], ...] = (RestList, RestSearch)

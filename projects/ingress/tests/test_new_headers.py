"""Lists that say in headers of an answer how they go on: none of them is taken for its first page."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Project, Serve, on_duckdb_alone
from new_sources import new_source
from test_new_pages import ROWS, looked_at

from shared.errors import InputError


def by_cursor(api: Any, _: str, query: dict[str, str], *__: Any) -> Any:
    """Answer with the next page's cursor in a header, which the last page has not."""
    begin = int(query.get("cursor", 0))
    following = {"X-Next-Cursor": str(begin + 3)} if begin + 3 < len(api.rows) else {}
    return 200, following, api.rows[begin : begin + 3]


def by_page(api: Any, _: str, query: dict[str, str], *__: Any) -> Any:
    """Answer as GitLab does: the next page's number in a header, which is empty on the last page."""
    page = int(query.get("page", 1))
    following = str(page + 1) if page * 3 < len(api.rows) else ""
    return 200, {"X-Next-Page": following, "X-Total": str(len(api.rows))}, api.rows[(page - 1) * 3 : page * 3]


@on_duckdb_alone
@pytest.mark.parametrize(
    ("style", "header", "name"), [(by_cursor, "x-next-cursor", "cursor"), (by_page, "x-next-page", "page")]
)
def test_header_asks_for_the_next_page(project: Project, serve: Serve, style: Any, header: str, name: str) -> None:
    """A cursor or number in a header leads to all pages, until it is not there or empty."""
    serve(style, ROWS)
    made = new_source(project, "shop", "--from", "API_URL/list")
    reader: Any = made.source.resources[0].reader
    assert reader.paginator == {"type": "header_cursor", "cursor_key": header, "cursor_param": name}
    assert made.load() == {"list": 7}


@pytest.mark.parametrize(
    "headers", [{"Content-Range": "items 0-6/1000"}, {"X-Total-Count": "8"}, {"X-Continuation-Token": "a"}]
)
def test_list_that_goes_on_by_its_headers_is_not_taken_for_one_page(serve: Serve, headers: dict[str, str]) -> None:
    """Where headers say that there is more and nobody can tell how to ask for it, the list is refused."""
    with pytest.raises(InputError, match="goes on after its first rows cannot be told"):
        looked_at(serve, lambda api, *_: (200, headers, api.rows))
    same = {"Content-Range": "items 0-6/7", "X-Total-Count": "7", "X-Next-Page": ""}
    assert "all 7 rows" in looked_at(serve, lambda api, *_: (200, same, api.rows)).notes[0]

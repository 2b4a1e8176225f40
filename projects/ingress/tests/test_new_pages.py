"""How new-source tells by which rule the pages of a list follow each other: it asks, and never takes a part for all."""

from __future__ import annotations

from typing import Any

import pytest
from api_styles import plain
from conftest import Project, Serve, on_duckdb_alone
from new_sources import new_source

from ingress.new.apis import look_at_api
from ingress.new.found import Table
from ingress.new.origin import Origin
from shared.errors import InputError

ROWS = [{"id": number, "name": f"name {number}"} for number in range(7)]
Style = Any


def without_total(*asked: Any) -> Any:
    """Answer as `plain` does, and say nothing of how many rows there are."""
    status, headers, body = plain(*asked)
    return status, headers, {"items": body["items"]}


@on_duckdb_alone
@pytest.mark.parametrize(
    ("style", "query", "written"),
    [
        (plain, "limit=2&offset=0", {"type": "offset", "limit": 2, "total_path": "count"}),
        (without_total, "limit=2&page=0", {"type": "page_number", "base_page": 0, "total_path": None}),
    ],
    ids=["offset", "page"],
)
def test_numbered_pages(
    project: Project, serve: Serve, monkeypatch: pytest.MonkeyPatch, style: Any, query: str, written: dict[str, Any]
) -> None:
    """Page numbers and offsets are told by asking for the second page; a key stands in a header or the query."""
    serve(style, [{"id": number} for number in range(5)])
    monkeypatch.setenv("SHOP_KEY", "key-of-mine-1")
    made = new_source(project, "shop", "--from", f"API_URL/items?{query}", "--login", "api-key:key:query:SHOP_KEY")
    assert made.source.resources[0].reader.paginator == written  # type: ignore[attr-defined]
    assert made.load() == {"items": 5}


def part(api: Any, query: dict[str, str], name: str) -> tuple[list[Any], str | None]:
    """Return the rows from where a parameter says, and where the next ones begin."""
    begin = int(query.get(name, 0))
    return api.rows[begin : begin + 3], str(begin + 3) if begin + 3 < len(api.rows) else None


def odata(api: Any, path: str, query: dict[str, str], *_: Any) -> Any:
    """Answer as OData does: an address under a name that no path can have as it is."""
    rows, following = part(api, query, "$skip")
    more = {"@odata.nextLink": f"{api.url}{path}?$skip={following}"} if following else {}
    return 200, {}, {"value": rows, **more}


def hubspot(api: Any, path: str, query: dict[str, str], *_: Any) -> Any:
    """Answer as HubSpot does: a cursor within, beside an address that leads elsewhere."""
    rows, following = part(api, query, "after")
    more = {"paging": {"next": {"after": following, "link": "https://example.com/"}}} if following else {}
    return 200, {}, {"results": rows, **more}


def json_api(api: Any, path: str, query: dict[str, str], *_: Any) -> Any:
    """Answer as JSON:API has it, with rows of others besides, and null where there is no next page."""
    return 200, {}, {"included": [{"id": "x"}], "data": api.rows, "links": {"next": None}, "meta": {"total": 7}}


def cut_off(api: Any, path: str, query: dict[str, str], *_: Any) -> Any:
    """Answer with an error after the last page, as WordPress does."""
    page = int(query.get("page", 1))
    rows = api.rows[(page - 1) * 3 : page * 3]
    return (200, {}, rows) if rows else (400, {}, {"code": "invalid_page"})


def unknown(api: Any, path: str, query: dict[str, str], *_: Any) -> Any:
    """Answer with a cursor that is asked for in a way that nobody can guess."""
    rows, following = part(api, query, "go_to")
    return 200, {}, {"items": rows, "next_cursor": following}


def led_away(api: Any, *_: Any) -> Any:
    """Answer with a next page that is another host's."""
    return 200, {}, {"data": api.rows, "next": "http://192.0.2.1/"}


def looked_at(serve: Serve, style: Style) -> Table:
    """Look at a list in a style."""
    api = serve(style, ROWS)
    return look_at_api(Origin("api", api.url, "/list", "API_URL"), table="rows", key=(), login=None, cursor=None)


@pytest.mark.parametrize(
    ("style", "paginator"),
    [
        (odata, {"type": "json_link", "next_url_path": "['@odata.nextLink']"}),
        (hubspot, {"type": "cursor", "cursor_path": "paging.next.after", "cursor_param": "after"}),
        (json_api, {"type": "json_link", "next_url_path": "links.next"}),
    ],
)
def test_next_page_is_found_where_the_answer_has_it(serve: Serve, style: Style, paginator: dict[str, str]) -> None:
    """The way to the next page is told by what the answer has, and proved by following it."""
    found = looked_at(serve, style)
    assert found.reader.named is not None and found.reader.named["paginator"] == paginator
    assert "all 7 rows" in found.notes[0]


@pytest.mark.parametrize(
    ("style", "said"),
    [
        (unknown, "goes on after its first rows cannot be told"),
        (led_away, "goes on after its first rows cannot be told; the list leads back or away: `http://192.0.2.1/`"),
        (cut_off, "the next page is asked for by `page`, from 1 on, up to 3 pages, where: .* answers: 400"),
    ],
)
def test_list_with_more_pages_is_not_taken_for_one_page(serve: Serve, style: Style, said: str) -> None:
    """A list that goes on in a way that cannot be followed to its end is refused, and not written as its first page."""
    with pytest.raises(InputError, match=said):
        looked_at(serve, style)

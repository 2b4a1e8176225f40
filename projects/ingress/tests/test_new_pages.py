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
STREAM, TOTAL, NO_TOTAL = {"stop_after_empty_page": True}, {"total_path": "total"}, {"total_path": None}
COUNT = {"limit_param": "count", "total_path": None}
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


def odata_2(api: Any, path: str, query: dict[str, str], *_: Any) -> Any:
    """Answer as OData did before: rows and address within one object."""
    rows, following = part(api, query, "$skiptoken")
    more = {"__next": f"{api.url}{path}?$skiptoken={following}"} if following else {}
    return 200, {}, {"d": {"results": rows, **more}}


def airtable(api: Any, path: str, query: dict[str, str], *_: Any) -> Any:
    """Answer as Airtable does: an offset that is no number."""
    rows, following = part(api, {"offset": query.get("offset", "itr0")[3:]}, "offset")
    return 200, {}, {"records": rows, **({"offset": f"itr{following}"} if following else {})}


def pipedrive(api: Any, path: str, query: dict[str, str], *_: Any) -> Any:
    """Answer as Pipedrive does: the cursor is called after the parameter that it is for."""
    rows, following = part(api, query, "start")
    return 200, {}, {"data": rows, "additional_data": {"next_start": following and int(following)}}


def zendesk(api: Any, path: str, query: dict[str, str], *_: Any) -> Any:
    """Answer as Zendesk's exports do: there is a cursor at the end, too, from which later rows will be had."""
    rows, following = part(api, query, "cursor")
    return 200, {}, {"users": rows, "after_cursor": following or "9", "end_of_stream": following is None}


def jira(api: Any, path: str, query: dict[str, str], *_: Any) -> Any:
    """Answer as Jira does: the answer alone tells what its parameters are called."""
    begin, size = int(query.get("startAt", 0)), int(query.get("maxResults", 3))
    rows = api.rows[begin : begin + size]
    return 200, {}, {"startAt": begin, "maxResults": size, "total": len(api.rows), "issues": rows}


def pages_counted(api: Any, path: str, query: dict[str, str], *_: Any) -> Any:
    """Answer with the number of the page's rows, and with 204 behind the last page."""
    page = int(query.get("page", 1))
    rows = api.rows[(page - 1) * 3 : page * 3]
    return (200, {}, {"data": rows, "count": len(rows), "pages": 3}) if rows else (204, {"Content-Length": "0"}, "")


def capped(api: Any, path: str, query: dict[str, str], *_: Any) -> Any:
    """Answer with three rows at most, however many are asked for."""
    rows, _following = part(api, query, "offset")
    return 200, {}, {"data": rows[: int(query.get("limit", 3))]}


def json_api(api: Any, path: str, query: dict[str, str], *_: Any) -> Any:
    """Answer as JSON:API has it, with rows of others besides, and null where there is no next page."""
    return 200, {}, {"included": [{"id": "x"}], "data": api.rows, "links": {"next": None}, "meta": {"total": 7}}


def cut_off(api: Any, path: str, query: dict[str, str], *_: Any) -> Any:
    """Answer with an error after the last page, as WordPress does."""
    page = int(query.get("page", 1))
    rows = api.rows[(page - 1) * 3 : page * 3]
    said = {"code": "rest_post_invalid_page_number", "message": "... is larger than the number of pages available."}
    return (200, {}, rows) if rows else (400, {}, said)


def bounded(api: Any, path: str, query: dict[str, str], *_: Any) -> Any:
    """Answer with an error after two pages, however many there are, as searches do."""
    page = int(query.get("page", 1))
    rows = api.rows[(page - 1) * 2 : page * 2]
    return (200, {}, rows) if page < 3 else (400, {}, {"message": "page must not exceed 2"})


def ended(api: Any, path: str, query: dict[str, str], *_: Any) -> Any:
    """Answer with the rows, and with 404 behind the last page."""
    status, headers, body = cut_off(api, path, query)
    return (200, headers, {"list": body}) if status == 200 else (404, headers, body)


def unknown(api: Any, path: str, query: dict[str, str], *_: Any) -> Any:
    """Answer with a cursor that is asked for in a way that nobody can guess."""
    rows, following = part(api, query, "go_to")
    return 200, {}, {"items": rows, "next_cursor": following}


def led_away(api: Any, *_: Any) -> Any:
    """Answer with a next page that is another host's."""
    return 200, {}, {"data": api.rows, "next": "http://192.0.2.1/"}


def partial(api: Any, *_: Any) -> Any:
    """Answer with some of the rows that it says there are, whatever it is asked."""
    return 200, {}, {"total": 1_000, "data": api.rows}


def not_last(api: Any, *_: Any) -> Any:
    """Answer with a page that is not the last one, whatever it is asked."""
    return 200, {}, {"isLast": False, "data": api.rows}


def overlapping(api: Any, path: str, query: dict[str, str], *_: Any) -> Any:
    """Answer with pages of which each has the last row of the one before."""
    begin = (int(query.get("page", 1)) - 1) * 3
    return 200, {}, {"data": api.rows[max(begin - 1, 0) :][:3]}


def linked(api: Any, path: str, query: dict[str, str], *_: Any) -> Any:
    """Answer as FHIR does: rows within entries, the next page among links, of which one is the page's own."""
    rows, following = part(api, query, "offset")
    links = [{"relation": "self", "url": path}, {"relation": "next", "url": f"{api.url}{path}?offset={following}"}]
    return 200, {}, {"link": links if following else links[:1], "entry": [{"resource": row} for row in rows]}


def clamped(api: Any, path: str, query: dict[str, str], *_: Any) -> Any:
    """Answer as Magento does: the number of the page is called like its size, and the last page stays the last."""
    page = min(int(query.get("by[currentPage]", 1)), 3)
    return 200, {}, {"items": api.rows[(page - 1) * 3 : page * 3], "total_count": len(api.rows)}


def counted_from_1(api: Any, path: str, query: dict[str, str], *_: Any) -> Any:
    """Answer as SCIM has it: the first row is the first one."""
    begin = int(query.get("startIndex", 1))
    rows = api.rows[begin - 1 : begin + 2]
    return 200, {}, {"totalResults": 7, "startIndex": begin, "itemsPerPage": len(rows), "Resources": rows}


def relative(api: Any, path: str, query: dict[str, str], *_: Any) -> Any:
    """Answer as SAP does: an address without a host and a path."""
    rows, following = part(api, query, "$skiptoken")
    return 200, {}, {"value": rows, **({"@odata.nextLink": f"list?$skiptoken={following}"} if following else {})}


def ever_next(api: Any, path: str, query: dict[str, str], *_: Any) -> Any:
    """Answer as CKAN does: there is always a next page by its links, and a list of fields beside the rows."""
    begin = int(query.get("offset", 0))
    links, fields = {"next": f"{path}?offset={begin + 3}"}, [{"name": "id"}]
    return 200, {}, {"result": {"fields": fields, "records": api.rows[begin : begin + 3], "_links": links, "total": 7}}


def counts_page_too(api: Any, path: str, query: dict[str, str], *_: Any) -> Any:
    """Answer as NetSuite does: the number of the page's rows is said before the number of all."""
    begin = int(query.get("offset", 0))
    rows = api.rows[begin : begin + 3]
    return 200, {}, {"count": len(rows), "hasMore": begin + 3 < 7, "items": rows, "offset": begin, "totalResults": 7}


def dollars(api: Any, path: str, query: dict[str, str], *_: Any) -> Any:
    """Answer as Socrata does, by parameters that begin with a dollar, which nothing in the answer tells."""
    begin = int(query.get("$offset", 0))
    return 200, {}, api.rows[begin : begin + int(query["$limit"])]


def deaf(api: Any, path: str, query: dict[str, str], *_: Any) -> Any:
    """Answer with as many rows as are asked for, and with no others by whatever parameter."""
    return 200, {}, api.rows[: int(query["limit"])]


def looked_at(serve: Serve, style: Style, query: str = "", rows: list[dict[str, Any]] = ROWS) -> Table:
    """Look at a list in a style."""
    api = serve(style, rows)
    return look_at_api(
        Origin("api", api.url, f"/list{query}", "API_URL"), table="rows", key=(), login=None, cursor=None
    )


@pytest.mark.parametrize(
    ("style", "paginator"),
    [
        (odata, {"type": "json_link", "next_url_path": "['@odata.nextLink']"}),
        (hubspot, {"type": "cursor", "cursor_path": "paging.next.after", "cursor_param": "after"}),
        (json_api, {"type": "json_link", "next_url_path": "links.next"}),
        (odata_2, {"type": "json_link", "next_url_path": "d.__next"}),
        (airtable, {"type": "cursor", "cursor_path": "offset", "cursor_param": "offset"}),
        (pipedrive, {"type": "cursor", "cursor_path": "additional_data.next_start", "cursor_param": "start"}),
        (zendesk, {"type": "cursor", "cursor_path": "after_cursor", "cursor_param": "cursor", **STREAM}),
        (jira, {"type": "offset", "limit": 3, "offset_param": "startAt", "limit_param": "maxResults", **TOTAL}),
        (pages_counted, {"type": "page_number", "base_page": 1, "total_path": None}),
        (linked, {"type": "json_link", "next_url_path": "link[?(@.relation=='next')].url"}),
        (clamped, {"type": "page_number", "base_page": 1, "page_param": "by[currentPage]", "total_path": None}),
        (
            counted_from_1,
            {"type": "offset", "limit": 3, "offset_param": "startIndex", "offset": 1, **COUNT},
        ),
        (relative, {"type": "json_link", "next_url_path": "['@odata.nextLink']"}),
        (ever_next, {"type": "json_link", "next_url_path": "result._links.next"}),
        (counts_page_too, {"type": "offset", "limit": 3, "total_path": "totalResults"}),
        (dollars, {"type": "offset", "limit": 3, "offset_param": "$offset", "limit_param": "$limit", **NO_TOTAL}),
    ],
)
def test_next_page_is_found_where_the_answer_has_it(serve: Serve, style: Style, paginator: dict[str, str]) -> None:
    """The way to the next page is told by what the answer has, and proved by following it."""
    asked = {clamped: "?by[pageSize]=3", counted_from_1: "?count=3", dollars: "?$limit=3"}
    found = looked_at(serve, style, asked.get(style, ""))
    assert found.reader.named is not None and found.reader.named["paginator"] == paginator
    assert "all 7 rows" in found.notes[0]


@pytest.mark.parametrize(
    ("style", "said"),
    [
        (unknown, "goes on after its first rows cannot be told"),
        (led_away, "goes on after its first rows cannot be told; the list leads back or away: `http://192.0.2.1/`"),
        (partial, "cannot be told; it has 7 rows, of 1,000 by its `total`"),
        (deaf, "goes on after its first rows cannot be told"),
        (not_last, "goes on after its first rows cannot be told"),
        (overlapping, "asked for by `page`, from 1 on, but a page has rows of an earlier one"),
        (bounded, "the next page is asked for by `page`, from 1 on, up to 2 pages, where: .* answers: 400"),
    ],
)
def test_list_with_more_pages_is_not_taken_for_one_page(serve: Serve, style: Style, said: str) -> None:
    """A list that goes on in a way that cannot be followed to its end is refused, and not written as its first page."""
    with pytest.raises(InputError, match=said):
        looked_at(serve, style, "?limit=7" if style is deaf else "")


@pytest.mark.parametrize(("style", "status"), [(ended, 404), (cut_off, 400)])
@pytest.mark.parametrize("rows", [7, 6, 30], ids=["a short page", "full pages", "more pages than are looked at"])
def test_list_that_ends_with_an_error_says_so(serve: Serve, style: Style, status: int, rows: int) -> None:
    """A request for a page after the last one may be answered as a wrong one, however many pages there are."""
    found = looked_at(serve, style, rows=[{"id": number} for number in range(rows)])
    assert found.reader.named is not None
    assert found.reader.named["paginator"] == {"type": "page_number", "base_page": 1, "total_path": None}
    assert found.reader.named["ends"] == (status,)
    assert f"{min(rows, 15)} rows" in found.notes[0]


def test_offset_grows_by_as_many_rows_as_come(serve: Serve) -> None:
    """Where a server gives fewer rows than it is asked for, none is stepped over."""
    found = looked_at(serve, capped, "?limit=100&offset=0")
    assert found.reader.named is not None
    assert found.reader.named["paginator"] == {"type": "offset", "limit": 3, "total_path": None}
    assert "all 7 rows" in found.notes[0]

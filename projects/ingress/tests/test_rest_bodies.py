"""Lists of APIs that are asked for by POST, with JSON: Notion's, HubSpot's, Elasticsearch's and those of GraphQL."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import date, datetime, timezone
from typing import Any

import pytest
from api_styles import Answer, Api
from conftest import Project, Serve
from test_rest_styles import Row, ids_of, row, rows

from ingress.readers.rest.reader import Rest
from ingress.source import Resource, Source
from shared.config.named import Setting
from shared.errors import ConfigurationError, SourceUnavailable
from shared.redaction import redacted

FIRST = "1970-01-01T00:00:00Z"


def notion(api: Api, path: str, query: Any, *_: object) -> Answer:
    """Answer as Notion does: `start_cursor`, `next_cursor` and `has_more`; changes by a filter."""
    since = query["filter"]["last_edited_time"]["on_or_after"]
    found = [each for each in api.rows if each["updated_at"] >= since.replace(".000000", "")]
    begin = next((at for at, each in enumerate(found) if f"c{each['id']}" == query.get("start_cursor")), 0)
    end = begin + query["page_size"]
    more = end < len(found)
    return (
        200,
        {},
        {"results": found[begin:end], "has_more": more, "next_cursor": f"c{found[end]['id']}" if more else None},
    )


def hubspot(api: Api, path: str, query: Any, *_: object) -> Answer:
    """Answer as HubSpot does: `after` in the body and within the answer, the number of all, times in milliseconds."""
    (only,) = query["filterGroups"][0]["filters"]
    since = datetime.fromtimestamp(int(only["value"]) / 1_000, timezone.utc)
    found = [each for each in api.rows if datetime.fromisoformat(each["updated_at"].replace("Z", "+00:00")) >= since]
    begin = int(query.get("after", 0))
    end = begin + query["limit"]
    more = {"paging": {"next": {"after": str(end)}}} if end < len(found) else {}
    return 200, {}, {"total": len(found), "results": found[begin:end], **more}


def elastic(api: Api, path: str, query: Any, *_: object) -> Answer:
    """Answer as Elasticsearch does: documents within hits, `search_after` is the last one's `sort`."""
    after = query.get("search_after", [0])[0]
    found = [each for each in api.rows if each["id"] > after][: query["size"]]
    hits = [
        {
            "_id": str(each["id"]),
            "_source": {name: each[name] for name in each if name != "id"},
            "sort": [each["id"], "x"],
        }
        for each in found
    ]
    return 200, {}, {"timed_out": False, "hits": {"total": {"value": len(api.rows), "relation": "eq"}, "hits": hits}}


def graphql(api: Api, path: str, query: Any, *_: object) -> Answer:
    """Answer as GraphQL does: nodes within edges, `pageInfo`; an error has the status of success."""
    if "issues" not in query["query"]:
        return 200, {}, {"errors": [{"message": "Cannot query field 'isues' on type 'Query'."}], "data": None}
    begin = int(query["variables"].get("after") or 0)
    end = begin + query["variables"]["first"]
    edges = [{"cursor": str(at), "node": each} for at, each in enumerate(api.rows[begin:end])]
    info = {"endCursor": str(end), "hasNextPage": end < len(api.rows)}
    return 200, {}, {"data": {"issues": {"edges": edges, "pageInfo": info, "totalCount": len(api.rows)}}}


NOTION = Rest(
    "API_URL",
    "/v1/databases/d1/query",
    {"type": "cursor", "cursor_path": "next_cursor", "cursor_body_path": "start_cursor", "has_more_path": "has_more"},
    rows="results",
    body={"page_size": 2, "filter": {"timestamp": "last_edited_time", "last_edited_time": {"on_or_after": FIRST}}},
    cursor="updated_at",
    since="filter.last_edited_time.on_or_after",
)
HUBSPOT = Rest(
    "API_URL",
    "/crm/v3/objects/contacts/search",
    {"type": "cursor", "cursor_path": "paging.next.after", "cursor_body_path": "after"},
    rows="results",
    total="total",
    body={
        "limit": 2,
        "filterGroups": [{"filters": [{"propertyName": "updated_at", "operator": "GTE", "value": 0}]}],
    },
    cursor="updated_at",
    since="filterGroups[0].filters[0].value",
    since_format="unix_ms",
)
ELASTIC = Rest(
    "API_URL",
    "/orders/_search",
    {
        "type": "cursor",
        "cursor_path": "hits.hits[-1].sort",
        "cursor_body_path": "search_after",
        "stop_after_empty_page": True,
    },
    rows="hits.hits[*]._source",
    total="hits.total.value",
    body={"size": 2, "sort": [{"updated_at": "asc"}, {"id": "asc"}], "track_total_hits": True},
    carry={"id": "_id"},
)
GRAPHQL = Rest(
    "API_URL",
    "/graphql",
    {
        "type": "cursor",
        "cursor_path": "data.issues.pageInfo.endCursor",
        "cursor_body_path": "variables.after",
        "has_more_path": "data.issues.pageInfo.hasNextPage",
    },
    rows="data.issues.edges[*].node",
    total="data.issues.totalCount",
    body={"query": "query ($first: Int, $after: String) { issues … }", "variables": {"first": 2}},
)
STYLES = {
    "notion": (notion, NOTION),
    "hubspot": (hubspot, HUBSPOT),
    "elastic": (elastic, ELASTIC),
    "graphql": (graphql, GRAPHQL),
}


@pytest.mark.parametrize("name", STYLES)
def test_list_is_read_by_post(serve: Serve, name: str) -> None:
    """Each page is asked for by JSON with the place of the page before, and nothing stays for the next reading."""
    style, reader = STYLES[name]
    api = serve(style, rows(5))
    assert ids_of(reader) == [1, 2, 3, 4, 5]
    first, asked = copy.deepcopy(api.sent[0]), len(api.sent)
    assert first == reader.body
    assert len({str(each) for each in api.sent}) == asked >= 3
    assert ids_of(reader) == [1, 2, 3, 4, 5]
    assert api.sent[asked] == first


@pytest.mark.parametrize("name", ["notion", "hubspot"])
def test_changes_are_asked_for_within_the_body(serve: Serve, project: Project, name: str) -> None:
    """The first load sends what is declared, the next one the newest loaded time in its place, as the API writes it."""
    style, reader = STYLES[name]
    api = serve(style, rows(3))
    source = Source("made", (Resource("rows", "made_rows", Row, ("id",), reader),))
    project.load_source(source)
    assert api.sent[0] == reader.body
    api.rows += [row(4), {"id": "x", "updated_at": "2026-01-05T00:00:00Z"}]
    api.rows[0] |= {"updated_at": "2026-01-05T00:00:00Z", "nested": None}
    api.sent.clear()
    project.load_source(source)
    since = {"notion": "2026-01-03T00:00:00.000000Z", "hubspot": 1_767_398_400_000}[name]
    assert str(since) in str(api.sent[0])
    assert project.fetch("select count(*), max(updated_at)::date::varchar, count(nested) from raw.made_rows") == [
        (4, "2026-01-05", 3)
    ]
    ((origin, position, _),) = project.bad_rows()
    assert origin.startswith(f"{reader.path}?#") and "cursor" not in origin and position == 2
    api.rows[-1] |= {"id": 5, "nested": None}
    project.load_source(source, full=True)
    assert project.bad_rows() == []


def test_what_graphql_complains_of_is_told(serve: Serve) -> None:
    """An error with the status of success is one, and what it says is shown as far as it may be."""
    serve(graphql, rows(1))
    with pytest.raises(SourceUnavailable, match="`errors` that it failed: Cannot query field 'isues' on type"):
        ids_of(replace(GRAPHQL, body={"query": "{ isues }"}))
    serve(lambda *_: (400, {}, {"error": {"type": "parsing_exception", "reason": "unknown key [szie]"}}), [])
    with pytest.raises(SourceUnavailable, match=r"answers: 400: unknown key \[szie\]"):
        ids_of(ELASTIC)


def test_edge_without_a_node_is_a_bad_row(serve: Serve) -> None:
    """What a list has in place of a row is not left out without a word."""
    serve(lambda *_: (200, {}, {"data": {"issues": {"edges": [{"node": row(1)}, {"node": None}, {}]}}}), [])
    resource = Resource("rows", "rows", Row, ("id",), replace(GRAPHQL, paginator={"type": "single_page"}, total=None))
    (batch,) = resource.reader.read(resource, None, []).batches  # type: ignore[arg-type]
    assert (batch.good.num_rows, [bad.position for bad in batch.bad]) == (1, [2, 3])


@pytest.mark.parametrize(
    ("pages", "said"),
    [
        ([{"results": [], "has_more": True, "next_cursor": "a"}] * 4, "a page leads to an earlier one"),
        ([{"results": [row(1)], "has_more": True, "next_cursor": None}], "says that there are more, but not where"),
        ([{"results": [row(1)], "has_more": True, "next_cursor": "a"}] * 4, "has the rows of an earlier one"),
        (
            [{"results": [row(n)], "has_more": True, "next_cursor": "a"} for n in (1, 2, 3)],
            "a page leads to an earlier one",
        ),
    ],
    ids=["empty for ever", "no cursor", "same rows", "same cursor"],
)
def test_cursors_that_lead_nowhere_are_noticed(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, pages: list[Any], said: str
) -> None:
    """A cursor that leads back, or is missing where there are more rows, is an error and no end of the list."""
    monkeypatch.setenv("HTTP_READINGS", "1")
    left = iter(pages)
    serve(lambda *_: (200, {}, next(left)), [])
    with pytest.raises(SourceUnavailable, match=said):
        ids_of(NOTION)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_body_goes_to_no_other_address(serve: Serve, status: int) -> None:
    """A redirect of a POST is an error: what is sent, which may be secret, goes where it was declared to go alone."""
    other = serve(notion, rows(1))
    serve(lambda *_: (status, {"Location": f"{other.url}/v1"}, {}), [])
    with pytest.raises(SourceUnavailable, match=f"redirects what is sent: `{other.url}/v1`"):
        ids_of(NOTION)
    assert other.asked == []


def test_answer_that_is_no_page_is_asked_for_again(serve: Serve) -> None:
    """What only asks may be sent again: after a failure that passes, and after an answer that was cut."""
    faults: dict[int, Answer] = {1: (503, {}, {}), 3: (200, {}, {"results": "busy"})}
    api = serve(lambda *asked: faults.get(len(asked[0].sent)) or notion(*asked), rows(3))
    assert ids_of(NOTION) == [1, 2, 3]
    assert [each.get("start_cursor") for each in api.sent] == [None, None, "c3", "c3"]


def test_secret_within_a_body_is_a_setting(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some want their key in the body: it is needed, sent, and shown nowhere."""
    keyed = replace(GRAPHQL, body={**GRAPHQL.body, "keys": [{"key": Setting("BODY_KEY")}]})  # type: ignore[dict-item]
    assert "BODY_KEY" in keyed.required_settings
    monkeypatch.setenv("BODY_KEY", "hush-hush-1")
    api = serve(graphql, rows(3))
    assert ids_of(keyed) == [1, 2, 3]
    assert api.sent[0]["keys"] == [{"key": "hush-hush-1"}]
    assert redacted("it is hush-hush-1") == "it is ***"


def test_body_that_cannot_be_sent_is_refused(serve: Serve) -> None:
    """What JSON cannot hold is told at its declaration, a cursor without a place in it before anything is asked."""
    with pytest.raises(ConfigurationError, match="a body that JSON cannot hold"):
        replace(NOTION, body={"from": date(2026, 1, 1)})
    with pytest.raises(ConfigurationError, match=r"no single place in what is sent: `page_size\.from`"):
        replace(NOTION, since="page_size.from").sent(datetime(2026, 1, 1, tzinfo=timezone.utc))
    assert NOTION.sent(None) == NOTION.body
    unix = replace(HUBSPOT, since_format="unix")
    assert unix.sent(date(2026, 1, 3))["filterGroups"][0]["filters"][0]["value"] == 1_767_398_400  # type: ignore[index]

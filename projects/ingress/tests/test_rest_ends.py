"""How a list of an API ends, and what is a failure instead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from api_styles import Answer, Api
from conftest import Serve
from test_rest_styles import ids_of, row, rows

from ingress.readers.rest.reader import Rest
from shared.errors import ConfigurationError, SourceUnavailable


@pytest.mark.parametrize(
    "more",
    [
        {"error": {"code": "busy"}},
        {"error": {"message": "busy"}},
        {"error": "busy"},
        {"errors": ["busy"]},
        {"ok": False},
        {"success": False},
    ],
    ids=str,
)
def test_failure_is_no_page_whatever_its_status(serve: Serve, more: dict[str, Any]) -> None:
    """An answer that says that it failed is not the end of a list, though it has no rows and the status of success."""
    well: list[Any] = [None, False, 0, "", "OK", {}, {"code": 0}, {"code": "ok", "message": ""}]
    pages = [{"rows": [row(number)], "error": error, "errors": [], "ok": True} for number, error in enumerate(well, 1)]
    pages.append({"rows": [], **more})
    api = serve(lambda api, path, query, *_: (200, {}, pages[int(query["page"])]), [])
    with pytest.raises(SourceUnavailable, match=f"no page: .*: it says by `{next(iter(more))}` that it failed"):
        ids_of(Rest("API_URL", "/items", {"type": "page_number", "base_page": 0, "total_path": None}, rows="rows"))
    assert f"page={len(well)}" in api.asked[-1]


def test_what_an_answer_complains_of_is_nothing_where_all_rows_are_there(serve: Serve) -> None:
    """Some APIs always have something to say; where they count their rows, those tell whether the list is whole."""
    complaint = {"errors": ["`limit` is ignored from version 3 on"]}
    reader = Rest("API_URL", "/items", rows="rows", total="total")
    serve(lambda *_: (200, {}, {"rows": rows(2), "total": 2, **complaint}), [])
    assert ids_of(reader) == [1, 2]
    serve(lambda *_: (200, {}, {"rows": [], "total": 0, **complaint}), [])
    with pytest.raises(SourceUnavailable, match="it says by `errors` that it failed"):
        ids_of(reader)


def test_no_content_is_an_empty_page(serve: Serve) -> None:
    """Where a server has nothing to answer, a list has no more rows."""
    serve(lambda *_: (204, {"Content-Length": "0"}, ""), [])
    assert ids_of(Rest("API_URL", "/items", {"type": "page_number", "base_page": 0, "total_path": None})) == []


CURSOR = {"type": "cursor", "cursor_path": "next", "has_more_path": "more"}
PAGES = {"type": "page_number", "base_page": 0, "total_path": None}
GIVEN = {"data": rows(2), "total": 2}


@pytest.mark.parametrize(
    ("pages", "paginator", "total"),
    [
        ([{"data": None, "total": 0}], {"type": "single_page"}, True),
        ([{"total": 0}], {"type": "single_page"}, True),
        ([GIVEN, {"data": None, "total": 2}], PAGES, True),
        ([{"data": rows(2), "next": "/2"}, {"data": None, "next": None}], {"type": "json_link"}, False),
        ([{"data": rows(2), "next": "a", "more": True}, {"data": None, "next": "", "more": False}], CURSOR, False),
    ],
    ids=["none", "nothing", "after the last", "no link", "no cursor"],
)
def test_null_is_an_empty_list_where_the_answer_says_that_it_ends(
    serve: Serve, pages: list[Any], paginator: dict[str, Any], total: bool
) -> None:
    """Some servers write null for a list without rows; alone it may as well be a failure."""
    left = iter(pages)
    serve(lambda *_: (200, {}, next(left)), [])
    counted = Rest("API_URL", "/items", paginator, rows="data", total="total" if total else None)
    assert ids_of(counted) == [1, 2][: 2 * (len(pages) - 1)]


@pytest.mark.parametrize(
    ("page", "paginator", "said"),
    [
        ({"data": None}, PAGES, "it has no list `data`, but null, and nothing says that it ends here"),
        ({"data": None, "next": "/2"}, {"type": "json_link"}, "it has no list `data`, but null"),
        ({"data": None, "next": "", "more": True}, CURSOR, "it has no list `data`, but null"),
        ({"data": None, "total": 2}, PAGES, "the list is incomplete: 0 rows of 2"),
        ({"total": 2}, PAGES, "it has no list `data`"),
    ],
)
def test_null_that_may_be_a_failure_is_no_empty_list(
    serve: Serve, page: Any, paginator: dict[str, Any], said: str
) -> None:
    """Where nothing says that there are no more rows, or something says that there are, null is an error."""
    serve(lambda *_: (200, {}, page), [])
    with pytest.raises(SourceUnavailable, match=said):
        ids_of(Rest("API_URL", "/items", paginator, rows="data", total="total" if "total" in page else None))


def pages_of(count: int, status: int = 404) -> Callable[..., Answer]:
    """Return what answers with pages of two rows and the number of all, and with a status behind the last one."""

    def answer(api: Api, path: str, query: dict[str, str], _: object) -> Answer:
        found = api.rows[int(query["page"]) * 2 :][:2]
        return (200, {}, {"data": found, "total": count}) if found else (status, {}, "no page")

    return answer


@pytest.mark.parametrize("status", [404, 400])
def test_list_may_end_by_a_status(serve: Serve, status: int) -> None:
    """Where that is declared, a request for a page after the last one is answered by it, and the list is whole."""
    serve(pages_of(4, status), rows(4))
    paginator = {"type": "page_number", "base_page": 0, "total_path": None}
    ending = Rest("API_URL", "/items", paginator, rows="data", ends=(status,))
    assert ids_of(ending) == [1, 2, 3, 4]
    with pytest.raises(SourceUnavailable, match=f"page=2` answers: {status}"):
        ids_of(replace(ending, ends=()))


def test_status_ends_no_list_before_its_first_page_or_its_last_row(serve: Serve) -> None:
    """A list that is not there, or that has said that it has more rows, has not ended."""
    paginator = {"type": "page_number", "base_page": 0, "total_path": None}
    ending = Rest("API_URL", "/items", paginator, rows="data", total="total", ends=(404,))
    serve(pages_of(5), rows(4))
    with pytest.raises(SourceUnavailable, match="the list is incomplete: 4 rows of 5"):
        ids_of(ending)
    serve(pages_of(0), [])
    with pytest.raises(SourceUnavailable, match="page=0` answers: 404"):
        ids_of(ending)
    with pytest.raises(ConfigurationError, match="says of no list that it ends"):
        replace(ending, ends=(401,))

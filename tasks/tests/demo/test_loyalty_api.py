"""The loyalty API over real loopback HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.errors import InputError
from tasks.demo.loyalty_api import make_server
from tasks.tests.demo.client import ask, ask_until_served
from tasks.tests.demo.conftest import served

MEMBERS = [{"member_id": f"L-{number:05d}", "first_name": None} for number in range(1, 8)]


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """The address of an API with seven members."""
    (tmp_path / "members.json").write_text(json.dumps(MEMBERS))
    with served(make_server(tmp_path / "members.json")) as address:
        yield address


@pytest.mark.parametrize("size", [1, 3, 7, 8])
def test_next_links_lead_through_all_members(url: str, size: int) -> None:
    """Whoever follows `next` gets every member once, in order, in pages of the size asked for."""
    pages: list[dict[str, Any]] = []
    following: str | None = f"{url}/members?page_size={size}"
    while following:
        status, page = ask_until_served(following)
        assert status == 200
        pages.append(page)
        following = page["next"]
    assert [member for page in pages for member in page["data"]] == MEMBERS
    assert {page["total"] for page in pages} == {7}
    assert {len(page["data"]) for page in pages[:-1]} <= {size}


def test_default_page(url: str) -> None:
    """Without parameters the first page of 500 is answered."""
    assert ask(f"{url}/members") == (200, {"data": MEMBERS, "total": 7, "next": None}, None)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Origin": "http://evil.example"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "127.0.0.1"},
    ],
)
def test_a_page_in_a_browser_is_refused(url: str, headers: dict[str, str]) -> None:
    """What names another host, or comes from a page, gets no member, and is not counted by the throttle."""
    for _ in range(8):
        assert ask(f"{url}/members", headers=headers)[0] == 403
    assert ask(f"{url}/members")[0] == 200


def test_page_after_the_last_is_empty(url: str) -> None:
    """A page beyond the end has no members and no next link."""
    assert ask(f"{url}/members?page=99&page_size=3") == (200, {"data": [], "total": 7, "next": None}, None)


@pytest.mark.parametrize("query", ["page=0", "page=-1", "page=x", "page=", "page=1.5", "page=²", "page_size=0",
                                   "page_size=1001", f"page={'9' * 5000}"])  # fmt: skip
def test_bad_numbers_are_refused(url: str, query: str) -> None:
    """A parameter that is no number in range is answered with 400 and its name, as JSON."""
    status, content, _ = ask(f"{url}/members?{query.replace('²', '%C2%B2')}")
    assert status == 400
    assert content["error"].startswith(f"{query.partition('=')[0]} must be a number")


def test_unknown_path(url: str) -> None:
    """A path that does not exist is answered with 404 as JSON."""
    assert ask(f"{url}/customers") == (404, {"error": "no such resource: GET /customers"}, None)


def test_every_fourth_request_has_to_wait(url: str) -> None:
    """Every fourth request is a 429 whose Retry-After is 1 and 0 in turn, and the same request passes afterwards."""
    answers = [ask(f"{url}/members?page=1") for _ in range(9)]
    assert [status for status, _, _ in answers] == [200, 200, 200, 429, 200, 200, 200, 429, 200]
    assert [pause for _, _, pause in answers if pause] == ["1", "0"]


@pytest.mark.parametrize("content", [None, "[{"])
def test_members_that_cannot_be_read(tmp_path: Path, content: str | None) -> None:
    """A members file that is missing or damaged is named, and the hint says how to get it."""
    if content:
        (tmp_path / "members.json").write_text(content)
    with pytest.raises(InputError, match=r"members\.json") as caught:
        make_server(tmp_path / "members.json")
    assert caught.value.hint == "run the task demo-data"

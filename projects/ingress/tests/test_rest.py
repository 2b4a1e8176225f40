"""The paged API: it fails as real ones do, and the members are loaded all or not at all."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from conftest import LoyaltyApi, Project, member, on_duckdb_alone

Fault = tuple[int, dict[str, str], bytes] | float


def test_all_pages_are_loaded(project: Project, loyalty: LoyaltyApi) -> None:
    """The list is followed to its last page."""
    project.load("loyalty")
    assert project.fetch("select count(*), sum(household_id) from raw.loyalty_members") == [(1_200, 720_600)]
    assert len(loyalty.asked) == 3


@on_duckdb_alone
def test_passing_faults_are_got_over(project: Project, loyalty: LoyaltyApi) -> None:
    """500, a timeout, a broken answer and 429 on one page after the other cost attempts, not rows."""
    loyalty.faults = [(500, {}, b"oops"), 0.8]
    project.load("loyalty")
    loyalty.faults = [(200, {}, b'{"data": [{"member_id"'), (429, {"Retry-After": "1"}, b"")]
    begun = time.monotonic()
    project.load("loyalty")
    assert time.monotonic() - begun >= 1, "Retry-After was not waited for"
    assert project.fetch("select count(*) from raw.loyalty_members") == [(1_200,)]


LASTING: list[tuple[Fault, str]] = [
    ((500, {}, b""), "answers: 500"),
    (0.8, "does not answer: ReadTimeout"),
    ((200, {}, b"<html>"), "answers with something that is no page: HTML of 6 bytes"),
    ((200, {}, b'{"members": []}'), "answers with something that is no page"),
    ((200, {"Content-Length": "99"}, b'{"data": []}'), "does not answer"),
    ((404, {}, b""), "answers: 404"),
]


@on_duckdb_alone
def test_lasting_fault_is_an_error_and_loads_nothing(project: Project, loyalty: LoyaltyApi) -> None:
    """A page that cannot be had after all attempts is named; raw stays as it was; a rerun gets everything."""
    loyalty.members = loyalty.members[:600]
    project.load("loyalty")
    before = project.state()
    loyalty.members = [member(number, first_name="ada") for number in range(1, 1_201)]
    good = loyalty.answer

    for fault, message in LASTING:

        def second_page_fails(path: str, fault: Fault = fault) -> Any:
            if "page=2&" in path:
                loyalty.faults = [fault]
            return good(path)

        loyalty.answer = second_page_fails  # type: ignore[method-assign]
        code, said = project.ingress("run", "--source", "loyalty")
        assert code == 1
        assert message in said
        assert "/members?page=2&page_size=500" in said
        assert project.state() == before
    loyalty.answer = good  # type: ignore[method-assign]
    loyalty.faults = []
    project.load("loyalty")
    assert project.fetch("select count(*), count(first_name) from raw.loyalty_members") == [(1_200, 1_200)]


def one_page(*members: Any) -> str:
    """Return the body of a list of these members."""
    return json.dumps({"data": members, "total": len(members), "next": None}, ensure_ascii=False)


@on_duckdb_alone
@pytest.mark.parametrize(
    ("kind", "encoding"),
    [
        ("application/json; charset=ISO-8859-1", "latin-1"),
        ("application/json", "utf-8"),
        ('application/json; charset="utf-8"', "utf-8-sig"),
        ("application/json", "utf-16"),
    ],
)
def test_body_is_read_in_the_encoding_that_it_has(
    project: Project, loyalty: LoyaltyApi, kind: str, encoding: str
) -> None:
    """A page is decoded as its server declares, and without a charset as JSON is."""
    loyalty.faults = [(200, {"Content-Type": kind}, one_page(member(1, first_name="zoë")).encode(encoding))]
    project.load("loyalty")
    assert project.fetch("select first_name from raw.loyalty_members") == [("zoë",)]


@on_duckdb_alone
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("application/json", "not utf-8"),
        ("application/json; charset=ascii", "not ascii"),
        ("application/json; charset=klingon", "an encoding that nobody knows: klingon"),
    ],
)
def test_body_in_another_encoding_than_declared_is_an_error(
    project: Project, loyalty: LoyaltyApi, monkeypatch: pytest.MonkeyPatch, kind: str, said: str
) -> None:
    """A page whose bytes are not in its encoding is an error that names it without the password, asked for once."""
    monkeypatch.setenv("LOYALTY_API_URL", loyalty.url.replace("//", "//ada:hush@"))
    loyalty.faults = [(200, {"Content-Type": kind}, one_page(member(1, first_name="zoë")).encode("latin-1"))]
    code, output = project.ingress("run", "--source", "loyalty")
    assert code == 1
    assert f"/members?page=1&page_size=500` answers with text that cannot be read: {said}" in output
    assert "hush" not in output
    assert "\ufffd" not in output
    assert len(loyalty.asked) == 1


def test_values_of_another_type_are_bad_rows(project: Project, loyalty: LoyaltyApi) -> None:
    """A number is taken where nothing of it changes; true, fractions and more than 64 bits are no whole numbers."""
    taken = [2.0, "3", 9007199254740993, None]
    refused = [True, 4.5, 99999999999999999999, "1_000", " 7 ", "7.5", [1], {"a": 1}]
    rows = [member(number, household_id=value, score=0.1) for number, value in enumerate([*taken, *refused], start=1)]
    body = one_page(*rows, member(90, post_code=6000)).replace('"score": 0.1', '"score": 0.100000000000000000001')
    loyalty.faults = [(200, {}, body.encode())]
    project.load("loyalty")
    assert project.fetch("select household_id, score from raw.loyalty_members order by member_id") == [
        (value, "0.100000000000000000001") for value in (2, 3, 9007199254740993, None)
    ]
    assert [position for _, position, _ in project.bad_rows()] == list(range(5, 14))


@on_duckdb_alone
def test_list_that_breaks_off_is_an_error(project: Project, loyalty: LoyaltyApi) -> None:
    """Fewer rows than the API says there are is an error, not a smaller load."""
    loyalty.total = 1_300
    code, said = project.ingress("run", "--source", "loyalty")
    assert code == 1
    assert "error: the list is incomplete: 1200 rows of 1300" in said


@on_duckdb_alone
def test_link_to_another_host_is_not_followed(project: Project, loyalty: LoyaltyApi) -> None:
    """A next link that leads elsewhere, or in a circle, is an error."""
    url, loyalty.url = loyalty.url, "http://127.0.0.1:1"
    code, said = project.ingress("run", "--source", "loyalty")
    assert code == 1
    assert "leads back or away: `http://127.0.0.1:1/members?page=2" in said
    assert url not in said


def test_bad_rows_are_quarantined_until_the_api_has_corrected_them(project: Project, loyalty: LoyaltyApi) -> None:
    """Bad members go to quarantine with page and number whatever the port, and are resolved when corrected."""
    loyalty.members[501] = member(502, household_id="none")
    loyalty.members[502] = "not a member"
    project.load("loyalty")
    reason = "`household_id`: not a whole number"
    page = "/members?page=2&page_size=500"
    assert project.bad_rows() == [(page, 2, reason), (page, 3, "not an object")]
    project.load("loyalty")
    assert project.fetch("select count(*) from ops.quarantine") == [(2,)]
    loyalty.members[501], loyalty.members[502] = member(502), member(503)
    assert "2 quarantined rows resolved" in project.load("loyalty")
    assert project.fetch("select count(*) from raw.loyalty_members") == [(1_200,)]


def test_member_on_two_pages_counts_once(project: Project, loyalty: LoyaltyApi) -> None:
    """A member that moved to a later page while the list was read has the later content."""
    loyalty.members[600] = member(1, first_name="later")
    loyalty.members[601] = member(2)
    said = project.load("loyalty")
    assert "1,198 rows loaded; 2 rows superseded" in said
    rows = project.fetch("select first_name from raw.loyalty_members where member_id = 'L-00001'")
    assert rows == [("later",)]


def test_new_field_is_added_as_text_and_a_missing_one_is_an_error(project: Project, loyalty: LoyaltyApi) -> None:
    """The API's contract is `evolve`; a field that no member has any more is missing, not bad 1,200 times."""
    loyalty.members = [member(1, tags=["a", "b"]), member(2)]
    assert "column `tags` is not in the row model" in project.load("loyalty")
    assert project.fetch("select tags from raw.loyalty_members order by member_id") == [('["a", "b"]',), (None,)]
    for one in loyalty.members:
        del one["post_code"]
    code, said = project.ingress("run", "--source", "loyalty")
    assert code == 2
    assert "missing column in `/members`: `post_code`" in said


def test_empty_list_is_an_empty_delivery(project: Project, loyalty: LoyaltyApi) -> None:
    """No member is no error, but all that raw has are gone only once somebody has approved it."""
    project.load("loyalty")
    members, loyalty.members = loyalty.members, []
    code, said = project.ingress("run", "--source", "loyalty", "--approve-deletes", "1199")
    assert code == 1
    assert "would mark 1,200 of its 1,200 rows as deleted: more than the 1,199 that are approved" in said
    code, said = project.ingress("run", "--source", "loyalty", "--approve-deletes", "1200")
    assert "loyalty.members: 0 rows loaded (0 new, 0 changed, 0 unchanged, 1,200 deleted)" in said
    loyalty.members = members[:1]
    project.load("loyalty")
    assert project.fetch("select count(*) from raw.loyalty_members where _deleted_at is null") == [(1,)]

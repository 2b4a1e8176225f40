"""Lists of APIs that page and sign in other ways than the demo's: read by declaration alone."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from api_styles import github, plain, salesforce, stripe
from conftest import Project, Serve
from pydantic import AwareDatetime

from ingress.readers.rest.reader import Rest
from ingress.source import Resource, Source
from shared.config import get_settings
from shared.config.named import Setting
from shared.data_quality import JsonText, RowModel
from shared.errors import ConfigurationError, SourceUnavailable
from shared.redaction import redacted

LOGIN = {"type": "oauth2_client_credentials", "client_id": Setting("SF_ID"), "client_secret": Setting("SF_SECRET")}


class Row(RowModel):
    """A row of any of them."""

    id: int
    updated_at: AwareDatetime
    nested: JsonText | None


class Moved(RowModel):
    """A row that says in three ways how new it is."""

    id: int
    day: date
    at: datetime


def row(number: int) -> dict[str, Any]:
    """Return a row."""
    return {"id": number, "updated_at": f"2026-01-{number:02}T00:00:00Z", "nested": {"of": [number]}}


def rows(count: int) -> list[dict[str, Any]]:
    """Return so many rows."""
    return [row(number) for number in range(1, count + 1)]


def ids_of(reader: Rest) -> list[int]:
    """Read a list whole and return the ids of its rows."""
    resource = Resource("rows", "rows", Row, ("id",), reader)
    found = resource.reader.read(resource, get_settings(), [])
    return [key for batch in found.batches for key in batch.good["id"].to_pylist()]


def issues(**declared: Any) -> Rest:
    """Return the reader of a list as GitHub has them."""
    login = {"type": "bearer", "token": Setting("GH_TOKEN")}
    return Rest("API_URL", "/issues", {"type": "header_link"}, parameters={"per_page": 2}, login=login, **declared)


def records() -> Rest:
    """Return the reader of a list as Salesforce has them."""
    return Rest(
        "API_URL",
        "/services/data/query",
        {"type": "json_link", "next_url_path": "nextRecordsUrl"},
        rows="records",
        total="totalSize",
        login={**LOGIN, "access_token_url": Setting("SF_TOKEN_URL")},
    )


def test_links_in_the_header_are_followed_as_a_bearer(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """GitHub's style: header links and a token, which may stand in a file."""
    api = serve(github, rows(5))
    monkeypatch.setenv("GH_TOKEN", "gh-token-1234")
    assert ids_of(issues()) == [1, 2, 3, 4, 5]
    assert api.asked == ["/issues?per_page=2", "/issues?page=2&per_page=2", "/issues?page=3&per_page=2"]


def test_secret_may_stand_in_a_file(serve: Serve, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """The variable with `_FILE` behind its name names the file; what stands there is redacted, too."""
    serve(github, rows(1))
    (tmp_path / "token").write_text("gh-token-1234\n")
    monkeypatch.setenv("GH_TOKEN_FILE", str(tmp_path / "token"))
    assert issues().missing_setting is None
    assert ids_of(issues()) == [1]
    assert redacted("it is gh-token-1234") == "it is ***"
    (tmp_path / "token").write_text("\n")
    with pytest.raises(ConfigurationError, match="the file that GH_TOKEN_FILE names is empty"):
        ids_of(issues())


def test_cursor_after_the_last_row_is_followed(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stripe's style: the last row's id, `has_more`, basic login, nested objects as JSON."""
    api = serve(stripe, rows(5))
    monkeypatch.setenv("STRIPE_KEY", "sk_test_1234")
    paginator = {"type": "cursor", "cursor_path": "data[-1].id", "cursor_param": "starting_after"}
    reader = Rest(
        "API_URL",
        "/charges",
        {**paginator, "has_more_path": "has_more"},
        rows="data",
        parameters={"limit": 2},
        login={"type": "http_basic", "username": Setting("STRIPE_KEY"), "password": ""},
    )
    assert ids_of(reader) == [1, 2, 3, 4, 5]
    assert api.asked == ["/charges?limit=2", "/charges?limit=2&starting_after=2", "/charges?limit=2&starting_after=4"]


def test_token_is_fetched_and_renewed(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Salesforce's style: client credentials, a token that is taken back amid the list, a link without a host."""
    api = serve(salesforce, rows(5))
    monkeypatch.setenv("SF_TOKEN_URL", f"{api.url}/services/oauth2/token")
    monkeypatch.setenv("SF_ID", "me")
    monkeypatch.setenv("SF_SECRET", "s3cret-9")
    assert ids_of(records()) == [1, 2, 3, 4, 5]
    assert api.tokens == 2
    assert redacted("it is token-2-of-it") == "it is ***"


def test_token_that_is_refused_names_the_settings(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who may not have a token is told which settings to look at; none of their values."""
    api = serve(salesforce, rows(1))
    monkeypatch.setenv("SF_TOKEN_URL", f"{api.url}/services/oauth2/token")
    monkeypatch.setenv("SF_ID", "me")
    monkeypatch.setenv("SF_SECRET", "wrong-secret")
    with pytest.raises(SourceUnavailable, match="does not answer: Login: it answers 400") as raised:
        ids_of(records())
    assert raised.value.hint == "look at SF_ID, SF_SECRET, SF_TOKEN_URL"
    monkeypatch.delenv("SF_SECRET")
    with pytest.raises(ConfigurationError, match="SF_SECRET is not set"):
        ids_of(records())
    assert records().missing_setting == "SF_SECRET"


@pytest.mark.parametrize(
    "paginator",
    [
        {"type": "offset", "limit": 2, "total_path": "count"},
        {"type": "page_number", "base_page": 0, "total_path": None},
    ],
    ids=lambda declared: declared["type"],
)
@pytest.mark.parametrize("location", ["header", "query"])
def test_numbered_pages_with_a_key(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, paginator: dict[str, Any], location: str
) -> None:
    """Offsets and page numbers; the key is in no page's name, as names are kept."""
    serve(plain, rows(5))
    monkeypatch.setenv("API_KEY", "key-of-mine-1")
    login = {"type": "api_key", "api_key": Setting("API_KEY"), "location": location}
    reader = Rest(
        "API_URL",
        "/items",
        paginator,
        rows="items",
        total="count",
        parameters={"limit": 2},
        login={**login, "name": "X-Key" if location == "header" else "key"},
    )
    resource = Resource("rows", "rows", Row, ("id",), reader)
    batches = list(reader.read(resource, get_settings(), []).batches)
    assert [key for batch in batches for key in batch.good["id"].to_pylist()] == [1, 2, 3, 4, 5]
    assert not any("key-of-mine" in batch.origin for batch in batches)


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"paginator": {"type": "klingon"}}, "not a paginator"),
        ({"paginator": {"type": "cursor", "warp": 9}}, "not a paginator"),
        ({"login": {"type": "klingon"}}, "not a login"),
        ({"login": {"type": "bearer", "warp": 9}}, "not a login"),
    ],
)
def test_what_dlt_does_not_know_is_an_error(serve: Serve, declared: dict[str, Any], said: str) -> None:
    """A paginator or login that dlt has not is told with a hint."""
    serve(plain, rows(1))
    with pytest.raises(ConfigurationError, match=said) as raised:
        ids_of(Rest("API_URL", "/items", **declared))
    assert "as dlt's REST sources do" in str(raised.value.hint)


def test_rows_that_an_offset_steps_over_are_an_error(serve: Serve) -> None:
    """A server that gives fewer rows at a time than it is asked for is told, and not read with gaps."""
    serve(lambda api, path, query, *_: (200, {}, api.rows[int(query["offset"]) :][:2]), rows(5))
    ends = {"total_path": None}
    assert ids_of(Rest("API_URL", "/items", {"type": "offset", "limit": 2, **ends})) == [1, 2, 3, 4, 5]
    with pytest.raises(SourceUnavailable, match=r"rows are left out: pages of .* have 2 rows, and .* grows by 4"):
        ids_of(Rest("API_URL", "/items", {"type": "offset", "limit": 4, **ends}))


def test_only_changes_are_asked_for(serve: Serve, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a cursor a load asks for what has changed since the newest row, and merges it; all of it with `--full`."""
    api = serve(github, rows(3))
    monkeypatch.setenv("GH_TOKEN", "gh-token-1234")
    reader = issues(cursor="updated_at", since="since", since_format="%Y-%m-%dT%H:%M:%SZ")
    source = Source("gh", (Resource("issues", "gh_issues", Row, ("id",), reader),))
    project.load_source(source)
    api.rows += [row(4)]
    api.rows[0] |= {"updated_at": "2026-01-05T00:00:00Z", "nested": None}
    api.asked.clear()
    project.load_source(source)
    assert api.asked[0] == "/issues?per_page=2&since=2026-01-03T00%3A00%3A00Z"
    assert project.fetch("select count(*), max(updated_at)::date::varchar, count(nested) from raw.gh_issues") == [
        (4, "2026-01-05", 3)
    ]


def test_cursor_may_be_a_number_a_date_or_a_time_without_a_zone(serve: Serve, project: Project) -> None:
    """Each is asked for from its newest loaded value on, those of a clock that is ahead left aside."""
    seen = {"id": 7, "day": "2026-01-03", "at": "2026-01-03T10:00:00"}
    ahead = {"id": 8, "day": "2999-01-01", "at": "2999-01-01T00:00:00"}
    api = serve(plain, [seen, ahead])
    parameters = {"limit": 9, "page": 0, "key": "key-of-mine-1"}
    resources = []
    for name, written in {"id": "", "day": "%Y-%m-%d", "at": "%Y-%m-%dT%H:%M"}.items():
        declared: dict[str, Any] = {"parameters": parameters, "cursor": name, "since": "from", "since_format": written}
        reader = Rest("API_URL", "/items", rows="items", **declared)
        resources.append(Resource(name, f"moved_{name}", Moved, ("id",), reader))
    source = Source("moved", tuple(resources))
    project.load_source(source)
    api.asked.clear()
    project.load_source(source)
    assert [query.partition("from=")[2] for query in api.asked] == ["8", "2026-01-03", "2026-01-03T10%3A00"]


def test_cursor_that_cannot_be_asked_for_is_refused() -> None:
    """A list whose cursor nobody can ask for would be read whole and said to be new; a cursor is a time or a number."""
    with pytest.raises(ConfigurationError, match="both a cursor and a parameter"):
        issues(cursor="updated_at")
    with pytest.raises(ConfigurationError, match="is no time, date or number in its row model: `nested`"):
        Resource("rows", "rows", Row, ("id",), issues(cursor="nested", since="since"))

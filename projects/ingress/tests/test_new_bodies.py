"""How new-source finds the rows of an answer, and how a list is looked at that is asked for by POST."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import Project, Serve
from new_sources import new_source
from test_new_pages import ROWS, Style
from test_rest_bodies import graphql
from test_rest_bodies import hubspot as hubspot_search

from ingress.new.apis import look_at_api
from ingress.new.origin import Origin
from shared.errors import InputError


def test_longest_list_is_taken_where_several_may_be_the_rows(serve: Serve) -> None:
    """Where a list of something else comes first, the rows are the longer one, and what else there is is told."""
    api = serve(lambda *_: (200, {}, {"fields": [{"id": "a"}], "employees": ROWS, "errors": [{"id": "b"}] * 9}), [])
    asked: dict[str, Any] = {"table": "rows", "key": (), "login": None, "cursor": None}
    with pytest.raises(InputError, match="says by `errors` that it failed"):
        look_at_api(Origin("api", api.url, "/list", "API_URL"), **asked)
    api = serve(lambda *_: (200, {}, {"fields": [{"id": "a"}], "employees": ROWS}), [])
    found = look_at_api(Origin("api", api.url, "/list", "API_URL"), **asked)
    assert found.reader.named is not None and found.reader.named["rows"] == "employees"
    assert "other lists, for --rows: `fields`" in found.notes
    found = look_at_api(Origin("api", api.url, "/list", "API_URL"), rows_at="fields", **asked)
    assert found.reader.named is not None and found.reader.named["rows"] == "fields"
    with pytest.raises(InputError, match=r"no list of rows at .*, `nobody`: an object with `fields`, `employees`"):
        look_at_api(Origin("api", api.url, "/list", "API_URL"), rows_at="nobody", **asked)


BODY_PATHS = {"offset_body_path": "from", "limit_body_path": "size"}
HUBSPOT = {"limit": 2, "filterGroups": [{"filters": [{"propertyName": "updated_at", "operator": "GTE", "value": 0}]}]}


@pytest.mark.parametrize(
    ("style", "body", "paginator"),
    [
        (
            hubspot_search,
            HUBSPOT,
            {"type": "cursor", "cursor_path": "paging.next.after", "cursor_body_path": "after"},
        ),
        (
            graphql,
            {"query": "{ issues }  # " + 'a "word", ' * 40 + "\n" + "x" * 300, "variables": {"first": 3}},
            {
                "type": "cursor",
                "cursor_path": "data.issues.pageInfo.endCursor",
                "has_more_path": "data.issues.pageInfo.hasNextPage",
                "cursor_body_path": "variables.after",
            },
        ),
        (
            lambda api, path, body, *_: (200, {}, {"total": 7, "list": api.rows[body["from"] :][: body["size"]]}),
            {"size": 3, "from": 0},
            {
                "type": "offset",
                "limit": 3,
                "total_path": "total",
                "offset_body_path": "from",
                "limit_body_path": "size",
            },
        ),
    ],
    ids=["hubspot", "graphql", "offset"],
)
def test_list_is_asked_for_by_what_is_sent(
    project: Project, serve: Serve, style: Style, body: dict[str, Any], paginator: dict[str, str]
) -> None:
    """With `--body` a list is read by POST, and what asks for the next page stands there; the source loads at once."""
    serve(style, [{"id": number, "updated_at": f"2026-01-0{number + 1}T00:00:00Z"} for number in range(7)])
    (project.root / "body.json").write_text(json.dumps(body))
    for number, given in enumerate((json.dumps(body), str(project.root / "body.json"))):
        made = new_source(project, f"shop{number}", "--from", "API_URL/list", "--body", given, "--table", "orders")
        reader: Any = made.source.resources[0].reader
        assert reader.paginator == paginator
        assert reader.body.keys() == body.keys() - {"from", "size"}
        assert reader.body.get("query") == body.get("query")
        assert max(map(len, made.text.splitlines())) <= 120
        assert made.load() == {"orders": 7}


def test_what_is_measured_is_no_key(serve: Serve) -> None:
    """Of observations as FRED's the day is the key, though no value comes twice; names of keys go first."""
    asked: dict[str, Any] = {"table": "rows", "key": (), "login": None, "cursor": None}
    days = [{"on": "2026-01-01", "date": f"2026-01-0{at}", "value": f"{at}.5"} for at in range(1, 8)]
    for rows, key in (days, "date"), ([{**row, "code": row["value"]} for row in days], "code"):
        api = serve(lambda api, *_: (200, {}, {"observations": api.rows}), rows)
        assert look_at_api(Origin("api", api.url, "/list", "API_URL"), **asked).key == (key,)


@pytest.mark.parametrize("given", ["{", "[1]", "no.json", '{"a": NaN}'])
def test_body_that_is_no_json_is_told(project: Project, serve: Serve, given: str) -> None:
    """What is given as a body is JSON, or a file of it."""
    api = serve(graphql, [])
    code, said = project.ingress("new", "shop", "--from", "API_URL/list", "--body", given)
    assert (code == 2 and "of JSON: `" in said) or "not JSON: `" in said
    assert api.asked == []

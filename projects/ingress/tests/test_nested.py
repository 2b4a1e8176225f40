"""Rows that lie within others, as an order's lines: a table of their own, read with the others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from api_styles import Answer, Api
from conftest import Project, Serve, on_duckdb_alone

from ingress.gather.child import Child, families
from ingress.readers.rest.reader import Rest
from ingress.source import Resource, Source
from shared.data_quality import JsonText, RowModel
from shared.errors import ConfigurationError, InputError


class Order(RowModel):
    """An order; its lines are also kept as they come."""

    id: int
    changed: int
    lines: JsonText | None = None


class Line(RowModel):
    """A line of an order."""

    order_id: int
    line: int
    changed: int
    item: str


LISTING = {"paginator": {"type": "page_number", "base_page": 0, "total_path": None}, "rows": "data"}
ORDERS = Rest("API_URL", "/orders", **LISTING)  # type: ignore[arg-type]
CHANGED = Rest("API_URL", "/orders", **LISTING, cursor="changed", since="since")  # type: ignore[arg-type]


def listing(api: Api, path: str, query: dict[str, str], headers: Any) -> Answer:
    """Answer with orders by `changed`, two a page."""
    rows = [row for row in api.rows if row["changed"] >= int(query.get("since", 0))]
    page = int(query.get("page", 0))
    return 200, {}, {"data": rows[page * 2 : page * 2 + 2]}


def lines(of: Rest = ORDERS, **declared: Any) -> Child:
    """Return the reader of all orders' lines."""
    usual = {"path": "$.lines", "parent": {"order_id": "id"}, "carry": {"changed": "changed"}, "number": "line"}
    return Child(of, **{**usual, **declared})


def shop(of: Rest = ORDERS, **declared: Any) -> Source:
    """Return the source of orders and lines."""
    return Source(
        "shop",
        (
            Resource("orders", "orders", Order, ("id",), of),
            Resource("lines", "order_lines", Line, ("order_id", "line"), lines(of, **declared)),
        ),
    )


def order(number: int, *items: object, changed: object = 1) -> dict[str, Any]:
    """Return an order of these items."""
    return {"id": number, "changed": changed, "lines": [{"item": item} for item in items]}


def loaded(project: Project) -> list[tuple[Any, ...]]:
    """Return the lines in raw."""
    return project.fetch("select order_id, line, item from raw.order_lines order by 1, 2")


def test_lines_are_replaced_with_their_order(project: Project, serve: Serve) -> None:
    """An order that is read again has the lines that it has now, be they fewer or none; others keep theirs."""
    api = serve(listing, [order(1, "a", "b", "c"), order(2, "d"), order(3, "e"), order(4)])
    project.load_source(shop())
    assert loaded(project) == [(1, 1, "a"), (1, 2, "b"), (1, 3, "c"), (2, 1, "d"), (3, 1, "e")]
    assert len(api.asked) == 3
    api.rows = [order(1, "a", "x"), order(2), {"id": 3, "changed": 1}]
    project.load_source(shop())
    assert loaded(project) == [(1, 1, "a"), (1, 2, "x"), (3, 1, "e")]
    assert project.fetch("select count(*) from raw.orders") == [(4,)]


def test_bad_line_goes_to_quarantine_alone(project: Project, serve: Serve) -> None:
    """A bad line takes neither its order nor its neighbours along; a bad order's lines are judged on their own."""
    serve(
        lambda api, *_: (200, {}, {"data": api.rows}),
        [order(1, "a", 7), order(2, "b", changed="x"), {**order(3), "lines": 4}],
    )
    single = Rest("API_URL", "/orders", rows="data")
    project.load_source(shop(single))
    reasons = [(origin.partition("?")[0], position, reason) for origin, position, reason in project.bad_rows()]
    assert loaded(project) == [(1, 1, "a")]
    assert sorted(reasons) == [
        ("/orders", 2, "`changed`: not a whole number"),
        ("/orders", 2, "`item`: input should be a valid string"),
        ("/orders", 3, "`$.lines`: not a list"),
        ("/orders", 3, "`changed`: not a whole number"),
        ("/orders", 3, "`lines`: input should be a valid string"),
    ]


def test_order_on_two_pages_has_the_later_lines(project: Project, serve: Serve) -> None:
    """Of an order that moved while the list was read, the later page's lines count, not those of both."""
    serve(listing, [order(1, "a", "b", "c"), order(2), order(1, "z"), order(2, "y"), order(3, "q"), order(3)])
    project.load_source(shop())
    assert loaded(project) == [(1, 1, "z"), (2, 1, "y"), (3, 1, "q")]


@on_duckdb_alone
def test_killed_between_the_tables(project: Project, serve: Serve) -> None:
    """Where only the orders got into raw, the next load asks from the lines' cursor on, and misses none."""
    source = shop(CHANGED, cursor="changed")
    api = serve(listing, [order(1, "a")])
    project.load_source(source)
    api.rows += [order(2, "b", changed=2), order(3, "c", changed=3)]
    project.load_source(Source("shop", source.resources[:1]))
    api.asked.clear()
    project.load_source(source)
    assert "since=1" in api.asked[0]
    assert loaded(project) == [(1, 1, "a"), (2, 1, "b"), (3, 1, "c")]
    project.load_source(source)
    assert "since=3" in api.asked[-1]


@on_duckdb_alone
def test_list_that_goes_on_elsewhere_is_an_error(project: Project, serve: Serve) -> None:
    """Stripe's nested lists say `has_more`: what is cut is not loaded as if it were whole."""
    charge = {"id": 1, "changed": 1, "lines": {"data": [{"item": "a"}], "has_more": False}}
    serve(listing, [charge])
    source = shop(path="$.lines.data", more="$.lines.has_more")
    project.load_source(source)
    assert loaded(project) == [(1, 1, "a")]
    charge["lines"]["has_more"] = True  # type: ignore[index]
    with pytest.raises(InputError, match=r"goes on elsewhere, by its `\$.lines.has_more`"):
        project.load_source(source)


@on_duckdb_alone
def test_object_within_is_one_row(project: Project, serve: Serve) -> None:
    """An object that the API expands is one row; its id alone, as where it is not expanded, makes a bad row."""
    serve(listing, [{"id": 1, "changed": 1, "lines": {"item": "a"}}, {"id": 2, "changed": 1, "lines": "item_7"}])
    project.load_source(shop(path="lines"))
    assert loaded(project) == [(1, 1, "a")]
    assert [reason for _, _, reason in project.bad_rows()] == [
        "`lines`: not JSON: expected value",
        "`lines`: not a list",
    ]


def test_declaration_that_cannot_be_is_refused() -> None:
    """Rows within others need a parent that is there, its key in theirs, and its cursor."""
    with pytest.raises(ConfigurationError, match="without a parent"):
        lines(parent={})
    with pytest.raises(ConfigurationError, match="do not carry it"):
        lines(CHANGED)
    with pytest.raises(ConfigurationError, match="within rows that lie within"):
        Child(lines(), "$.parts", parent={"order_id": "id"})
    orders, within = shop().resources
    with pytest.raises(ConfigurationError, match="what `lines` lies within is not among"):
        families([within])
    with pytest.raises(ConfigurationError, match="the key of `lines` does not have its parent's: order_id"):
        families([orders, replace(within, key=("line",))])

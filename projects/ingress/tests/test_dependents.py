"""Lists of each row of another list: a customer's orders."""

from __future__ import annotations

import time
from typing import Any

import pytest
from api_styles import Api, shop
from conftest import Project, Serve, on_duckdb_alone

from ingress.readers.rest.reader import Rest
from ingress.source import Input, Resource, Source
from shared.config import get_settings
from shared.data_quality import RowModel
from shared.errors import ConfigurationError, InputError, SourceUnavailable


class Customer(RowModel):
    """A customer."""

    id: str
    changed: int


class Order(RowModel):
    """An order, with its customer."""

    order: int
    customer_id: str
    changed: int = 0


PAGES: dict[str, Any] = {
    "paginator": {"type": "offset", "limit": 2, "limit_param": "size", "total_path": "total"},
    "rows": "data",
    "total": "total",
}
ONE_BY_ONE = PAGES | {"paginator": PAGES["paginator"] | {"limit": 1}}
CUSTOMERS = Rest("API_URL", "/customers", **PAGES)
CHANGED = Rest("API_URL", "/customers", **PAGES, cursor="changed", since="since")
PATH = "/customers/{id}/orders"


def orders(of: Rest = CUSTOMERS, **declared: Any) -> Resource:
    """Return the resource of all customers' orders."""
    reader = Rest("API_URL", PATH, **ONE_BY_ONE, of=of, **{"carry": {"customer_id": "id"}, **declared})
    return Resource("orders", "orders", Order, ("order",), reader)


def customer(name: Any, *numbers: int, changed: int = 1) -> dict[str, Any]:
    """Return a customer with orders of these numbers."""
    return {"id": name, "changed": changed, "orders": [{"order": number} for number in numbers]}


def read(resource: Resource) -> Input:
    """Read a resource."""
    return resource.reader.read(resource, get_settings(), [])


def found(opened: Input) -> list[tuple[int, str]]:
    """Return number and customer of the orders that were read."""
    rows = [row for batch in opened.batches for row in batch.good.to_pylist()]
    return [(row["order"], row["customer_id"]) for row in rows]


def test_each_rows_list_is_loaded_with_its_key(project: Project, serve: Serve) -> None:
    """Customers are read page by page, and of each all pages of orders, which have the customer's key."""
    api = serve(shop, [customer("a", 1, 2), customer("b"), customer("c", 3)])
    project.load_source(Source("shop", (orders(),)))
    assert project.fetch('select "order", customer_id from raw.orders order by 1') == [(1, "a"), (2, "a"), (3, "c")]
    assert [asked.partition("?")[0] for asked in api.asked] == [
        "/customers",
        *["/customers/a/orders"] * 2,
        "/customers/b/orders",
        "/customers",
        "/customers/c/orders",
    ]


@pytest.mark.parametrize("name", ["../admin", "a/b?x=1#y", "http://127.0.0.1:1/", "é \\", "%2e%2e"])
def test_value_in_a_path_stays_in_its_place(serve: Serve, name: str) -> None:
    """Whatever a row's id is, it is one part of the path, on the same host."""
    api = serve(shop, [customer(name, 1)])
    assert found(read(orders())) == [(1, name)]
    assert api.asked[1].count("/") == 3
    assert api.asked[1].startswith("/customers/")
    assert api.asked[1].partition("?")[0].endswith("/orders")


@pytest.mark.parametrize("name", ["..", ".", "", None, True, ["a"]])
def test_row_without_a_value_for_the_path_is_a_bad_row(serve: Serve, name: Any) -> None:
    """A customer that no path can be made for is a bad row of the orders, and nothing is asked for it."""
    api = serve(shop, [customer("a", 1), customer(name, 2)])
    batches = list(read(orders()).batches)
    assert [(bad.position, "path `/customers/{id}/orders`" in bad.reason) for b in batches for bad in b.bad] == [
        (2, True)
    ]
    assert len(api.asked) == 2


def test_row_that_is_gone_meanwhile_is_left_out(serve: Serve) -> None:
    """A customer whose list answers 404 is counted, not an error; where all do, the path is wrong."""
    gone = {"id": "b", "changed": 1}
    api = serve(shop, [customer("a", 1), gone])
    opened = read(orders())
    assert (found(opened), opened.notes) == ([(1, "a")], ["1 lists left out that are gone"])
    api.rows = [gone]
    with pytest.raises(SourceUnavailable, match=r"none of 1 lists is there: `/customers/\{id\}/orders`"):
        read(orders())


def test_other_errors_fail(serve: Serve) -> None:
    """A list that cannot be had is an error that names it."""

    def failing(api: Api, path: str, query: dict[str, str], headers: Any) -> Any:
        return (500, {}, {}) if path.endswith("/orders") else shop(api, path, query, headers)

    serve(failing, [customer("a", 1)])
    with pytest.raises(SourceUnavailable, match=r"/customers/a/orders.* answers: 500"):
        read(orders())


def test_list_that_changes_is_read_again_alone(serve: Serve) -> None:
    """Where one customer's orders change while they are read, those are read again, and no others."""
    changes = [3]

    def changing(api: Api, path: str, query: dict[str, str], headers: Any) -> Any:
        if path == "/customers/b/orders" and query.get("offset") == "1" and changes:
            api.rows[1]["orders"].append({"order": changes.pop()})
        return shop(api, path, query, headers)

    api = serve(changing, [customer("a", 1), customer("b", 2, 4)])
    assert found(read(orders())) == [(1, "a"), (2, "b"), (4, "b"), (3, "b")]
    assert sum("/customers/a/" in asked for asked in api.asked) == 1


def test_requests_of_all_lists_have_a_bound(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """More lists than the bound are an error that names the bound's variable."""
    serve(shop, [customer(f"c{number}", number) for number in range(6)])
    monkeypatch.setenv("HTTP_REQUESTS", "5")
    with pytest.raises(SourceUnavailable, match="more than 5 requests") as raised:
        read(orders())
    assert "HTTP_REQUESTS" in str(raised.value.hint)


@on_duckdb_alone
def test_lists_of_changed_rows_alone(project: Project, serve: Serve) -> None:
    """With the customers' cursor, carried, a load asks for the orders of those that have changed."""
    api = serve(shop, [customer("a", 1), customer("b", 2, changed=2)])
    resource = orders(CHANGED, carry={"customer_id": "id", "changed": "changed"}, cursor="changed")
    project.load_source(Source("shop", (resource,)))
    api.rows += [customer("c", 3, changed=3)]
    api.asked.clear()
    project.load_source(Source("shop", (resource,)))
    assert "since=2" in api.asked[0]
    assert [each.partition("?")[0] for each in api.asked[1:]] == ["/customers/b/orders", "/customers/c/orders"]
    assert project.fetch("select count(*) from raw.orders") == [(3,)]


def test_carried_value_does_not_replace_another(serve: Serve) -> None:
    """A row that has another value under the carried name itself is an error: neither may be lost."""
    serve(shop, [{"id": "a", "changed": 1, "orders": [{"order": 1, "customer_id": "b"}]}])
    with pytest.raises(InputError, match="a `customer_id` that is not its parent's"):
        read(orders())


def test_requests_keep_to_the_declared_rate(serve: Serve) -> None:
    """No two requests begin closer to each other than the rate says, those for customers among them."""
    moments: list[float] = []

    def timed(api: Api, path: str, query: dict[str, str], headers: Any) -> Any:
        moments.append(time.monotonic())
        return shop(api, path, query, headers)

    serve(timed, [customer("a", 1), customer("b", 2)])
    read(orders(per_second=50))
    assert moments[-1] - moments[0] >= 0.9 * (len(moments) - 1) / 50


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"of": None}, "names that one and its place in the path"),
        ({"path": "/orders"}, "names that one and its place in the path"),
        ({"cursor": "changed"}, "has as cursor what it carries"),
        ({"since": "since"}, "has as cursor what it carries"),
        ({"per_second": 0.001}, "too few requests in a second"),
    ],
)
def test_declaration_that_cannot_be_is_refused(declared: dict[str, Any], said: str) -> None:
    """What does not fit together is said when it is declared."""
    with pytest.raises(ConfigurationError, match=said):
        Rest(**{"setting": "API_URL", "path": PATH, "of": CUSTOMERS, **declared})

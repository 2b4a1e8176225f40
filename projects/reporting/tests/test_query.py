"""What a chart asks becomes SQL that gives the same on both engines, whatever the values are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from lint_files import dimension

from reporting.content import MetricQuery, Sort, TableCalculation
from reporting.explores import Explore, explores_of
from reporting.filters import FilterGroup, FilterRule, metric_rule
from reporting.query import compile_query, filtered, run_query
from shared.config import get_settings
from shared.errors import InputError
from shared.utils.clock import utc_now
from shared.warehouse import Warehouse, open_warehouse, quote

HOSTILE = 'a"; drop schema raw; --'
TABLE = f"reporting.{HOSTILE}"
TODAY = utc_now().date()
METRICS = {
    "total": {"type": "sum"},
    "lines": {"type": "count"},
    "amounts": {"type": "count_distinct"},
    "middle": {"type": "median"},
    "top": {"type": "percentile", "percentile": 100},
    "paid_total": {"type": "sum", "filters": [{"paid": True}]},
    "not_a": {"type": "count", "filters": [{"shop": "!a"}]},
    "share": {"type": "number", "sql": "1.0 * ${paid_total} / nullif(${total}, 0)"},
    "endless": {"type": "number", "sql": "${endless} + 1"},
    "running": {"type": "running_total"},
}
ORDERS = {
    "name": "orders",
    "alias": HOSTILE,
    "schema": "reporting",
    "config": {"meta": {"joins": [{"join": "shops", "sql_on": "${orders.shop} = ${shops.shop}"}]}},
    "columns": {
        "shop": {"name": "shop", **dimension("string")},
        "day": {"name": "day", **dimension("date")},
        "seen_at": {"name": "seen_at", **dimension("timestamp")},
        "size": {
            "name": "size",
            "config": {"meta": {"dimension": {"type": "number"}, "metrics": {"units": {"type": "sum"}}}},
        },
        "paid": {"name": "paid", **dimension("boolean")},
        "value": {"name": "value", "config": {"meta": {"metrics": METRICS}}},
    },
}
SHOPS = {
    "name": "shops",
    "schema": "reporting",
    "columns": {
        "shop": {"name": "shop", **dimension("string")},
        "city": {"name": "city", **dimension("string")},
    },
}
EXPLORES = explores_of([ORDERS, SHOPS])
TOTAL = MetricQuery("orders", (), ("orders_total",))
ROWS = [
    ("a", "2017-01-31", "2017-01-31 12:00:00", 1, True, "10.25"),
    ("b%", "2017-02-01", "2017-02-01 00:00:00", 2, False, "20.00"),
    ("o'brien", "2017-03-01", "2017-03-01 00:00:01", 3, True, "0.75"),
    (None, None, None, None, None, None),
]


@pytest.fixture
def warehouse(warehouse_url: str) -> Iterator[Warehouse]:
    """Return a warehouse with a table of a hostile name, and another one to join with."""
    with open_warehouse(get_settings(), holder="tests", role="reporting", mode="write") as opened:
        columns = "shop varchar, day date, seen_at timestamp, size bigint, paid boolean, value decimal(18, 2)"
        opened.execute(f"create table {quote(TABLE)} ({columns})")
        for row in ROWS:
            placeholders = "$1, cast($2 as date), cast($3 as timestamp), $4, $5, cast($6 as decimal(18, 2))"
            opened.execute(f"insert into {quote(TABLE)} values ({placeholders})", row)
        opened.execute("create table reporting.shops as select 'a' as shop, 'Oslo' as city")
        yield opened


def ask(warehouse: Warehouse, dimensions: Sequence[str], metrics: Sequence[str], **more: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a query on `orders`."""
    fields = [tuple(f"orders_{name}" for name in names) for names in (dimensions, metrics)]
    found = run_query(warehouse, EXPLORES, MetricQuery("orders", fields[0], fields[1], **more))
    return [tuple(row.values()) for row in found.to_pylist()]


def shops(warehouse: Warehouse, field: str, operator: str, *values: Any, **more: Any) -> list[str | None]:
    """Return the shops of the rows that a filter lets through."""
    rule = FilterRule(f"orders_{field}", operator, values, **more)
    return [row[0] for row in ask(warehouse, ["shop"], ["lines"], dimension_filters=FilterGroup("and", (rule,)))]


@pytest.mark.parametrize(
    ("field", "operator", "values", "found"),
    [
        ("shop", "equals", ["a", "o'brien"], ["a", "o'brien"]),
        ("shop", "equals", ["x'; drop table shops; --"], []),
        ("shop", "equals", [], ["a", "b%", "o'brien", None]),
        ("shop", "notEquals", ["a"], ["b%", "o'brien", None]),
        ("shop", "include", ["%"], ["b%"]),
        ("shop", "include", ["_"], []),
        ("shop", "doesNotInclude", ["b"], ["a", None]),
        ("shop", "startsWith", ["o'"], ["o'brien"]),
        ("shop", "endsWith", ["%"], ["b%"]),
        ("shop", "isNull", [], [None]),
        ("shop", "notNull", [], ["a", "b%", "o'brien"]),
        ("size", "greaterThan", ["1"], ["b%", "o'brien"]),
        ("size", "lessThanOrEqual", [2], ["a", "b%"]),
        ("size", "inBetween", [2, 3], ["b%", "o'brien"]),
        ("size", "notInBetween", [2, 3], ["a"]),
        ("day", "equals", ["2017-01-31"], ["a"]),
        ("day", "inBetween", ["2017-02-01", "2017-03-01"], ["b%", "o'brien"]),
        ("day_month", "equals", [date(2017, 1, 1)], ["a"]),
        ("day_quarter", "equals", ["2017-01-01"], ["a", "b%", "o'brien"]),
        ("seen_at", "greaterThan", ["2017-03-01"], ["o'brien"]),
        ("seen_at", "lessThan", ["2017-01-31T14:30:00+02:00"], ["a"]),
        ("paid", "equals", ["true"], ["a", "o'brien"]),
        ("paid", "notEquals", [True], ["b%", None]),
        ("day", "inThePast", [3], []),
    ],
)
def test_filter_lets_through_what_it_says(
    warehouse: Warehouse, field: str, operator: str, values: list[Any], found: list[str | None]
) -> None:
    """Each operator means the same on both engines; signs of SQL and of patterns in values are only text."""
    assert shops(warehouse, field, operator, *values) == found


def test_filters_that_count_from_now(warehouse: Warehouse) -> None:
    """Days of the past, of the current period and of the next are told apart, whole units where asked for."""
    days = {"today": TODAY, "ago": TODAY - timedelta(days=2), "ahead": TODAY + timedelta(days=2)}
    warehouse.execute(f"delete from {quote(TABLE)}")
    for shop, day in days.items():
        warehouse.execute(f"insert into {quote(TABLE)} (shop, day) values ($1, $2)", [shop, day])
    assert shops(warehouse, "day", "inThePast", 3) == ["ago", "today"]
    assert shops(warehouse, "day", "inThePast", 2, completed=True) == ["ago"]
    assert shops(warehouse, "day", "notInThePast", 3) == ["ahead"]
    assert shops(warehouse, "day", "inTheNext", 3) == ["ahead"]
    assert shops(warehouse, "day", "inTheCurrent") == ["today"]
    assert shops(warehouse, "day", "notInTheCurrent") == ["ago", "ahead"]
    assert "today" in shops(warehouse, "day", "inPeriodToDate", unit="years")


def test_groups_of_filters_are_joined(warehouse: Warehouse) -> None:
    """Filters of a group must hold all or one of them, also in groups within groups."""
    first, second = FilterRule("orders_shop", "equals", ("a",)), FilterRule("orders_size", "equals", (2,))
    either = FilterGroup("and", (FilterGroup("or", (first, second)), FilterRule("orders_paid", "equals", (False,))))
    assert ask(warehouse, ["shop"], ["lines"], dimension_filters=either) == [("b%", 1)]


def test_metrics_are_what_their_kind_says(warehouse: Warehouse) -> None:
    """Sums stay exact, counts are whole, medians and ratios floating point; a metric's own filter counts."""
    (row,) = ask(warehouse, [], ["total", "lines", "middle", "top", "paid_total", "not_a", "share", "units"])
    assert row[:6] == (Decimal("31.00"), 3, 10.25, 20.0, Decimal("11.00"), 2)
    assert row[6:] == (pytest.approx(11 / 31), 6)
    assert [type(value) for value in row] == [Decimal, int, float, float, Decimal, int, float, int]


def test_different_values_are_counted_once(warehouse: Warehouse) -> None:
    """A count of different values takes each once, and rows without one not at all."""
    warehouse.execute(f"insert into {quote(TABLE)} (shop, value) values ('a', 10.25)")
    assert ask(warehouse, [], ["lines", "amounts"]) == [(4, 3)]


def test_metric_filter_is_on_the_result(warehouse: Warehouse) -> None:
    """A filter on a metric is on what comes of the rows, not on the rows."""
    above = FilterGroup("and", (FilterRule("orders_total", "greaterThan", (10.5,)),))
    assert ask(warehouse, ["shop"], ["total"], metric_filters=above) == [("b%", Decimal("20.00"))]


def test_order_and_limit_are_told(warehouse: Warehouse) -> None:
    """Rows come in the order asked for, those without a value last unless told otherwise, up to the limit."""
    sort = Sort("orders_total", descending=True)
    assert [row[0] for row in ask(warehouse, ["shop"], ["total"], sorts=(sort,))] == ["b%", "a", "o'brien", None]
    assert [row[0] for row in ask(warehouse, ["shop"], ["total"], sorts=(sort,), limit=1)] == ["b%"]
    first = replace(sort, nulls_first=True)
    assert ask(warehouse, ["shop"], ["total"], sorts=(first,))[0] == (None, None)


def test_table_calculations_are_on_the_result(warehouse: Warehouse) -> None:
    """Shares, running totals and SQL are computed from the rows of the result, and can be filtered by."""
    calculations = (
        calculation("share", {"type": "percent_of_column_total", "fieldId": "orders_total"}),
        calculation("sum", {"type": "running_total", "fieldId": "orders_total"}),
        TableCalculation("double", "Double", None, "${orders.total} * 2", {}),
    )
    some = FilterGroup("and", (FilterRule("share", "greaterThan", (0.1,)),))
    sort = Sort("orders_total", descending=True)
    rows = ask(warehouse, ["shop"], ["total"], sorts=(sort,), calculations=calculations, calculation_filters=some)
    assert rows == [
        ("b%", Decimal("20.00"), pytest.approx(20 / 31), 20.0, Decimal("40.00")),
        ("a", Decimal("10.25"), pytest.approx(10.25 / 31), 30.25, Decimal("20.50")),
    ]


def calculation(name: str, template: dict[str, Any]) -> TableCalculation:
    """Return a table calculation of a template."""
    return TableCalculation(name, name, template, None, {})


def test_joined_tables_can_be_asked_for(warehouse: Warehouse) -> None:
    """Fields of a table that the model is joined with are there under that table's name."""
    query = MetricQuery("orders", ("shops_city",), ("orders_total",))
    rows = run_query(warehouse, EXPLORES, query).to_pylist()
    assert [tuple(row.values()) for row in rows] == [("Oslo", Decimal("10.25")), (None, Decimal("20.75"))]


def test_tables_that_are_not_asked_for_are_not_joined(warehouse: Warehouse) -> None:
    """A table that a row has two of doubles nothing while no field of it is asked for."""
    warehouse.execute("insert into reporting.shops values ('a', 'Bergen')")
    assert ask(warehouse, [], ["total"]) == [(Decimal("31.00"),)]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        (MetricQuery("order", (), ("orders_total",)), "no such model: `order`"),
        (MetricQuery("orders", ("orders_shp",), ()), "`orders` has no such dimension: `orders_shp`"),
        (MetricQuery("orders", (), ("orders_totl",)), "`orders` has no such metric: `orders_totl`"),
        (MetricQuery("orders", (), ("orders_endless",)), "refers to itself"),
        (MetricQuery("orders", (), ("orders_running",)), "a metric of a kind that is not computed here"),
        (
            filtered(TOTAL, [FilterRule("orders_size", "include", ("1",))]),
            "a field of type number has no filter operator",
        ),
        (filtered(TOTAL, [FilterRule("orders_day", "equals", ("x",))]), "not a date: `x`"),
    ],
)
def test_query_for_what_there_is_not_is_refused(query: MetricQuery, told: str) -> None:
    """A query for an unknown field, or one that cannot be computed, is refused with a hint before any SQL runs."""
    with pytest.raises(InputError, match=told) as raised:
        compile_query(EXPLORES, query)
    assert raised.value.hint


@pytest.mark.parametrize(
    ("text", "operator", "values"),
    [
        ("coupon", "equals", ("coupon",)),
        ("!no promotion", "notEquals", ("no promotion",)),
        ("> 5", "greaterThan", (5,)),
        ("<= 2.5", "lessThanOrEqual", (2.5,)),
        ("between 1 and 5", "inBetween", (1, 5)),
        ("%x%", "include", ("x",)),
        ("!%x%", "doesNotInclude", ("x",)),
        ("x%", "startsWith", ("x",)),
        ("%x", "endsWith", ("x",)),
        ("null", "isNull", ()),
        ("!null", "notNull", ()),
        ("inThePast 14 months", "inThePast", (14,)),
        (None, "isNull", ()),
        (True, "equals", (True,)),
        (["a", "b"], "equals", ("a", "b")),
    ],
)
def test_short_filters_of_metrics_are_read(text: Any, operator: str, values: tuple[Any, ...]) -> None:
    """The short text that a metric's filter is written in means what it means to Lightdash."""
    rule = metric_rule("field", text)
    assert (rule.operator, rule.values) == (operator, values)


def test_intervals_are_dimensions_of_their_own() -> None:
    """A date has the intervals that its metadata names, else Lightdash's defaults; a timestamp its raw value too."""
    explore: Explore = EXPLORES["orders"]
    assert [name for name in explore.dimensions if name.startswith("orders_day_")] == [
        f"orders_day_{interval}" for interval in ("day", "week", "month", "quarter", "year")
    ]
    assert explore.dimensions["orders_seen_at_raw"].type == "timestamp"
    assert explore.dimensions["orders_seen_at_month"].type == "date"

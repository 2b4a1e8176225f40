"""Where the columns of a model come from, by the query that dbt has compiled."""

from __future__ import annotations

import math

import pytest

from shared.monitoring.lineage.columns import LONGEST_QUERY, columns_of
from shared.monitoring.lineage.facts import Output, Table
from shared.monitoring.lineage.origin import Dataset

SALES = Dataset("duckdb:///w", "w.core.sales")
STORES = Dataset("duckdb:///w", "w.core.stores")
INPUTS = {
    "core.sales": Table(SALES, (("store", "VARCHAR"), ("value", "DECIMAL(18,2)"))),
    "core.stores": Table(STORES, (("store", "VARCHAR"), ("area", "GEOMETRY"))),
    "core.unknown": Table(Dataset("duckdb:///w", "w.core.unknown")),
}
QUERY = """
with source as (select * from {catalog}"core"."sales"), renamed as (select store as shop, value from source)
select renamed.*, stores.area, renamed.value * 2 / stores.area as both_sides, count(*) over () as lines, 'x' as constant
from renamed left join {catalog}"core"."stores" as stores on stores.store = renamed.shop
"""


def made(sql: str, dialect: str = "duckdb") -> Output:
    """Return an output that a query has made."""
    return Output("core.t", (Table(Dataset("duckdb:///w", "w.core.t")),), 1, None, INPUTS, query=(sql, dialect))


@pytest.mark.parametrize("dialect", ["duckdb", "postgres"])
@pytest.mark.parametrize("catalog", ["", '"warehouse".'])
def test_columns_are_followed_to_the_inputs(dialect: str, catalog: str) -> None:
    """Through stars, renames, joins and expressions each column leads to those that it is computed from, or to none."""
    found = columns_of(made(QUERY.format(catalog=catalog), dialect), math.inf)
    assert {name: set(sources) for name, sources in found.items()} == {
        "shop": {(SALES, "store")},
        "value": {(SALES, "value")},
        "area": {(STORES, "area")},
        "both_sides": {(SALES, "value"), (STORES, "area")},
    }


@pytest.mark.parametrize(
    "sql", ["select from where", "select store from nowhere.else", "select * from core.unknown", "x" * LONGEST_QUERY]
)
def test_query_that_tells_nothing_is_no_failure(sql: str) -> None:
    """Of a query that cannot be parsed, reads what is not known, or is too long, nothing is said."""
    assert columns_of(made(sql), math.inf) == {}


def test_time_is_bounded() -> None:
    """Once the time for a run's queries is used up, no more are looked into."""
    assert columns_of(made(QUERY.format(catalog="")), -math.inf) == {}

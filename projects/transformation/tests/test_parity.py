"""The same raw rows give the same rows in every model and snapshot, on DuckDB and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from conftest import build, statements
from platforms import NO_TESTS, DuckDBPlatform, PostgresPlatform, copy_tables

from shared.utils.clock import utc_now

MASTER_TABLES = ("customer_xref", "golden_customer")
HISTORIES = ("customer_history", "product_history")
# When a version ended whose row is gone is the one thing that no load dates, but the clock.
ENDED = "update core.{table} set dbt_valid_to = timestamp '2025-12-01' where dbt_valid_to > timestamp '{begun}'"
METRICS = (
    "select name, value from ops.run_metric where run_id = (select run_id from ops.run order by sequence desc limit 1)"
)
Both = tuple[DuckDBPlatform, PostgresPlatform]


def nasty(name: str) -> list[str]:
    """Return the statements of a file beside this one."""
    return statements(Path(__file__).with_name(f"nasty_{name}.sql").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def rounds(duckdb_platform: DuckDBPlatform, postgres_platform: PostgresPlatform) -> Callable[[int], Both]:
    """Return how to get both platforms as each of three builds of the same nasty rows has left them."""
    both = duckdb_platform, postgres_platform
    begun = utc_now() - timedelta(minutes=1)
    for number, name in enumerate(("first", "second", "third"), start=1):
        for platform in both:
            platform.start_from("raw" if number == 1 else f"round_{number - 1}")
        duckdb_platform.sql(*nasty(name))
        copy_tables(duckdb_platform, postgres_platform, "raw", "ingress")
        if number == 1:
            duckdb_platform.sql(
                f"attach '{duckdb_platform.folder}/complete.duckdb' as complete (read_only)",
                *(f"create table master.{table} as from complete.master.{table}" for table in MASTER_TABLES),
                *nasty("master"),
            )
            copy_tables(duckdb_platform, postgres_platform, "master", "entity_resolution")
        for platform in both:
            if number == 3:
                platform.sql(*(ENDED.format(table=table, begun=begun) for table in HISTORIES), role="transformation")
            # dbt's tests see at the last one what all three have brought.
            build(platform, "all", *(() if number == 3 else NO_TESTS), state=f"round_{number}")

    def after(number: int) -> Both:
        for platform in both:
            platform.start_from(f"round_{number}")
        return both

    return after


def test_the_first_build_is_equal(rounds: Callable[[int], Both]) -> None:
    """Every model that is built from nothing holds the same rows on both engines."""
    ours, theirs = rounds(1)
    assert ours.differences(theirs) == []


def test_what_changed_is_equal(rounds: Callable[[int], Both]) -> None:
    """After rows were changed, added and deleted, only the ends of versions that the clock dates differ."""
    ours, theirs = rounds(2)
    found = ours.differences(theirs)
    assert {difference.column for difference in found} <= {"dbt_valid_to", "valid_to"}
    assert len({(difference.relation, difference.key) for difference in found}) == 2 * 3


def test_everything_is_equal_once_the_clock_is(rounds: Callable[[int], Both]) -> None:
    """With the same date for what is gone all is the same, also what came back after it; the command exits with 0."""
    ours, theirs = rounds(3)
    # In the environment of the second one, which names the file with its passwords.
    urls = [platform.environment["WAREHOUSE_URL"] for platform in (ours, theirs)]
    done = theirs.transform("compare", *urls, "--ignore")
    assert done.code == 0, done.err
    assert "all 43 relations are equal" in done.err
    assert "✓ core.fct_sales" in done.err


def test_every_test_of_dbt_passes(rounds: Callable[[int], Both]) -> None:
    """The project's tests hold of the sample and of the nasty rows on both engines, by the last run's ledger entry."""
    for platform in rounds(3):
        metrics: dict[str, float] = dict(platform.sql(METRICS))
        assert metrics["tests_passed"] > 100
        assert metrics["tests_failed"] == metrics["tests_skipped"] == 0


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("core.dim_product where product_id = 90000001", 2),
        ("core.dim_product where product_id = 90000002", 1),
        ("core.dim_product where product_id = 90000006", 2),
        ("core.dim_product where department = 'STRAẞE'", 1),
        ("core.dim_customer where source_id = 'N-3'", 2),
        ("core.dim_customer where source_id like 'N-%' and not is_valid_date_of_birth", 9),
        ("core.fct_sales where product_id = 90008888", 1),
        ("core.fct_sales where not is_valid_quantity", 2),
        ("core.fct_sales where household_id = 900007", 4),
        ("staging.stg_erp__article_prices where unit_price > 0", 3),
        ("core.agg_household_sales where household_id = 900005 and favourite_department = '-A'", 1),
        ("egress.customer_360 where entity_id = 'N2' and lifetime_sales = 42", 1),
    ],
)
def test_the_sample_has_what_it_is_for(rounds: Callable[[int], Both], rows: str, expected: int) -> None:
    """The rows that engines could disagree about have reached the models."""
    for platform in rounds(3):
        assert platform.sql(f"select count(*) from {rows}") == [(expected,)], platform.engine

"""The command that compares two warehouses, where they differ; `test_parity` has it on equal ones."""

from __future__ import annotations

from platforms import DuckDBPlatform, PostgresPlatform

Both = tuple[DuckDBPlatform, PostgresPlatform]


def compare(both: Both, *arguments: str) -> tuple[int, str]:
    """Run `python -m transformation compare` on both warehouses."""
    urls = [platform.environment["WAREHOUSE_URL"] for platform in both]
    # In the environment of the second one, which names the file with its passwords.
    done = both[1].transform("compare", *urls, *arguments)
    return done.code, done.err


def test_when_rows_were_loaded_is_no_difference(both_complete: Both) -> None:
    """Columns that date the load differ between any two warehouses, and count only where all columns are asked for."""
    both_complete[1].sql("update core.customer_history set dbt_valid_from = timestamp '2020-01-01'")
    assert compare(both_complete, "core.customer_history")[0] == 0
    assert compare(both_complete, "core.customer_history", "--ignore")[0] == 1


def test_a_source_that_one_side_lacks_is_named_and_no_difference(both_complete: Both) -> None:
    """What is made of an optional source that is loaded on one side only is told apart; all else is compared."""
    both_complete[1].sql("create table raw.erp_suppliers as select 1 as supplier_id", role="ingress")
    both_complete[1].sql(
        "drop view staging.stg_erp__suppliers",
        "create table staging.stg_erp__suppliers as select 1 as supplier_id",
        role="transformation",
    )
    code, told = compare(both_complete, "staging.stg_erp__suppliers", "core.dim_store")
    assert code == 0, told
    assert "– staging.stg_erp__suppliers" in told
    assert "not compared: `raw.erp_suppliers` is loaded on the right only" in told
    assert "all 1 relations are equal; 1 not compared" in told


def test_the_difference_is_named(both_complete: Both) -> None:
    """A changed, a missing and a doubled row are told with relation, key and column; the exit code is 1."""
    both_complete[1].sql(
        "update core.dim_store set weeks_with_sales = weeks_with_sales + 1 where store_id = 367",
        "delete from core.dim_date where date_day = date '2017-02-03'",
        "insert into core.dim_campaign select * from core.dim_campaign where campaign_id = 5",
    )
    code, told = compare(both_complete, "core.dim_*")
    assert code == 1
    assert "core.dim_store store_id=367 column weeks_with_sales: " in told
    assert "core.dim_date date_day=2017-02-03: 1 row | no row" in told
    assert "core.dim_campaign campaign_id=5: 1 row | 2 rows" in told
    assert "error: 3 of 7 relations differ: `core.dim_campaign`, `core.dim_date`, `core.dim_store`" in told
    code, told = compare(both_complete, "core.dim_store", "--ignore", "weeks_*")
    assert code == 0, told


def test_nothing_to_compare_is_a_mistake(both_complete: Both) -> None:
    """A pattern that no relation has is told, and does not pass as equality."""
    code, told = compare(both_complete, "core.dim_shop")
    assert (code, "error: no relation to compare" in told) == (2, True)

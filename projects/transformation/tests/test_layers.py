"""What the layers hold after a build."""

from __future__ import annotations

import json
from decimal import Decimal

from platforms import DuckDBPlatform, Platform


def test_sales_survive_every_layer(on_complete: Platform) -> None:
    """Raw, core and the weekly report hold the same number of lines and the same money, to the cent."""
    in_raw = on_complete.sql("select count(*), sum(cast(sales_value as decimal(18, 2))) from raw.pos_transactions")
    assert in_raw[0][0] > 10_000
    assert on_complete.sql("select count(*), sum(sales_value) from core.fct_sales") == in_raw
    report = on_complete.sql("select sum(transactions), sum(sales_value) from egress.rpt_weekly_sales")
    assert report == in_raw


def test_sales_of_unlisted_products_count_as_unknown(on_complete: Platform) -> None:
    """A line whose product the list lacks keeps its product id and is reported under the unknown department."""
    unlisted = on_complete.sql(
        "select count(*) from raw.pos_transactions where product_id not in (select product_id from raw.pos_products)"
    )
    assert unlisted[0][0] > 0
    reported = on_complete.sql("select sum(transactions) from egress.rpt_weekly_sales where department = 'UNKNOWN'")
    assert reported == unlisted
    assert on_complete.sql("select count(*) from core.fct_sales where product_id = -1") == [(0,)]


def test_impossible_births_are_flagged_and_kept(on_core: Platform) -> None:
    """Of FEBRL's members, 64 have a birth that no calendar has: no date, a flag, and the text as it was given."""
    rows = on_core.sql(
        "select count(*), count(date_of_birth_given), count(date_of_birth) from core.dim_customer "
        "where source_system = 'loyalty' and not is_valid_date_of_birth"
    )
    assert rows == [(64, 64, 0)]
    flagged = on_core.sql("select distinct source_system from core.dim_customer where not is_valid_date_of_birth")
    assert flagged == [("loyalty",)]


def test_parties_of_both_sources_have_one_form(on_core: Platform) -> None:
    """All 10,000 persons are parties with one current version, in lower case, with no empty text."""
    rows = on_core.sql(
        "select source_system, count(*), count(distinct party_id), bool_and(is_current), "
        "bool_and(coalesce(surname = lower(trim(surname)) and surname <> '', true)) "
        "from core.dim_customer group by 1 order by 1"
    )
    assert rows == [("crm", 5000, 5000, True, True), ("loyalty", 5000, 5000, True, True)]


def test_the_calendar_covers_whole_years(on_core: Platform) -> None:
    """Each day of each year in which a sale or campaign lies is there once, with ISO weeks at the turn of the year."""
    rows = on_core.sql("select min(date_day), max(date_day), count(*), count(distinct date_day) from core.dim_date")
    first, last, count, distinct = rows[0]
    assert (str(first), str(last)) == ("2016-01-01", "2018-12-31")
    assert count == distinct == 366 + 365 + 365
    new_year = on_core.sql(
        "select iso_year, iso_week, iso_day_of_week, is_weekend from core.dim_date where date_day = date '2017-01-01'"
    )
    assert new_year == [(2016, 52, 7, True)]


def test_a_crm_customer_gets_the_sales_of_the_members_household(on_complete: Platform) -> None:
    """The figures for the CRM are those of the household whose card the same person holds in the loyalty system."""
    expected = on_complete.sql(
        "select x.source_id, sum(cast(t.sales_value as decimal(18, 2))), count(distinct t.basket_id) "
        "from raw.pos_transactions as t inner join raw.loyalty_members as m using (household_id) "
        "inner join master.customer_xref as l on l.party_id = 'loyalty:' || m.member_id "
        "inner join master.customer_xref as x on x.entity_id = l.entity_id and x.source_system = 'crm' "
        "group by 1 order by 1"
    )
    assert len(expected) >= 45
    got = on_complete.sql(
        "select customer_id, lifetime_sales, baskets from egress.retl_crm_customers where lifetime_sales > 0 order by 1"
    )
    assert got == expected
    assert on_complete.sql("select count(*), count(lifetime_sales) from egress.retl_crm_customers") == [(5000, 5000)]


def test_api_documents_are_json(on_complete: Platform) -> None:
    """Each document parses and says the same as customer_360, money as exact decimals."""
    rows = on_complete.sql(
        "select a.document, c.surname, c.lifetime_sales from egress.api_customer as a "
        "inner join egress.customer_360 as c using (entity_id) order by c.lifetime_sales desc limit 100"
    )
    for document, surname, lifetime_sales in rows:
        parsed = json.loads(document, parse_float=Decimal)
        assert parsed["name"]["family"] == surname
        assert parsed["purchases"]["lifetime_sales"] == lifetime_sales


def test_promotions_are_there_when_loaded(on_core: Platform) -> None:
    """Without promotions in raw their staging model is empty; once they are loaded it shows them."""
    assert on_core.sql("select count(*) from staging.stg_pos__promotions") == [(0,)]
    on_core.sql(
        "create table raw.pos_promotions as select 1000092::bigint as product_id, 316::bigint as store_id, "
        "'9' as display_location, '0' as mailer_location, 1::bigint as week, '1763800009.5' as _dlt_load_id",
        role="ingress",
    )
    assert on_core.transform("build", "core", "--select", "stg_pos__promotions").code == 0
    assert on_core.sql("select product_id, display_location from staging.stg_pos__promotions") == [(1000092, "9")]


def test_a_run_is_in_the_ledger(on_complete: Platform) -> None:
    """The ledger has the run with the rows of each relation."""
    assert on_complete.sql("select distinct step, status from ops.run") == [("transform", "succeeded")]
    rows = on_complete.sql("select row_count from ops.run_output where relation = 'core.fct_sales'")
    assert rows == on_complete.sql("select count(*) from core.fct_sales")
    relations = on_complete.sql(
        "select count(*) from information_schema.tables where table_schema in ('staging', 'core', 'egress')"
    )
    assert (
        on_complete.sql(
            "select count(*) from ops.run_output where relation not like 'raw.%' and detail not like '%left_out%'"
        )
        == relations
    )
    metrics: dict[str, float] = dict(on_complete.sql("select name, sum(value) from ops.run_metric group by 1"))
    assert metrics["models_passed"] == relations[0][0]
    assert metrics["models_failed"] == metrics["models_skipped"] == 0


def test_the_file_can_be_copied_under_another_name(duckdb_platform: DuckDBPlatform) -> None:
    """Views name no database, so a copy of the file under any name is as good as the file."""
    duckdb_platform.start_from("complete")
    copy = DuckDBPlatform(duckdb_platform.folder)
    copy.path = duckdb_platform.path.rename(duckdb_platform.folder / "backup.duckdb")
    assert copy.sql("select count(*) from staging.enr_transactions")[0][0] > 0
    copy.path.unlink()

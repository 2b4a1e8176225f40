"""A sample of the demo data as core and master hold it: what the studies read, without the steps that make it."""

from __future__ import annotations

from functools import cache

import duckdb
import pyarrow as pa
import pytest

from shared.config import Settings, get_settings
from shared.warehouse import open_warehouse

# One household in so many, and the first so many persons of the truth.
HOUSEHOLDS, PERSONS = 20, 200

PERSON = "given_name, surname, street_number, address_1, address_2, suburb, postcode, state"
CORE = {
    "fct_sales": """
        select household_id, basket_id, cast(product_id as varchar) as product_key,
            cast(transaction_timestamp as date) as transaction_date, cast(sales_value as decimal(18, 2)) as sales_value
        from '{pos}/transactions.parquet' where household_id % {households} = 0""",
    "dim_product": "select cast(product_id as varchar) as product_key, department from '{pos}/products.parquet'",
    "dim_campaign": """
        select cast(campaign_id as bigint) as campaign_id, campaign_type, cast(start_date as date) as starts_on,
            cast(end_date as date) as ends_on from '{pos}/campaign_descriptions.parquet'""",
    "fct_campaign_households": """
        select cast(campaign_id as bigint) as campaign_id, cast(household_id as bigint) as household_id
        from '{pos}/campaigns.parquet' where household_id % {households} = 0""",
    "fct_coupon_redemptions": """
        select cast(campaign_id as bigint) as campaign_id, cast(household_id as bigint) as household_id
        from '{pos}/coupon_redemptions.parquet' where household_id % {households} = 0""",
    "dim_customer": """
        select 'crm:' || customer_id as party_id, 'crm' as source_system, customer_id as source_id, {person},
            cast(try_strptime(date_of_birth, '%Y%m%d') as date) as date_of_birth, true as is_current
        from read_csv('{crm}/customers.csv', all_varchar = true) semi join truth using (customer_id)
        union all
        select 'loyalty:' || member_id, 'loyalty', member_id, first_name, last_name, street_no, street, building, city,
            post_code, region, try_cast(birth_date as date), true
        from '{demo}/loyalty_members.json' semi join truth using (member_id)""",
}
# A fifth of the persons was missed.
XREF = """
    select 'crm:' || customer_id as party_id, 'E' || place as entity_id from truth
    union all select 'loyalty:' || member_id, case when place % 5 = 0 then 'M' else 'E' end || place from truth"""
# As `resolve --sweep --hide 0.6` leaves it, in what the study reads of it.
SWEEP = """
    select 'customer' as entity, hidden_share, threshold, 1.0 as precision, 1 - threshold / 10 as recall,
        1 - threshold / 20 as f1, timestamp '2026-01-02 03:04:05' as swept_at
    from unnest([0.0::double, 0.6::double]) as shares (hidden_share)
    cross join unnest([0.5::double, 0.9::double]) as thresholds (threshold)"""


@cache
def tables() -> dict[str, pa.Table]:
    """Return the sample's tables by name."""
    settings = Settings()
    pos, crm, demo = settings.landing_dir / "pos", settings.landing_dir / "crm", settings.data_dir / "demo"
    if not (demo / "truth.csv").is_file():
        pytest.fail("no demo data: run `./pixiw run demo-data` first")
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(
            f"create table truth as select *, row_number() over () as place from '{demo}/truth.csv' limit {PERSONS}"
        )
        places = {"pos": pos, "crm": crm, "demo": demo, "households": HOUSEHOLDS, "person": PERSON}
        made = {f"core.{name}": connection.sql(query.format(**places)).to_arrow_table() for name, query in CORE.items()}
        made["truth"] = connection.sql("select customer_id, member_id from truth").to_arrow_table()
        master = {"master.customer_xref": XREF, "master.threshold_sweep": SWEEP}
        return made | {name: connection.sql(query).to_arrow_table() for name, query in master.items()}


def fill_warehouse(sample: dict[str, pa.Table]) -> None:
    """Write the sample where WAREHOUSE_URL points, as those who write these layers."""
    for role, schema in (("transformation", "core."), ("entity_resolution", "master.")):
        with open_warehouse(get_settings(), holder="test", role=role, mode="write") as warehouse:
            for name, table in sample.items():
                if name.startswith(schema):
                    warehouse.replace_arrow(name, table)

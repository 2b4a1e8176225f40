"""Slowly changing dimensions: what was true stays known."""

from __future__ import annotations

from datetime import datetime

from platforms import NO_TESTS, Platform

CUSTOMERS = ("build", "core", *NO_TESTS, "--select", "+dim_customer")
VERSIONS = (
    "select version, suburb, valid_from, valid_to, is_current from core.dim_customer "
    "where party_id = 'crm:{}' order by version"
)
CHANGED, GONE = VERSIONS.format("C-00007"), VERSIONS.format("C-00008")


def test_a_changed_customer_has_two_versions_and_a_vanished_one_none_that_is_current(on_core: Platform) -> None:
    """A load, of all customers as every day, makes versions of what differs alone.

    The old version ends where the new one begins, at the load that brought the change. Who is deleted at the source
    stays known as past; who comes back, even by the same load, is a further version. A full refresh keeps all.
    """
    (before,) = on_core.sql(CHANGED)
    on_core.sql(
        "update raw.crm_customers set _dlt_load_id = '1763886400.25'",
        "update raw.crm_customers set suburb = 'Bega' where customer_id = 'C-00007'",
        "create table raw.kept as select * from raw.crm_customers where customer_id = 'C-00008'",
        "delete from raw.crm_customers where customer_id = 'C-00008'",
        role="ingress",
    )
    assert on_core.transform(*CUSTOMERS).code == 0
    old, new = on_core.sql(CHANGED)
    loaded = datetime(2025, 11, 23, 8, 26, 40, 250_000)
    assert old == (1, before[1], datetime(1900, 1, 1), loaded, False)
    assert new == (2, "bega", loaded, None, True)
    assert [(row[0], row[4]) for row in on_core.sql(GONE)] == [(1, False)]
    assert on_core.sql("select count(*) from core.dim_customer") == [(10_001,)]
    on_core.sql("insert into raw.crm_customers select * from raw.kept", role="ingress")
    assert on_core.transform(*CUSTOMERS, "--full-refresh").code == 0
    gone, back = on_core.sql(GONE)
    assert (gone[0], gone[4], back[0], back[4]) == (1, False, 2, True)
    assert gone[3] == back[2]
    assert on_core.sql(CHANGED) == [old, new]
    assert on_core.sql("select count(*) from core.dim_customer") == [(10_002,)]


def test_sales_keep_the_product_as_it_was(on_core: Platform) -> None:
    """Sales from before a product's change stay with its old version, sales after it get the new one."""
    ((product, department),) = on_core.sql(
        "select product_id, department from raw.pos_products inner join raw.pos_transactions using (product_id) "
        "where department = 'MEAT' limit 1"
    )
    on_core.sql(
        f"update raw.pos_products set department = 'DELI', _dlt_load_id = '1763886400.5' where product_id = {product}",
        role="ingress",
    )
    on_core.insert_copies(
        "raw.pos_transactions",
        f"where product_id = {product} limit 1",
        basket_id="999",
        transaction_timestamp="timestamp '2026-01-01'",
        _dlt_load_id="'1767225600.5'",
    )
    assert on_core.transform("build", "core", *NO_TESTS, "--select", "+fct_sales").code == 0
    sold = on_core.sql(
        "select p.version, p.department, min(s.basket_id) = 999 from core.fct_sales as s "
        f"inner join core.dim_product as p using (product_key) where s.product_id = {product} group by 1, 2 order by 1"
    )
    assert sold == [(1, department, False), (2, "DELI", True)]


def test_history_ends_when_the_row_vanished_from_its_source(on_core: Platform) -> None:
    """A member whom raw marks as deleted leaves staging, and their last version ends at the time of the mark."""
    ((member,),) = on_core.sql("select min(member_id) from raw.loyalty_members")
    on_core.sql(
        "alter table raw.loyalty_members add column _deleted_at timestamp",
        f"update raw.loyalty_members set _deleted_at = timestamp '2025-11-30 12:00:00' where member_id = '{member}'",
        role="ingress",
    )
    assert on_core.transform(*CUSTOMERS).code == 0
    found = on_core.sql(VERSIONS.replace("crm:{}", f"loyalty:{member}"))
    assert [(row[0], row[3], row[4]) for row in found] == [(1, datetime(2025, 11, 30, 12), False)]
    assert on_core.sql(f"select count(*) from staging.stg_loyalty__members where member_id = '{member}'") == [(0,)]

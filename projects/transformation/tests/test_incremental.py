"""fct_sales is written in parts and always equals what a full refresh would make."""

from __future__ import annotations

from platforms import NO_TESTS, Platform

SALES = ("build", "core", *NO_TESTS, "--select", "+fct_sales")
FACT = "core.fct_sales"


def test_a_rerun_changes_nothing(on_complete: Platform) -> None:
    """Building again with nothing new leaves each row of each table as it was."""
    before = on_complete.hashes()
    done = on_complete.transform("build", *NO_TESTS)
    assert done.code == 0, done.err
    assert len(before) > 30
    assert on_complete.hashes() == before


def test_new_changed_and_vanished_lines_arrive(on_core: Platform) -> None:
    """Added, corrected and deleted lines are taken over, also from a load older than the newest one seen.

    Sales of a product that the list lacked leave the unknown product as soon as the list has it.
    """
    ((product, sales),) = on_core.sql(
        "select product_id, count(*) from raw.pos_transactions where product_id not in "
        "(select product_id from raw.pos_products) group by 1 order by 2 desc, 1 limit 1"
    )
    on_core.insert_copies(
        "raw.pos_products",
        "where department = 'DELI' limit 1",
        product_id=str(product),
        _dlt_load_id="'1763886400.5'",
    )
    on_core.sql(
        "create table raw.picked as select row_number() over (order by basket_id, product_id) as n, * "
        f"from raw.pos_transactions where product_id <> {product} order by n limit 30",
        "update raw.pos_transactions as t set sales_value = t.sales_value + 1, _dlt_load_id = '1763886400.5' "
        "from raw.picked as p where p.n <= 10 and t.basket_id = p.basket_id and t.product_id = p.product_id",
        "delete from raw.pos_transactions as t using raw.picked as p "
        "where p.n between 11 and 20 and t.basket_id = p.basket_id and t.product_id = p.product_id",
        role="ingress",
    )
    on_core.insert_copies(
        "raw.pos_transactions",
        "where (basket_id, product_id) in (select basket_id, product_id from raw.picked where n > 20)",
        basket_id="basket_id + 1",
        _dlt_load_id="'1763000000.5'",
    )
    assert on_core.transform(*SALES).code == 0
    by_part = on_core.hashes(FACT)
    assert on_core.sql("select count(*), sum(sales_value) from core.fct_sales") == on_core.sql(
        "select count(*), sum(cast(sales_value as decimal(18, 2))) from raw.pos_transactions"
    )
    departments = on_core.sql(
        "select p.department, count(*) from core.fct_sales as s inner join core.dim_product as p using (product_key) "
        f"where s.product_id = {product} group by 1"
    )
    assert departments == [("DELI", sales)]
    assert on_core.transform(*SALES, "--full-refresh").code == 0
    assert on_core.hashes(FACT) == by_part


def test_the_sales_of_a_week_are_made_anew(on_core: Platform) -> None:
    """Lines of the named days are written again though nothing tells that they are spoilt, and no others."""
    spoilt = "select count(*), min(transaction_date), max(transaction_date) from core.fct_sales where list_value = -1"
    before = on_core.hashes(FACT)
    on_core.sql("update core.fct_sales set list_value = -1 where transaction_date < date '2017-01-15'")
    assert on_core.transform(*SALES, "--sales", "2017-01-01", "2017-01-08").code == 0
    ((_, first, last),) = on_core.sql(spoilt)
    assert f"{first} {last}" == "2017-01-08 2017-01-14"
    assert on_core.transform(*SALES, "--sales", "2017-01-08", "2017-01-15").code == 0
    assert on_core.hashes(FACT) == before


def test_days_that_are_none(on_core: Platform) -> None:
    """What is no date, and a range without a day, is the caller's mistake."""
    wrong = on_core.transform(*SALES, "--sales", "2017-02-30", "2017-03-01")
    assert (wrong.code, "hint: write it as" in wrong.err) == (2, True)
    wrong = on_core.transform(*SALES, "--sales", "2017-01-08", "2017-01-08")
    assert (wrong.code, "no day from 2017-01-08 until 2017-01-08" in wrong.err) == (2, True)

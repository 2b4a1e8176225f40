"""The lab of sales performance: answers computed by hand, and what must hold on real sales."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from built_labs import BuiltLab, build_lab
from labs.extract import write_csv

from shared.config.labs import Lab

NAME = "lab1_sales_performance"
SOUP, STEAK, SECRET, UNSOLD = 10, 20, 30, 40
FIRST_MONDAY = date(2016, 12, 26)


def line(day: date, product: int, *, basket: int, units: int, sales: str, discount: str = "0") -> str:
    """Return a line of sale at noon in store 1."""
    week = (day - FIRST_MONDAY).days // 7 + 1
    return f"1,{basket},{product},{units},{sales},{discount},0,{week},{day} 17:00:00"


def soup_lines() -> list[str]:
    """Return one soup for 2.00 on each day from the Sunday of week 1 to the Monday of week 12."""
    days = [date(2017, 1, 1) + timedelta(number) for number in range(72)]
    return [line(day, SOUP, basket=1000 + number, units=1, sales="2.00") for number, day in enumerate(days)]


def steak_lines() -> list[str]:
    """Return steaks: one a week for 3.00, in weeks 3 to 6 three for 2.00, in week 11 two for 2.40 in two baskets."""
    lines = []
    for week in range(2, 11):
        monday = FIRST_MONDAY + timedelta(7 * (week - 1))
        promoted = 3 <= week <= 6
        offer = {"units": 3, "sales": "6.00", "discount": "3.00"} if promoted else {"units": 1, "sales": "3.00"}
        lines.append(line(monday, STEAK, basket=week, **offer))  # type: ignore[arg-type]
    last = FIRST_MONDAY + timedelta(70)
    return lines + [line(last, STEAK, basket=basket, units=1, sales="2.40", discount="0.60") for basket in (11, 12)]


def write_by_hand(lab: Lab) -> None:
    """Write ten whole weeks between two that are cut short; one product is not in the list."""
    secret = line(date(2017, 1, 2), SECRET, basket=2, units=1, sales="0.50")
    header = (
        "store_id,basket_id,product_id,quantity,sales_value,retail_disc,coupon_match_disc,week,transaction_timestamp"
    )
    files = {
        "transactions": [header, *soup_lines(), *steak_lines(), secret],
        "products": [
            "product_id,department,brand,product_category,product_type",
            f"{SOUP},GROCERY,National,SOUP,CONDENSED",
            f"{STEAK},MEAT,Private,BEEF,STEAK",
        ],
        "promotions": [
            "product_id,store_id,week,display_location,mailer_location",
            *[f"{STEAK},1,{week},0,A" for week in range(3, 7)],
            # Tells that the store's promotions are known in all weeks.
            *[f"{UNSOLD},1,{week},5,0" for week in range(1, 13)],
        ],
    }
    for name, lines in files.items():
        (lab.raw_dir / f"{name}.csv").write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> BuiltLab:
    """Build the lab from the rows above."""
    return build_lab(tmp_path_factory.mktemp("by_hand"), NAME, write_by_hand)


def test_weeks_that_are_cut_short_are_compared_with_none(by_hand: BuiltLab) -> None:
    """The first and last week hold one day: they are shown, not complete, and no fall in sales."""
    weeks = by_hand.fetch(
        "select week, first_day, trading_days, is_complete, sales, baskets, change_to_week_before "
        "from gold.weekly_sales order by week"
    )
    assert weeks[0] == (1, FIRST_MONDAY, 1, False, Decimal("2.00"), 1, None)
    assert weeks[1] == (2, date(2017, 1, 2), 7, True, Decimal("17.50"), 8, None)
    assert weeks[2] == (3, date(2017, 1, 9), 7, True, Decimal("20.00"), 8, Decimal("0.1429"))
    assert weeks[11] == (12, date(2017, 3, 13), 1, False, Decimal("2.00"), 1, None)
    spans = by_hand.fetch(
        "select distinct period, weeks, first_day, last_day from gold.period_comparison order by weeks"
    )
    assert spans == [
        ("last week", 1, date(2017, 3, 6), date(2017, 3, 12)),
        ("last 4 weeks", 4, date(2017, 2, 13), date(2017, 3, 12)),
        ("year to date", 11, date(2017, 1, 1), date(2017, 3, 12)),
    ]


def test_performance_has_discounts_and_shares(by_hand: BuiltLab) -> None:
    """Departments, brands and stores have their sales, their depth of discount and their share on promotion."""
    departments = by_hand.fetch(
        "select department, sales, sales_share, units_per_basket, discount_depth, promotion_share "
        "from gold.department_performance where week = 3 order by department"
    )
    assert departments == [
        ("GROCERY", Decimal("14.00"), Decimal("0.7000"), Decimal("1.0000"), Decimal("0.0000"), Decimal("0.0000")),
        ("MEAT", Decimal("6.00"), Decimal("0.3000"), Decimal("3.0000"), Decimal("0.3333"), Decimal("1.0000")),
    ]
    brands = by_hand.fetch("select brand, sum(sales) from gold.brand_performance group by brand order by brand")
    assert brands == [("National", Decimal(144)), ("Private", Decimal("43.80")), ("Unknown", Decimal("0.50"))]
    assert by_hand.fetch("select store_id, sum(sales) from gold.store_performance group by all") == [
        (1, Decimal("188.30"))
    ]


def test_movers_are_explained(by_hand: BuiltLab) -> None:
    """Twice the baskets (1.8 / ln 1.6 x ln 2 = 2.65) at 20 % off (1.8 / ln 1.6 x ln 0.8 = -0.85) make 1.80 more."""
    movers = by_hand.fetch(
        "select direction, mover_rank, sales_change, basket_effect, basket_size_effect, price_effect, discount_effect, "
        "explanation from gold.biggest_movers where scope = 'department' and period = 'last week'"
    )
    parts = [Decimal(part) for part in ("1.80", "2.65", "0", "0", "-0.85")]
    text = (
        "MEAT sold 1.80 more than in the week before (+60.0 %). Main driver: more baskets (+2.65). "
        "Share sold on promotion: 0.0 % before, 0.0 % now."
    )
    assert movers == [("up", 1, *parts, text)]
    (fall,) = by_hand.fetch(
        "select sales, baseline_sales, sales_change, promotion_share_change from gold.biggest_movers "
        "where entity = 'MEAT' and period = 'last 4 weeks'"
    )
    assert fall == (Decimal("13.80"), Decimal("21.00"), Decimal("-7.20"), Decimal("-0.8571"))


def test_promotions_lift_units(by_hand: BuiltLab) -> None:
    """Twelve steaks in four weeks on promotion, where weeks without sell one each, is a lift of 2."""
    lifts = by_hand.fetch(
        "select entity, products, product_stores, store_weeks, units, expected_units, lift, lift_low "
        "from gold.promotion_lift where scope in ('total', 'promotion', 'brand') order by entity"
    )
    lift = (1, 1, 4, 12, Decimal("4.00"), Decimal("2.0000"), None)
    assert lifts == [("Private", *lift), ("all", *lift), ("mailer", *lift)]


def test_models_compute_what_they_should(by_hand: BuiltLab) -> None:
    """Every unit test of dbt's passes."""
    assert "ERROR=0" in by_hand.unit_test()


STORES = "(367, 406)"
# The lift by counting each week of each product in each store, from the raw rows.
COUNTED_LIFT = """
with weeks as (
    select week from raw.transactions group by week
    having count(distinct cast(timezone('America/New_York', timezone('UTC', transaction_timestamp)) as date)) = 7
),
known as (select distinct store_id, week from raw.promotions semi join weeks using (week)),
sold as (
    select product_id, store_id, week, sum(if(product_type like 'GASOLINE%', least(quantity, 1), quantity)) as units
    from raw.transactions left join raw.products using (product_id) semi join known using (store_id, week)
    group by all having units > 0
),
lives as (
    select product_id, store_id, min(week) as first_week, max(week) as last_week
    from sold group by all having count(*) >= 3
),
panel as (
    select
        lives.product_id, lives.store_id, coalesce(sold.units, 0) as units,
        exists (
            from raw.promotions as p
            where p.product_id = lives.product_id and p.store_id = lives.store_id and p.week = known.week
        ) as promoted
    from lives
    inner join known on lives.store_id = known.store_id and known.week > first_week and known.week < last_week
    left join sold
        on lives.product_id = sold.product_id and lives.store_id = sold.store_id and known.week = sold.week
),
pairs as (
    select
        product_id, store_id,
        count(*) filter (promoted) as weeks_with, count(*) filter (not promoted) as weeks_without,
        coalesce(sum(units) filter (promoted), 0) as units_with,
        coalesce(sum(units) filter (not promoted), 0) as units_without
    from panel group by all
)
select count(*), sum(weeks_with), sum(units_with), sum(units_with) / sum(weeks_with * units_without / weeks_without) - 1
from pairs where weeks_with >= 4 and weeks_without >= 4
"""


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory, demo_dir: Path) -> BuiltLab:
    """Build the lab from the real sales of two stores, taken by the lab's own queries."""
    demo = tmp_path_factory.mktemp("demo")
    with duckdb.connect() as connection:
        for name, condition in {
            "transactions": f"store_id in {STORES}",
            "promotions": f"store_id in {STORES}",
            "products": "true",
        }.items():
            source, target = demo_dir / f"{name}.parquet", demo / f"{name}.parquet"
            connection.execute(f"copy (from '{source}' where {condition}) to '{target}'")

    def write_raw(lab: Lab) -> None:
        for query in (lab.folder / "extract").glob("*.sql"):
            write_csv(query.read_text(), demo, lab.raw_dir / f"{query.stem}.csv")

    return build_lab(tmp_path_factory.mktemp("real"), NAME, write_raw)


def test_totals_survive(real: BuiltLab) -> None:
    """All answers add up to what the till received, and effects to changes, on real sales."""
    ((total,),) = real.fetch("select sum(sales_value) from raw.transactions")
    assert total > 100_000
    for table in ("weekly_sales", "department_performance", "store_performance", "brand_performance"):
        assert real.fetch(f"select sum(sales) from gold.{table}") == [(total,)]
    effects = "basket_effect + basket_size_effect + price_effect + discount_effect + range_effect"
    ((compared, wrong),) = real.fetch(
        f"select count(*), count(*) filter ({effects} <> sales - baseline_sales) from gold.period_comparison "
        "where period <> 'year to date'"
    )
    assert (compared > 500, wrong) == (True, 0)
    assert real.fetch("select max(mover_rank) from gold.biggest_movers where scope = 'product category'") == [(10,)]


def test_lift_is_that_of_a_plain_count(real: BuiltLab) -> None:
    """The lift is what counting every week of every product in every store gives, weeks without a sale included."""
    (counted,) = real.fetch(COUNTED_LIFT)
    (found,) = real.fetch(
        "select product_stores, store_weeks, units, lift from gold.promotion_lift where scope = 'total'"
    )
    assert found[:3] == counted[:3]
    assert counted[0] > 100
    assert float(found[3]) == pytest.approx(counted[3], abs=0.0002)

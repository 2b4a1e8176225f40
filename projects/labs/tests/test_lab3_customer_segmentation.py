"""The lab of customer segments: its clusters, answers computed by hand, and what must hold on real households."""

from __future__ import annotations

import importlib
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import duckdb
import pandas as pd
import pytest
from built_labs import LABS, BuiltLab, build_lab
from labs.extract import write_csv

from shared.config.labs import Lab

NAME = "lab3_customer_segmentation"
LAST_DAY = date(2017, 3, 31)
BREAD, WINE = 10, 20


@pytest.fixture
def segments(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Import the module that the lab's Python models share."""
    monkeypatch.syspath_prepend(str(LABS / NAME))
    return importlib.import_module("customer_segments")


def three_groups() -> pd.DataFrame:
    """Return thirty households: ten who spend much and often, ten between, ten who have not come for long."""
    rows = [
        {
            "household_id": 10 * group + number,
            "sales": sales + number,
            "baskets": baskets + number % 3,
            "recency_days": days + number % 2,
            "promotion_share": share + number / 1000,
        }
        for group, (sales, baskets, days, share) in enumerate(
            [(20, 2, 200, 0.1), (4000, 90, 1, 0.2), (600, 25, 12, 0.5)]
        )
        for number in range(10)
    ]
    return pd.DataFrame(rows)


@pytest.mark.slow
def test_clusters_do_not_depend_on_order_or_run(segments: ModuleType) -> None:
    """Shuffled rows and another run give the same clusters, choice and stability, to the last digit."""
    households = three_groups()
    results = []
    for rows in (households, households.sample(frac=1, random_state=1), households.iloc[::-1]):
        scored = segments.scores(rows)
        choice = segments.cluster_choice(scored)
        results.append((choice, segments.clusters(scored, 3), segments.stability(scored, 3)))
    for other in results[1:]:
        for one, another in zip(results[0], other, strict=True):
            pd.testing.assert_frame_equal(one, another, check_exact=True)


def test_groups_that_are_apart_are_found(segments: ModuleType) -> None:
    """Three clear groups are three clusters, numbered by what they spend, and every resample finds them again."""
    scored = segments.scores(three_groups())
    choice = segments.cluster_choice(scored)
    assert list(choice["clusters"]) == [3, 4, 5, 6, 7, 8]
    assert segments.chosen_count(choice) == 3
    found = segments.clusters(scored, 3)
    assert [*found["cluster"]] == [3] * 10 + [1] * 10 + [2] * 10
    stability = segments.stability(scored, 3)
    assert [*stability["resample"]] == [*range(1, 21)]
    assert set(stability["adjusted_rand_index"]) == {1.0}


def test_scores_are_scaled_logs(segments: ModuleType) -> None:
    """Scores have mean 0 and deviation 1; a measure that is the same for all has score 0."""
    scored = segments.scores(three_groups().assign(promotion_share=0.2))
    assert scored["monetary_score"].mean() == pytest.approx(0)
    assert scored["recency_score"].std(ddof=0) == pytest.approx(1)
    assert set(scored["promotion_score"]) == {0.0}
    assert scored["monetary_score"].idxmax() == 19


def test_too_few_households_are_named(segments: ModuleType) -> None:
    """Three different households cannot be three clusters: the error says how many there are."""
    alike = pd.concat([three_groups().head(3)] * 4, ignore_index=True)
    with pytest.raises(ValueError, match="at least four different households: `3`"):
        segments.cluster_choice(segments.scores(alike))


def purchases(household: int, count: int, sales: str, product: int, last: date, every: int) -> list[str]:
    """Return purchases of one product at noon in store 1, backwards from the last day."""
    lines = []
    for number in range(count):
        day = last - timedelta(every * number)
        week = (day - date(2016, 12, 26)).days // 7 + 1
        lines.append(f"{household},1,{1000 * household + number},{product},{sales},{week},{day} 17:00:00")
    return lines


def write_by_hand(lab: Lab, *, backwards: bool = False) -> None:
    """Write twelve households: 1 to 4 buy wine daily, 5 to 8 bread weekly on promotion, 9 to 12 came once long ago."""
    lines = []
    for household in range(1, 13):
        if household <= 4:
            lines += purchases(household, 60, f"{10 + household}.00", WINE, LAST_DAY, 1)
        elif household <= 8:
            lines += purchases(household, 8, f"{household}.50", BREAD, LAST_DAY - timedelta(household), 7)
        else:
            lines += purchases(household, 1, f"{household - 8}.00", WINE, date(2017, 1, household - 7), 1)
    files = {
        "transactions": ["household_id,store_id,basket_id,product_id,sales_value,week,transaction_timestamp", *lines],
        "promotions": [
            "product_id,store_id,week,display_location,mailer_location",
            *[f"{BREAD},1,{week},9,{mailer}" for week in range(1, 15) for mailer in "0A"],
        ],
        "campaign_descriptions": ["campaign_id,campaign_type,start_date,end_date", "1,Type A,2017-03-02,2017-03-31"],
        "campaigns": ["campaign_id,household_id", "1,1", "1,2", "1,5"],
        "coupon_redemptions": [
            "household_id,coupon_upc,campaign_id,redemption_date",
            "1,7,1,2017-03-05",
            "1,8,1,2017-03-06",
        ],
        "demographics": [
            "household_id,age,income,home_ownership,marital_status,household_size,household_comp,kids_count",
            "1,65+,35-49K,,Married,2,2 Adults No Kids,0",
        ],
    }
    for name, (header, *rows) in files.items():
        ordered = rows[::-1] if backwards else rows
        (lab.raw_dir / f"{name}.csv").write_text("\n".join([header, *ordered]) + "\n")


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> BuiltLab:
    """Build the lab from the rows above."""
    return build_lab(tmp_path_factory.mktemp("by_hand"), NAME, write_by_hand)


WINE_LOVERS = "High-spending frequent full-price buyers"


def test_segments_are_named_and_add_up(by_hand: BuiltLab) -> None:
    """Three kinds of households have a name of their own, and their sums are those of the raw rows."""
    found = by_hand.fetch(
        "select segment, households, sales, typical_baskets, promotion_share from gold.segments order by sales desc"
    )
    assert found == [
        # 60 purchases of 11, 12, 13 and 14; 8 of 5.50 to 8.50; one of 1, 2, 3 and 4.
        (WINE_LOVERS, 4, Decimal(3000), Decimal("60.0"), Decimal("0.0000")),
        ("Medium-spending regular promotion seekers", 4, Decimal(224), Decimal("8.0"), Decimal("1.0000")),
        ("Low-spending lapsing full-price buyers", 4, Decimal(10), Decimal("1.0"), Decimal("0.0000")),
    ]
    (sixth,) = by_hand.fetch("select * exclude (segment) from gold.household_segments where household_id = 6")
    assert sixth == (6, date(2017, 3, 25), 6, 8, Decimal("52.00"), Decimal("1.000000"))


def test_response_is_that_of_the_contacts(by_hand: BuiltLab) -> None:
    """One of two contacts handed in two coupons; few contacts have sales a day, but no uplift."""
    (row,) = by_hand.fetch(
        "select contacts, responses, coupons_redeemed, response_rate, response_rate_low, response_rate_high, "
        f"daily_sales_before, daily_sales_during, uplift from gold.campaign_response where segment = '{WINE_LOVERS}' "
        "and campaign_type = 'Type A'"
    )
    # Households 1 and 2 spend 11 and 12 a day from 31 January on; the 28 days before are all theirs.
    rate = [Decimal("0.5000"), Decimal("0.0945"), Decimal("0.9055")]
    assert row == (2, 1, 2, *rate, Decimal("11.50"), Decimal("11.50"), None)


def test_unknown_is_a_category(by_hand: BuiltLab) -> None:
    """Households without demographics are counted as unknown; so is what is not known of one that has some."""
    found = by_hand.fetch(
        "select attribute, attribute_value, households, share_index from gold.segment_profile "
        f"where segment = '{WINE_LOVERS}' "
        "and attribute in ('age', 'home_ownership') order by all"
    )
    assert found == [
        ("age", "65+", 1, Decimal("300.0")),
        ("age", "unknown", 3, Decimal("81.8")),
        ("home_ownership", "unknown", 4, Decimal("100.0")),
    ]


def test_gold_does_not_depend_on_the_order_of_raw_rows(by_hand: BuiltLab, tmp_path: Path) -> None:
    """Raw files read from the last line to the first give the same answers."""
    backwards = build_lab(tmp_path, NAME, lambda lab: write_by_hand(lab, backwards=True))
    for (table,) in by_hand.fetch("select table_name from information_schema.tables where table_schema = 'gold'"):
        rows = f"select * from gold.{table} order by all"
        assert backwards.fetch(rows) == by_hand.fetch(rows), table


def test_models_compute_what_they_should(by_hand: BuiltLab) -> None:
    """Every unit test of dbt's passes."""
    assert "ERROR=0" in by_hand.unit_test()


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory, demo_dir: Path) -> BuiltLab:
    """Build the lab from a hundred real households, taken by the lab's own queries."""
    demo = tmp_path_factory.mktemp("demo")
    few = "household_id <= 100"
    with_households = ("transactions", "campaigns", "coupon_redemptions", "demographics")
    conditions = {
        **dict.fromkeys(with_households, few),
        "campaign_descriptions": "true",
        "promotions": "store_id < 330",
    }
    with duckdb.connect() as connection:
        for name, condition in conditions.items():
            source, target = demo_dir / f"{name}.parquet", demo / f"{name}.parquet"
            connection.execute(f"copy (from '{source}' where {condition}) to '{target}'")

    def write_raw(lab: Lab) -> None:
        for query in (lab.folder / "extract").glob("*.sql"):
            write_csv(query.read_text(), demo, lab.raw_dir / f"{query.stem}.csv")

    return build_lab(tmp_path_factory.mktemp("real"), NAME, write_raw)


def test_real_households_all_have_a_segment(real: BuiltLab) -> None:
    """Households and sales of the segments are those of the raw rows, and shares add up to one."""
    totals = real.fetch("select count(distinct household_id), sum(sales_value) from raw.transactions")
    assert real.fetch("select sum(households), sum(sales) from gold.segments") == totals
    assert totals[0][0] > 90
    ((shares,),) = real.fetch("select sum(sales_share) from gold.segments")
    assert float(shares) == pytest.approx(1, abs=0.001)
    assert real.fetch("select count(*) = count(distinct segment) and count(*) between 3 and 8 from gold.segments") == [
        (True,)
    ]


def test_real_contacts_are_all_counted(real: BuiltLab) -> None:
    """Contacts and coupons are those of the raw rows, each rate lies in its interval, and the stability is an index."""
    ((contacts,),) = real.fetch("select count(*) from raw.campaigns semi join raw.transactions using (household_id)")
    ((coupons,),) = real.fetch("select count(*) from raw.coupon_redemptions")
    found = real.fetch(
        "select sum(contacts), sum(coupons_redeemed) from gold.campaign_response where campaign_type = 'all'"
    )
    assert found == [(contacts, coupons)]
    apart = "response_rate not between response_rate_low and response_rate_high"
    assert real.fetch(f"select count(*) from gold.campaign_response where {apart}") == [(0,)]
    ((resamples, least, most),) = real.fetch(
        "select count(*), min(adjusted_rand_index), max(adjusted_rand_index) from gold.cluster_stability"
    )
    assert (resamples, least > -0.5, most <= 1) == (20, True, True)

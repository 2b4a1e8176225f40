"""Difference in differences: it finds an effect that is there, and none where only better customers were chosen."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from research import lift

from shared.errors import InputError

FIRST, LAST = pd.Timestamp("2017-01-01"), pd.Timestamp("2017-06-30")
START = pd.Timestamp("2017-04-01")
CAMPAIGNS = pd.DataFrame({"campaign_id": [1], "starts_on": [START], "ends_on": [START + pd.Timedelta(days=27)]})


def households(effect: float, *, count: int = 400, seed: int = 3) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the spend of households of which those who spend most are chosen for the campaign, and who was."""
    generator = np.random.default_rng(seed)
    levels = np.sort(generator.gamma(4, 2, count))
    days = pd.date_range(FIRST, LAST)
    season = 1 + 0.2 * np.sin(np.arange(len(days)) / 20)
    spend = levels[:, None] + season + generator.normal(0, 1, (count, len(days)))
    chosen = np.arange(count) >= count // 2
    spend[np.ix_(chosen, days >= START)] += effect / lift.DAYS_A_WEEK
    table = pd.DataFrame(spend, index=pd.RangeIndex(count, name="household_id"), columns=days)
    return table, pd.DataFrame({"campaign_id": 1, "household_id": np.flatnonzero(chosen)})


@pytest.mark.parametrize("effect", [0.0, 5.0])
def test_effect_is_found_though_better_customers_were_chosen(effect: float) -> None:
    """The estimate is the effect; comparing those reached with the others takes their level for one."""
    spend, reached = households(effect)
    stack = lift.windows(spend, CAMPAIGNS, reached, weeks=4)
    estimate = lift.estimate(stack, np.ones(len(spend)))
    assert estimate.amount == pytest.approx(effect, abs=0.7)
    assert estimate.placebo == pytest.approx(0, abs=0.7)
    assert lift.naive(stack) > effect + 10


def test_interval_holds_the_effect() -> None:
    """The bootstrap's interval holds the effect, leaves out 0, and is the same for the same seed."""
    spend, reached = households(5.0)
    stack = lift.windows(spend, CAMPAIGNS, reached, weeks=4)

    def draw(seed: int) -> pd.DataFrame:
        return lift.bootstrap(len(spend), lambda weights: lift.estimate(stack, weights), draws=100, seed=seed)

    low, high = lift.interval(draw(1)["amount"], 0.95)
    assert 0 < low < 5 < high
    assert draw(1).equals(draw(1))
    assert not draw(1).equals(draw(2))


def test_share_is_of_what_would_have_been_spent() -> None:
    """Where all would have spent twice as much, and those reached spent thrice as much, the share is a half."""
    ones = np.ones(1)
    treated, control = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    window = lift.Window(1, treated, control, np.array([2.0, 4.0]), np.array([2.0, 4.0]), np.array([6.0, 8.0]))
    estimate = lift.estimate([window], np.repeat(ones, 2))
    assert estimate.share == pytest.approx(0.5)
    assert (estimate.placebo, estimate.placebo_share) == (0, 0)


def test_who_another_campaign_reaches_is_no_control() -> None:
    """Households that any campaign reaches from the placebo's beginning to the end are not compared with."""
    spend, reached = households(0.0)
    others = pd.DataFrame({"campaign_id": 2, "household_id": range(50)})
    meanwhile = pd.DataFrame({"campaign_id": [2], "starts_on": [START], "ends_on": [LAST]})
    long_ago = meanwhile.assign(starts_on=FIRST, ends_on=FIRST)
    for other, controls in ((meanwhile, 150), (long_ago, 200)):
        campaigns = pd.concat([CAMPAIGNS, other])
        stack = {w.campaign_id: w for w in lift.windows(spend, campaigns, pd.concat([reached, others]), weeks=4)}
        assert stack[1].control.sum() == controls


def test_campaigns_without_room_are_left_out() -> None:
    """A campaign that starts too early or too late for the windows is none to compare, and no campaign is an error."""
    spend, reached = households(0.0)
    early = CAMPAIGNS.assign(starts_on=FIRST + pd.Timedelta(weeks=7))
    late = CAMPAIGNS.assign(starts_on=LAST - pd.Timedelta(weeks=3))
    for campaigns in (early, late):
        with pytest.raises(InputError, match="no campaign can be compared over windows of weeks: `4`"):
            lift.windows(spend, campaigns, reached, weeks=4)


def test_days_without_visits_count_as_nothing_spent() -> None:
    """The table has every day, and zero where a household did not come."""
    frame = pd.DataFrame({"household_id": [1, 1], "day": pd.to_datetime(["2017-01-02", "2017-01-02"]), "spend": [1, 2]})
    table = lift.daily_spend(frame, FIRST, FIRST + pd.Timedelta(days=2))
    assert table.loc[1].tolist() == [0, 3, 0]


def test_redeemers_are_compared_with_others_of_the_same_campaign() -> None:
    """What redeemers changed beyond others who were reached is a figure of its own, and 0 where nobody redeemed."""
    treated, none = np.array([1.0, 1.0]), np.zeros(2)
    window = lift.Window(1, treated, none, none, none, np.array([5.0, 2.0]))
    redeemed = pd.DataFrame({"campaign_id": [1], "household_id": [10]})
    assert lift.redeemers([window], redeemed, pd.Index([10, 11])) == 3
    assert lift.redeemers([window], redeemed.iloc[:0], pd.Index([10, 11])) == 0

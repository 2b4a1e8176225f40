"""What campaigns brought: a difference in differences of weekly spend, and how certain it is.

Who gets a campaign is chosen, and buys more than others without any. So each household is compared with itself,
before and after the campaign's start, and that change with the change of households that no campaign reached at the
time. The same with both windows moved to before the start is the placebo: it has to give nothing, or trends differ
and so does the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from shared.errors import InputError

Array = npt.NDArray[np.float64]
DAYS_A_WEEK = 7
FEWEST_HOUSEHOLDS = 5


@dataclass(frozen=True)
class Window:
    """One campaign's comparison, an array element for each household.

    Attributes:
        treated: 1 for those the campaign reached.
        control: 1 for those no campaign reached from the placebo's beginning to the end.
        earlier, before, after: Spend a week in the window before the one before the start, in that, and from the start.
    """

    campaign_id: int
    treated: Array
    control: Array
    earlier: Array
    before: Array
    after: Array


@dataclass(frozen=True)
class Lift:
    """An effect on those who were reached.

    Attributes:
        amount: Spend a week and household.
        share: The same by what they would have spent.
        placebo: The amount that the weeks before the start give.
        placebo_share: The same by what they would have spent.
    """

    amount: float
    share: float
    placebo: float
    placebo_share: float


def daily_spend(visits: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """Return spend by household (rows) and day (columns), 0 where nobody came; from `household_id`, `day`, `spend`."""
    table = visits.pivot_table(index="household_id", columns="day", values="spend", aggfunc="sum", fill_value=0.0)
    return table.reindex(columns=pd.date_range(first, last), fill_value=0.0)


def windows(spend: pd.DataFrame, campaigns: pd.DataFrame, reached: pd.DataFrame, *, weeks: int) -> list[Window]:
    """Return the comparisons of the campaigns that have `weeks` of data twice before their start and once after it.

    Args:
        spend: As `daily_spend` gives it.
        campaigns: `campaign_id`, `starts_on`, `ends_on`.
        reached: `campaign_id`, `household_id`.
        weeks: The length of each window.

    Raises:
        InputError: There is no such campaign, or none that reached some households and spared others.
    """
    length = pd.Timedelta(weeks=weeks)
    first, last = spend.columns[0], spend.columns[-1]
    by_campaign = {key: set(group) for key, group in reached.groupby("campaign_id")["household_id"]}
    found = []
    for campaign in campaigns.itertuples():
        start = campaign.starts_on
        begin, end = start - 2 * length, start + length
        if begin < first or end > last + pd.Timedelta(days=1):
            continue
        meanwhile = campaigns[(campaigns["starts_on"] < end) & (campaigns["ends_on"] >= begin)]["campaign_id"]
        touched = set().union(*(by_campaign.get(key, set()) for key in meanwhile))
        treated = spend.index.isin(list(by_campaign.get(campaign.campaign_id, set())))
        control = ~spend.index.isin(list(touched))
        if min(treated.sum(), control.sum()) >= FEWEST_HOUSEHOLDS:
            sums = [weekly(spend, at, length) for at in (begin, start - length, start)]
            found.append(Window(campaign.campaign_id, treated.astype(float), control.astype(float), *sums))
    if not found:
        raise InputError(
            f"no campaign can be compared over windows of weeks: `{weeks}`",
            hint="take shorter windows or a larger sample",
        )
    return found


def weekly(spend: pd.DataFrame, begin: pd.Timestamp, length: pd.Timedelta) -> Array:
    """Return each household's spend a week from a day on."""
    days = spend.loc[:, begin : begin + length - pd.Timedelta(days=1)]
    return np.asarray(days.sum(axis=1) * (DAYS_A_WEEK / length.days), dtype=float)


def estimate(stack: Sequence[Window], weights: Array) -> Lift:
    """Return the effect over all campaigns, each counted by the households that it reached.

    Args:
        stack: The comparisons.
        weights: How often each household counts.
    """
    reached = amount = placebo = expected = expected_before = actual = actual_before = 0.0
    for window in stack:
        treated, control = weights * window.treated, weights * window.control
        count, others = treated.sum(), control.sum()
        if not count or not others:
            continue
        t0, t1, t2 = (float(treated @ sums) / count for sums in (window.earlier, window.before, window.after))
        c0, c1, c2 = (float(control @ sums) / others for sums in (window.earlier, window.before, window.after))
        reached += count
        amount += count * ((t2 - t1) - (c2 - c1))
        placebo += count * ((t1 - t0) - (c1 - c0))
        actual += count * t2
        actual_before += count * t1
        expected += count * t1 * c2 / c1
        expected_before += count * t0 * c1 / c0
    return Lift(amount / reached, actual / expected - 1, placebo / reached, actual_before / expected_before - 1)


def naive(stack: Sequence[Window]) -> float:
    """Return what a comparison of those reached with the others after the start alone would call the effect."""
    reached = sum(window.treated.sum() for window in stack)
    return float(
        sum(
            window.treated @ window.after
            - window.treated.sum() * (window.control @ window.after) / window.control.sum()
            for window in stack
        )
        / reached
    )


def bootstrap(households: int, of: Callable[[Array], Lift], *, draws: int, seed: int) -> pd.DataFrame:
    """Return estimates with households drawn anew, all their weeks and campaigns together: a row for each draw.

    Args:
        households: How many there are.
        of: The estimate for weights, how often each household was drawn.
        draws: How many rows.
        seed: Equal seeds give equal rows.
    """
    generator = np.random.default_rng(seed)
    equal = np.full(households, 1 / households)
    rows = [of(generator.multinomial(households, equal).astype(float)) for _ in range(draws)]
    return pd.DataFrame(rows)


def interval(values: pd.Series, level: float) -> tuple[float, float]:
    """Return the percentile interval of bootstrap estimates."""
    low, high = values.quantile([(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def redeemers(stack: Sequence[Window], redeemed: pd.DataFrame, households: pd.Index) -> float:
    """Return how much more those who redeemed a coupon changed than others whom the same campaign reached.

    This is no effect: who comes more often meets more occasions to redeem. From `campaign_id`, `household_id`.
    """
    total = count = 0.0
    for window in stack:
        of_campaign = redeemed[redeemed["campaign_id"] == window.campaign_id]["household_id"]
        did = window.treated * households.isin(of_campaign)
        did_not = window.treated - did
        if did.sum() and did_not.sum():
            change = window.after - window.before
            total += did @ change - did.sum() * (did_not @ change) / did_not.sum()
            count += did.sum()
    return float(total / count) if count else 0.0

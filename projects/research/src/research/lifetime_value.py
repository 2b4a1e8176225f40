"""Customer lifetime value: shopping days as the models want them, and what they say held against what came."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from research.bg_nbd import BgNbd
from research.gamma_gamma import GammaGamma
from shared.errors import InputError

DAYS_A_WEEK = 7
Array = npt.NDArray[np.float64]


def summarise(visits: pd.DataFrame, *, until: pd.Timestamp, holdout_weeks: int) -> pd.DataFrame:
    """Return one row for each customer who came until that day: what the models take, and what followed.

    Args:
        visits: `household_id`, `day`, `spend`, one row for each customer and day.
        until: The last day that the models may know of.
        holdout_weeks: How much of what followed is summed up.

    Returns:
        By `household_id`: `frequency`, `recency` and `age` in weeks, `mean_spend` of the repeat purchases, and
        `later_purchases` and `later_spend` in the weeks after `until`.

    Raises:
        InputError: Nobody came until then.
    """
    known = visits[visits["day"] <= until]
    if known.empty:
        raise InputError(f"no purchases until: `{until:%Y-%m-%d}`", hint="let the calibration end later")
    first = known.groupby("household_id")["day"].transform("min")
    customers = known.groupby("household_id")["day"].agg(["min", "max", "size"])
    repeats = known[known["day"] > first].groupby("household_id")["spend"].mean()
    end = until + pd.Timedelta(weeks=holdout_weeks)
    later = (
        visits[(visits["day"] > until) & (visits["day"] <= end)].groupby("household_id")["spend"].agg(["size", "sum"])
    )
    weeks = pd.Timedelta(days=DAYS_A_WEEK)
    return pd.DataFrame(
        {
            "frequency": (customers["size"] - 1).astype(float),
            "recency": (customers["max"] - customers["min"]) / weeks,
            "age": (until - customers["min"]) / weeks,
            "mean_spend": repeats.reindex(customers.index).fillna(0.0),
            "later_purchases": later["size"].reindex(customers.index).fillna(0.0).astype(float),
            "later_spend": later["sum"].reindex(customers.index).fillna(0.0),
        }
    )


def predict(customers: pd.DataFrame, buying: BgNbd, spending: GammaGamma, *, weeks: int) -> pd.DataFrame:
    """Return the customers with what the models expect of them, and a simpler forecast to compare with.

    The rate, `same_rate`, is the simplest forecast there is: everybody goes on as often as until now.
    """
    x, t, age = columns(customers)
    purchases = buying.expected_purchases(float(weeks), x, t, age)
    spend = spending.expected_spend(x, customers["mean_spend"].to_numpy(float))
    observed = np.maximum(age, 1.0)
    return customers.assign(
        probability_active=buying.probability_active(x, t, age),
        expected_purchases=purchases,
        expected_spend=purchases * spend,
        same_rate=x / observed * weeks,
        same_rate_spend=x / observed * weeks * customers["mean_spend"],
    )


def columns(customers: pd.DataFrame) -> tuple[Array, Array, Array]:
    """Return what BG/NBD takes."""
    frequency, recency, age = (customers[name].to_numpy(float) for name in ("frequency", "recency", "age"))
    return frequency, recency, age


@dataclass(frozen=True)
class Accuracy:
    """How a forecast of each customer fits what came.

    Attributes:
        ratio: All that was forecast by all that came; 1 is right.
        mean_error: Mean absolute error of a customer.
        correlation: Between forecast and what came, over customers.
    """

    ratio: float
    mean_error: float
    correlation: float


def accuracy(forecast: pd.Series, came: pd.Series) -> Accuracy:
    """Compare a forecast with what came."""
    return Accuracy(
        ratio=float(forecast.sum() / came.sum()) if came.sum() else float("inf"),
        mean_error=float((forecast - came).abs().mean()),
        correlation=float(np.corrcoef(forecast, came)[0, 1]),
    )


def lifetime_value(
    customers: pd.DataFrame, buying: BgNbd, spending: GammaGamma, *, weeks: int, yearly_discount: float
) -> pd.Series:
    """Return what each customer is expected to spend in the weeks that come, as worth today."""
    x, t, age = columns(customers)
    steps = np.arange(1, weeks + 1)
    totals = np.array([buying.expected_purchases(float(week), x, t, age) for week in steps])
    weekly = np.diff(totals, axis=0, prepend=np.zeros((1, len(x))))
    worth = (1 + yearly_discount) ** (-steps / (365.25 / DAYS_A_WEEK))
    spend = spending.expected_spend(x, customers["mean_spend"].to_numpy(float))
    return pd.Series(worth @ weekly * spend, index=customers.index, name="lifetime_value")


def by_forecast(customers: pd.DataFrame, groups: int) -> pd.DataFrame:
    """Return customers in groups of equal size by their forecast: what was forecast for each group, and what came."""
    ranks = customers["expected_purchases"].rank(method="first")
    group = pd.qcut(ranks, groups, labels=range(1, groups + 1)).astype(int).rename("group")
    names = ["expected_purchases", "later_purchases", "expected_spend", "later_spend"]
    means = customers.groupby(group)[names].mean()
    return means.assign(customers=customers.groupby(group).size()).reset_index()

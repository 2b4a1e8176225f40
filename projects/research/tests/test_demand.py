"""Demand forecasts: what is forecast, from what, and how it is measured."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from research import demand

from shared.errors import InputError

LAST = pd.Timestamp("2017-06-30")


def history(days: int = 150, *, seed: int = 5) -> pd.DataFrame:
    """Return a department whose weekdays differ, with noise."""
    generator = np.random.default_rng(seed)
    dates = pd.date_range(end=LAST, periods=days)
    weekday = np.array([5, 6, 7, 8, 12, 20, 15])[dates.day_of_week]
    return pd.DataFrame({"unique_id": "A", "ds": dates, "y": 10.0 * weekday + generator.normal(0, 5, days)})


@pytest.fixture(scope="module")
def forecasts() -> pd.DataFrame:
    """Return a backtest of two fortnights."""
    return demand.backtest(history(), horizon=14, windows=2, step=14, levels=[80])


def test_models_beat_the_seasonal_naive_forecast_where_weeks_repeat(forecasts: pd.DataFrame) -> None:
    """Where weeks repeat with noise, models that average over weeks have smaller errors than last week's copy."""
    errors = demand.mase(forecasts, history()).set_index("model")["mase"]
    assert errors["AutoETS"] < errors[demand.BASELINE]
    assert errors["SeasWA"] < errors[demand.BASELINE]


def test_backtest_does_not_look_ahead(forecasts: pd.DataFrame) -> None:
    """Sales after a cutoff change no forecast that was made at it."""
    changed = history()
    cutoff = forecasts["cutoff"].max()
    changed.loc[changed["ds"] > cutoff, "y"] *= 10
    again = demand.backtest(changed, horizon=14, windows=2, step=14, levels=[80])
    models = demand.model_names(forecasts)
    assert again[models].equals(forecasts[models])


def test_windows_are_the_last_days(forecasts: pd.DataFrame) -> None:
    """The windows follow one another, and the last one ends on the last day."""
    assert forecasts["ds"].max() == LAST
    assert forecasts["ds"].nunique() == 28


def test_mase_is_scaled_by_the_past_alone() -> None:
    """The error of a forecast is divided by the mean change from week to week before the cutoff."""
    past = pd.DataFrame({"unique_id": "A", "ds": pd.date_range("2017-01-01", periods=16), "y": 0.0})
    past.loc[7:13, "y"] = 2.0
    past.loc[14:, "y"] = 1000.0
    forecast = past.loc[14:].assign(cutoff=past["ds"][13], Model=996.0)[["unique_id", "ds", "cutoff", "y", "Model"]]
    assert demand.mase(forecast, past)["mase"].tolist() == [2.0]


def test_coverage_is_the_share_inside() -> None:
    """A day counts as covered where sales lie within the bounds, those included."""
    days = pd.DataFrame({"unique_id": "A", "ds": 0, "cutoff": 0, "y": [1, 2, 3, 4], "M": 2, "M-lo-80": 2, "M-hi-80": 3})
    assert demand.coverage(days, [80]).to_dict("records") == [{"model": "M", "promised": 0.8, "covered": 0.5}]


def test_series_are_the_largest_departments_day_by_day() -> None:
    """The departments that sell most are kept until the last day; a day without sales is 0."""
    sales = pd.DataFrame(
        [("A", "2017-06-26", 5.0), ("A", "2017-06-28", 5.0), ("B", "2017-06-27", 1.0), ("A", "2017-07-01", 9.0)],
        columns=["department", "day", "sales"],
    )
    sales["day"] = pd.to_datetime(sales["day"])
    rows = demand.series(sales, departments=1, last=pd.Timestamp("2017-06-29"))
    assert rows["unique_id"].unique().tolist() == ["A"]
    assert rows["y"].tolist() == [5, 0, 5, 0]


def test_too_short_a_history_is_refused() -> None:
    """A backtest that the days do not suffice for names how many it needs."""
    with pytest.raises(InputError, match="too few days for the backtest: `60`") as refused:
        demand.backtest(history(60), horizon=14, windows=8, step=14, levels=[80])
    assert "it needs 197" in str(refused.value.hint)


def test_no_sales_until_the_day_is_an_error() -> None:
    """A last day before the first sale is refused."""
    sales = pd.DataFrame({"department": ["A"], "day": [LAST], "sales": [1.0]})
    with pytest.raises(InputError, match="no sales until: `2017-01-01`"):
        demand.series(sales, departments=1, last=pd.Timestamp("2017-01-01"))

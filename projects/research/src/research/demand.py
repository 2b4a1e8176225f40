"""Demand forecasts: daily sales by department, models held against the seasonal naive forecast on unseen days."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from statsforecast import StatsForecast
from statsforecast.models import AutoETS, SeasonalNaive, SeasonalWindowAverage, Theta
from statsforecast.utils import ConformalIntervals

from shared.errors import InputError

WEEK = 7
BASELINE = "SeasonalNaive"


def models(season: int, horizon: int) -> list[object]:
    """Return the models to compare, the baseline first; the average has no intervals of its own but conformal ones."""
    conformal = ConformalIntervals(n_windows=4, h=horizon)
    return [
        SeasonalNaive(season),
        SeasonalWindowAverage(season_length=season, window_size=4, prediction_intervals=conformal),
        # No trend: on some months of days it follows noise, and costs ten times as long.
        AutoETS(season_length=season, model="ZNA"),
        Theta(season_length=season),
    ]


def series(sales: pd.DataFrame, *, departments: int, last: pd.Timestamp) -> pd.DataFrame:
    """Return the sales of the largest departments until a day, as the models take them; a day without any is 0.

    Args:
        sales: `department`, `day`, `sales`.
        departments: How many, by their sales in all.
        last: The last day.

    Returns:
        `unique_id`, `ds`, `y`.

    Raises:
        InputError: There are no sales until then.
    """
    known = sales[sales["day"] <= last]
    if known.empty:
        raise InputError(f"no sales until: `{last:%Y-%m-%d}`", hint="correct the parameter `last_day`")
    largest = known.groupby("department")["sales"].sum().nlargest(departments).index
    days = pd.date_range(known["day"].min(), last)
    table = known[known["department"].isin(largest)].pivot_table(index="day", columns="department", values="sales")
    long = (
        table.reindex(days).fillna(0.0).rename_axis("ds").reset_index().melt("ds", var_name="unique_id", value_name="y")
    )
    return long[["unique_id", "ds", "y"]].sort_values(["unique_id", "ds"], ignore_index=True)


def backtest(
    history: pd.DataFrame, *, horizon: int, windows: int, step: int, levels: Sequence[int], season: int = WEEK
) -> pd.DataFrame:
    """Forecast the last days of the history several times, each time from the days before alone.

    Args:
        history: As `series` gives it.
        horizon: How many days ahead.
        windows: How many times.
        step: How many days lie between two of them.
        levels: Of the intervals, in per cent.
        season: How many days a season has.

    Returns:
        `unique_id`, `ds`, `cutoff`, `y`, and for each model its forecast and the intervals' bounds.

    Raises:
        InputError: The history is too short for it.
    """
    days = history["ds"].nunique()
    needed = horizon + step * (windows - 1) + 4 * horizon + 4 * season + 1
    if days < needed:
        raise InputError(
            f"too few days for the backtest: `{days}`", hint=f"it needs {needed}: fewer windows, or more data"
        )
    forecaster = StatsForecast(models=models(season, horizon), freq="D", n_jobs=1)
    return forecaster.cross_validation(
        df=history, h=horizon, step_size=step, n_windows=windows, level=list(levels)
    ).reset_index(drop=True)


def model_names(forecasts: pd.DataFrame) -> list[str]:
    """Return the models of a backtest."""
    return [name for name in forecasts.columns[3:] if name != "y" and "-lo-" not in name and "-hi-" not in name]


def mase(forecasts: pd.DataFrame, history: pd.DataFrame, *, season: int = WEEK) -> pd.DataFrame:
    """Return the mean absolute scaled error by department and model: below 1 beats the seasonal naive one of the past.

    The scale is the mean absolute change from season to season in the days before each cutoff, so it never looks ahead.
    """
    rows = []
    for (department, cutoff), window in forecasts.groupby(["unique_id", "cutoff"]):
        past = history[(history["unique_id"] == department) & (history["ds"] <= cutoff)]["y"].to_numpy(float)
        scale = float(np.abs(past[season:] - past[:-season]).mean())
        for model in model_names(forecasts):
            error = float((window["y"] - window[model]).abs().mean())
            if scale > 0:
                rows.append({"department": department, "model": model, "cutoff": cutoff, "mase": error / scale})
    return pd.DataFrame(rows).groupby(["department", "model"], as_index=False)["mase"].mean()


def coverage(forecasts: pd.DataFrame, levels: Sequence[int]) -> pd.DataFrame:
    """Return the share of days that fell into each model's intervals, beside what the interval promises."""
    rows = []
    for model in model_names(forecasts):
        for level in levels:
            if f"{model}-lo-{level}" in forecasts:
                inside = forecasts["y"].between(forecasts[f"{model}-lo-{level}"], forecasts[f"{model}-hi-{level}"])
                rows.append({"model": model, "promised": level / 100, "covered": float(inside.mean())})
    return pd.DataFrame(rows)

"""Forecasts made from the past, week by week, and held against what came (rolling origin, expanding window)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from forecasting.metrics import naive_error
from forecasting.models.base import Forecaster
from forecasting.plan import Plan
from forecasting.series import WEEK, Floats, Series

COLUMNS = ["department", "model", "origin_week", "horizon", "target_week", "sales", "forecast", "naive_error"]


def run_backtest(series: Sequence[Series], models: Sequence[Forecaster], plan: Plan) -> pd.DataFrame:
    """Return a row for each department, model, origin (the last week that the model saw) and week ahead.

    Each week is an origin once a history has `plan.train_weeks`, up to the last week but one. `naive_error` is that of
    the history (see `metrics.naive_error`), NaN where it has none.
    """
    rows: list[tuple[object, ...]] = []
    for origin in _origins(series, plan):
        judged = [one for one in series if len(one.until(origin)) >= plan.train_weeks]
        histories = [one.until(origin) for one in judged]
        for model in models:
            for one, history, ahead in zip(judged, histories, model.forecast(histories, plan.horizon), strict=True):
                rows.extend(_compare(one, history, model.name, ahead))
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame.sort_values(["department", "model", "origin_week", "horizon"], ignore_index=True)


def _origins(series: Sequence[Series], plan: Plan) -> list[np.datetime64]:
    if not series:
        return []
    first, last = min(one.weeks[0] for one in series), max(one.weeks[-1] for one in series)
    return list(np.arange(first + WEEK * (plan.train_weeks - 1), last, WEEK))


def _compare(one: Series, history: Series, model: str, ahead: Floats) -> list[tuple[object, ...]]:
    scale = naive_error(history.sales)
    origin, coming = history.weeks[-1], len(one) - len(history)
    return [
        (
            one.department,
            model,
            origin,
            step + 1,
            one.weeks[len(history) + step],
            float(one.sales[len(history) + step]),
            float(ahead[step]),
            np.nan if scale is None else scale,
        )
        for step in range(min(len(ahead), coming))
    ]

"""Gradient-boosted trees on lags, one model for all departments (a global model)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from forecasting.series import WEEK, Dates, Floats, Series

LAGS = 4
MEMORY = 8  # weeks that the features of one week look back on


@dataclass(frozen=True)
class GradientBoosting:
    """Learns a week's sales, relative to the department's mean, from the weeks before it.

    Several weeks ahead are forecast one after another, each from the forecasts before it. What a week's promotions will
    be is not known: features use only those of the last four known weeks. Trees cannot continue a trend beyond what
    they saw.
    """

    name: str = "gradient_boosting"
    seed: int = 0

    def forecast(self, histories: Sequence[Series], horizon: int) -> list[Floats]:
        """Return each history's forecast, see `Forecaster`; the mean of one too short for the features."""
        known = [history for history in histories if len(history) > MEMORY and history.sales.any()]
        # One thread: the data is small, and dbt's other threads want the rest.
        with threadpool_limits(1):
            ahead = self._forecast(known, horizon) if known else {}
        return [ahead.get(one.department, np.full(horizon, one.sales.mean())) for one in histories]

    def _forecast(self, histories: Sequence[Series], horizon: int) -> dict[str, Floats]:
        means = {one.department: float(one.sales.mean()) for one in histories}
        relative = {one.department: one.sales / means[one.department] for one in histories}
        model = self._fit(histories, relative)
        for _ in range(horizon):
            rows = [_features(one, values, np.array([len(values)])) for one, values in _pairs(histories, relative)]
            for one, step in zip(histories, model.predict(np.vstack(rows)), strict=True):
                relative[one.department] = np.append(relative[one.department], max(step, 0.0))
        return {department: values[-horizon:] * means[department] for department, values in relative.items()}

    def _fit(self, histories: Sequence[Series], relative: Mapping[str, Floats]) -> HistGradientBoostingRegressor:
        pairs = _pairs(histories, relative)
        rows = [_features(one, values, np.arange(MEMORY, len(one))) for one, values in pairs]
        targets = [values[MEMORY:] for _, values in pairs]
        model = HistGradientBoostingRegressor(
            loss="absolute_error",
            learning_rate=0.05,
            max_iter=80,
            max_leaf_nodes=8,
            min_samples_leaf=10,
            early_stopping=False,
            random_state=self.seed,
        )
        return model.fit(np.vstack(rows), np.concatenate(targets))


def _pairs(histories: Sequence[Series], relative: Mapping[str, Floats]) -> list[tuple[Series, Floats]]:
    return [(one, relative[one.department]) for one in histories]


def _features(history: Series, relative: Floats, weeks: npt.NDArray[np.int_]) -> Floats:
    """Return a row for each of `weeks`, counted from the first: what was known before it.

    `relative` goes on after the history with what has been forecast so far.
    """
    before = sliding_window_view(relative, MEMORY)[weeks - MEMORY]
    promotions = sliding_window_view(history.promotion_share, LAGS)[np.minimum(weeks, len(history)) - LAGS]
    lags = before[:, -LAGS:]
    return np.column_stack(
        [
            lags,
            lags.mean(axis=1),
            before.mean(axis=1),
            before.std(axis=1),
            promotions.mean(axis=1),
            week_of_month(history.weeks[0] + WEEK * weeks),
        ]
    )


def week_of_month(mondays: Dates) -> npt.NDArray[np.int_]:
    """Return 0 for a week that holds the first of a month, 1 for the one after it, and so on."""
    sundays = mondays.astype("datetime64[D]") + np.timedelta64(6, "D")
    weeks: npt.NDArray[np.int_] = (sundays - sundays.astype("datetime64[M]").astype("datetime64[D]")).astype(int) // 7
    return weeks

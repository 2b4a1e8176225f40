"""Errors by department, model and horizon, and which model wins a department."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from forecasting import metrics
from forecasting.series import Dates, Floats

# Scores that are equal to this many digits are a tie, which the simpler model wins.
DIGITS = 3
MEASURES = ["forecasts", "mase", "mae", "percentage_error", "percentage_method", "bias"]


def score(errors: Floats, scales: Floats) -> float:
    """Return what models of one department are compared by, less is better: MASE, or the mean absolute error.

    The second where MASE is undefined, since sales never changed in any history.
    """
    scaled = metrics.mase(errors, scales)
    return round(metrics.mae(errors) if scaled is None else scaled, DIGITS)


def horizon_errors(backtest: pd.DataFrame) -> pd.DataFrame:
    """Return the errors of each department, model and horizon over all origins.

    A department's percentage error is of one kind in all its rows, so that they can be compared.
    """
    return _measure(backtest, ["model", "horizon"])


def rank_models(backtest: pd.DataFrame, simplest_first: Sequence[str]) -> pd.DataFrame:
    """Return each department's models with their errors over all origins and horizons, and their rank from 1.

    The least score wins (see `score`), of equal ones the simpler model.
    """
    ranked = _measure(backtest, ["model"])
    ranked["simplicity"] = ranked["model"].map({model: place for place, model in enumerate(simplest_first)})
    ranked = ranked.sort_values(["department", "score", "simplicity"], ignore_index=True)
    return ranked.assign(model_rank=ranked.groupby("department").cumcount() + 1).drop(columns="simplicity")


def choose_as_known(backtest: pd.DataFrame, simplest_first: Sequence[str]) -> pd.DataFrame:
    """Return the backtest's rows of the model that would have been chosen at each origin, by the weeks up to it alone.

    The first origin is left out: nothing had been judged yet.
    """
    choices: list[tuple[object, ...]] = []
    for department, rows in backtest.groupby("department", sort=True):
        judged = {model: _Judged.read(rows[rows["model"] == model]) for model in simplest_first}
        for origin in np.sort(rows["origin_week"].unique())[1:]:
            scores = {model: one.score_at(origin) for model, one in judged.items()}
            choices.append((department, origin, min(simplest_first, key=lambda model: scores[model])))
    keys = ["department", "origin_week", "model"]
    chosen = pd.DataFrame(choices, columns=keys).astype(backtest[keys].dtypes.to_dict())
    return chosen.merge(backtest, on=keys)


class _Judged(NamedTuple):
    """One model's forecasts for one department."""

    targets: Dates
    errors: Floats
    scales: Floats

    @classmethod
    def read(cls, rows: pd.DataFrame) -> _Judged:
        errors = (rows["forecast"] - rows["sales"]).to_numpy()
        return cls(rows["target_week"].to_numpy(), errors, rows["naive_error"].to_numpy())

    def score_at(self, origin: np.datetime64) -> float:
        known = self.targets <= origin
        return score(self.errors[known], self.scales[known])


def _measure(backtest: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    rows: list[tuple[object, ...]] = []
    for department, judged in backtest.groupby("department", sort=True):
        method = metrics.percentage_method(judged["sales"].to_numpy())
        for key, group in judged.groupby(by, sort=True):
            sales, scales = group["sales"].to_numpy(), group["naive_error"].to_numpy()
            errors = group["forecast"].to_numpy() - sales
            percentage = metrics.percentage_error(errors, sales, method)
            measures = (metrics.mase(errors, scales), metrics.mae(errors), percentage, method)
            rows.append((department, *key, len(group), *measures, metrics.bias(errors, sales), score(errors, scales)))
    return pd.DataFrame(rows, columns=["department", *by, *MEASURES, "score"])

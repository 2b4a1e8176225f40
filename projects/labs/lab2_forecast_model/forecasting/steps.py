"""What the dbt models call: frames in, as dbt has them from the models before; tables out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from forecasting import tables
from forecasting.backtest import run_backtest
from forecasting.intervals import band, bounds, calibrate, half_width, measure_coverage
from forecasting.models import MODELS
from forecasting.plan import Plan
from forecasting.ranking import choose_as_known, horizon_errors, rank_models
from forecasting.scope import forecastable, reason_against
from forecasting.series import read_series

PLAN = Plan()
SIMPLEST_FIRST = [model.name for model in MODELS]


def scope(weekly: pd.DataFrame, plan: Plan = PLAN) -> pa.Table:
    """Return each department's history and, where it cannot be forecast, why not."""
    rows = [
        (one.department, len(one), int((one.sales > 0).sum()), reason_against(one, plan)) for one in read_series(weekly)
    ]
    return tables.to_table(pd.DataFrame(rows, columns=tables.SCOPE.names), tables.SCOPE)


def backtest(weekly: pd.DataFrame, plan: Plan = PLAN) -> pa.Table:
    """Return every model's forecasts from every origin, see `backtest.run_backtest`."""
    return tables.to_table(run_backtest(forecastable(read_series(weekly), plan), MODELS, plan), tables.BACKTEST)


def errors(backtest: pd.DataFrame) -> pa.Table:
    """Return the errors by department, model and horizon."""
    return tables.to_table(horizon_errors(_in_order(backtest)), tables.ERRORS)


def ranking(backtest: pd.DataFrame) -> pa.Table:
    """Return the models of each department, best first."""
    ranked = rank_models(_in_order(backtest), SIMPLEST_FIRST)
    return tables.to_table(ranked.assign(is_winner=ranked["model_rank"] == 1), tables.RANKING)


def coverage(backtest: pd.DataFrame, plan: Plan = PLAN) -> pa.Table:
    """Return how often intervals held what came."""
    chosen = choose_as_known(_in_order(backtest), SIMPLEST_FIRST)
    return tables.to_table(measure_coverage(chosen, plan), tables.COVERAGE)


def forecast(weekly: pd.DataFrame, backtest: pd.DataFrame, plan: Plan = PLAN) -> pa.Table:
    """Return the winners' forecasts of the weeks to come, with intervals."""
    series = forecastable(read_series(weekly), plan)
    backtest = _in_order(backtest)
    ranked = rank_models(backtest, SIMPLEST_FIRST)
    best = ranked[ranked["model_rank"] == 1].set_index("department")["model"].to_dict()
    calibration = calibrate(choose_as_known(backtest, SIMPLEST_FIRST), plan)
    rows: list[tuple[object, ...]] = []
    for model in (model for model in MODELS if model.name in best.values()):
        for one, ahead in zip(series, model.forecast(series, plan.horizon), strict=True):
            if best[one.department] != model.name:
                continue
            for horizon, (week, value) in enumerate(zip(one.weeks_ahead(plan.horizon), ahead, strict=True), start=1):
                known = calibration.get((one.department, band(horizon, plan)), np.empty(0))
                ends = [end for level in plan.levels for end in bounds(float(value), half_width(known, level))]
                rows.append((one.department, pd.Timestamp(week), horizon, model.name, float(value), *ends))
    frame = pd.DataFrame(rows, columns=tables.FORECAST.names)
    return tables.to_table(frame.sort_values(["department", "horizon"]), tables.FORECAST)


def _in_order(backtest: pd.DataFrame) -> pd.DataFrame:
    """Return the rows sorted: a sum of floats depends on the order, in its last digit."""
    return backtest.sort_values(["department", "model", "origin_week", "horizon"], ignore_index=True)

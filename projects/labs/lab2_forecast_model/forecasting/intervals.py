"""Intervals around a forecast from the errors of forecasts before it (split conformal prediction).

Half an interval's width is the k-th smallest of n absolute errors, k = ceil((n + 1) level): Lei et al. (2018),
Distribution-free predictive inference for regression, Journal of the American Statistical Association 113.

The errors are a department's own, from the same band of horizons (1 to 4 weeks ahead, 5 to 8): each horizon alone
would have too few. They are those of the model that would have been chosen at each origin (`ranking.choose_as_known`),
not those of today's winner, which won because they were small: intervals made from them are too narrow.
"""

from __future__ import annotations

import math
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from forecasting.plan import Plan
from forecasting.series import Floats

Horizons = TypeVar("Horizons", int, pd.Series)


def half_width(errors: Floats, level: float) -> float | None:
    """Return the half width that covers a new error with the probability `level`, None for too few errors to say.

    95 % need 19 errors, 80 % need 4.
    """
    # 20 x 0.95 must be 19, not what binary numbers make of it.
    rank = math.ceil(round((len(errors) + 1) * level, 9))
    return None if rank > len(errors) else float(np.sort(np.abs(errors))[rank - 1])


def bounds(forecast: float, half: float | None) -> tuple[float | None, float | None]:
    """Return an interval's ends; sales are never below nought."""
    return (None, None) if half is None else (max(forecast - half, 0.0), forecast + half)


def band(horizons: Horizons, plan: Plan) -> Horizons:
    """Return the numbers of the bands of horizons that calibrate one another."""
    return (horizons - 1) // plan.band


def calibrate(chosen: pd.DataFrame, plan: Plan) -> dict[tuple[str, int], Floats]:
    """Return the errors by department and band, from the rows of `ranking.choose_as_known`."""
    return {
        (str(department), int(number)): (rows["forecast"] - rows["sales"]).to_numpy(float)
        for (department, number), rows in chosen.groupby(["department", band(chosen["horizon"], plan)])
    }


def measure_coverage(chosen: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Return how often intervals held what came, by department, horizon and level.

    Each origin is judged as it would have been then: its intervals come from errors known at the origin. Origins too
    early for the highest level are left out.
    """
    checks: list[tuple[object, ...]] = []
    for _, rows in chosen.groupby(["department", band(chosen["horizon"], plan)]):
        targets, errors = rows["target_week"].to_numpy(), (rows["forecast"] - rows["sales"]).to_numpy(float)
        for row, origin in zip(rows.itertuples(), rows["origin_week"].to_numpy(), strict=True):
            checks.extend(_check(row, errors[targets <= origin], plan))
    frame = pd.DataFrame(checks, columns=["department", "horizon", "level", "is_covered", "width"])
    coverage = (
        frame.groupby(["department", "horizon", "level"], sort=True)
        .agg(intervals=("is_covered", "size"), covered=("is_covered", "sum"), mean_width=("width", "mean"))
        .reset_index()
    )
    return coverage.assign(coverage=coverage["covered"] / coverage["intervals"])


def _check(row: Any, errors: Floats, plan: Plan) -> list[tuple[object, ...]]:
    if half_width(errors, max(plan.levels)) is None:
        return []
    checks: list[tuple[object, ...]] = []
    for level in plan.levels:
        lower, upper = bounds(row.forecast, half_width(errors, level))
        if lower is not None and upper is not None:
            checks.append((row.department, row.horizon, level, lower <= row.sales <= upper, upper - lower))
    return checks

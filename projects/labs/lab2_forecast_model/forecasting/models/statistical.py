"""Models of statsforecast that run as compiled code, with nothing for numba to compile first."""

from __future__ import annotations

from typing import Any

import numpy as np
from statsforecast.models import AutoETS, DynamicOptimizedTheta

from forecasting.models.naive import drift
from forecasting.series import Floats

# Fewer weeks than this are no base for parameters; and a constant has nothing to estimate.
ENOUGH = 10


def exponential_smoothing(sales: Floats, horizon: int) -> Floats:
    """Forecast by exponential smoothing without season; the corrected Akaike criterion chooses whether with a trend.

    Errors are additive: multiplicative ones are not defined where nothing was sold.
    """
    return _forecast(AutoETS(season_length=1, model="AZN"), sales, horizon)


def theta(sales: Floats, horizon: int) -> Floats:
    """Forecast by the dynamic optimised theta model (Fiorucci et al. 2016)."""
    return _forecast(DynamicOptimizedTheta(season_length=1), sales, horizon)


def _forecast(model: Any, sales: Floats, horizon: int) -> Floats:
    if len(sales) < ENOUGH or np.ptp(sales) == 0:
        return drift(sales, horizon)
    return np.asarray(model.forecast(y=sales, h=horizon)["mean"], dtype=float)

"""How far forecasts were off. An undefined measure is None, never a division by nought."""

from __future__ import annotations

import numpy as np

from forecasting.series import Floats

# A week below this share of the mean is near nought: its percentage error says more about the week than the forecast.
NEAR_NOUGHT = 0.1


def naive_error(history: Floats) -> float | None:
    """Return the mean absolute error of "as last week" in the history: the denominator of MASE.

    Hyndman, Koehler (2006), Another look at measures of forecast accuracy, International Journal of Forecasting 22(4):
    q(t) = e(t) / mean(|y(i) - y(i-1)|, i = 2..n), of which MASE is the mean absolute value. None for a constant history
    or a single week, which has no such error.
    """
    error = float(np.mean(np.abs(np.diff(history)))) if len(history) > 1 else 0.0
    return error if error > 0 else None


def mase(errors: Floats, scales: Floats) -> float | None:
    """Return the mean absolute scaled error, each error scaled by the naive error of the history it was forecast from.

    `scales` is NaN where the history had none; those errors are left out. None where all are.
    """
    defined = ~np.isnan(scales)
    return float(np.mean(np.abs(errors[defined]) / scales[defined])) if defined.any() else None


def mae(errors: Floats) -> float:
    """Return the mean absolute error."""
    return float(np.mean(np.abs(errors)))


def percentage_method(sales: Floats) -> str:
    """Return which percentage error suits these sales: `mape`, `weighted` for a week near nought, or `undefined`."""
    mean = float(np.mean(sales))
    if mean <= 0:
        return "undefined"
    return "mape" if float(np.min(sales)) >= NEAR_NOUGHT * mean else "weighted"


def percentage_error(errors: Floats, sales: Floats, method: str) -> float | None:
    """Return the mean of |error| / sales (`mape`), or the sum of |error| / the sum of sales (`weighted`)."""
    if method == "mape":
        return float(np.mean(np.abs(errors) / sales))
    total = float(np.sum(sales))
    return float(np.sum(np.abs(errors))) / total if total > 0 else None


def bias(errors: Floats, sales: Floats) -> float | None:
    """Return the mean of forecast - sales, relative to mean sales: above nought, too much was forecast."""
    mean = float(np.mean(sales))
    return float(np.mean(errors)) / mean if mean > 0 else None

"""The yardsticks that a real model must beat."""

from __future__ import annotations

import numpy as np

from forecasting.series import Floats

# One year of weeks has no second year to learn a yearly season from; four weeks are about a month, the cycle of pay and
# of promotions.
SEASON = 4


def seasonal_naive(sales: Floats, horizon: int) -> Floats:
    """Return what was sold in the same week of the last season of four weeks."""
    season = sales[-SEASON:]
    return season[np.arange(horizon) % len(season)]


def drift(sales: Floats, horizon: int) -> Floats:
    """Return the line from the first week through the last one (naive with drift)."""
    slope = (sales[-1] - sales[0]) / (len(sales) - 1) if len(sales) > 1 else 0.0
    line: Floats = sales[-1] + slope * np.arange(1, horizon + 1)
    return line

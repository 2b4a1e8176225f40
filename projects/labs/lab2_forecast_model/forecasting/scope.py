"""Which departments can be forecast, and why the others cannot."""

from __future__ import annotations

import numpy as np

from forecasting.plan import Plan
from forecasting.series import Series


def reason_against(series: Series, plan: Plan) -> str | None:
    """Return why a department cannot be forecast, or None where it can."""
    if len(series) < plan.history_weeks:
        return f"too short: {len(series)} complete weeks since its first sale, {plan.history_weeks} needed"
    sold = int(np.count_nonzero(series.sales > 0))
    if sold < plan.sold_share * len(series):
        return f"too sparse: sales in {sold} of {len(series)} weeks, {plan.sold_share:.0%} of them needed"
    return None


def forecastable(series: list[Series], plan: Plan) -> list[Series]:
    """Return the series that can be forecast."""
    return [one for one in series if reason_against(one, plan) is None]

"""Every model's forecasts from every week of the past."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from forecasting import steps


def model(dbt: Any, session: Any) -> pa.Table:
    """Run the backtest."""
    return steps.backtest(dbt.ref("slv_weekly_sales").df())

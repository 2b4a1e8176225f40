"""What each department will sell."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from forecasting import steps


def model(dbt: Any, session: Any) -> pa.Table:
    """Forecast by each department's best model."""
    return steps.forecast(dbt.ref("slv_weekly_sales").df(), dbt.ref("slv_backtest").df())

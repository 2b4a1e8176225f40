"""How far the models were off."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from forecasting import steps


def model(dbt: Any, session: Any) -> pa.Table:
    """Measure the backtest by department, model and horizon."""
    return steps.errors(dbt.ref("slv_backtest").df())

"""Which model is best for which department."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from forecasting import steps


def model(dbt: Any, session: Any) -> pa.Table:
    """Rank the models by the backtest."""
    return steps.ranking(dbt.ref("slv_backtest").df())

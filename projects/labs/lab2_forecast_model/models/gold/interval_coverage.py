"""How far the intervals can be trusted."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from forecasting import steps


def model(dbt: Any, session: Any) -> pa.Table:
    """Measure the intervals on weeks that they were not made from."""
    return steps.coverage(dbt.ref("slv_backtest").df())

"""The tables that the steps hand over: their columns, with money as decimal, and how a frame becomes one."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa

MONEY = pa.decimal128(12, 2)
LEVEL = pa.decimal128(3, 2)

SCOPE = pa.schema(
    {
        "department": pa.string(),
        "history_weeks": pa.int32(),
        "weeks_with_sales": pa.int32(),
        "reason": pa.string(),
    }
)
BACKTEST = pa.schema(
    {
        "department": pa.string(),
        "model": pa.string(),
        "origin_week": pa.date32(),
        "horizon": pa.int32(),
        "target_week": pa.date32(),
        "sales": pa.float64(),
        "forecast": pa.float64(),
        "naive_error": pa.float64(),
    }
)
_MEASURES = {
    "forecasts": pa.int32(),
    "mase": pa.float64(),
    "mae": MONEY,
    "percentage_error": pa.float64(),
    "percentage_method": pa.string(),
    "bias": pa.float64(),
}
ERRORS = pa.schema({"department": pa.string(), "model": pa.string(), "horizon": pa.int32(), **_MEASURES})
RANKING = pa.schema(
    {
        "department": pa.string(),
        "model_rank": pa.int32(),
        "model": pa.string(),
        "is_winner": pa.bool_(),
        **_MEASURES,
    }
)
FORECAST = pa.schema(
    {
        "department": pa.string(),
        "week_start": pa.date32(),
        "horizon": pa.int32(),
        "model": pa.string(),
        "forecast": MONEY,
        "lower_80": MONEY,
        "upper_80": MONEY,
        "lower_95": MONEY,
        "upper_95": MONEY,
    }
)
COVERAGE = pa.schema(
    {
        "department": pa.string(),
        "horizon": pa.int32(),
        "level": LEVEL,
        "intervals": pa.int32(),
        "covered": pa.int32(),
        "coverage": pa.float64(),
        "mean_width": MONEY,
    }
)


def to_table(frame: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    """Return the frame's columns that the schema names; NaN becomes null, money is rounded to cents."""
    columns = [pa.array([_cell(value, field.type) for value in frame[field.name]], field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def to_frame(table: pa.Table) -> pd.DataFrame:
    """Return a table as the steps compute with it: weeks as timestamps."""
    return table.to_pandas(date_as_object=False)


def _cell(value: Any, kind: pa.DataType) -> Any:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if pa.types.is_decimal(kind):
        return round(Decimal(repr(float(value))), kind.scale)
    return value

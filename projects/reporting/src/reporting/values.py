"""Bring the values of a result into types that do not depend on the engine."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa


def settled(column: Any, kind: str) -> Any:
    """Return a column whose whole numbers are int64, whose other exact numbers are decimals with all their digits.

    PostgreSQL gives a sum of decimals as text, since nothing bounds its digits, and DuckDB a sum of whole numbers as a
    decimal.
    """
    if kind != "number":
        return column
    if pa.types.is_integer(column.type):
        return column.cast(pa.int64())
    if pa.types.is_floating(column.type):
        return column.cast(pa.float64())
    numbers = [None if value is None else Decimal(value) for value in column.to_pylist()]
    scale = max((-int(value.as_tuple().exponent) for value in numbers if value is not None), default=0)
    if scale <= 0 and getattr(column.type, "scale", 0) == 0:
        return pa.array([None if value is None else int(value) for value in numbers], pa.int64())
    return pa.array(numbers, pa.decimal128(38, max(scale, getattr(column.type, "scale", 0))))

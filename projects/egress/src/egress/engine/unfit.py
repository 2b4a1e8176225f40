"""Values that have no form where a row goes: numbers that are not finite, and times that are none there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shared.data_quality.conversion import beyond_type

UTC_MICROSECONDS, MICROSECONDS = pa.timestamp("us", "UTC"), pa.timestamp("us")
DAY_ZERO = date(1970, 1, 1)
DAY_MICROSECONDS = 24 * 60 * 60 * 1_000_000
NO_NUMBER = "is no finite number, which the target cannot hold"
# Days from 1970: of Python's years, which are those that ISO 8601 has four digits for, and of those that arrow writes.
YEARS = ((date.min - DAY_ZERO).days, (date.max - DAY_ZERO).days)
WRITTEN_YEARS = (-12_687_428, 11_248_737)
NO_YEAR, NO_TEXT = "is outside the years 1 to 9999", "is no date between the years -32767 and 32767"
TOO_FINE = "is finer than a microsecond, which the target cannot hold"
NO_TIME = f"{NO_YEAR}, or finer than a microsecond"


def without_json(rows: pa.Table) -> dict[int, str]:
    """Return why rows hold what JSON has no form for, by their places."""
    found = _times_outside(rows, *YEARS, NO_YEAR)
    for name, values in _columns(rows, pa.types.is_floating):
        found |= dict.fromkeys(_places(pc.invert(pc.is_finite(values))), f"`{name}` {NO_NUMBER}")
    return found


def without_text(rows: pa.Table) -> dict[int, str]:
    """Return why rows hold dates or times that arrow writes as none, by their places: infinite ones, say."""
    return _times_outside(rows, *WRITTEN_YEARS, NO_TEXT)


def _times_outside(rows: pa.Table, first: int, last: int, why: str) -> dict[int, str]:
    return {
        place: f"`{name}` {why}"
        for name, values in _columns(rows, is_time)
        for place in _places(outside(values, first, last))
    }


def _columns(rows: pa.Table, which: Callable[[pa.DataType], bool]) -> Iterator[tuple[str, pa.ChunkedArray]]:
    return ((field.name, rows.column(at)) for at, field in enumerate(rows.schema) if which(field.type))


def _places(bad: pa.ChunkedArray) -> list[int]:
    # Not by arrow, whose `indices_nonzero` ends the process where there are no rows.
    return list(np.flatnonzero(pc.fill_null(bad, False).to_numpy()).tolist())


def is_time(type_: pa.DataType) -> bool:
    """Tell whether values are dates, or times of a day of the calendar."""
    return bool(pa.types.is_date(type_) or pa.types.is_timestamp(type_))


def outside(values: pa.ChunkedArray, first: int, last: int) -> pa.ChunkedArray:
    """Tell of dates or times which are before or after some days, counted from 1970."""
    if pa.types.is_date(values.type):
        numbers, unit = values.cast(pa.date32()).cast(pa.int32()), 1
    else:
        numbers, unit = in_microseconds(values), DAY_MICROSECONDS
    return pc.or_(pc.less(numbers, first * unit), pc.greater_equal(numbers, (last + 1) * unit))


def in_microseconds(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return times as numbers."""
    naive = values.cast(UTC_MICROSECONDS, safe=False).cast(MICROSECONDS) if values.type.tz else values
    return naive.cast(MICROSECONDS, safe=False).cast(pa.int64())


def is_fine(type_: pa.DataType) -> bool:
    """Tell whether times are in nanoseconds."""
    return bool(pa.types.is_timestamp(type_) and type_.unit == "ns")


def beyond_python(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Tell of dates or times which are outside what Python's hold."""
    beyond = outside(values, *YEARS)
    return pc.or_(beyond, beyond_type(values)) if is_fine(values.type) else beyond

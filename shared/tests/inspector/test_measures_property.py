"""What DataInspector measures of random rows is what Python measures of them."""

from __future__ import annotations

import math
from datetime import date, timedelta

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.inspector import ColumnProfile, DataInspector
from shared.warehouse import Warehouse

EPOCH = date(1970, 1, 1)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)
ROWS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.integers(0, 3)),
        st.one_of(st.none(), st.floats(), st.sampled_from([0.0, -0.0, 1.5])),
        st.one_of(st.none(), TEXTS, st.sampled_from(["x", "X"])),
        st.one_of(st.none(), st.dates()),
    ),
    max_size=12,
)
SCHEMA = pa.schema([("a", pa.int64()), ("b", pa.float64()), ("c", pa.string()), ("d", pa.date32())])


@pytest.fixture
def table(warehouse: Warehouse) -> str:
    """Make an empty table."""
    warehouse.execute("create table raw.t (a bigint, b double precision, c varchar, d date)")
    return "raw.t"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_measures_of_random_rows(
    warehouse: Warehouse, table: str, rows: list[tuple[int | None, float | None, str | None, date | None]]
) -> None:
    """Counts, null share, distinct, bounds, outliers and bins agree with Python's, and JSON holds all of it."""
    warehouse.execute("delete from raw.t")
    values = [list(column) for column in zip(*rows, strict=True)] if rows else [[], [], [], []]
    warehouse.append_arrow(table, pa.table(values, schema=SCHEMA))
    inspection = DataInspector(warehouse, remember=False).inspect(table)
    assert inspection.from_json(inspection.to_json()) == inspection
    a, b, c, d = inspection.tables[0].columns
    for column, given_values in zip((a, b, c, d), values, strict=True):
        there = [value for value in given_values if value is not None]
        assert (column.values, column.nulls) == (len(there), len(given_values) - len(there))
        assert column.null_share == (column.nulls / len(rows) if rows else 0)
        assert column.distinct == len({"nan" if value != value else value for value in there})
        if column.distinct < column.values:
            counts = [top.count for top in column.top]
            assert counts == sorted(counts, reverse=True) and (sum(counts) == column.values or len(counts) == 10)
    assert bounds(a) == ends([value for value in values[0] if value is not None])
    assert bounds(b) == ends([value for value in values[1] if value is not None and math.isfinite(value)])
    assert bounds(c) == ends([value for value in values[2] if value is not None])
    assert bounds(d) == ends([value.isoformat() for value in values[3] if value is not None])
    days = [(value - EPOCH) // timedelta(days=1) for value in values[3] if value is not None]
    for column, numbers in ((a, values[0]), (b, values[1]), (d, days)):
        finite = [number for number in numbers if number is not None and math.isfinite(number)]
        if column.histogram:
            assert sum(bin_.count for bin_ in column.histogram) == len(finite)
        if column.outliers and column is not d:
            assert column.outliers.below == sum(number < column.outliers.low for number in finite)
            assert column.outliers.above == sum(number > column.outliers.high for number in finite)


def bounds(column: ColumnProfile) -> tuple[object, object]:
    """Return a column's minimum and maximum."""
    return column.minimum, column.maximum


def ends(values: list[object]) -> tuple[object, object]:
    """Return the least and the greatest of values, None where there are none."""
    return (min(values), max(values)) if values else (None, None)  # type: ignore[type-var]

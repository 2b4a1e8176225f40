"""CSV for spreadsheets: what would begin a formula is escaped, numbers are not."""

from __future__ import annotations

import pyarrow as pa
import pytest

from shared.tables.spreadsheets import escaped, escaped_schema

FORMULAS = [
    '=HYPERLINK("http://example.com")', "=1", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "+",
    "-", "＝1+1", "＋x", "－5+1", "＠SUM(A1)", "-1;=1", "+49 30 123", "-1\n=2", "--1", "-e5",
]  # fmt: skip
OTHERS = [
    "", "a=b", "'=1", "-5", "+1,234.50", "-.5", "-2e-3", "-7.5%", "+4930123", "5-3", " =1", "3", "ä", "x@y", '"=1"',
]  # fmt: skip


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.binary(), pa.dictionary(pa.int32(), pa.string())], ids=str
)
def test_formulas_are_escaped_and_nothing_else(kind: pa.DataType) -> None:
    """A text that begins a formula gets a quote before it, of whatever type its column is; numbers and null stay."""
    texts = [*FORMULAS, *OTHERS, None]
    found = escaped(pa.record_batch({"t": pa.array(texts, pa.string()).cast(kind)}))
    assert found["t"].cast(pa.string()).to_pylist() == [*(f"'{text}" for text in FORMULAS), *OTHERS, None]
    assert escaped(found) == found, "once is enough"


def test_numbers_and_names_of_columns() -> None:
    """A column of numbers is as it was, and a column's name begins no formula either."""
    rows = pa.record_batch({"=n": [-1.5, 2], "day": pa.array([-5, 1], pa.date32())})
    found = escaped(rows)
    assert found.schema == escaped_schema(rows.schema)
    assert found.schema.names == ["'=n", "day"]
    assert found.columns == rows.columns

"""Fingerprints of tables."""

from __future__ import annotations

import pyarrow as pa
import pytest

from shared.warehouse import Warehouse
from shared.warehouse.fingerprint import rows_fingerprint, schema_fingerprints, table_fingerprint

ROWS: dict[str, list[object]] = {"id": [1, 2, 2], "name": ["a", None, "b"]}


def fingerprint(warehouse: Warehouse, columns: dict[str, list[object]]) -> tuple[int, int]:
    """Store a table and return its fingerprint."""
    warehouse.replace_arrow("raw.t", pa.table(columns))
    return table_fingerprint(warehouse, "raw.t")


def test_order_of_rows_and_columns_does_not_matter(warehouse: Warehouse) -> None:
    """The same rows in another order, with columns in another order, are the same table."""
    reordered: dict[str, list[object]] = {"name": ["b", "a", None], "id": [2, 1, 2]}
    assert fingerprint(warehouse, ROWS) == fingerprint(warehouse, reordered)


@pytest.mark.parametrize(
    "changed",
    [
        {"id": [1, 2], "name": ["a", None]},
        {"id": [1, 2, 2, 2], "name": ["a", None, "b", "b"]},
        {"id": [1, 2, 2], "name": ["a", None, "c"]},
        {"id": [1, 2, 2], "name": ["a", "", "b"]},
        {"id": [2, 1, 2], "name": ["a", None, "b"]},
    ],
    ids=["row lost", "row doubled", "value changed", "null became empty", "values swapped between rows"],
)
def test_any_difference_shows(warehouse: Warehouse, changed: dict[str, list[object]]) -> None:
    """A lost, doubled or changed row changes the fingerprint."""
    assert fingerprint(warehouse, ROWS) != fingerprint(warehouse, changed)


def test_times_and_run_ids_are_left_out(warehouse: Warehouse) -> None:
    """Columns that differ between two equal runs do not count."""
    stamped: dict[str, list[object]] = {**ROWS, "run_id": ["x"] * 3, "_dlt_load_id": ["1"] * 3, "loaded_at": [1, 2, 3]}
    assert fingerprint(warehouse, stamped) == fingerprint(warehouse, ROWS)


def test_schema_leaves_out_the_tables_of_dlt(warehouse: Warehouse) -> None:
    """What dlt keeps about its loads is no part of what a schema holds."""
    warehouse.replace_arrow("raw._dlt_loads", pa.table({"load_id": ["1"]}))
    warehouse.replace_arrow("raw.t", pa.table(ROWS))
    assert schema_fingerprints(warehouse, "raw").keys() == {"t"}


def test_rows_have_the_fingerprint_of_the_table_that_holds_them(warehouse: Warehouse) -> None:
    """Rows that were read by a query count as those of a table with the same rows."""
    rows: dict[str, list[object]] = {"id": [1, 2], 'a"; drop schema raw; --': ["x", None]}
    assert fingerprint(warehouse, rows) == rows_fingerprint(pa.table(rows))

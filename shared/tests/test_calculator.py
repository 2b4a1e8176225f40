"""The DuckDB in memory that a process works things out in."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor

import duckdb
import pyarrow as pa
import pytest

from shared.utils import calculator as module
from shared.utils.calculator import calculator


def total(number: int) -> int:
    """Register rows by a name that others use too, and add them up."""
    with calculator() as session:
        session.register("rows", pa.table({"x": [number] * 1_000}))
        row = session.execute("select sum(x) from rows").fetchone()
    assert row is not None
    return int(row[0])


def test_sessions_have_rows_of_their_own() -> None:
    """What one registers no other sees, at the same time or later."""
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(total, range(40))) == [number * 1_000 for number in range(40)]
    with calculator() as session, pytest.raises(duckdb.CatalogException):
        session.execute("from rows")


@pytest.mark.all_cores
def test_process_that_is_forked_off_works_by_itself() -> None:
    """It neither waits for its parent's threads nor takes anything from it."""
    # Made anew, with a thread for each core.
    module._instance.cache_clear()
    assert total(1) == 1_000
    with multiprocessing.get_context("fork").Pool(2) as processes:
        assert processes.map_async(total, [2, 3]).get(timeout=30) == [2_000, 3_000]
    assert total(4) == 4_000

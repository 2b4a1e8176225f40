"""What the benchmarks of ingress load, and what is the same about their ways."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from ingress.sources import SOURCES  # before dlt: it sets what dlt reads from the environment
from shared.data_quality import arrow_schema

from dlt.common.libs.pyarrow import py_arrow_to_table_schema_columns  # isort: skip

TRANSACTIONS = next(one for one in SOURCES["pos"].resources if one.name == "transactions")
BATCH_ROWS = 200_000
# The year again and again, each time with other baskets, so that no key comes twice.
MANY = """
copy (
    select t.* replace (basket_id + year * 100000000000 as basket_id)
    from read_parquet('{file}') as t, range({years}) as _(year) order by year limit {rows}
) to '{path}' (row_group_size {batch})
"""


def many(file: Path, rows: int, folder: Path) -> Path:
    """Write so many transactions, made from those of a file."""
    years = -(-rows // pq.read_metadata(file).num_rows)
    path = folder / file.name
    duckdb.execute(MANY.format(file=file, years=years, rows=rows, path=path, batch=BATCH_ROWS))
    return path


def dlt_columns() -> Any:
    """Return the columns as dlt declares them: once, or it would warn of each batch."""
    return py_arrow_to_table_schema_columns(arrow_schema(TRANSACTIONS.model))


def as_arrow(file: Path) -> Iterator[pa.Table]:
    """Return the rows of a file as dlt takes them fastest."""
    for batch in pq.ParquetFile(file).iter_batches(BATCH_ROWS):
        yield pa.Table.from_batches([batch])


def as_dicts(file: Path) -> Iterator[list[dict[str, Any]]]:
    """Return the rows of a file as Python dicts, as a source that yields its rows does."""
    for batch in pq.ParquetFile(file).iter_batches(10_000):
        yield batch.to_pylist()


def scaled(seconds: float, measured: int, rows: int) -> dict[str, Any]:
    """Return the part of a result that says how long some rows took, and all of them by that."""
    return {
        "measured_rows": measured,
        "measured_seconds": round(seconds, 1),
        "all_rows_seconds": round(seconds * rows / measured, 1),
        "scaled": measured != rows,
    }

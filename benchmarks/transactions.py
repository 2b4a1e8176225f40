"""What the benchmarks of ingress load, and what is the same about their slowest way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from ingress.load import pipeline  # noqa: F401, before dlt: it sets what dlt reads from the environment
from ingress.sources import SOURCES

TRANSACTIONS = next(one for one in SOURCES["pos"].resources if one.name == "transactions")


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

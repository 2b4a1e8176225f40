"""What a dlt resource yields as columns: arrow tables and batches, frames of pandas or polars, relations of DuckDB."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from ingress.gather.gathered import Gathered
from ingress.source import Batch
from shared.data_quality.conversion import convertible, readable

BATCH_ROWS = 20_000
# As a frame of pandas hands over the numbers of its rows, where some were taken out before.
ROW_NUMBERS = re.compile(r"__index_level_\d+__")


def batches_of(item: Any) -> Iterator[pa.RecordBatch] | None:
    """Return what is yielded as columns in batches, or None where it is not columns."""
    # So frames hand their columns over, whichever library they are of.
    if not hasattr(item, "__arrow_c_stream__"):
        return None
    batches = pa.RecordBatchReader.from_stream(item)
    names = [name for name in batches.schema.names if not ROW_NUMBERS.fullmatch(name)]
    tables = (pa.Table.from_batches([batch]).select(names) for batch in batches)
    return (part for table in tables for part in table.to_batches(max_chunksize=BATCH_ROWS))


def checked_in_columns(gathered: Gathered, name: str, rows: pa.RecordBatch, first: int) -> Batch | None:
    """Check a batch column by column, or return None where its types or the row model want it row by row."""
    resource = gathered.resource
    known = {each.name: each for each in resource.rows.fields}
    texts = (pa.string(),)
    for each in rows.schema:
        if not (convertible(each.type, known[each.name]) if each.name in known else each.type in texts):
            return None
    checker = resource.columns_if_plain
    if checker is None:
        return None
    gathered.note(rows.schema.names)
    checked = checker.check(rows, first)
    return Batch(name, 0, checked.good, checked.bad)


def mappings(rows: pa.RecordBatch) -> list[dict[str, Any]]:
    """Return a batch as mappings."""
    found: list[dict[str, Any]] = readable(rows).to_pylist()
    return found

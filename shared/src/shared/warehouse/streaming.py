"""Rows into a table while they are made: the engine writes in a thread, and the caller makes what comes next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import chain, islice
from queue import Empty, Full, Queue

import pyarrow as pa

Waiting = Queue["pa.RecordBatch | None"]
# Groups that wait, and seconds until one that cannot be handed over looks whether the writer has failed.
MOST_WAITING = 2
LOOK_SECONDS = 0.2
# A row group of DuckDB's, which it writes as it is; what is larger or smaller it copies together first.
GROUP_ROWS = 122_880
# Groups of one statement, as DuckDB lets go of what it has read only when a statement ends.
AT_ONCE = 16


def appended(
    append: Callable[[pa.RecordBatchReader], int], schema: pa.Schema, batches: Iterable[pa.RecordBatch]
) -> int:
    """Let `append` read batches while the next ones are made in the caller's thread, and return how many rows it has.

    What making them raises is raised when those before are written: the caller takes them back.
    """
    waiting: Waiting = Queue(MOST_WAITING)
    with ThreadPoolExecutor(1) as threads:
        writer = threads.submit(write, append, schema, iter(waiting.get, None))
        try:
            for batch in grouped(schema, batches):
                if not handed_over(waiting, batch, writer):
                    break
        finally:
            if not handed_over(waiting, None, writer):
                # A thread that DuckDB reads ahead with may still wait for more.
                end(waiting)
    return writer.result()


def write(append: Callable[[pa.RecordBatchReader], int], schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> int:
    """Append batches, some with each statement."""
    rows = 0
    for first in batches:
        some = chain([first], islice(batches, AT_ONCE - 1))
        rows += append(pa.RecordBatchReader.from_batches(schema, some))
    return rows


def handed_over(waiting: Waiting, batch: pa.RecordBatch | None, writer: Future[int]) -> bool:
    """Have a batch wait for the writer, and tell whether that is still there to take it."""
    while not writer.done():
        with suppress(Full):
            waiting.put(batch, timeout=LOOK_SECONDS)
            return True
    return False


def end(waiting: Waiting) -> None:
    """Leave nothing in a queue but the end."""
    with suppress(Empty):
        while True:
            waiting.get_nowait()
    waiting.put_nowait(None)


def grouped(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield the rows of batches in groups, of which the last may be smaller."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        rows = sum(each.num_rows for each in waiting)
        if rows < GROUP_ROWS:
            continue
        table = pa.Table.from_batches(waiting, schema)
        for start in range(0, rows - GROUP_ROWS + 1, GROUP_ROWS):
            yield from whole(table.slice(start, GROUP_ROWS))
        waiting = table.slice(rows - rows % GROUP_ROWS).to_batches()
    yield from whole(pa.Table.from_batches(waiting, schema))


def whole(rows: pa.Table) -> list[pa.RecordBatch]:
    """Return rows as one batch, or none where there are no rows."""
    batches: list[pa.RecordBatch] = rows.combine_chunks().to_batches()
    return batches

"""Carries rows to a function with dlt, one chunk after the other, so that nothing goes round the send state.

dlt repeats a job that fails, keeps packages for a later run and catches every exception. Here the send state alone
decides what is sent: the pipeline's folder is dropped before and after, the first failure ends the delivery, and what
has failed once is not called again, whatever dlt does.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa

from shared.errors import PlatformError

# Read by dlt when it is imported. Its log would show a traceback for what we report in one line.
os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
os.environ.setdefault("RUNTIME__LOG_LEVEL", "CRITICAL")

import dlt
from dlt.common.destination.exceptions import DestinationTerminalException
from dlt.common.runtime.signals import raise_if_signalled
from dlt.common.schema import TTableSchema

Deliver = Callable[[pa.RecordBatch], None]


def carry(
    name: str, rows: Callable[[], Iterator[pa.Table]], deliver: Deliver, *, expected: int, chunk_rows: int, folder: Path
) -> None:
    """Hand rows to `deliver` in chunks, in their order and in this thread.

    Args:
        name: What dlt calls the pipeline and its table.
        rows: Yields the rows.
        deliver: Called with each chunk after the one before has succeeded.
        expected: How many there are.
        chunk_rows: How many rows a chunk has; the last one may have fewer.
        folder: Where dlt keeps its work. Dropped before and after.

    Raises:
        Exception: What `deliver` raised.
        PlatformError: dlt has ended without an error, but not all rows have arrived.
    """
    guard = Guard(deliver)

    @dlt.destination(name=name, batch_size=chunk_rows, loader_file_format="parquet")
    def hand_over(chunk: pa.RecordBatch, table: TTableSchema) -> None:
        guard.take(chunk)

    shutil.rmtree(folder, ignore_errors=True)
    # With one worker dlt loads in the thread that calls it, which is the one that has the warehouse open.
    dlt.config["load.workers"] = 1
    try:
        pipeline = dlt.pipeline(name, destination=hand_over(), pipelines_dir=str(folder))
        # No state of dlt's own is carried along: nobody would read it, and it costs a second.
        pipeline.config.restore_from_destination = False
        pipeline.run(dlt.resource(rows, name=name, write_disposition="append"))
    except Exception:
        if not guard.failure:
            raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if guard.failure:
        raise guard.failure
    if guard.carried != expected:
        raise PlatformError(
            f"only {guard.carried:,} of {expected:,} rows were carried to the target",
            hint="run it again: what is confirmed is not sent twice; settings of dlt in .dlt/ may be why",
        )


class Guard:
    """Stands between dlt and the function that delivers.

    Attributes:
        carried: How many rows have been delivered.
        failure: What ended the delivery; from then on nothing is let through.
    """

    def __init__(self, deliver: Deliver) -> None:
        self.deliver = deliver
        self.carried = 0
        self.failure: BaseException | None = None

    def take(self, chunk: pa.RecordBatch) -> None:
        """Deliver a chunk, unless one before it has failed."""
        if not self.failure:
            try:
                raise_if_signalled()
                self.deliver(chunk)
                self.carried += chunk.num_rows
                return
            except BaseException as error:  # dlt would wait for ever for a job that Ctrl-C has ended
                self.failure = error
        raise DestinationTerminalException(str(self.failure)) from self.failure

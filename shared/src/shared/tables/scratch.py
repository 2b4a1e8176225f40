"""A DuckDB of its own for reading files: on disk where memory does not do, and gone afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import duckdb
import pyarrow as pa

from shared.errors import InputError
from shared.utils.scratch import scratch_folder
from shared.warehouse.sql.quoting import literal

MEGABYTES = 700
# A table in memory has blocks of 256 KiB for each column, however few its rows are.
WIDE, WIDEST, BLOCKS = 500, 1_500, 0.5


class Scratch:
    """A temporary database; use it as a context manager.

    Args:
        megabytes: What it may take of memory for most tables; one of hundreds of columns gets more, up to a bound.
        columns: How many columns the table has that will be read into it.
        origin: What that table is called.
    """

    def __init__(self, megabytes: int = MEGABYTES, *, columns: int = 0, origin: str = "a table") -> None:
        self._origin, self._columns = origin, columns
        self._megabytes = megabytes + (round(min(columns, WIDEST) * BLOCKS) if columns > WIDE else 0)
        self._closing = ExitStack()
        folder = self._closing.enter_context(scratch_folder())
        self.connection = self._closing.enter_context(duckdb.connect())
        self.execute(f"set temp_directory = {literal(str(folder))}")
        self.execute(f"set memory_limit = '{self._megabytes}MB'")
        self.execute("set autoinstall_known_extensions = false")
        self.execute("set enable_progress_bar = false")
        self.execute("set TimeZone = 'UTC'")

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Run a statement.

        Raises:
            InputError: It takes more memory than there may be.
        """
        try:
            self.connection.execute(sql, list(parameters))
        except duckdb.OutOfMemoryException as error:
            raise InputError(
                f"`{self._origin}` takes more memory to read than the {self._megabytes:,} MB that it may: it has "
                f"{self._columns:,} columns",
                hint="have it delivered with fewer columns, or with a row for each name and value",
            ) from error

    def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query and return all its rows."""
        return self.connection.execute(sql, list(parameters)).fetchall()

    def stream_arrow(self, sql: str, *, batch_rows: int = 100_000) -> pa.RecordBatchReader:
        """Run a query and return its rows in batches; the next statement ends it."""
        return self.connection.execute(sql).to_arrow_reader(batch_rows)

    def __enter__(self) -> Scratch:
        return self

    def __exit__(self, *exception: object) -> None:
        self._closing.close()

"""A DuckDB of its own for reading files: on disk where memory does not do, and gone afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import duckdb
import pyarrow as pa

from shared.utils.scratch import scratch_folder
from shared.warehouse.sql.quoting import literal

MEMORY_LIMIT = "700MB"


class Scratch:
    """A temporary database; use it as a context manager."""

    def __init__(self, memory_limit: str = MEMORY_LIMIT) -> None:
        self._closing = ExitStack()
        folder = self._closing.enter_context(scratch_folder())
        self.connection = self._closing.enter_context(duckdb.connect())
        self.execute(f"set temp_directory = {literal(str(folder))}")
        self.execute(f"set memory_limit = '{memory_limit}'")
        self.execute("set autoinstall_known_extensions = false")
        self.execute("set enable_progress_bar = false")
        self.execute("set TimeZone = 'UTC'")

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Run a statement."""
        self.connection.execute(sql, list(parameters))

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

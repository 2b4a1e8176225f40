"""DuckDB in memory, to work something out: one for the process, since making one takes longer than most such work."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import duckdb


@contextmanager
def calculator() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a session of its own: rows that it registers are its alone, and it makes no tables, macros or settings."""
    with _instance(os.getpid()).cursor() as session:
        yield session


# Nothing is ever let go of: to close its parent's, a forked process would wait for threads that it has not.
@cache
def _instance(process: int) -> duckdb.DuckDBPyConnection:
    """Return that of a process: one that was forked off has a number of its own, and makes its own."""
    return duckdb.connect()

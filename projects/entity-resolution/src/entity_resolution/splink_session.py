"""Splink at work: in a DuckDB of its own in memory, with what it says in the log and not on the screen."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from splink import DuckDBAPI, Linker
from typing_extensions import override

from shared.monitoring.logs import log_event

PARTIES = "parties"


@contextmanager
def session(parties: pa.Table, *, memory_limit: str, spill: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database in memory that holds the parties as Splink shall see them.

    Args:
        parties: The rows of `read_parties`.
        memory_limit: How much it may take before it writes to disk, as DuckDB writes sizes: `2GB`.
        spill: The folder for what does not fit.
    """
    with _logged(), duckdb.connect(config={"memory_limit": memory_limit, "temp_directory": str(spill)}) as connection:
        # Dates of birth are compared as the digits that people type.
        connection.register("incoming", parties)
        connection.execute(
            f"create table {PARTIES} as select * exclude (household_id) "
            "replace (cast(date_of_birth as varchar) as date_of_birth) from incoming"
        )
        connection.unregister("incoming")
        yield connection


def make_linker(connection: duckdb.DuckDBPyConnection, settings: dict[str, Any]) -> Linker:
    """Return a linker on the parties of a session."""
    parties = DuckDBAPI(connection).register(PARTIES)
    return Linker(parties, settings, log_level=None)


class _ToLog(logging.Handler):
    """Hands log records on to the platform's log."""

    @override
    def emit(self, record: logging.LogRecord) -> None:
        log_event("splink", level=record.levelname, message=record.getMessage().strip())


@contextmanager
def _logged() -> Iterator[None]:
    logger = logging.getLogger("splink")
    handler = _ToLog()
    before = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    logger.setLevel(logging.INFO)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *_: log_event("splink", level="WARNING", message=str(message))
            yield
    finally:
        logger.removeHandler(handler)
        logger.level, logger.propagate = before

"""A DuckDB in memory to work in, which writes to the disk what is more than it may hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from shared.config import Settings
from shared.warehouse import Warehouse


@contextmanager
def scratch(warehouse: Warehouse, settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open one that holds WAREHOUSE_MEMORY_LIMIT and spills to the warehouse's state."""
    spill = warehouse.state_dir / "spill"
    # DuckDB makes the folder itself, but not those above it.
    spill.parent.mkdir(parents=True, exist_ok=True)
    limit = settings.warehouse_memory_limit
    with duckdb.connect(config={"memory_limit": limit, "temp_directory": str(spill)}) as connection:
        yield connection

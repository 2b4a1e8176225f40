"""The warehouses of a trial: a DuckDB file, and a PostgreSQL server that is started for it, with the same tables."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import duckdb

from shared.config import Settings
from shared.testing.servers import TEMPLATE, new_server, prepare
from shared.warehouse import open_warehouse


def both_engines(tables: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Return each engine with the URL of a warehouse that holds tables, which DuckDB's SQL by name gives.

    `TRIAL_DATA_DIR` names the data folder to open it with.
    """
    with tempfile.TemporaryDirectory(prefix="trial-") as folder:
        os.environ["TRIAL_DATA_DIR"] = f"{folder}/data"
        yield "duckdb", seeded(f"duckdb:///{folder}/warehouse.duckdb", tables)
        server = new_server(Path(folder) / "postgres")
        try:
            prepare(server)
            yield "postgres", seeded(server.admin(TEMPLATE).url(), tables)
        finally:
            server.stop()


def seeded(url: str, tables: Mapping[str, str]) -> str:
    """Make the tables of a warehouse, and return its URL."""
    settings = Settings(data_dir=Path(os.environ["TRIAL_DATA_DIR"]), warehouse_url=url)
    with closing(duckdb.connect()) as connection, open_warehouse(settings, holder="trial", mode="write") as warehouse:
        for table, sql in tables.items():
            warehouse.replace_arrow(table, connection.execute(sql).to_arrow_reader(100_000))
            warehouse.analyze(table)
    print(f"{warehouse.engine}: seeded", flush=True)
    return url

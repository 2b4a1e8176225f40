"""Measure how fast and in how much memory rows come into DuckDB that are cut from text: CSV, JSONL, and a REST API.

    ./pixiw run -e ingress python benchmarks/ingest_streams.py [--rows 10000000] [--bad 1000] [--only csv jsonl rest]
    ./pixiw run -e ingress python benchmarks/ingest_streams.py --examples 5000

The same six columns each time (number, text, amount, float, date, time), in which `--bad` rows are wrong: as a file in
the drop folder, or in pages of 10,000 rows from a server on loopback, a process of its own. A process of its own loads
them as `ingest` does: looked at, read, checked, keys looked up for duplicates, bad rows in quarantine. Beside a
file stands what DuckDB alone takes for it, all of it text; beside the API what a client takes that reads the pages
and drops them. With `--only` the others stay as they are in the result. With `--examples` nothing is measured: so many
random files are read in columns, and compared with the same rows checked one by one.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from machine import machine_facts, peak_memory_mib
from pydantic import Field

from ingress.load.source_load import load_source
from ingress.readers.files.reader import Files
from ingress.readers.rest.reader import Rest
from ingress.source import Resource, Source
from shared.config import Settings
from shared.data_quality import RowModel
from shared.monitoring import record_run
from shared.warehouse import open_warehouse

sys.path.insert(0, str(Path(__file__).parents[1] / "projects" / "ingress" / "tests"))
from api_styles import listening

RESULT = Path(__file__).parent / "results" / "ingest_streams.json"
KINDS = ("csv", "jsonl", "rest")
# Seconds.
BOUND = 3600
PAGE_ROWS, ADDRESS = 10_000, "BENCHMARK_API_URL"
ROWS = """
    select i as id, 'name ' || i % 100000 as name,
        case when i % {every} = 0 then '1_0' else (i % 99999 / 100)::varchar end as amount,
        {share} as share, date '2020-01-01' + (i % 2000)::int as day,
        (timestamp '2020-01-01' + i * interval '1 second') as at
    from range({first}, {end}) as _(i)
"""
FORMATS = {"csv": "(header)", "jsonl": "(format json, timestampformat '%Y-%m-%dT%H:%M:%S')"}
ALONE = {"csv": "read_csv('{}', all_varchar = true)", "jsonl": "read_json('{}', format = 'newline_delimited')"}


class Sale(RowModel):
    """A row of the file."""

    id: int = Field(ge=1)
    name: str = Field(min_length=1)
    amount: Decimal = Field(max_digits=12, decimal_places=3)
    share: float
    day: date
    at: datetime


def source(kind: str) -> Source:
    """Return the source of one way in."""
    pages = {"type": "json_link", "next_url_path": "next"}
    reader = Rest(ADDRESS, "/0", paginator=pages, rows="data") if kind == "rest" else Files("sales", f"*.{kind}")
    return Source("sales", (Resource("sales", "sales", Sale, ("id",), reader),))


def main() -> None:
    """Measure, print and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--bad", type=int, default=1_000)
    parser.add_argument("--only", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--load", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--examples", type=int, help="check so many random files instead")
    options = parser.parse_args()
    if options.examples:
        raise SystemExit(examples(options.examples))
    if options.load:
        load(options.load[0], Path(options.load[1]))
        return
    kept = json.loads(RESULT.read_text())["kinds"] if RESULT.exists() else {}
    every = options.rows // max(options.bad, 1)
    for kind in options.only:
        with tempfile.TemporaryDirectory(prefix="ingest-streams-") as folder:
            measure = of_api if kind == "rest" else of_file
            kept[kind] = {"rows": options.rows, **measure(Path(folder), kind, options.rows, every)}
        print(kind, kept[kind], flush=True)
    facts = machine_facts(["dlt", "duckdb", "pyarrow"])
    RESULT.write_text(json.dumps({"kinds": kept, **facts}, indent=1) + "\n")


def examples(number: int) -> int:
    """Compare random files, read in columns and row by row, and return the exit code."""
    tests = Path(__file__).parents[1] / "projects/ingress/tests/test_text_files.py"
    command = [sys.executable, "-m", "pytest", "-q", "--timeout", "0", "--show-capture", "no", str(tests)]
    return subprocess.call(command, env={**os.environ, "INGRESS_EXAMPLES": str(number)}, timeout=BOUND)


def rows_between(first: int, end: int, every: int, share: str) -> str:
    """Return the query for some rows."""
    return ROWS.format(first=first, end=end, every=every, share=share)


def of_file(folder: Path, kind: str, rows: int, every: int) -> dict[str, Any]:
    """Load a file of rows, and let DuckDB alone read it into a table."""
    landing = folder / "landing" / "sales"
    landing.mkdir(parents=True)
    file = landing / f"a.{kind}"
    duckdb.execute(f"copy ({rows_between(1, rows + 1, every, 'random()::varchar')}) to '{file}' {FORMATS[kind]}")
    begun = time.perf_counter()
    with duckdb.connect(folder / "alone.duckdb") as duck:
        duck.execute(f"create table t as from {ALONE[kind].format(file)}")
    alone = round(time.perf_counter() - begun, 2)
    told = loaded(folder, kind, rows, rows // every)
    return {"bytes": file.stat().st_size, "duckdb_alone_s": alone, **told}


def of_api(folder: Path, kind: str, rows: int, every: int) -> dict[str, Any]:
    """Load the rows of an API, and let a client that drops them read its pages."""
    with serving(rows, every) as url:
        begun, size, following = time.perf_counter(), 0, f"{url}/0"
        while following:
            with urllib.request.urlopen(following, timeout=BOUND) as answer:
                page = answer.read()
            size, following = size + len(page), json.loads(page)["next"]
        alone = round(time.perf_counter() - begun, 2)
        told = loaded(folder, kind, rows, rows // every, url)
    return {"bytes": size, "client_alone_s": alone, **told}


@contextmanager
def serving(rows: int, every: int) -> Iterator[str]:
    """Answer pages of rows from a process of its own until the block is left; the address is returned."""
    there, here = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(rows, every, there), daemon=True)
    process.start()
    try:
        yield here.recv()
    finally:
        process.terminate()
        process.join(BOUND)


def serve(rows: int, every: int, told: Any) -> None:
    """Answer `/PAGE` with its rows and the address of the next one, until it is ended."""
    duck = duckdb.connect(config={"threads": 1})

    def page(target: str, _: str, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str], bytes]:
        number = int(target.strip("/"))
        first, end = number * PAGE_ROWS + 1, min((number + 1) * PAGE_ROWS, rows) + 1
        query = rows_between(first, end, every, "i / 7").replace(" as at", "::varchar as at")
        (listed,) = duck.execute(f"select to_json(list(r)) from ({query}) as r").fetchone() or ("[]",)
        following = f'"http://{headers["Host"]}/{number + 1}"' if end <= rows else "null"
        content = {"Content-Type": "application/json"}
        return 200, content, f'{{"data": {listed}, "next": {following}}}'.encode()

    with listening(page) as url:
        told.send(url)
        time.sleep(BOUND)


def loaded(folder: Path, kind: str, rows: int, bad: int, url: str = "") -> dict[str, float]:
    """Load what is there in a process of its own, and return its seconds and most memory."""
    command = [sys.executable, __file__, "--load", kind, str(folder)]
    environment = {**os.environ, ADDRESS: url}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=BOUND, env=environment)
    with duckdb.connect(folder / "warehouse.duckdb", read_only=True) as duck:
        found = duck.execute(
            "select (select count(*) from raw.sales), (select count(*) from ops.quarantine)"
        ).fetchone()
    if found != (rows - bad, bad):
        raise SystemExit(f"loaded {found} instead of {rows - bad, bad}")
    return dict(json.loads(done.stdout))


def load(kind: str, folder: Path) -> None:
    """Load what lies there, and print what it took."""
    settings = Settings(data_dir=folder, warehouse_url=f"duckdb:///{folder}/warehouse.duckdb")
    begun = time.perf_counter()
    with (
        open_warehouse(settings, holder="benchmark", mode="write") as warehouse,
        record_run(warehouse, step="ingest", command="benchmark") as run,
    ):
        load_source(run, settings, source(kind))
    seconds = round(time.perf_counter() - begun, 2)
    print(json.dumps({"seconds": seconds, "peak_memory_mib": peak_memory_mib()}))


if __name__ == "__main__":
    main()

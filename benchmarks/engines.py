"""Resolve persons on DuckDB and on PostgreSQL, in turn, and see how much longer the second takes, and how good it is.

    ./pixiw run -e entity-resolution python benchmarks/engines.py [--rounds 3]

FEBRL 4 as the demo has it, 10,000 records: the first run, which trains a model, and one of everything by that model
(`--full`), each a process of its own. Seconds are those on the clock, the least of the rounds. Processor seconds are of
that process and, on PostgreSQL, of the server with all of its own: they mean the same on a busy machine.

FEBRL 1 to 4 as they are published, once on each engine: declared by `new-entity` and resolved, nothing corrected, and
held against the truth.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from machine import machine_facts, processor_seconds
from matching_sets import FEBRL_FILES, febrl
from resolve_kills import PARTY_SCHEMA, TESTS, Platform, Platforms, platforms

from shared.config import get_settings
from shared.matching import compare
from shared.postgres.server import LocalServer
from shared.testing.engines import Engine
from shared.utils.processes import run

MATCHER = Path(__file__).parent / "matchers" / "by_ours.py"
RESULT = Path(__file__).parent / "results" / "engines.json"
RUN_SECONDS = 1800.0
ENGINES: tuple[Engine, ...] = ("duckdb", "postgres")
RUNS = {"first": [], "everything": ["--full"]}


def main() -> int:
    """Measure both, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    with duckdb.connect() as connection:
        connection.execute("set variable data = $1", [str(get_settings().data_dir)])
        persons = connection.execute((TESTS / "febrl.sql").read_text()).to_arrow_table().cast(PARTY_SCHEMA)
    rows: list[dict[str, Any]] = []
    with platforms() as made, tempfile.TemporaryDirectory(prefix="engines-") as folder:
        for number in range(rounds):
            for engine in ENGINES:
                place = Path(folder) / f"{engine}-{number}"
                platform, server = opened(made, place, engine)
                platform.put(persons)
                rows += [measured(platform, server, persons, name) for name in RUNS]
                print(rows[-2:], flush=True)
        sets = [row for number in FEBRL_FILES for row in of_set(made, Path(folder) / number, number)]
    result = {"rounds": rounds, "times": ratios(rows), "runs": rows, "sets": sets}
    result |= machine_facts(["duckdb", "splink"])
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print(result["times"])
    return 0


def opened(made: Platforms, folder: Path, engine: Engine) -> tuple[Platform, LocalServer | None]:
    """Make an empty platform in a new folder, and return it with the server that it is on, if it is on one."""
    folder.mkdir()
    return made.new(folder, engine), made.server() if engine == "postgres" else None


def of_set(made: Platforms, folder: Path, number: str) -> Iterator[dict[str, Any]]:
    """Declare and resolve one of FEBRL's sets on each engine, in a process of its own, and compare with its truth."""
    folder.mkdir()
    records = febrl(folder / "files", number)
    source, target = folder / "records.parquet", folder / "clusters.parquet"
    pq.write_table(records.drop_columns(["entity"]), source)
    for engine in ENGINES:
        platform, server = opened(made, folder / engine, engine)
        before = processor_seconds_with(server)
        variables = {"DATA_DIR": str(platform.data_dir), "WAREHOUSE_URL": platform.url, "PGPASSFILE": ""}
        command = [sys.executable, str(MATCHER), str(source), str(target)]
        done = run(command, seconds=RUN_SECONDS, env=os.environ | variables)
        if done.returncode:
            raise SystemExit(done.stderr[-3000:])
        used = processor_seconds_with(server) - before
        found = compare(pq.read_table(target), records.select(["record", "entity"]))
        row = {
            "set": f"FEBRL {number}",
            "engine": engine,
            "f1": round(found.f1, 5),
            "processor_seconds": round(used, 2),
        }
        print(row, flush=True)
        yield row


def measured(platform: Platform, server: LocalServer | None, persons: pa.Table, name: str) -> dict[str, Any]:
    """Resolve once, in a process of its own."""
    before, begun = processor_seconds_with(server), time.monotonic()
    process = platform.start("run", *RUNS[name])
    _, said = process.communicate(timeout=RUN_SECONDS)
    seconds = time.monotonic() - begun
    if process.returncode:
        raise SystemExit(said[-3000:])
    used = processor_seconds_with(server) - before
    return {
        "engine": platform.engine,
        "run": name,
        "records": persons.num_rows,
        "seconds": round(seconds, 2),
        "processor_seconds": round(used, 2),
        "entities": platform.measures()["entities"],
    }


def processor_seconds_with(server: LocalServer | None) -> float:
    """Return what the processes that have ended took, and a server, with its own that have ended, if there is one."""
    if server is None:
        return processor_seconds()
    fields = Path(f"/proc/{server.pid}/stat").read_text().rpartition(") ")[2].split()
    return processor_seconds() + sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def ratios(rows: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Return how many times what DuckDB takes PostgreSQL takes, the least of each."""
    found: dict[str, dict[str, float]] = {}
    for name in RUNS:
        found[name] = {}
        for unit in ("seconds", "processor_seconds"):
            least = {
                engine: min(row[unit] for row in rows if (row["engine"], row["run"]) == (engine, name))
                for engine in ENGINES
            }
            found[name][unit] = round(least["postgres"] / least["duckdb"], 2)
    return found


if __name__ == "__main__":
    raise SystemExit(main())

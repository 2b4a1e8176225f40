"""Resolve the same persons on DuckDB and on Spark, on this machine: what each takes, and what comes of it.

    ./pixiw run -e spark python benchmarks/spark.py [--records 10000 100000] [--cores 2]

The persons are those of `growth.py`, of FEBRL's names and addresses (`./pixiw run demo-data` brings them). DuckDB goes
first and trains the model; Spark has a copy of that platform: it links by the same model, with ids to keep.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import growth
import pyarrow as pa
import pyarrow.parquet as pq
from machine import machine_facts

from shared.config import Settings
from shared.matching import compare
from shared.warehouse import open_warehouse

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "benchmarks" / "results" / "spark.json"
XREF = "select party_id, entity_id from master.customer_xref"
LIMIT_SECONDS, TICKS = 7200.0, os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--cores", type=int, default=2)
    options = parser.parse_args()
    spark = {"RESOLVE_ON": "spark", "SPARK_MASTER": f"local[{options.cores}]"}
    runs: list[dict[str, Any]] = []
    for records in options.records:
        with tempfile.TemporaryDirectory(prefix="spark-") as name:
            here, there = Path(name, "duckdb"), Path(name, "spark")
            truth = make(here, records)
            runs.append({"records": records, "on": "duckdb", **resolved(here, truth, "run")})
            print(json.dumps(runs[-1]), flush=True)
            shutil.copytree(here, there)
            row = {"records": records, "on": spark["SPARK_MASTER"], **resolved(there, truth, "run", "--full", **spark)}
            runs.append({**row, "other_ids": different(here, there)})
            print(json.dumps(runs[-1]), flush=True)
    facts = machine_facts(["duckdb", "splink", "pyspark"])
    RESULT.write_text(json.dumps({"runs": runs, **facts}, indent=1) + "\n")
    return 0


def make(folder: Path, records: int) -> pa.Table:
    """Make a platform with so many records in core, about, and return who each of them is."""
    folder.mkdir()
    file = folder / "parties.parquet"
    # Every fifth person has a second one.
    growth.make(file, records * 5 // 6)
    growth.put(platform(folder), file)
    return pq.read_table(file, columns=["party_id", "person"])


def platform(folder: Path) -> Settings:
    """Return the settings of a platform of its own."""
    return Settings(data_dir=folder, warehouse_url="")


def resolved(folder: Path, truth: pa.Table, *arguments: str, **variables: str) -> dict[str, Any]:
    """Resolve as a user does, and return what that took and came to."""
    line = [sys.executable, "-m", "entity_resolution", *arguments, "--entity", "customer"]
    settings = {"DATA_DIR": str(folder), "WAREHOUSE_URL": "", "ENTITY_TRUTH": "", **variables}
    begun = time.monotonic()
    with subprocess.Popen(
        line, env=os.environ | settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    ) as child:  # fmt: skip
        used = Used(child.pid)
        said, _ = child.communicate(timeout=LIMIT_SECONDS)
        used.end()
    if child.returncode:
        raise SystemExit(said)
    steps = {match["name"]: float(match["seconds"]) for match in growth.STEP.finditer(said)}
    with open_warehouse(platform(folder), holder="benchmark") as warehouse:
        found = compare(warehouse.fetch_arrow(XREF), truth)
    quality = {name: round(getattr(found, name), 5) for name in ("precision", "recall", "f1")}
    return {"seconds": round(time.monotonic() - begun, 1), "steps": steps, **used.as_dict(), **quality}


class Used:
    """What the processes of a session use, looked at twice a second: Java is nobody's child that we could wait for."""

    def __init__(self, session: int) -> None:
        self._session = session
        self._ended = threading.Event()
        self._cpu: dict[str, float] = {}
        self._most = 0
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Look no more."""
        self._ended.set()
        self._thread.join(timeout=5)

    def as_dict(self) -> dict[str, float]:
        """Return seconds of processors, and the most memory at once."""
        return {"cpu_seconds": round(sum(self._cpu.values()), 1), "megabytes": self._most // 2**20}

    def _look(self) -> None:
        while not self._ended.wait(0.5):
            held = 0
            for stat in Path("/proc").glob("[0-9]*/stat"):
                try:
                    fields = stat.read_text().rpartition(")")[2].split()
                except OSError:
                    continue
                if int(fields[3]) == self._session:
                    self._cpu[stat.parent.name] = (int(fields[11]) + int(fields[12])) / TICKS
                    held += int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
            self._most = max(self._most, held)


def different(here: Path, there: Path) -> int:
    """Count the parties that have another id on the second platform."""
    found = []
    for folder in (here, there):
        with open_warehouse(platform(folder), holder="benchmark") as warehouse:
            found.append(dict(warehouse.fetch(XREF)))
    return sum(found[0][party] != entity for party, entity in found[1].items())


if __name__ == "__main__":
    raise SystemExit(main())

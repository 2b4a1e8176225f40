"""Measure how fast and in how much memory a lab loads a CSV file, and how long `new-lab` looks at it.

    ./pixiw run -e labs python benchmarks/load_lab.py [--rows 10000000] [--rounds 1]

A file of six columns is written (number, text, amount, float, date, time); in one of a hundred thousand rows an amount
is no number. Processes of their own load it, by the types that are declared for it, and find its types.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
from labs.load import load
from labs.new import table_of
from machine import machine_facts

from shared.config import Settings, get_settings
from shared.config.labs import Lab
from shared.monitoring import record_run
from shared.tables.declared import NOTHING
from shared.warehouse.lab_database import open_lab

RESULT = Path(__file__).parent / "results" / "load_lab.json"
# Seconds.
BOUND = 3600
EVERY = 100_000
TYPES = {
    **{"id": "bigint", "name": "varchar", "amount": "decimal(12, 2)"},
    **{"share": "double", "day": "date", "at": "timestamp"},
}
WRITE = """
copy (
    select i as id, 'name ' || i % 100000 as name,
        case when i % {every} = 0 then '1_0' else (i % 99999 / 100)::decimal(12, 2)::varchar end as amount,
        random()::varchar as share, date '2020-01-01' + (i % 2000)::int as day,
        timestamp '2020-01-01' + i * interval '1 second' as at
    from range(1, {rows} + 1) as _(i)
) to '{path}' (header)
"""


def main() -> None:
    """Measure, print and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--child", nargs=2, metavar=("STEP", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        measured(options.child[0], Path(options.child[1]))
        return
    rounds = []
    with tempfile.TemporaryDirectory(prefix="load-lab-") as folder:
        file = Path(folder) / "a.csv"
        duckdb.execute(WRITE.format(rows=options.rows, path=file, every=EVERY))
        for number in range(options.rounds):
            rounds.append({step: in_process(step, file, options.rows) for step in ("load", "new_lab")})
            print(f"round {number + 1}: {rounds[-1]}", flush=True)
        size = file.stat().st_size
    result = {"rows": options.rows, "bytes": size, "rounds": rounds}
    RESULT.write_text(json.dumps({**result, **machine_facts(["duckdb"])}, indent=1) + "\n")


def in_process(step: str, file: Path, rows: int) -> dict[str, float]:
    """Take a step in a process of its own, and return its seconds, processor seconds and most memory."""
    with tempfile.TemporaryDirectory(prefix="load-lab-data-") as folder:
        raw, models = Path(folder) / "data" / "raw", Path(folder) / "models" / "bronze"
        raw.mkdir(parents=True)
        models.mkdir(parents=True)
        (raw / "sales.csv").symlink_to(file)
        columns = [{"name": name, "data_type": kind} for name, kind in TYPES.items()]
        source = {"name": "raw", "schema": "raw", "tables": [{"name": "sales", "columns": columns}]}
        (models / "_sources.yml").write_text(json.dumps({"sources": [source]}))
        command = [sys.executable, __file__, "--child", step, folder]
        said = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=BOUND).stdout
        if step == "load":
            with duckdb.connect(Path(folder) / "data" / "a_lab.duckdb", read_only=True) as duck:
                found = duck.execute(
                    "select (select count(*) from raw.sales), (select count(*) from ops.quarantine)"
                ).fetchone()
            if found != (rows - rows // EVERY, rows // EVERY):
                raise SystemExit(f"loaded {found}")
    return dict(json.loads(said.splitlines()[-1]))


def measured(step: str, folder: Path) -> None:
    """Take a step on what lies there, and print what it took."""
    lab = Lab("a_lab", "", "labs", folder, folder / "data" / "a_lab.duckdb", folder / "data" / "raw")
    settings: Settings = get_settings().model_copy(update={"data_dir": folder / "data"})
    begun = time.perf_counter()
    if step == "load":
        with (
            open_lab(lab, settings, holder="benchmark", role="transformation", mode="write") as warehouse,
            record_run(warehouse, step="load", command="benchmark") as run,
        ):
            load(lab, warehouse, run)
    else:
        table_of(lab.raw_dir / "sales.csv", "sales.csv", "sales", NOTHING)
    used = resource.getrusage(resource.RUSAGE_SELF)
    told = {
        "seconds": round(time.perf_counter() - begun, 2),
        "processor_seconds": round(used.ru_utime + used.ru_stime, 2),
        "peak_memory_mib": round(used.ru_maxrss / 1024),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()

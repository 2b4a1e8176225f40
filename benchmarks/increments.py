"""Resolve what has changed in a large table, against resolving all of it; and random changes, against the same.

    ./pixiw run -e entity-resolution python benchmarks/increments.py [--persons 1000000] [--steps 100] [--seed N]

The persons are those of `growth.py`. A first run resolves them without one in 250 records; then these come, as many
change a letter of their name, and half as many are gone: 1 % of all. The same change is resolved by an increment, and
by a run of everything by the same model (`--full`) on a copy of the warehouse, and what master holds is compared. A run
with nothing new comes last. The random changes are those of the tests, on 400 records of FEBRL: after each step an
increment and a run of everything must have made the same of it, ids and events included.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import sys
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from growth import STEP, make, run
from machine import machine_facts

from entity_resolution.cli import main as main_of_resolution
from shared.command_line import command
from shared.config import Settings, get_settings
from shared.warehouse import open_warehouse
from shared.warehouse.fingerprint import table_fingerprint

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "benchmarks" / "results" / "increments.json"
TABLES = [f"master.{name}" for name in ("customer_xref", "golden_customer", "customer_provenance", "customer_history")]
EVENTS = "master.customer_event"
TESTS = ROOT / "projects" / "entity-resolution" / "tests"
# Of 400 records, at each step.
CHANGES = 12
# Shares of the records, as one in so many: those that come, that change, and that go.
COMING, CHANGING, GOING = 250, 250, 500


def main() -> int:
    """Measure both, and write what that took and came to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rows = []
    for persons in options.persons:
        with tempfile.TemporaryDirectory(prefix="increments-") as folder:
            rows.append({"persons": persons, **measured(Path(folder), persons)})
        print(json.dumps(rows[-1]), flush=True)
    random = {"steps": options.steps, "seed": options.seed, "events": random_changes(options.steps, options.seed)}
    result = {"runs": rows, "random changes, all equal": random, **machine_facts(["duckdb", "splink"])}
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    return 0


def measured(folder: Path, persons: int) -> dict[str, Any]:
    """Resolve a change of 1 % both ways, and then nothing."""
    make(folder / "parties.parquet", persons)
    parties = pq.read_table(folder / "parties.parquet").drop_columns(["person"])
    one, other = (Settings(data_dir=folder / name, warehouse_url="") for name in ("increment", "whole"))
    change(one, parties, f"select * from parties where {chosen(0, COMING)} is false")
    resolve(one)
    slipped = f"case when {chosen(1, CHANGING)} then 'x' || substr(given_name, 2) else given_name end as given_name"
    change(one, parties, f"select * replace ({slipped}) from parties where {chosen(2, GOING)} is false")
    shutil.copytree(one.data_dir, other.data_dir)
    found = {"increment": resolve(one), "whole": resolve(other, "--full"), "nothing new": resolve(one)}
    differing = [table for table in TABLES if fingerprint(one, table) != fingerprint(other, table)]
    share = found["increment"]["seconds"] / found["whole"]["seconds"]
    processor_share = found["increment"]["processor_seconds"] / found["whole"]["processor_seconds"]
    return {
        **found,
        "share": round(share, 4),
        "processor_share": round(processor_share, 4),
        "tables that differ": differing,
    }


def chosen(salt: int, one_in: int) -> str:
    """Return the condition that a record is among one in so many."""
    return f"(hash(party_id, {salt}) % {one_in} = 0)"


def change(settings: Settings, parties: pa.Table, query: str = "from parties") -> None:
    """Make what a query makes of the parties the rows of core."""
    with duckdb.connect() as connection:
        connection.register("parties", parties)
        rows = connection.sql(query).to_arrow_table()
    with open_warehouse(settings, holder="benchmark", role="transformation", mode="write") as warehouse:
        warehouse.replace_arrow("core.dim_customer", rows)


def resolve(settings: Settings, *arguments: str) -> dict[str, Any]:
    """Resolve as a user does, in a process of its own."""
    line = ["-m", "entity_resolution", "run", "--entity", "customer", *arguments]
    took, said = run(line, DATA_DIR=str(settings.data_dir), WAREHOUSE_URL="", ENTITY_TRUTH="")
    stages = {match["name"]: float(match["seconds"]) for match in STEP.finditer(said)}
    told = [line.strip() for line in said.splitlines() if "records are" in line]
    return {**took, "stages": stages, "said": told}


def resolve_here(settings: Settings, *arguments: str) -> None:
    """Resolve in this process, which saves what it takes to start one."""
    os.environ.update(DATA_DIR=str(settings.data_dir), WAREHOUSE_URL="", ENTITY_TRUTH="")
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()) as said:
        code = command(main_of_resolution, ["run", "--entity", "customer", *arguments])
    if code:
        raise SystemExit(said.getvalue()[-3000:])


def fingerprint(settings: Settings, table: str) -> tuple[int, int]:
    """Return what a table holds, whatever the order of its rows."""
    with open_warehouse(settings, holder="benchmark") as warehouse:
        return table_fingerprint(warehouse, table)


def random_changes(steps: int, seed: int) -> dict[str, int]:
    """Resolve random changes both ways, compare each step, and return how many events there were of each kind."""
    sys.path.insert(0, str(TESTS))
    from party_changes import Parties

    with duckdb.connect() as connection:
        connection.execute("set variable data = $1", [str(get_settings().data_dir)])
        febrl = connection.execute((TESTS / "febrl.sql").read_text()).to_arrow_table()
    parties = Parties(febrl.slice(0, 400).to_pylist(), febrl.slice(400).to_pylist(), seed)
    with tempfile.TemporaryDirectory(prefix="increments-") as folder:
        one, other = (Settings(data_dir=Path(folder) / name, warehouse_url="") for name in ("increment", "whole"))
        change(one, febrl.slice(0, 400))
        resolve_here(one)
        shutil.copytree(one.data_dir, other.data_dir)
        for number in range(steps):
            now = pa.Table.from_pylist(parties.step(CHANGES), febrl.schema)
            for settings, arguments in ((one, []), (other, ["--full"])):
                change(settings, now)
                resolve_here(settings, *arguments)
            differing = [table for table in (*TABLES, EVENTS) if fingerprint(one, table) != fingerprint(other, table)]
            if differing:
                raise SystemExit(f"step {number} of seed {seed}: an increment makes something else of {differing}")
            print(f"step {number}: the same", flush=True)
        with open_warehouse(one, holder="benchmark") as warehouse:
            return dict(warehouse.fetch(f"select event, count(*) from {EVENTS} group by event order by event"))


if __name__ == "__main__":
    raise SystemExit(main())

"""Measure deliveries to a table of PostgreSQL against drt-core, the best open reverse ETL, in one run.

    ./pixiw run -e egress python benchmarks/deliver.py [--rows 50000] [--many 1000000]

A model of eight columns goes to a table: first, again with 1 % of the rows changed, again with nothing changed, and a
plan of that. Three ways, each step in a process of its own: ours from DuckDB; drt-core from the same DuckDB, in mode
`upsert` and batches of 5,000; drt-core from a PostgreSQL source by its snapshot diff, which is how its documentation
sends only what has changed. After each step the tables are compared row by row. Ours is run once more on `--many` rows.
Wall seconds, processor seconds without the server's, and the ratio to ours go to results/deliver.json. What drt-core
has and ours has not: 36 kinds of destinations out of the box, an HTTP endpoint and an MCP server to trigger syncs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
from machine import machine_facts, processor_seconds
from packages import environment_with
from servers import running_server

from shared.config import Settings
from shared.postgres.target import PostgresTarget
from shared.utils.processes import run
from shared.warehouse import open_warehouse

HERE = Path(__file__).parent
RESULT = HERE / "results" / "deliver.json"
DRT = "drt-core[postgres]==1.2.1"
STEP_SECONDS = 3600.0
STEPS = ("first", "1 % changed", "nothing changed", "plan")
COLUMNS = (
    "id varchar, name varchar, town varchar, sales decimal(18, 2), baskets bigint, bought date, "
    "score double precision, note varchar"
)
MODEL = """
    select
        'K-' || lpad(cast(i as varchar), 9, '0') as id, 'name ' || i as name, 'town ' || i % 997 as town,
        cast((i % 100003) / 100 as decimal(18, 2)) as sales, cast(i % 1000 as bigint) as baskets,
        date '2020-01-01' + cast(i % 2000 as integer) as bought, cast(i as double) / 2 as score,
        case when i % 3 > 0 then 'note ' || i end as note
    from range({rows}) as t(i)
"""
CHANGE = "update {table} set sales = sales + 1 where baskets % 100 = 7"
DIGEST = """
    select count(*), sum(hashtext(concat_ws('|', id, name, town, sales, baskets, bought, score, note))::bigint)
    from {table}
"""
TARGET = '''"""The benchmark's table."""

from egress.engine.models import Model
from egress.kinds.table.target import Table

TARGET = Table("bench", Model("egress.bench", key="id"), settings="BENCH", table="public.ours")
'''
OURS = """
import sys
from egress import targets
from egress.cli import main
from shared.command_line import command

targets.__path__[:] = [sys.argv[1]]
raise SystemExit(command(main, sys.argv[2:]))
"""
SYNC = """
name: bench
model: select * from {source}
{destination}
sync:
  mode: upsert
  batch_size: 5000
{more}"""
DESTINATION = """
destination:
  type: postgres
  host: {host}
  port: {port}
  dbname: {database}
  user: {user}
  password_env: DRT_PASSWORD
  table: public.{table}
  upsert_key: [id]
"""


@dataclass(frozen=True)
class Way:
    """A way to deliver.

    Attributes:
        table: The table that it writes.
        change: Changes one row in a hundred at its source.
        deliver, plan: The commands.
        environment: Their variables.
    """

    name: str
    table: str
    change: Callable[[], object]
    deliver: list[str]
    plan: list[str]
    environment: Mapping[str, str]
    folder: Path


def main() -> None:
    """Run each way, print each step and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--many", type=int, default=1_000_000, help="rows that ours delivers alone; 0 for none")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="deliver-") as name:
        folder = Path(name)
        with running_server(folder / "server") as server:
            target = server.admin()
            drt = str(environment_with(folder / "drt", [DRT, f"duckdb=={duckdb.__version__}"]) / "drt")
            ways = [ours(folder / "ours", target, options.rows)]
            ways += [of_drt(folder, target, options.rows, drt, source) for source in ("duckdb", "postgres")]
            steps = [row for way in ways for row in measured(way, target, options.rows)]
            many = options.many and measured(ours(folder / "many", target, options.many), target, options.many)
    own = {row["step"]: row for row in steps if row["way"] == "ours"}
    for row in (row for row in steps if "seconds" in row):
        row["times_ours"] = round(row["seconds"] / own[row["step"]]["seconds"], 1)
    result = {"rows": options.rows, "drt": DRT, "steps": steps, "many": {"rows": options.many, "steps": many}}
    RESULT.write_text(json.dumps({**result, **machine_facts(["duckdb", "psycopg2-binary"])}, indent=1) + "\n")


def ours(folder: Path, target: PostgresTarget, rows: int) -> Way:
    """Make a warehouse with the model, and a module that declares the target."""
    file, start = warehouse_with(folder, TARGET, rows)
    sql(target, "drop table if exists public.ours")
    environment = {**os.environ, "DATA_DIR": str(folder), "BENCH_URL": target.url()}
    return Way(
        "ours",
        "ours",
        lambda: in_duckdb(str(file), CHANGE.format(table="egress.bench")),
        [*start, "run", "--target", "bench"],
        [*start, "plan", "--target", "bench"],
        environment,
        folder,
    )


def warehouse_with(folder: Path, declaration: str, rows: int) -> tuple[Path, list[str]]:
    """Make a warehouse with the model and a target's module; return its file, and how a command of egress begins."""
    (folder / "targets").mkdir(parents=True)
    (folder / "targets" / "bench.py").write_text(declaration)
    settings = Settings(data_dir=folder, warehouse_url="")
    with open_warehouse(settings, holder="benchmark", role="transformation", mode="write") as warehouse:
        warehouse.execute(f"create table egress.bench as {MODEL.format(rows=rows)}")
        return warehouse.path, [sys.executable, "-c", OURS, str(folder / "targets")]


def of_drt(folder: Path, target: PostgresTarget, rows: int, drt: str, source: str) -> Way:
    """Make a source with the model and a project of drt-core's."""
    project, table = folder / f"drt-{source}", f"drt_{source}"
    login = {"host": target.host, "port": target.port, "user": target.user}
    destination = DESTINATION.format(table=table, database=target.database, **login)
    # It wants the table to be there.
    sql(target, f"create table public.{table} ({COLUMNS}, primary key (id))")
    if source == "duckdb":
        change = drt_from_duckdb(project, destination, rows)
    else:
        named = "public.drt_source"
        profile = {"type": "postgres", "dbname": target.database, "password_env": "DRT_PASSWORD", **login}
        drt_project(project, destination, profile, named, "  incremental_strategy: diff\n")
        copied(target, rows, project, named)
        change = partial(sql, target, CHANGE.format(table=named))
    environment = {**os.environ, "HOME": str(project), "DRT_PASSWORD": target.password or ""}
    commands = [drt, "run"], [drt, "plan", "bench"]
    return Way(f"drt-core from {source}", table, change, *commands, environment, project)


def drt_from_duckdb(project: Path, destination: str, rows: int) -> Callable[[], object]:
    """Make a DuckDB with the model and a project of drt-core's; return what changes one row in a hundred."""
    file = str(project / "source.duckdb")
    drt_project(project, destination, {"type": "duckdb", "database": file}, "bench")
    in_duckdb(file, f"create table bench as {MODEL.format(rows=rows)}")
    return partial(in_duckdb, file, CHANGE.format(table="bench"))


def drt_project(project: Path, destination: str, profile: Mapping[str, object], source: str, more: str = "") -> None:
    """Write a project of drt-core's."""
    (project / "syncs").mkdir(parents=True)
    (project / "syncs" / "bench.yml").write_text(SYNC.format(source=source, destination=destination.strip(), more=more))
    (project / "drt_project.yml").write_text("name: bench\nprofile: bench\n")
    (project / ".drt").mkdir()
    (project / ".drt" / "profiles.yml").write_text(json.dumps({"bench": profile}))


def measured(way: Way, target: PostgresTarget, rows: int) -> list[dict[str, Any]]:
    """Take each step, compare the tables after it, and return what it took."""
    found = []
    wanted = expected(target, rows, way.folder)
    for step in STEPS:
        if step == "1 % changed":
            way.change()
        done, taken = timed(way.plan if step == "plan" else way.deliver, way.folder, way.environment)
        if done.returncode and step != "plan":
            raise SystemExit(f"{way.name}, {step}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        if done.returncode:
            # drt-core plans no sync by snapshots.
            found.append({"way": way.name, "step": step, "unavailable": " ".join(done.stdout.split())[-200:]})
            continue
        found.append({"way": way.name, "step": step, **taken})
        print(found[-1], flush=True)
        if sql(target, DIGEST.format(table=f"public.{way.table}")) != wanted[step]:
            raise SystemExit(f"{way.name}, {step}: the table is not the model")
    return found


def timed(
    command: list[str], folder: Path, environment: Mapping[str, str]
) -> tuple[subprocess.CompletedProcess[str], dict[str, float]]:
    """Run a command in a folder; return how it ended, and what it took."""
    before, begun = processor_seconds(), time.monotonic()
    done = run(command, seconds=STEP_SECONDS, cwd=folder, env=environment)
    taken = {"seconds": time.monotonic() - begun, "cpu_seconds": processor_seconds() - before}
    return done, {name: round(value, 2) for name, value in taken.items()}


def expected(target: PostgresTarget, rows: int, folder: Path) -> dict[str, Any]:
    """Return what `DIGEST` says of the model before and after its change."""
    copied(target, rows, folder, "public.expected")
    found = {"first": sql(target, DIGEST.format(table="public.expected"))}
    sql(target, CHANGE.format(table="public.expected"))
    after = sql(target, DIGEST.format(table="public.expected"))
    sql(target, "drop table public.expected")
    return {**dict.fromkeys(STEPS, after), **found}


def copied(target: PostgresTarget, rows: int, folder: Path, table: str) -> None:
    """Make a table of PostgreSQL that is the model."""
    csv = folder / "model.csv"
    in_duckdb(":memory:", f"copy ({MODEL.format(rows=rows)}) to '{csv}' (format csv, header false)")
    sql(target, f"create table {table} ({COLUMNS}, primary key (id))")
    with closing(target.connect("benchmark")) as session, session.cursor() as cursor, csv.open("rb") as lines:
        cursor.copy_expert(f"copy {table} from stdin (format csv)", lines)


def in_duckdb(file: str, statement: str) -> None:
    """Run a statement on a file."""
    with duckdb.connect(file) as connection:
        connection.execute(statement)


def sql(target: PostgresTarget, statement: str) -> list[tuple[Any, ...]]:
    """Run a statement at the target and return its rows."""
    with closing(target.connect("benchmark")) as session, session.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


if __name__ == "__main__":
    main()

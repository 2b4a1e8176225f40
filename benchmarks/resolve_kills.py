"""Kill `resolve` at random moments, on either engine, and see that master holds no half of a change.

    ./pixiw run -e entity-resolution python benchmarks/resolve_kills.py [--engine postgres] [--times 50] [--seed N]

Two runs are killed, after random changes of the parties: one of everything, and one that links only what
has changed. Each runs once undisturbed. Then, as often as asked: the platform is
put back, the run is started in a process of its own and killed with SIGKILL at a random moment of its running time.
What master holds then, events and history included, must be what it held before or what the undisturbed run has made
of it, row hash by row hash; and after a rerun what the undisturbed run has made. Ids are among what is compared.
The processes are forked from one that has imported everything, so that no kill meets Python's own start.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from machine import machine_facts

from entity_resolution.cli import main as main_of_resolution
from entity_resolution.engine.linking import linking as linking
from entity_resolution.engine.training import training as training
from shared.command_line import command
from shared.config import get_settings
from shared.postgres.server import LocalServer
from shared.testing.servers import new_server, prepare
from shared.warehouse import open_warehouse
from shared.warehouse.fingerprint import schema_fingerprints

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
TESTS = ROOT / "projects" / "entity-resolution" / "tests"
sys.path.insert(0, str(TESTS))
from conftest import PARTY_SCHEMA, Platform, Platforms  # noqa: E402
from party_changes import Parties  # noqa: E402

SAID = "said"
# Enough to learn a model from: with starting weights each run trains anew, and links everything.
PARTIES = 400
RUNS = {"everything": ["--full"], "increment": []}
# Of the parties, since the run before.
CHANGED = 0.03
# Far more than one takes.
RUN_SECONDS = 600.0
Master = dict[str, tuple[int, int]]


def main() -> int:
    """Run the kills, write the result, and return 1 when any of them left something else."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=50, help="kills of each run")
    parser.add_argument("--parties", type=int, default=PARTIES)
    parser.add_argument("--engine", choices=["duckdb", "postgres"], default="duckdb")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    outcomes: list[dict[str, Any]] = []
    file, wrong = RESULTS / f"resolve_kills_{options.engine}.json", 0
    with platforms() as made, tempfile.TemporaryDirectory(prefix="resolve-kills-") as folder:
        bench = Bench(made, Path(folder), options.engine, random.Random(options.seed))
        base = bench.base(options.parties, options.seed)
        # Both in turn, and written as they come: a benchmark that is ended keeps what it had.
        for two in zip(*(bench.torture(name, base, options.times) for name in RUNS), strict=True):
            outcomes += two
            wrong = written(file, {"seed": options.seed, "parties": options.parties}, outcomes)
    return 1 if wrong else 0


def written(file: Path, settings: dict[str, Any], outcomes: list[dict[str, Any]]) -> int:
    """Write the result, and return how many kills left something else."""
    wrong = sum(bool(outcome["half"] or outcome["differs"]) for outcome in outcomes)
    published = sum(outcome["published"] for outcome in outcomes)
    summary = {"killed": len(outcomes), "after master was published": published, "wrong": wrong}
    result = {**settings, **summary, "kills": outcomes, **machine_facts(["duckdb", "splink"])}
    file.write_text(json.dumps(result, indent=1) + "\n")
    return wrong


@contextmanager
def platforms() -> Iterator[Platforms]:
    """Make platforms; a PostgreSQL server is started for the first that needs it."""
    with ExitStack() as stack:
        servers: list[LocalServer] = []

        def server() -> LocalServer:
            if not servers:
                servers.append(new_server(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kills-pg-")))))
                prepare(servers[0])
                stack.callback(servers[0].stop)
            return servers[0]

        with ExitStack() as databases:
            yield Platforms(server, databases)


class Bench:
    """One engine's platforms.

    Args:
        platforms: Makes them.
        folder: Where.
        engine: On what.
        chance: Draws the moments.
    """

    def __init__(self, platforms: Platforms, folder: Path, engine: Any, chance: random.Random) -> None:
        self.platforms, self.folder, self.engine, self.chance = platforms, folder, engine, chance
        self.made = 0
        self.processes = multiprocessing.get_context("forkserver")
        self.processes.set_forkserver_preload(["__main__"])
        # The server imports everything before it makes the first process: no run's time has that in it.
        first = self.processes.Process(target=str)
        first.start()
        first.join(RUN_SECONDS)

    def base(self, parties: int, seed: int) -> Platform:
        """Return what each run starts from."""
        with duckdb.connect() as connection:
            connection.execute("set variable data = $1", [str(get_settings().data_dir)])
            febrl = connection.execute((TESTS / "febrl.sql").read_text()).to_arrow_table().cast(PARTY_SCHEMA)
        there = febrl.slice(0, parties)
        former = self.new().put(there)
        self.run("everything", former)
        changing = Parties(there.to_pylist(), febrl.slice(parties).to_pylist(), seed)
        return former.put(pa.Table.from_pylist(changing.step(round(parties * CHANGED)), PARTY_SCHEMA))

    def new(self, original: Platform | None = None) -> Platform:
        """Make a platform, empty or as a copy."""
        self.made += 1
        folder = self.folder / str(self.made)
        folder.mkdir(parents=True)
        return self.platforms.new(folder, self.engine, original)

    def torture(self, name: str, base: Platform, times: int) -> Iterator[dict[str, Any]]:
        """Kill a run `times` times, and return of each what it left and what a rerun made of that."""
        before = master(base)
        undisturbed = self.new(base)
        seconds = self.run(name, undisturbed)
        expected = master(undisturbed)
        is_increment = "records are new or changed" in (undisturbed.data_dir / SAID).read_text()
        assert is_increment == (name == "increment"), "what was run is not what its name says"
        killed = 0
        while killed < times:
            platform, moment = self.new(base), self.chance.uniform(0.0, seconds)
            if self.run(name, platform, killed_after=moment) < moment:
                # It had ended by then: it takes less time than it took first.
                seconds = moment
                continue
            left = master(platform)
            again = self.run(name, platform)
            found = {
                "published": left == expected,
                "half": sorted(differing(left, before)) if left not in (before, expected) else [],
                "differs": sorted(differing(master(platform), expected)),
            }
            killed += 1
            yield {"run": name, "moment": round(moment, 3), "of": round(seconds, 3), **found}
            print(f"{name} {killed}/{times}: killed after {moment:.2f} of {seconds:.2f} s, {found}", flush=True)
            # A rerun of what was published may have nothing to do.
            seconds = seconds if found["published"] else again

    def run(self, name: str, platform: Platform, *, killed_after: float | None = None) -> float:
        """Run in a process of its own and return the seconds until it ended; kill it after some, if asked to."""
        arguments = (str(platform.data_dir), platform.url, RUNS[name])
        process = self.processes.Process(target=resolve, args=arguments)
        process.start()
        begun = time.monotonic()
        process.join(RUN_SECONDS if killed_after is None else killed_after)
        lived = process.is_alive()
        took = time.monotonic() - begun
        if lived:
            process.kill()
            process.join(RUN_SECONDS)
        if process.exitcode and not (lived and killed_after is not None):
            raise SystemExit((platform.data_dir / SAID).read_text()[-4000:])
        return took


def resolve(data_dir: str, url: str, arguments: list[str]) -> None:
    """Resolve as the command does, in this process; what it says goes to a file."""
    os.environ.update(DATA_DIR=data_dir, WAREHOUSE_URL=url, PGPASSFILE="", ENTITY_TRUTH="", ENTITY_MATCH_THRESHOLD="")
    # DuckDB's progress goes past Python's own streams.
    with (Path(data_dir) / SAID).open("w") as said:
        os.dup2(said.fileno(), sys.stdout.fileno())
        os.dup2(said.fileno(), sys.stderr.fileno())
    sys.exit(command(main_of_resolution, ["run", "--entity", "customer", *arguments]))


def master(platform: Platform) -> Master:
    """Return a fingerprint of each table of master that has rows."""
    with open_warehouse(platform.settings, holder="benchmark") as warehouse:
        return {name: found for name, found in schema_fingerprints(warehouse, "master").items() if found[0]}


def differing(one: Master, other: Master) -> set[str]:
    """Return the tables that are not the same in both."""
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}


if __name__ == "__main__":
    raise SystemExit(main())

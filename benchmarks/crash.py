"""Kill every step of the flow at random moments and see whether a rerun ends as an undisturbed run does.

    ./pixiw run python benchmarks/crash.py [--times 20] [--households 100] [--step NAME …] [--seed N]

For each step: the flow is run up to it, on real data cut down to some households; the data folder is kept. The step
runs once undisturbed. Then, as often as asked: the folder is put back, the step is started, all its processes are
killed with SIGKILL at a random moment of its running time, it is run again, and every table, the quarantine, the send
state, the exported files and what the demo CRM received are compared with the undisturbed run, row hash by row hash.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
from machine import machine_facts

from shared.config import Settings, get_settings
from shared.utils import processes
from shared.warehouse import open_warehouse
from shared.warehouse.fingerprint import schema_fingerprints, table_fingerprint
from shared.workspace.environments import outer_variables

# Each with the environment that it runs in.
STEPS = {
    "demo-ingest": "ingress",
    "transform-core": "transformation",
    "resolve": "entity-resolution",
    "transform-egress": "transformation",
    "demo-deliver": "egress",
}
ROOT = Path(__file__).parents[1]
LAYERS = ("raw", "staging", "core", "master", "egress")
STATE_TABLES = ("ops.quarantine", "ops.source_file", "ops.delivery")
# Far more than one takes.
STEP_SECONDS = 1800.0
RESULT = Path(__file__).parent / "results" / "crash.json"


def main() -> int:
    """Run the kills, write the result, and return 1 when any rerun ended differently."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=20, help="kills for each step")
    parser.add_argument("--households", type=int, default=100, help="size of the sample")
    parser.add_argument("--step", nargs="*", choices=STEPS, default=[*STEPS])
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="crash-") as folder:
        flow = Flow(Path(folder))
        flow.make_sample(get_settings(), options.households)
        outcomes: list[dict[str, Any]] = []
        for step in STEPS:
            if step in options.step:
                outcomes += flow.torture(step, options.times, chance)
            flow.run(step)
    result = {"seed": options.seed, "households": options.households, "kills": outcomes, **machine_facts(["duckdb"])}
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    wrong = [outcome for outcome in outcomes if outcome["differs"]]
    print(f"{len(outcomes)} kills, {len(wrong)} reruns ended differently")
    return 1 if wrong else 0


class Flow:
    """The platform's steps on a data folder of their own.

    Args:
        folder: An empty folder for the sample, its copies and the logs.
    """

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.kept = folder / "kept"
        self.log = folder / "log"
        self.environment = {**outer_variables(ROOT, os.environ), "DATA_DIR": str(self.data), "WAREHOUSE_URL": ""}

    def make_sample(self, source: Settings, households: int) -> None:
        """Copy the demo data, sales cut down to the first households."""
        shutil.copytree(source.landing_dir, self.data / "landing")
        shutil.copytree(source.data_dir / "demo", self.data / "demo", ignore=shutil.ignore_patterns("crm_received*"))
        for path in (self.data / "landing" / "pos").glob("*.parquet"):
            sample = f"copy (from '{path}' where household_id <= {households}) to '{path}.part' (format parquet)"
            if "household_id" in duckdb.sql(f"from '{path}' limit 0").columns:
                duckdb.execute(sample)
                Path(f"{path}.part").replace(path)

    def start(self, step: str) -> subprocess.Popen[bytes]:
        """Start a step in a process group of its own, so that all of it can be killed at once."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                ["./pixiw", "run", "-e", STEPS[step], step],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def run(self, step: str) -> float:
        """Run a step to its end and return the seconds it took."""
        begun = time.monotonic()
        if processes.wait(self.start(step), STEP_SECONDS) != 0:
            raise SystemExit(f"{step} failed:\n{self.log.read_text()[-4000:]}")
        return time.monotonic() - begun

    def torture(self, step: str, times: int, chance: random.Random) -> list[dict[str, Any]]:
        """Kill a step `times` times and report each rerun's difference from the undisturbed run."""
        shutil.rmtree(self.kept, ignore_errors=True)
        shutil.copytree(self.data, self.kept)
        seconds = self.run(step)
        expected = self.state()
        outcomes: list[dict[str, Any]] = []
        while len(outcomes) < times:
            self.put_back()
            moment = chance.uniform(0.0, seconds)
            if not self.kill_after(step, moment):
                # It had ended by then: it takes less time than it took first.
                seconds = moment
                continue
            self.run(step)
            found = self.state()
            differs = sorted(key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key))
            outcomes.append({"step": step, "moment": moment, "of": seconds, "differs": differs})
            told = f"killed after {moment:.2f} of {seconds:.2f} s, differs: {differs or 'nothing'}"
            print(f"{step} {len(outcomes)}/{times}: {told}", flush=True)
        self.put_back()
        return outcomes

    def put_back(self) -> None:
        """Make the data folder what it was before the step."""
        shutil.rmtree(self.data)
        shutil.copytree(self.kept, self.data)

    def kill_after(self, step: str, seconds: float) -> bool:
        """Start a step, kill all its processes after some seconds, and tell whether they were still there."""
        process = self.start(step)
        if processes.wait(process, seconds) is not None:
            return False
        os.killpg(process.pid, signal.SIGKILL)
        processes.wait(process, processes.KILLED_SECONDS)
        return True

    def state(self) -> dict[str, Any]:
        """Return a fingerprint for everything the flow leaves behind."""
        settings = Settings(data_dir=self.data, warehouse_url="")
        found: dict[str, Any] = {}
        with open_warehouse(settings, holder="crash benchmark") as warehouse:
            for layer in LAYERS:
                found |= {f"{layer}.{table}": value for table, value in schema_fingerprints(warehouse, layer).items()}
            found |= {table: table_fingerprint(warehouse, table) for table in STATE_TABLES}
        received = self.data / "demo" / "crm_received.json"
        for path in [*self.data.glob("exports/**/*"), received]:
            if path.is_file():
                found[str(path.relative_to(self.data))] = hashlib.sha256(path.read_bytes()).hexdigest()
        return found


if __name__ == "__main__":
    raise SystemExit(main())

"""Measure what Dagster adds: to one step in another Python, to the whole flow, and until the graph is loaded.

    ./pixiw run -e orchestration python benchmarks/dagster_overhead.py

One step: a small command in an environment of Python 3.10, bare and as a step of a run, twenty times in turns. The
flow: the commands of the job `platform` in a row, which are one for each source and target, then the job itself, and
the demo's five commands, which take all sources and all targets at once; each on an empty warehouse, and Dagster with a
history that is empty and there. Run `./pixiw run asset-lists` before.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from dagster import AssetKey, AssetSpec, DagsterInstance, materialize
from machine import machine_facts
from orchestration.graph.projects import EGRESS, ENTITY_RESOLUTION, INGRESS, TRANSFORMATION, Command
from orchestration.home import instance
from orchestration.run.command_assets import step_assets

from shared.config import Settings, get_settings

RESULT = Path(__file__).parent / "results" / "dagster_overhead.json"
REPEATS = 20
# Far more than one of them takes.
SECONDS = 3600.0
SERVE = (sys.executable, "-m", "tasks.demo.serve")
STEP = Command("py310-connectors", ("-c", "import shared.monitoring.pipes as pipes; pipes.join_dagster()"))
BETWEEN = (
    TRANSFORMATION.command("build", "core"),
    ENTITY_RESOLUTION.command("run"),
    TRANSFORMATION.command("build", "egress"),
)
FLOWS = {
    "steps": (
        *(INGRESS.command("run", "--source", source) for source in ("pos", "crm", "loyalty")),
        *BETWEEN,
        *(EGRESS.command("run", "--target", target) for target in ("files", "crm")),
    ),
    "demo": (INGRESS.command("run"), *BETWEEN, EGRESS.command("run")),
}


def main() -> None:
    """Measure, print and write the result."""
    settings = get_settings()
    result: dict[str, Any] = {"step": step_seconds(settings), "flow": flow_seconds(settings), "load": load_seconds()}
    RESULT.write_text(json.dumps({**result, **machine_facts(["dagster", "dagster-dbt"])}, indent=1) + "\n")
    print(json.dumps(result, indent=1))


def step_seconds(settings: Settings) -> dict[str, Any]:
    """Return the seconds of a command by itself and as a step, and by how much the medians differ."""
    line, variables = STEP.line(settings), dict(STEP.variables(settings))
    key = AssetKey("measured")
    step = step_assets("measured", STEP, settings, specs=[AssetSpec(key)], relations={"measured": key}, pool=None)
    bare, stepped = [], []
    with tempfile.TemporaryDirectory() as home, DagsterInstance.local_temp(home) as instance:
        for _ in range(REPEATS):
            begun = time.perf_counter()
            subprocess.run(line, env=variables, check=True, timeout=SECONDS)
            bare.append(round(time.perf_counter() - begun, 4))
            (stats,) = instance.get_run_step_stats(materialize([step], instance=instance).run_id)
            assert stats.start_time and stats.end_time
            stepped.append(round(stats.end_time - stats.start_time, 4))
    added = statistics.median(stepped) - statistics.median(bare)
    return {"bare": bare, "as_step": stepped, "added_by_median": round(added, 3)}


def flow_seconds(settings: Settings) -> dict[str, Any]:
    """Return the seconds of the steps' commands in a row, of the job, and of the demo's commands, and the ratios."""
    around = [*SERVE, "loyalty", "--", *SERVE, "crm", "--", sys.executable]
    steps = timed([*around, __file__, "steps"], settings)
    by_dagster = timed([*around, "-m", "orchestration", "materialize"], settings)
    demo = timed([*around, __file__, "demo"], settings)
    return {
        "steps_in_a_row": steps,
        "by_dagster": by_dagster,
        "demo_in_a_row": demo,
        "ratio": round(by_dagster / steps, 3),
        "ratio_to_demo": round(by_dagster / demo, 3),
    }


def timed(line: list[str], settings: Settings) -> float:
    """Return how long a command takes on an empty warehouse."""
    with tempfile.TemporaryDirectory(dir=settings.data_dir) as folder:
        for name in ("landing", "demo"):
            shutil.copytree(settings.data_dir / name, Path(folder) / name, copy_function=os.link)
        (Path(folder) / "demo/crm_received.json").unlink(missing_ok=True)
        variables = {**os.environ, "DATA_DIR": folder}
        with instance(Settings(data_dir=Path(folder))):
            pass
        begun = time.perf_counter()
        subprocess.run(line, env=variables, cwd=settings.root, check=True, timeout=SECONDS, stdout=subprocess.DEVNULL)
        return round(time.perf_counter() - begun, 2)


def run_commands(flow: str) -> None:
    """Run the commands of a flow one after the other."""
    settings = get_settings()
    for command in FLOWS[flow]:
        subprocess.run(
            command.line(settings),
            env=dict(command.variables(settings)),
            cwd=settings.root,
            check=True,
            timeout=SECONDS,
        )


def load_seconds() -> list[float]:
    """Return how long a new process takes to load the graph, three times."""
    found = []
    for _ in range(3):
        begun = time.perf_counter()
        script = "from orchestration.definitions import defs; defs().get_repository_def()"
        subprocess.run([sys.executable, "-c", script], check=True, timeout=SECONDS)
        found.append(round(time.perf_counter() - begun, 2))
    return found


if __name__ == "__main__":
    run_commands(sys.argv[1]) if sys.argv[1:] else main()

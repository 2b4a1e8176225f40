"""Run one graph of steps that wait for processes by the platform's executor and by Dagster's own, and cancel it.

    ./pixiw run -e orchestration python benchmarks/trials/executor.py [--times 3]

Eight steps of half a second, six of which may run at once; then the six take a minute, and the run is interrupted as
Dagster cancels one: how long until it has ended, what it is said to be, and whose processes live on.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import trial

from shared.utils import processes

EXECUTORS = ("ours", "in_process", "multiprocess", "forkserver")
STEP_SECONDS, CANCELLED_SECONDS = "0.5", "60"
# Dagster waits 20 seconds for a process; far more than that is never.
START_SECONDS, END_SECONDS = 120.0, 60.0


def main() -> None:
    """Run, cancel, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=3)
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory(prefix="trial-") as folder:
        os.environ |= {"TRIAL_FOLDER": folder, "TRIAL_SECONDS": STEP_SECONDS, "DAGSTER_DISABLE_TELEMETRY": "1"}
        commands = {name: [*trial.ours("executor_run.py"), name, new_folder(folder, name)] for name in EXECUTORS}
        result: dict[str, Any] = trial.in_turns(commands, times)
        os.environ["TRIAL_SECONDS"] = CANCELLED_SECONDS
        for name, command in commands.items():
            result[name]["cancelled"] = [
                cancelled(command, new_folder(folder, f"cancel_{name}_{n}")) for n in range(times)
            ]
            print(f"  {name}: {result[name]['cancelled']}", flush=True)
    trial.write("executor", {"steps": 8, "step_seconds": float(STEP_SECONDS), **result})


def new_folder(folder: str, name: str) -> str:
    """Make a folder and return its path."""
    path = Path(folder, name)
    path.mkdir()
    return str(path)


def cancelled(command: list[str], folder: str) -> dict[str, Any]:
    """Interrupt a run once as many of the six steps run as it runs at once, and return how it ended."""
    os.environ["TRIAL_FOLDER"] = folder
    path = Path(folder)
    with (path / "out").open("wb") as out, (path / "err").open("wb") as err:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True)
    at_once = 1 if "in_process" in command else 4
    deadline = time.monotonic() + START_SECONDS
    while len(list(path.glob("*.running"))) < at_once and time.monotonic() < deadline:
        time.sleep(0.05)
    # Where one runs at once, this may have been the step before the six.
    time.sleep(2.0)
    begun = time.monotonic()
    processes.tell(child, signal.SIGINT)
    code = processes.wait(child, END_SECONDS)
    seconds = round(time.monotonic() - begun, 2)
    started = [int(file.stem) for file in path.glob("*.running")]
    left = [pid for pid in started if alive(pid)]
    if code is None or left:
        os.killpg(child.pid, signal.SIGKILL)
        processes.wait(child, processes.KILLED_SECONDS)
        for pid in filter(alive, left):
            os.kill(pid, signal.SIGKILL)
    lines = (path / "out").read_text().splitlines()
    told = json.loads(lines[-1]) if code == 0 and lines else {}
    return {
        "seconds": seconds if code is not None else None,
        "exit": code,
        "status": told.get("status"),
        "processes": len(started),
        "cleared_up": len(list(path.glob("*.cleared"))),
        "left_alive": len(left),
        "error": None if code == 0 else (path / "err").read_text().strip().splitlines()[-1:],
    }


def alive(pid: int) -> bool:
    """Tell whether a process of ours still runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    main()

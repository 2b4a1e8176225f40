"""Run the programs of a trial in turns, each in an environment of its own, and write what they tell."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
PROGRAMS = FOLDER / "programs"
# For `machine` and `packages`, which the other benchmarks use too.
sys.path.append(str(FOLDER.parent))
# Far more than one of them takes.
SECONDS = 1800.0
LONG = 30.0
QUIET = {"DO_NOT_TRACK": "1", "PYTHONWARNINGS": "ignore", "GX_ANALYTICS_ENABLED": "false"}


def rival(program: str) -> list[str]:
    """Return the command that starts a rival's program, with the packages that it names itself."""
    from packages import uv_command

    return [uv_command(), "run", "--quiet", "--no-project", "--script", str(PROGRAMS / program)]


def ours(program: str) -> list[str]:
    """Return the command that starts a program with this environment's Python."""
    return [sys.executable, str(PROGRAMS / program)]


def run(command: Sequence[str]) -> dict[str, Any]:
    """Run a program and return what it tells, or the last line of its error where it fails."""
    # An environment of ours around it would lend a rival its packages.
    outer = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    done = subprocess.run(
        command, env={**outer, **QUIET}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no message"]
        return {"failed": lines[-1], "exit": done.returncode}
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def in_turns(commands: Mapping[str, Sequence[str]], times: int) -> dict[str, Any]:
    """Run programs in turns, so that a busy machine slows all of them, and return the last word and medians of each.

    One whose first run takes longer than `LONG` seconds is not run again. Numbers are medians; `cpu_seconds` tells more
    than `seconds` where the machine is busy, but not what a server took.
    """
    told: dict[str, list[dict[str, Any]]] = {name: [] for name in commands}
    for turn in range(times + 1):
        for name, command in commands.items():
            if told[name] and told[name][0].get("seconds", 0.0) > LONG:
                continue
            told[name].append(run(command))
            print(f"  {turn} {name}: {told[name][-1].get('seconds', 'failed')} s", flush=True)
    # The first run fills caches, and makes a rival's environment.
    measured = {name: runs[1:] or runs for name, runs in told.items()}
    return {name: {**runs[-1], **medians(runs)} for name, runs in measured.items()}


def medians(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the medians of what was measured, where every run has come to its end."""
    measured = {
        key: [run[key] for run in runs]
        for key in ("seconds", "import_seconds", "large_seconds", "cpu_seconds", "peak_mib")
        if all(key in run for run in runs)
    }
    found: dict[str, Any] = {key: round(statistics.median(values), 3) for key, values in measured.items()}
    return {**found, "all_seconds": measured["seconds"]} if "seconds" in measured else found


def write(name: str, result: Mapping[str, Any]) -> None:
    """Write a trial's result, with the machine that it was measured on."""
    from machine import machine_facts

    path = FOLDER.parent / "results" / f"trial_{name}.json"
    path.write_text(json.dumps({**result, **machine_facts(["duckdb"])}, indent=1, ensure_ascii=False) + "\n")
    print(f"wrote {path.name}")

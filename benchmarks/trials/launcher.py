"""Run the same small workspace by `pixiw` and by others' launchers, and hold what each does against what it should do.

    ./pixiw run -e default python benchmarks/trials/launcher.py [--times 10] [NAME ...]

Two environments with a Python each, and nine tasks, written down for each launcher as its documentation advises. Every
behaviour is tried by starting the launcher as a user does; Ctrl-C is a byte on a terminal.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import trial
from launcher_behaviours import BEHAVIOURS, Workspace
from launcher_rivals import LAUNCHERS, VERSIONS
from launcher_workspaces import PIXI_TOML, PROBE

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT))
from machine import processor_seconds  # noqa: E402
from packages import uv_command  # noqa: E402

from tasks.environments import search_path  # noqa: E402

COPIED = ("pixiw", "tasks", "shared/pyproject.toml", "shared/src", "locks/default.txt")


def main() -> None:
    """Make the workspaces, try each behaviour, time the start, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*LAUNCHERS, []])
    parser.add_argument("--times", type=int, default=10)
    arguments = parser.parse_args()
    names = arguments.names or list(LAUNCHERS)
    with tempfile.TemporaryDirectory(prefix="trial-") as folder:
        variables = user_variables(Path(folder))
        workspaces = {name: made(name, Path(folder, name), variables) for name in names}
        starts = started(workspaces, arguments.times)
        result: dict[str, Any] = {name: {"start_milliseconds": start} for name, start in starts.items()}
        for name, workspace in workspaces.items():
            result[name]["behaviours"] = {behaviour: tried(workspace, behaviour) for behaviour in BEHAVIOURS}
    trial.write("launcher", {"tools": VERSIONS, **result})


def user_variables(folder: Path) -> dict[str, str]:
    """Return the variables of a user with the launchers, uv and the Pythons on PATH, in no environment."""
    uv = uv_command()
    tools = folder / "tools"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIXI", "CONDA_", "VIRTUAL_ENV"))}
    subprocess.run([uv, "venv", "--quiet", "--python", "3.11", str(tools)], check=True, env=kept, timeout=trial.SECONDS)
    install = [uv, "pip", "install", "--quiet", "--python", str(tools / "bin" / "python"), *VERSIONS.values()]
    subprocess.run(install, check=True, env=kept, timeout=trial.SECONDS)
    # The shims of pyenv stand for Pythons that they do not have.
    parts = [part for part in search_path().split(os.pathsep) if not part.startswith(str(ROOT)) and "shims" not in part]
    path = os.pathsep.join([str(Path(uv).parent), str(tools / "bin"), *parts])
    return {**kept, "PATH": path, "PIXIW_BACKEND": "uv", "NO_COLOR": "1", "DO_NOT_TRACK": "1"}


def made(name: str, folder: Path, variables: Mapping[str, str]) -> Workspace:
    """Write a launcher's workspace, make its locks, and run a task of each environment once."""
    launcher = LAUNCHERS[name]
    files = {"probe.py": PROBE, "sub/.keep": "", "pixi.toml": PIXI_TOML, **launcher.files}
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    if name == "ours":
        copy_ours(folder)
    workspace = Workspace(name, launcher, folder, {**variables, "HATCH_DATA_DIR": str(folder / ".hatch")})
    workspace.lock()
    for task in ("show", "psql"):
        workspace.run(task)
    return workspace


def copy_ours(folder: Path) -> None:
    """Copy what a workspace of ours consists of."""
    ignore = shutil.ignore_patterns("tests", "doctor", "__pycache__")
    for part in COPIED:
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=ignore)
        else:
            shutil.copy2(ROOT / part, folder / part)


def started(workspaces: Mapping[str, Workspace], times: int) -> dict[str, dict[str, int]]:
    """Time a task in an environment that is up to date, in turns; `bare` is a Python alone.

    The machine may be busy: the least of the milliseconds and the processor's tell more than the median.
    """
    starts = {name: workspace.launcher.start("show", []) for name, workspace in workspaces.items()}
    starts = {"bare": ["python3.10", "probe.py", "exit", "0"], **starts}
    first = next(iter(workspaces.values()))
    measured: dict[str, list[tuple[float, float]]] = {name: [] for name in starts}
    for turn in range(times + 1):
        for name, words in starts.items():
            begun, used = time.perf_counter(), processor_seconds()
            done = workspaces.get(name, first).command(words)
            if done.returncode:
                raise SystemExit(f"{name}: {done.stderr}")
            if turn:
                measured[name].append((time.perf_counter() - begun, processor_seconds() - used))
    found = {}
    for name, pairs in measured.items():
        wall, cpu = ([seconds * 1000 for seconds in column] for column in zip(*pairs, strict=True))
        medians = {"median": round(statistics.median(wall)), "processor": round(statistics.median(cpu))}
        found[name] = {"least": round(min(wall)), **medians}
    return found


def tried(workspace: Workspace, behaviour: str) -> dict[str, Any]:
    """Try a behaviour, and return whether it is there, by whose hand, and what was seen."""
    seen = BEHAVIOURS[behaviour](workspace)
    by_hand = workspace.launcher.by_hand.get(behaviour)
    verdict = ("by hand" if by_hand else "yes") if seen.pop("right") else "no"
    print(f"  {workspace.name}: {behaviour}: {verdict} {seen}", flush=True)
    return {"verdict": verdict, **({"by_hand": by_hand} if by_hand else {}), **seen}


if __name__ == "__main__":
    main()

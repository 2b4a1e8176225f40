"""The processes of this machine: those of a group, those of a run, and how both are ended.

A run's processes are known by a variable in their environment, which children inherit, whatever group they are in.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

from shared.utils.processes import run

RUN_VARIABLE = "ORCHESTRATION_RUN"
POLL_SECONDS = 0.1
PS_SECONDS = 10.0
PROC = Path("/proc")


def in_groups(groups: Collection[int]) -> set[int]:
    """Return the ids of the living processes of some groups."""
    rows = _from_proc() if (PROC / "self" / "stat").exists() else _from_ps()
    return {pid for pid, group, state in rows if group in groups and state not in "ZX"}


def of_runs(run_ids: Collection[str]) -> set[int]:
    """Return the ids of the living processes that steps of some runs have started, and of their children."""
    if not run_ids:
        return set()
    settings = {f"{RUN_VARIABLE}={run_id}" for run_id in run_ids}
    found = set()
    if (PROC / "self" / "environ").exists():
        for entry in PROC.iterdir():
            with suppress(OSError):
                if entry.name.isdigit() and settings & {*(entry / "environ").read_text(errors="replace").split("\0")}:
                    found.add(int(entry.name))
        return found
    # On macOS, where -E shows the environment.
    done = run(["ps", "-AEww", "-o", "pid=,command="], seconds=PS_SECONDS)
    for line in done.stdout.splitlines():
        pid, *words = line.split()
        if settings & {*words}:
            found.add(int(pid))
    return found


def tell(pids: Collection[int], signum: int) -> None:
    """Send processes a signal; those that are gone by now are passed over."""
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signum)


def end(find: Callable[[], set[int]], *, signum: int, seconds: float) -> None:
    """End processes: each gets a signal once, and what is left after a while is killed.

    Args:
        find: Returns those that live.
        signum: What asks them to end.
        seconds: How long they may take.
    """
    told: set[int] = set()
    deadline = time.monotonic() + seconds
    while (living := find()) and time.monotonic() < deadline:
        # A second time would disturb their clearing up.
        tell(living - told, signum)
        told |= living
        time.sleep(POLL_SECONDS)
    deadline = time.monotonic() + seconds
    while (living := find()) and time.monotonic() < deadline:
        tell(living, signal.SIGKILL)
        time.sleep(POLL_SECONDS)


def _from_proc() -> list[tuple[int, int, str]]:
    found = []
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                # The command's name, in parentheses, may hold anything.
                state, _, group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
                found.append((int(entry.name), int(group), state))
    return found


def _from_ps() -> list[tuple[int, int, str]]:
    done = run(["ps", "-A", "-o", "pid=,pgid=,state="], seconds=PS_SECONDS)
    rows = (line.split() for line in done.stdout.splitlines())
    return [(int(pid), int(group), state[0]) for pid, group, state in rows]

"""The processes of this machine that are ours, and how they are ended.

They are known by a variable in their environment, which children inherit, whatever group or session they are in.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

import psutil

RUN_VARIABLE = "ORCHESTRATION_RUN"
SERVICE_VARIABLE = "ORCHESTRATION_SERVICE"
POLL_SECONDS = 0.1


def of_runs(run_ids: Collection[str]) -> set[int]:
    """Return the ids of the living processes that steps of some runs have started, and of their children."""
    return _with_variable(RUN_VARIABLE, set(run_ids))


def of_services(names: Collection[str], home: Path) -> set[int]:
    """Return the ids of the living processes of some services of a home: their own, and all that came of them."""
    return _with_variable(SERVICE_VARIABLE, {service_of(name, home) for name in names})


def service_of(name: str, home: Path) -> str:
    """Return what SERVICE_VARIABLE is in the environment of a service."""
    return f"{name} {home}"


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


def _with_variable(name: str, values: Collection[str]) -> set[int]:
    """Return processes by a variable; a zombie and another user's process show none."""
    if not values:
        return set()
    processes = psutil.process_iter(["environ"])
    return {process.pid for process in processes if (process.info["environ"] or {}).get(name) in values}

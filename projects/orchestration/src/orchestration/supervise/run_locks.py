"""Which runs have a living process: each holds a lock file that the operating system frees when it ends, however."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from orchestration.supervise.processes import RUN_VARIABLE
from shared.errors import PlatformError
from shared.utils.locks import take

LOOK_SECONDS = 60.0
_held: dict[Path, int] = {}


def hold(run_id: str, home: Path) -> None:
    """Say that this process works on a run, from now on until it ends; saying so again changes nothing.

    The processes that it starts from now on are known as this run's.

    Raises:
        PlatformError: Another process holds the run's lock for itself, which none does for longer than a look.
    """
    os.environ[RUN_VARIABLE] = run_id
    path = folder(home) / f"{run_id}.lock"
    if path in _held:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    # Children do not inherit the descriptor, so none outlives us with the lock.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    if not take(descriptor, seconds=LOOK_SECONDS, shared=True):
        os.close(descriptor)
        raise PlatformError(f"somebody else holds the lock of run {run_id}: `{path}`", hint="launch the run again")
    # Only now does the file count: one without a process in it is that of a run which is about to take its lock.
    os.write(descriptor, f"{os.getpid()}\n".encode())
    _held[path] = descriptor


def folder(home: Path) -> Path:
    """Return where the lock files are."""
    return home / "running"


def locks(home: Path) -> Iterator[tuple[str, Path]]:
    """Return the runs that have had a process, each with its lock file."""
    for path in folder(home).glob("*.lock"):
        if processes(path):
            yield path.stem, path


def is_held(path: Path) -> bool:
    """Tell whether a process lives that holds a lock file."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def processes(path: Path) -> set[int]:
    """Return the ids of the processes that have held a lock file."""
    try:
        return {int(line) for line in path.read_text(encoding="ascii").split()}
    except FileNotFoundError:
        return set()


def held(home: Path) -> dict[str, set[int]]:
    """Return the runs that are at work, each with the ids of its processes."""
    return {run_id: processes(path) for run_id, path in locks(home) if is_held(path)}

"""The processes that steps have started, so that a run that is cancelled ends them first."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# As long as Dagster itself waits for a process that it has asked to end.
GRACE_SECONDS = 20.0

_running: set[subprocess.Popen[bytes]] = set()
_lock = threading.Lock()
interrupted = threading.Event()
"""Set once the run is to end: whoever waits for a child that ended then knows why."""


@contextmanager
def watched(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """Know of a process until it has ended; where this is left by an exception, the process is ended first."""
    with _lock:
        _running.add(child)
    try:
        if interrupted.is_set():
            _ask_to_end(child)
        yield
    finally:
        _end(child)
        with _lock:
            _running.discard(child)


def interrupt() -> None:
    """Ask all of them to end as Ctrl-C would; returns at once, their steps wait for them."""
    interrupted.set()
    with _lock:
        running = list(_running)
    for child in running:
        _ask_to_end(child)


def wait(child: subprocess.Popen[bytes]) -> int:
    """Wait for a process to end; once the run is interrupted, no longer than the grace period. Return its exit code."""
    while True:
        try:
            return child.wait(timeout=GRACE_SECONDS if interrupted.is_set() else 0.2)
        except subprocess.TimeoutExpired:
            if interrupted.is_set():
                child.kill()


def _ask_to_end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.send_signal(signal.SIGINT)


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is not None:
        return
    _ask_to_end(child)
    try:
        child.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()

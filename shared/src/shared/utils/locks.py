"""Locks on files that the operating system lets go of when their holder ends, however it ends."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable

POLL_SECONDS = 0.05


def take(descriptor: int, *, seconds: float, on_wait: Callable[[], None] = lambda: None, shared: bool = False) -> bool:
    """Lock an open file, waiting for whoever holds it, and tell whether that was done in so many seconds.

    Args:
        descriptor: Of the file; it keeps the lock until it is closed.
        seconds: How long to wait.
        on_wait: Called once, when there is somebody to wait for.
        shared: Whether others may hold it too, as readers do.
    """
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    deadline = time.monotonic() + seconds
    told = False
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            pass
        if time.monotonic() >= deadline:
            return False
        if not told:
            on_wait()
            told = True
        time.sleep(POLL_SECONDS)

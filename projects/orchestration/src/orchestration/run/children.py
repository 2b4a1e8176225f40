"""The processes that the steps of a run have started, so that a run that is cancelled ends them first."""

from __future__ import annotations

import signal
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager

from shared.utils import processes
from shared.utils.processes import GRACE_SECONDS, KILLED_SECONDS, Child

POLL_SECONDS = 0.2
# After an interrupt: what is left by then is no process, as those were killed.
STUCK_SECONDS = GRACE_SECONDS + 2 * KILLED_SECONDS


class Children:
    """The processes of one run.

    Attributes:
        interrupted: Set once the run is to end: whoever waits for a child that ended then knows why.
    """

    def __init__(self) -> None:
        self.interrupted = threading.Event()
        self._since = 0.0
        self._running: set[Child] = set()
        self._lock = threading.Lock()

    @property
    def given_up(self) -> bool:
        """Whether it was interrupted so long ago that whatever still waits is stuck."""
        return self.interrupted.is_set() and time.monotonic() > self._since + STUCK_SECONDS

    @contextmanager
    def watched(self, child: Child) -> Iterator[None]:
        """Know of a process until it has ended; where this is left by an exception, the process is ended first."""
        try:
            with processes.signals_held(), self._lock:
                self._running.add(child)
            if self.interrupted.is_set():
                processes.tell(child, signal.SIGINT)
            yield
        finally:
            if processes.poll(child) is None:
                processes.end(child)
            with processes.signals_held(), self._lock:
                self._running.discard(child)

    def interrupt(self) -> None:
        """Ask all of them to end as Ctrl-C would, and kill them after the grace period; returns at once."""
        if not self.interrupted.is_set():
            self._since = time.monotonic()
            self.interrupted.set()
            # A step may read what its process says rather than wait for it.
            late = threading.Timer(GRACE_SECONDS, self._tell, [signal.SIGKILL])
            late.daemon = True
            late.start()
        self._tell(signal.SIGINT)

    def _tell(self, signum: int) -> None:
        with processes.signals_held(), self._lock:
            running = list(self._running)
        for child in running:
            processes.tell(child, signum)

    def wait(self, child: Child) -> int:
        """Wait for a process to end, and return its exit code; once the run is interrupted, for the grace period."""
        while (code := processes.wait(child, POLL_SECONDS)) is None:
            if self.interrupted.is_set():
                code = processes.wait(child, GRACE_SECONDS)
                return processes.end(child, signum=signal.SIGKILL, seconds=0) if code is None else code
        return code


# For as long as somebody has them: the run's executor, or a step.
_of_runs: weakref.WeakValueDictionary[str, Children] = weakref.WeakValueDictionary()
_of_runs_lock = threading.Lock()


def of_run(run_id: str) -> Children:
    """Return the processes of a run; its steps and its executor get the same."""
    with processes.signals_held(), _of_runs_lock:
        return _of_runs.setdefault(run_id, Children())

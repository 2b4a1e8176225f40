"""Dagster's processes while `ui` runs: started, watched, started again where they die, and ended."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from orchestration.supervise.guard import RUN_SECONDS, SERVICE_SECONDS, end_services
from orchestration.supervise.services import Service
from shared.utils.console import say

POLL_SECONDS = 0.1
GUARD = (sys.executable, "-m", "orchestration.supervise.guard")


class Crew:
    """Services and the guard that ends them.

    Args:
        services: What runs.
        root: The repository's folder.
        home: Where runs hold their locks.
        scratch: A folder that the guard removes in the end.
        lock: A descriptor of the lock that says something of this home's still runs.
    """

    def __init__(self, services: Sequence[Service], *, root: Path, home: Path, scratch: Path, lock: int) -> None:
        self.services = services
        self.root = root
        self.home = home
        self.scratch = scratch
        self.lock = lock
        self.guard = self._new_guard()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Have all services run inside, and none afterwards."""
        try:
            for service in self.services:
                service.start(self.root, self.home)
            yield
        finally:
            self._end()

    def check(self) -> bool:
        """Start what has died again, pass errors of the logs on, and tell whether anything had died.

        Raises:
            PlatformError: A service does not stay alive.
        """
        if self.guard.poll() is not None:
            self.guard = self._new_guard()
        any_died = False
        for service in self.services:
            code = service.died
            for line in service.errors():
                say(f"{service.name}: {line}")
            if code is not None:
                any_died = True
                say(f"{service.name} died ({how(code)}): starting it again")
                # What it has left: the runs of a code server can't be cancelled any more.
                end_services([service.name], self.home)
                service.start(self.root, self.home)
        return any_died

    def _new_guard(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*GUARD, str(self.home), str(self.scratch), *(service.name for service in self.services)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=[self.lock],
        )

    def _end(self) -> None:
        """Let the guard end everything, and wait for that; where it was killed, another one does it."""
        self._wait_for_guard()
        if self.guard.returncode:
            self.guard = self._new_guard()
            self._wait_for_guard()

    def _wait_for_guard(self) -> None:
        assert self.guard.stdin
        with suppress(BrokenPipeError):
            self.guard.stdin.close()
        deadline = time.monotonic() + 2 * RUN_SECONDS + 6 * SERVICE_SECONDS
        while self.guard.poll() is None and time.monotonic() < deadline:
            # Our own children are gone only when somebody has asked how they ended.
            for service in self.services:
                if service.process:
                    service.process.poll()
            time.sleep(POLL_SECONDS)


def how(code: int) -> str:
    """Say how a process ended."""
    return f"signal {-code}" if code < 0 else f"exit code {code}"

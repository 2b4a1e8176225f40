"""Start, wait for and end child processes, so that neither a signal nor a child that does not die hangs us.

`subprocess` waits under a lock of the child's: an exception that a signal handler raises at the wrong moment leaves it
taken, and every later wait is for ever. Here nobody waits under a lock, and handlers have to wait while a child is
started or reaped. A child that is used here is waited for here alone, by the functions below.
"""

from __future__ import annotations

import math
import os
import select
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, TypeAlias

from shared.errors import PlatformError

Child: TypeAlias = "subprocess.Popen[bytes] | subprocess.Popen[str]"
Command: TypeAlias = Sequence["str | Path"]

# What a child may take to undo what it has begun, in seconds; Dagster waits as long for its own.
GRACE_SECONDS = 20.0
# Ctrl-C on a terminal reaches a child too, and a second one would disturb its clearing up.
TERMINAL_SECONDS = 2.0
# The system ends a process that was killed at once, unless a device holds it.
KILLED_SECONDS = 10.0
SLICE_SECONDS = 0.05
# A signal that comes just before the system begins to sleep does not end that: its handler waits for so long at most.
LOOK_SECONDS = 1.0
SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)

_reaping = threading.Lock()


class TimedOut(PlatformError):
    """A program did not end in its time, and was killed."""

    code = "timed_out"
    retryable = True


@contextmanager
def signals_held() -> Iterator[None]:
    """Keep what signal handlers would do until the block is left. Only the main thread ever runs handlers."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[tuple[int, FrameType | None]] = []
    before: dict[int, Any] = {}
    try:
        for number in SIGNALS:
            if callable(signal.getsignal(number)):
                before[number] = signal.signal(number, lambda *signalled: came.append(signalled))
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
        for signum, frame in came:
            before[signum](signum, frame)


@contextmanager
def terminable() -> Iterator[None]:
    """Treat a request to end as Ctrl-C, so that what was started is ended too: SIGTERM, a terminal that has gone.

    What is ignored, as by `nohup`, or has a handler stays as it is. Who asks often reaches a process in several ways:
    what comes soon after the first is the same request.
    """
    ours: list[int] = []
    heard: dict[int, float] = {}

    def interrupt(number: int, _frame: FrameType | None) -> None:
        before, heard[number] = heard.get(number, -math.inf), time.monotonic()
        if heard[number] - before > TERMINAL_SECONDS:
            raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():
        ours = [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) == signal.SIG_DFL]
    for number in ours:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def poll(child: Child) -> int | None:
    """Return the exit code of a child, below zero the signal that ended it; None while it runs."""
    with signals_held(), _reaping:
        return _reaped(child)


def tell(child: Child, signum: int) -> None:
    """Send a child a signal, if it still runs."""
    # Not reaped meanwhile, it keeps its process id.
    with signals_held(), _reaping, suppress(ProcessLookupError):
        if _reaped(child) is None:
            os.kill(child.pid, signum)


def wait(child: Child, seconds: float | None) -> int | None:
    """Wait for a child to end, and return its exit code; None where it has not ended in so many seconds.

    What a signal handler raises comes out of this at once, also where `seconds` is None: as long as the child takes.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    with _sleeper(child) as sleep:
        while (code := poll(child)) is None:
            left = LOOK_SECONDS if deadline is None else deadline - time.monotonic()
            if left <= 0:
                return None
            sleep(min(left, LOOK_SECONDS))
    return code


def end(child: Child, *, signum: int = signal.SIGINT, seconds: float = GRACE_SECONDS) -> int:
    """Ask a child to end, kill it where it does not, and return its exit code.

    It takes no longer than `seconds` and what a killed process takes; a signal meanwhile kills the child at once.
    """
    tell(child, signum)
    try:
        code = wait(child, seconds)
    except BaseException:
        tell(child, signal.SIGKILL)
        wait(child, KILLED_SECONDS)
        raise
    if code is None:
        tell(child, signal.SIGKILL)
        code = wait(child, KILLED_SECONDS)
    return -signal.SIGKILL if code is None else code


@contextmanager
def started(
    command: Command, *, signum: int = signal.SIGINT, seconds: float = GRACE_SECONDS, **options: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a child for the block; it is ended with the block, as `end` does.

    Args:
        command: Program and arguments.
        signum: What asks it to end.
        seconds: How long it may take then.
        options: As for `subprocess.Popen`.
    """
    with _ended(signum, seconds) as ours:
        with signals_held():
            ours.append(subprocess.Popen(command, **options))
        yield ours[0]


def run(
    command: Command,
    *,
    seconds: float,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    together: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Run a program that says something and ends, and return how it ended and what it said.

    Args:
        command: Program and arguments; its standard input is empty.
        seconds: How long it may take.
        cwd: Where it runs.
        env: Its variables.
        together: Whether what it says on standard error is among its standard output.

    Raises:
        TimedOut: It did not end in its time.
        OSError: It cannot be started.
    """
    # Files, not pipes: those are open for as long as anything lives that the program has started.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        files: dict[str, Any] = {
            "stdin": subprocess.DEVNULL,
            "stdout": out,
            "stderr": subprocess.STDOUT if together else err,
        }
        with started(command, seconds=0, cwd=cwd, env=env, **files) as child:
            code = wait(child, seconds)
        if code is None:
            raise TimedOut(
                f"did not end within {seconds:.0f} s: `{Path(command[0]).name}`",
                hint="the machine may be busy: run the command again",
            )
        said = []
        for file in (out, err):
            file.seek(0)
            said.append(file.read().decode(errors="replace"))
    return subprocess.CompletedProcess(list(command), code, *said)


def call(command: Command, **options: Any) -> int:
    """Run a command in the foreground for as long as it takes, and return its exit code.

    Where a signal handler raises something, the command has been told by the terminal, or is told now; what it raised
    goes on once the command has ended.
    """
    with started(command, **options) as child:
        try:
            code = wait(child, None)
        except BaseException:
            wait(child, TERMINAL_SECONDS)
            raise
    return -signal.SIGKILL if code is None else code


@contextmanager
def _ended(signum: int, seconds: float) -> Iterator[list[subprocess.Popen[bytes]]]:
    ours: list[subprocess.Popen[bytes]] = []
    try:
        yield ours
    finally:
        for child in ours:
            if poll(child) is None:
                end(child, signum=signum, seconds=seconds)


def _reaped(child: Child) -> int | None:
    if child.returncode is None:
        try:
            pid, status = os.waitpid(child.pid, os.WNOHANG)
        except ChildProcessError:
            # Somebody else has reaped it; `subprocess` takes that for 0 too.
            pid, status = child.pid, 0
        if pid:
            child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode


@contextmanager
def _sleeper(child: Child) -> Iterator[Callable[[float], object]]:
    """Return what sleeps for some seconds at most: until the child ends, or for a moment where there is no telling."""
    try:
        descriptor = os.pidfd_open(child.pid)
    except (AttributeError, OSError):
        yield lambda seconds: time.sleep(min(seconds, SLICE_SECONDS))
        return
    try:
        ended = select.poll()
        ended.register(descriptor, select.POLLIN)
        yield lambda seconds: ended.poll(seconds * 1000)
    finally:
        os.close(descriptor)

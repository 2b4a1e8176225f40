"""Children that are started, waited for and ended, whatever signals come."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

from shared.utils.processes import TimedOut, call, end, poll, run, signals_held, started, terminable, wait

SLEEP = ("sleep", "60")
# Says that it is there, and does not mind being asked to end.
STUBBORN = "trap '' INT TERM; echo ready; sleep 60 & wait; wait"
MOMENTS = 100


@pytest.fixture
def interrupted() -> Iterator[None]:
    """Have Ctrl-C raise, as it does outside a test run."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def gone(pid: int) -> bool:
    """Tell whether there is no such process, not even as one that nobody has reaped."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_wait_returns_how_a_child_ended() -> None:
    """A child's exit code, the signal that ended it, or None while it runs."""
    with started(["sh", "-c", "exit 3"]) as failed, started(SLEEP) as sleeping:
        assert wait(failed, 30) == 3
        assert (wait(sleeping, 0.05), poll(sleeping)) == (None, None)
        sleeping.send_signal(signal.SIGTERM)
        assert wait(sleeping, None) == poll(sleeping) == -signal.SIGTERM


def test_child_that_does_not_end_is_killed_and_gone() -> None:
    """A child that ignores the signal is killed when its time is over, and has ended then."""
    with subprocess.Popen(["sh", "-c", STUBBORN], stdout=subprocess.PIPE, start_new_session=True) as child:
        assert child.stdout is not None and child.stdout.readline() == b"ready\n"
        ended = (end(child, seconds=0.1), poll(child))
        os.killpg(child.pid, signal.SIGKILL)
        assert ended == (-signal.SIGKILL, -signal.SIGKILL)


def test_lock_that_was_left_taken_stops_nobody() -> None:
    """A child whose lock an exception has left taken, on which `subprocess` would wait, is ended and reaped."""
    child = subprocess.Popen(SLEEP)
    assert child._waitpid_lock.acquire(timeout=1)  # type: ignore[attr-defined]
    assert end(child) == -signal.SIGINT
    assert gone(child.pid)


@pytest.mark.usefixtures("interrupted")
def test_interrupt_at_any_moment_leaves_no_child_and_no_hang() -> None:
    """Whenever Ctrl-C comes, while a child is started, waited for or ended: it comes out, and the child is gone."""
    chance = random.Random(1)
    # Only ours sleep for just as long.
    ours = ("sleep", f"60.{os.getpid():09}")
    begun = time.monotonic()
    came = 0
    for _ in range(MOMENTS):
        timer = threading.Timer(chance.uniform(0, 0.01), os.kill, (os.getpid(), signal.SIGINT))
        try:
            timer.start()
            with started(ours) as child:
                wait(child, 30)
        except KeyboardInterrupt:
            came += 1
        finally:
            timer.join(10)
    assert came == MOMENTS
    assert time.monotonic() - begun < 25, "one of them had to wait for the child"
    assert run(["pgrep", "-fx", " ".join(ours)], seconds=30).stdout == ""


def test_handlers_wait_for_the_end_of_a_block() -> None:
    """What comes while signals are held is handled after, by the handler that was there, once."""
    came: list[tuple[int, bool]] = []
    inside = True

    def note(number: int, _frame: FrameType | None) -> None:
        came.append((number, inside))

    before = signal.signal(signal.SIGTERM, note)
    try:
        with signals_held():
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.01)
            inside = False
        assert came == [(signal.SIGTERM, False)]
        assert signal.getsignal(signal.SIGTERM) is note
    finally:
        signal.signal(signal.SIGTERM, before)


def test_test_run_that_is_told_to_end_clears_up(tmp_path: Path) -> None:
    """SIGTERM, as of a server of builds, ends pytest by way of its fixtures, which stop what they have started."""
    test = tmp_path / "test_it.py"
    test.write_text(
        "import os, pathlib, signal, time, pytest\n"
        "@pytest.fixture\n"
        "def server():\n    yield\n    pathlib.Path(__file__).with_name('stopped').touch()\n"
        "def test(server):\n    os.kill(os.getpid(), signal.SIGTERM)\n    time.sleep(20)\n"
    )
    words = ["-p", "shared.testing.ended", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(test)]
    assert run([sys.executable, "-m", "pytest", *words], seconds=60, cwd=tmp_path).returncode == 2
    assert (tmp_path / "stopped").exists()


def test_terminable_leaves_what_was_there() -> None:
    """After the block the signals are as before it, and what has a handler keeps it within."""

    def note(_number: int, _frame: FrameType | None) -> None: ...

    before = signal.signal(signal.SIGTERM, note), signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        with terminable():
            assert signal.getsignal(signal.SIGTERM) is note
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGHUP)
            # The same request once more, while what was started is being ended.
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGHUP, before[1])


def test_run_returns_what_a_program_said() -> None:
    """Output and errors of a program, apart or together, though something that it has started still runs."""
    script = "echo out; echo err >&2; sleep 5 & exit 4"
    done = run(["sh", "-c", script], seconds=30)
    assert (done.returncode, done.stdout, done.stderr) == (4, "out\n", "err\n")
    assert run(["sh", "-c", script], seconds=30, together=True).stdout == "out\nerr\n"


def test_program_that_hangs_is_killed() -> None:
    """A program that does not end in its time is killed, and the error names it."""
    with pytest.raises(TimedOut, match="did not end within 0 s: `sleep`"):
        run(SLEEP, seconds=0.1)


def test_command_in_the_foreground_is_told_of_an_interrupt() -> None:
    """A command that nobody has told of Ctrl-C is told, and has time to end."""
    inner = "import signal, time; signal.signal(2, lambda *_: exit(7)); print('ready', flush=True); time.sleep(60)"
    outer = f"import sys; from shared.utils.processes import call; call([sys.executable, '-c', {inner!r}])"
    with subprocess.Popen([sys.executable, "-c", outer], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdout is not None and child.stdout.readline() == b"ready\n"
        child.send_signal(signal.SIGINT)
        assert wait(child, 30) == -signal.SIGINT


def test_call_returns_the_exit_code() -> None:
    """A command that ends by itself gives its exit code."""
    assert call(["sh", "-c", "exit 5"]) == 5

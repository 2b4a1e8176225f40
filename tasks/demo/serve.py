"""Run a command beside one of the demo's outside systems: `python -m tasks.demo.serve NAME -- COMMAND…`.

NAME is `loyalty` or `crm`. The API runs in its own process on a free port; COMMAND finds it in LOYALTY_API_URL or
CRM_API_URL. serve ends with COMMAND's exit code (128 + n where signal n ended it). SIGTERM and SIGINT are passed on to
COMMAND, and the API is stopped whatever happens: it ends when its standard input does, so also when serve is killed.
Without a command, serve prints the address and serves until Ctrl-C.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import FrameType

from shared.command_line import command
from shared.config import get_settings
from shared.errors import PlatformError, UserError
from shared.utils import processes
from shared.utils.console import say

APIS = {"loyalty": "LOYALTY_API_URL", "crm": "CRM_API_URL"}
START_TIMEOUT = 30.0  # seconds
END_GRACE = 10.0  # seconds
# `ui` gives the runs under way their time to end.
COMMAND_GRACE = 60.0  # seconds


class Stopped(BaseException):
    """A signal asks serve to stop."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


def main(names: Sequence[str], *, call: Sequence[str]) -> int:
    """Serve the API named while `call` runs, or until a signal where there is nothing to call."""
    if len(names) != 1 or names[0] not in APIS:
        raise UserError(
            f"one name is needed: `{' '.join(names)}`",
            hint=f"python -m tasks.demo.serve {'|'.join(APIS)} [-- COMMAND...]",
        )
    name = names[0]
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, stop)
    try:
        with running(name) as url:
            if call:
                return run(call, {**os.environ, APIS[name]: url})
            print(url, flush=True)
            say(f"{name} API: set {APIS[name]}={url} to use it; Ctrl-C ends it")
            signal.pause()
            return 0
    except Stopped as stopped:
        return 128 + stopped.signum if call else 0


def stop(signum: int, frame: FrameType | None) -> None:
    """Handle the first signal; later ones must not disturb the cleaning up."""
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, signal.SIG_IGN)
    raise Stopped(signum)


@contextmanager
def running(name: str) -> Iterator[str]:
    """Run an API in a process and a session of its own, so that Ctrl-C leaves it to COMMAND until COMMAND has ended."""
    api = [sys.executable, "-m", f"tasks.demo.{name}_api"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with processes.started(api, seconds=0, cwd=get_settings().root, start_new_session=True, **pipes) as child:
        try:
            yield address_of(child, f"the demo's {name} API", START_TIMEOUT)
        finally:
            assert child.stdin is not None and child.stdout is not None
            child.stdin.close()
            processes.wait(child, END_GRACE)
            child.stdout.close()


def address_of(server: subprocess.Popen[bytes], name: str, seconds: float) -> str:
    """Return the address that a server prints when it can be asked; end as it did where it ends without."""
    assert server.stdout is not None
    ready, _, _ = select.select([server.stdout], [], [], seconds)
    if not ready:
        raise PlatformError(
            f"it did not start within {seconds:.0f} s: {name}",
            hint="the machine may be busy; run the command again",
        )
    address = server.stdout.readline().decode().strip()
    if not address:
        # It has said why, on the same standard error.
        sys.exit(processes.wait(server, END_GRACE) or 1)
    return address


def run(call: Sequence[str], environment: dict[str, str]) -> int:
    """Run a command to its end and return its exit code as a shell would."""
    try:
        with processes.started(call, seconds=COMMAND_GRACE, env=environment) as child:
            try:
                code = processes.wait(child, None)
            except Stopped as stopped:
                code = pass_on(child, stopped.signum)
    except OSError as error:
        raise UserError(f"cannot run: `{call[0]}`", hint=f"{error.strerror}; give a command after `--`") from error
    assert code is not None
    return code if code >= 0 else 128 - code


def pass_on(child: subprocess.Popen[bytes], signum: int) -> int:
    """End a command the way serve was asked to end."""
    if signum == signal.SIGINT:
        # Ctrl-C reaches COMMAND too. A second SIGINT would disturb its cleaning up: send one only where none arrived.
        code = processes.wait(child, processes.TERMINAL_SECONDS)
        if code is not None:
            return code
    return processes.end(child, signum=signum, seconds=COMMAND_GRACE)


if __name__ == "__main__":
    # What follows `--` is COMMAND's own, `--debug` included.
    words = sys.argv[1:]
    split = words.index("--") if "--" in words else len(words)
    sys.exit(command(partial(main, call=words[split + 1 :]), words[:split]))

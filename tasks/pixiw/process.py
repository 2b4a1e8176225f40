"""Run a task's command so that its exit code, signals and terminal are those of a command typed by hand."""

from __future__ import annotations

import os
import shutil
import signal
import string
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType

from shared.errors import ConfigurationError
from tasks.pixiw.steps import Step

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Without one of these a command needs no shell, and then none stands between us and the process that gets our signals.
SHELL_CHARACTERS = set("&|;<>()$`\\\"'*?[]#~={}!%\n")


def has_terminal() -> bool:
    """Whether this process has a terminal, whose Ctrl-C reaches every process in the foreground by itself."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR))
    except OSError:
        return False
    return True


def run(command: Sequence[str], env: Mapping[str, str], cwd: Path) -> int:
    """Run a command to its end and return its exit code (128 + n where signal n ended it), passing signals on.

    With a terminal the command stays in our process group, as job control wants it. Without one it gets a group of its
    own, so that a signal to us reaches all of its children too.
    """
    own_group = not has_terminal()
    received: list[int] = []
    child: subprocess.Popen[bytes] | None = None

    def send(number: int) -> None:
        if child and own_group:
            os.killpg(child.pid, number)
        elif child and number != signal.SIGINT:
            signal.signal(number, signal.SIG_IGN)
            os.killpg(0, number)

    def forward(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        with suppress(ProcessLookupError):
            send(number)

    previous = {number: signal.signal(number, forward) for number in SIGNALS}
    try:
        child = subprocess.Popen(command, env=env, cwd=cwd, process_group=0 if own_group else None)
        for number in received:
            send(number)
        code = child.wait()
    except FileNotFoundError as error:
        raise ConfigurationError(f"not found: `{error.filename}`", hint="-e names another environment") from error
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    # A Python that is interrupted while it starts itself ends with 1.
    if received and (code == 0 or (code == 1 and received[0] == signal.SIGINT)):
        return 128 + received[0]
    return code if code >= 0 else 128 - code


def shell_command(text: str, path: str) -> list[str]:
    """The argument list that runs shell text: the program itself where it is one on PATH with plain arguments."""
    plain = not SHELL_CHARACTERS & set(text) and shutil.which(text.split()[0], path=path)
    return text.split() if plain else ["sh", "-c", text]


def run_step(step: Step, variables: Mapping[str, str], root: Path) -> int:
    """Run one task, saying on standard error what runs and how long it took."""
    env = dict(variables)
    for key, value in step.env.items():
        env[key] = expand(str(value), env)
    print(f"pixiw: {step.task} ({step.environment}): {step.command}", file=sys.stderr, flush=True)
    started = time.monotonic()
    code = run(shell_command(step.command, env["PATH"]), env, root / step.cwd)
    end = f"{f'failed with exit code {code}' if code else 'done'} after {time.monotonic() - started:.1f} s"
    print(f"pixiw: {step.task} ({step.environment}): {end}", file=sys.stderr, flush=True)
    return code


def expand(value: str, env: Mapping[str, str]) -> str:
    """A task's `env` value with `$NAME` replaced, as pixi's shell does."""
    return string.Template(value).safe_substitute(env)

"""The processes of several labs at once: what they say is shown as they say it, and none outlives this one."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from shared.utils import processes

POLL_SECONDS = 0.2
# What a pipe holds on Linux; on macOS it is less.
PIPE_BYTES = 65_536


@dataclass
class Speaker:
    """A process whose output is read.

    Attributes:
        name: What stands before each line that it says.
        rest: The beginning of a line that has not ended yet.
    """

    name: str
    process: subprocess.Popen[bytes]
    say: Callable[[str], None]
    rest: bytes = b""

    @property
    def output(self) -> int:
        """The descriptor that it is read from."""
        assert self.process.stdout is not None
        return self.process.stdout.fileno()

    def read(self) -> bool:
        """Show what it has said by now, and tell whether it may say more."""
        said, more = b"", True
        with suppress(BlockingIOError):
            while more and len(said) < PIPE_BYTES:
                piece = os.read(self.output, PIPE_BYTES)
                said, more = said + piece, bool(piece)
        *lines, self.rest = (self.rest + said).split(b"\n")
        if self.rest and not more:
            lines.append(self.rest)
        for line in lines:
            self.say(f"{self.name} | {line.decode(errors='replace').rstrip()}")
        return more


class Processes:
    """Processes that have a name each, run beside one another.

    Args:
        say: Shows a line.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._running: list[Speaker] = []
        self._selector = selectors.DefaultSelector()

    def __len__(self) -> int:
        return len(self._running)

    def start(self, name: str, command: Sequence[str], variables: Mapping[str, str]) -> None:
        """Start a process."""
        with processes.signals_held():
            child = subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            speaker = Speaker(name, child, self._say)
            self._running.append(speaker)
        os.set_blocking(speaker.output, False)
        self._selector.register(speaker.output, selectors.EVENT_READ, speaker)

    def ended(self) -> dict[str, int]:
        """Show what is said within a moment, and return the exit codes of those that have ended, by name."""
        for key, _ in self._selector.select(POLL_SECONDS):
            if not key.data.read():
                self._selector.unregister(key.fd)
        codes = {}
        for speaker in list(self._running):
            # Not the end of its output: something that it has started may hold that open.
            if (code := processes.poll(speaker.process)) is not None:
                self._forget(speaker)
                codes[speaker.name] = code
        return codes

    def stop(self) -> None:
        """End what still runs: all are asked first, and killed after a while."""
        for speaker in self._running:
            processes.tell(speaker.process, signal.SIGINT)
        deadline = time.monotonic() + processes.GRACE_SECONDS
        try:
            # One that clears up may have more to say than its pipe holds.
            while self._running and time.monotonic() < deadline:
                self.ended()
        finally:
            for speaker in self._running:
                processes.end(speaker.process, signum=signal.SIGKILL, seconds=0)

    def _forget(self, speaker: Speaker) -> None:
        self._running.remove(speaker)
        if speaker.output in self._selector.get_map():
            speaker.read()
            self._selector.unregister(speaker.output)
        assert speaker.process.stdout is not None
        speaker.process.stdout.close()

"""What a command tells the person who runs it: on standard error, so that standard output stays data."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from rich.console import Console

from shared.redaction import redacted

PIPE_WIDTH = 160


@cache
def console() -> Console:
    """Return the console for messages. In a pipe or in CI it writes plain lines of any length."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


@cache
def output() -> Console:
    """Return the console for results. In a pipe lines are as long as a wide terminal's."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)


def say(message: str) -> None:
    """Tell something in one line, without what is secret in it."""
    console().print(redacted(message), markup=False)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Show that `title` is under way, and how long it took once done or failed."""
    begun = time.monotonic()
    outcome = "failed"
    try:
        if sys.stderr.isatty():
            with console().status(title):
                yield
        else:
            yield
        outcome = "done"
    finally:
        mark = "✓" if outcome == "done" else "✗"
        say(f"  {mark} {title} ({time.monotonic() - begun:.1f} s)")


class Counter:
    """Shows how many of how many are done: a bar on a terminal, a line at each quarter elsewhere."""

    def __init__(self, title: str, *, unit: str) -> None:
        # Here and not above: it takes a moment to import, and most commands count nothing.
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        self._title = title
        self._unit = unit
        self._quarters = 0
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Progress(*columns, console=console(), transient=True, disable=not sys.stderr.isatty())
        self._task = self._bar.add_task(title, total=None)

    def __enter__(self) -> Counter:
        say(self._title)
        self._bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.stop()

    def advance(self, done: int, total: int) -> None:
        """Show that `done` of `total` have ended."""
        self._bar.update(self._task, completed=done, total=total)
        quarter = 4 * done // total if total else 0
        if self._bar.disable and quarter > self._quarters:
            self._quarters = quarter
            say(f"  {done} of {total} {self._unit}")

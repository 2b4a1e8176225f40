"""What a command tells the person who runs it: on standard error, so that standard output stays data."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from rich.console import Console


@cache
def console() -> Console:
    """Return the console for messages. In a pipe or in CI it writes plain lines of any length."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def say(message: str) -> None:
    """Tell something in one line."""
    console().print(message, markup=False)


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

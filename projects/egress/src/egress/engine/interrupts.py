"""Lets a delivery end between two chunks when it is asked to end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def ending_between_chunks() -> Iterator[Callable[[], None]]:
    """Keep Ctrl-C and SIGTERM until what is inside asks for them, which it does by calling what it is given.

    A second one is not kept: an answer may take minutes.

    Raises:
        KeyboardInterrupt: One has come.
    """
    came: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        if len(came) > 1:
            raise KeyboardInterrupt

    def ask() -> None:
        if came:
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield ask
        return
    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield ask
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

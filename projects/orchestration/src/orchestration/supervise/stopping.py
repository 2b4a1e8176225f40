"""What asks `ui` to end."""

from __future__ import annotations

import signal


def signals_noted() -> list[int]:
    """Return a list to which each SIGINT and SIGTERM is added from now on.

    No `threading.Event`: Ctrl-C may come twice at once, from the terminal and from a wrapper, and the handler of the
    second would wait for the lock that the first one holds.
    """
    came: list[int] = []
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda number, frame: came.append(number))
    return came

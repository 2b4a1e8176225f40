"""How often a server may be asked."""

from __future__ import annotations

import time


class Pace:
    """Lets requests begin at a rate at most, evenly; one for all clients of a server.

    Args:
        per_second: How many; no limit where it is None.
    """

    def __init__(self, per_second: float | None) -> None:
        self._seconds = 1 / per_second if per_second else 0.0
        self._next = 0.0

    def keep(self) -> None:
        """Wait until the next request may begin."""
        now = time.monotonic()
        if self._next > now:
            time.sleep(self._next - now)
        self._next = max(now, self._next) + self._seconds

"""How often a server may be asked."""

from __future__ import annotations

import threading
import time


class Pace:
    """Lets requests begin at a rate at most, evenly; one for all clients of a server, in any thread.

    Args:
        per_second: How many; no limit where it is None.
    """

    def __init__(self, per_second: float | None) -> None:
        self._seconds = 1 / per_second if per_second else 0.0
        self._lock, self._next = threading.Lock(), 0.0

    def keep(self) -> None:
        """Wait until the next request may begin."""
        with self._lock:
            now = time.monotonic()
            begins = max(now, self._next)
            self._next = begins + self._seconds
        if begins > now:
            time.sleep(begins - now)

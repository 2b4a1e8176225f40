"""The thread that sends events, so that no run waits for a collector while it works, and none for long at its end."""

from __future__ import annotations

import atexit
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, Queue
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from shared.monitoring.lineage.collector import NotTaken
from shared.monitoring.lineage.facts import Begun, Ended

if TYPE_CHECKING:
    from shared.monitoring.lineage.collector import Collector

MOST_WAITING = 100
# How long a process waits at its end for this thread's own work, beside the collector's.
WORK_SECONDS = 30.0
# Beyond the bound of an answer: that ends by itself, and says better what was wrong.
GRACE_SECONDS = 1.0
TICK_SECONDS = 0.02
TOO_SLOW = "the collector is too slow"


class Sender:
    """Sends what is told to a collector; at the first failure it gives up, says so once, and drops all that comes.

    Args:
        collector: Where to.
        gave_up: Called once with the reason, which holds nothing secret.
    """

    def __init__(self, collector: Collector, gave_up: Callable[[str], None]) -> None:
        self._collector = collector
        self._most = collector.seconds + GRACE_SECONDS
        self._on_giving_up = gave_up
        self._waiting: Queue[Begun | Ended | None] = Queue()
        self._asked: float | None = None
        self._closing = Event()
        self._gave_up = Event()
        self._giving_up = Lock()
        self._thread = Thread(target=self._send_all, name="lineage", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    @property
    def has_given_up(self) -> bool:
        """Whether nothing is sent any more."""
        return self._gave_up.is_set()

    @property
    def _is_stuck(self) -> bool:
        # One that sends its answer byte by byte keeps within the bound of each.
        asked = self._asked
        return asked is not None and time.monotonic() - asked > self._most

    def tell(self, fact: Begun | Ended) -> None:
        """Send what there is to say of a run, later."""
        if self._waiting.qsize() >= MOST_WAITING:
            self._give_up(TOO_SLOW)
        if not self.has_given_up:
            self._waiting.put(fact)

    def close(self) -> None:
        """Wait until all is sent: for the collector as long as it may take, for its own work `WORK_SECONDS`."""
        # Whoever interrupts the end of a process wants no word of it.
        with suppress(KeyboardInterrupt):
            self._closing.set()
            self._waiting.put(None)
            deadline = time.monotonic() + WORK_SECONDS
            while self._thread.is_alive() and time.monotonic() < deadline and not self._is_stuck:
                self._thread.join(TICK_SECONDS)
            if self._thread.is_alive():
                self._give_up(TOO_SLOW)

    def _send_all(self) -> None:
        try:
            self._collector.knock()
            # Here and not above: it takes most of a second to import, and the work goes on meanwhile.
            from shared.monitoring.lineage.client import Client
            from shared.monitoring.lineage.events import events_of

            client, waited = Client(self._collector), 0.0
            while (fact := self._waiting.get()) is not None:
                for event in events_of(fact):
                    self._asked = begun = time.monotonic()
                    client.send(event)
                    self._asked = None
                    waited += time.monotonic() - begun if self._closing.is_set() else 0.0
                    if waited > self._most:
                        raise NotTaken(TOO_SLOW)
                    if self.has_given_up:
                        return
        except NotTaken as error:
            self._give_up(str(error))
        except Exception as error:
            # Its text may hold the address.
            self._give_up(type(error).__name__)

    def _give_up(self, reason: str) -> None:
        with self._giving_up:
            if self.has_given_up:
                return
            self._gave_up.set()
        with suppress(Empty):
            while True:
                self._waiting.get_nowait()
        self._on_giving_up(reason)

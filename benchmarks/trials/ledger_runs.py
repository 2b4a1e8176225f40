"""The runs of the trial of ledgers, and what is true of them. Rivals import it: standard library alone."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# In this order; the last one still runs when the ledgers are asked.
LOADS = ("new rows", "nothing new", "fails", "killed", "running")
ROWS = [{"id": 1}, {"id": 2}, {"id": 3}]
TABLE = "readings"
REASON = "bad row: 7"
WAIT_SECONDS = 120.0

TRUE: dict[str, Any] = {
    "loads that were begun": 5,
    "loads that succeeded": 2,
    "the load that failed": 1,
    "why it failed": True,
    "the load that was killed, told from one that runs": True,
    "the load that runs now": True,
    "how long the first took": True,
    "rows of the first, by table": 3,
    "that the second found nothing new": True,
    "environment and Python of a run": True,
    "a step that is no load": True,
    "which column came from which": True,
}


def rows_of(load: str, folder: Path) -> Iterator[dict[str, int]]:
    """Return the rows of a load, as it meets its fate."""
    (folder / f"{load}.begun").touch()
    if load == "nothing new":
        return
    yield from ROWS
    if load == "fails":
        raise ValueError(REASON)
    if load == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    deadline = time.monotonic() + WAIT_SECONDS
    while load == "running" and not (folder / "asked").exists() and time.monotonic() < deadline:
        time.sleep(0.1)

"""Structured logs: one JSON object a line, one file a day, under `data/logs`."""

from __future__ import annotations

import json
import os

from shared.config import get_settings
from shared.errors import PlatformError
from shared.utils.clock import utc_now


def log_event(event: str, **fields: object) -> None:
    """Append an event to the log. A log that cannot be written never stops the work."""
    now = utc_now()
    record = {
        "time": now.isoformat(timespec="milliseconds") + "Z",
        "event": event,
        "environment": os.environ.get("PIXI_ENVIRONMENT_NAME"),
        "pid": os.getpid(),
        **fields,
    }
    try:
        folder = get_settings().logs_dir
        folder.mkdir(parents=True, exist_ok=True)
        # One write of one line to a file opened for appending, so that lines of several processes do not mix.
        with (folder / f"{now:%Y-%m-%d}.jsonl").open("ab", buffering=0) as log:
            log.write((json.dumps(record, default=str) + "\n").encode())
    except (OSError, PlatformError):
        return

"""Structured logs: one JSON object a line, one file a day, under `data/logs`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from shared.config import Settings
from shared.redaction import redacted_values
from shared.utils.clock import utc_now


def log_event(settings: Settings, event: str, /, **fields: object) -> None:
    """Append an event to the log in `logs_dir`, redacted. A log that cannot be written never stops the work."""
    now = utc_now()
    record = {
        "time": now.isoformat(timespec="milliseconds") + "Z",
        "event": event,
        "environment": os.environ.get("PIXI_ENVIRONMENT_NAME"),
        "pid": os.getpid(),
        **fields,
    }
    try:
        append_line(settings.logs_dir / f"{now:%Y-%m-%d}.jsonl", json.dumps(redacted_values(as_json(record))))
    except OSError:
        return


def as_json(value: object) -> Any:
    """Return a value as JSON has it; what JSON has no type for is its text."""
    return json.loads(json.dumps(value, default=str))


def append_line(path: Path, line: str) -> None:
    """Append a line to a file, whose folder is made where it is missing.

    Raises:
        OSError: It cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # One write to a file opened for appending, so that lines of several processes do not mix.
    with path.open("ab", buffering=0) as file:
        file.write((line + "\n").encode())

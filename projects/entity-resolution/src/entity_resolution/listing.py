"""What entity resolution reads, writes and measures: `list`."""

from __future__ import annotations

import json

from entity_resolution import master, parties, quality, resolve
from shared.utils.code import path_of


def as_json() -> str:
    """Return all of it for programs."""
    return json.dumps(
        {
            "version": 1,
            "reads": [parties.TABLE],
            "writes": [
                {"relation": name, "description": table.description, "key": [table.key]}
                for name, table in master.TABLES.items()
            ],
            "measures": [{"name": name, "description": text} for name, text in quality.DESCRIPTIONS.items()],
            "code": path_of(resolve),
        },
        indent=2,
    )


def as_text() -> str:
    """Return all of it for people."""
    lines = ["reads:", f"  {parties.TABLE}", "writes:"]
    lines += [f"  {name} (key {table.key}): {table.description}" for name, table in master.TABLES.items()]
    lines += ["measures:", *(f"  {name}: {text}" for name, text in quality.DESCRIPTIONS.items())]
    return "\n".join(lines)

"""What entity resolution reads, writes and measures: `list`."""

from __future__ import annotations

import json

from entity_resolution.engine import master, quality
from entity_resolution.entities import modules
from shared.utils.code import path_of


def as_json() -> str:
    """Return all of it for programs."""
    (module,) = modules().values()
    entity = module.ENTITY
    return json.dumps(
        {
            "version": 1,
            "reads": [entity.parties.relation],
            "writes": [
                {"relation": name, "description": table.description, "key": list(table.key)}
                for name, table in master.tables(entity).items()
            ],
            "measures": [{"name": name, "description": text} for name, text in quality.descriptions(entity).items()],
            "code": path_of(module),
        },
        indent=2,
    )


def as_text() -> str:
    """Return all of it for people."""
    (module,) = modules().values()
    entity = module.ENTITY
    lines = ["reads:", f"  {entity.parties.relation}", "writes:"]
    lines += [
        f"  {name} (key {', '.join(table.key)}): {table.description}" for name, table in master.tables(entity).items()
    ]
    lines += ["measures:", *(f"  {name}: {text}" for name, text in quality.descriptions(entity).items())]
    return "\n".join(lines)

"""What entity resolution reads, writes and measures: `list`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from entity_resolution.engine import master, quality, resolve
from entity_resolution.entities import modules
from entity_resolution.entity import Entity
from shared.utils.code import path_of


def as_json() -> str:
    """Return all of it for programs: what each entity has alone, and the tables that they share."""
    found = [
        {
            "name": module.ENTITY.name,
            "reads": [module.ENTITY.parties.relation],
            "writes": _tables(master.tables(module.ENTITY)),
            "measures": [
                {"name": name, "description": text} for name, text in quality.descriptions(module.ENTITY).items()
            ],
            "code": path_of(module),
        }
        for module in modules().values()
    ]
    shared = {"writes": _tables(master.SHARED), "code": path_of(resolve)}
    return json.dumps({"version": 2, "entities": found, "shared": shared}, indent=2)


def as_text() -> str:
    """Return all of it for people."""
    lines = [line for module in modules().values() for line in _lines(module.ENTITY)]
    return "\n".join([*lines, "of all entities:", *_told(master.SHARED)])


def _tables(tables: Mapping[str, master.Table]) -> list[dict[str, object]]:
    return [
        {"relation": name, "description": table.description, "key": list(table.key)} for name, table in tables.items()
    ]


def _lines(entity: Entity) -> Iterable[str]:
    yield f"{entity.name}:"
    yield f"  reads {entity.parties.relation}"
    yield from _told(master.tables(entity))
    yield "  measures:"
    for name, text in quality.descriptions(entity).items():
        yield f"    {name}: {text}"


def _told(tables: Mapping[str, master.Table]) -> list[str]:
    return [f"  writes {name} (key {', '.join(table.key)}): {table.description}" for name, table in tables.items()]

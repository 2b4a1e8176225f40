"""Ids that last: which id a cluster of records gets, where every id ever given leads now, and what happened to each.

`tables` reads what is known so far and writes what has changed; `assignment` gives clusters their ids, `changes` tells
what follows from these. Both work on record ids and cluster names alone: they know no entity, no engine, no Splink.
"""

from entity_resolution.engine.registry.part import read_part
from entity_resolution.engine.registry.registry import Change, State, after, next_change
from entity_resolution.engine.registry.tables import (
    EVENT_KEY,
    FORMER_KEY,
    RegistryTables,
    make_registry,
    publish,
    read_state,
)

__all__ = [
    "EVENT_KEY",
    "FORMER_KEY",
    "Change",
    "RegistryTables",
    "State",
    "after",
    "make_registry",
    "next_change",
    "publish",
    "read_part",
    "read_state",
]

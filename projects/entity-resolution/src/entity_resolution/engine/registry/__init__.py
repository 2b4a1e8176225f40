"""Ids that last: which id a cluster of records gets, where every id ever given leads now, and what happened to each.

`tables` reads what is known so far, `assignment` gives clusters their ids, `changes` tells what that changes, `tables`
writes it. All but that works on record ids and names of clusters: it knows neither an entity, an engine nor Splink.
"""

from entity_resolution.engine.registry.registry import Change, next_change
from entity_resolution.engine.registry.tables import RegistryTables, make_registry, publish, read_state

__all__ = ["Change", "RegistryTables", "make_registry", "next_change", "publish", "read_state"]

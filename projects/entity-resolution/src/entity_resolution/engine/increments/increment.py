"""Links only what has changed since master was written, where that comes to the same as linking all."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from entity_resolution.engine import master
from entity_resolution.engine.increments.difference import Difference
from entity_resolution.engine.linking.workplace import Linked, Workplace
from entity_resolution.engine.model_store import Model
from entity_resolution.entity import Entity
from shared.utils.console import say
from shared.warehouse import Warehouse

# Of the parties: where more have changed, linking all takes less time.
MOST_CHANGED = 0.2
OTHER_BASIS = "values stand for nothing, or are too common for a rule, that were not before, or the other way round"


def link_changes(
    entity: Entity, workplace: Workplace, model: Model, threshold: float, difference: Difference
) -> Linked | None:
    """Link new and changed parties, and whoever was held together by them or by those that are gone.

    The last run must have had the same model, threshold and code.

    Returns:
        Their clusters; None where all have to be linked, which is said.
    """
    changed = difference.rows.num_rows
    linked, why = None, obstacle(entity, changed, difference.parties)
    if not why:
        # It imports Splink, which takes a second.
        from entity_resolution.engine.increments.relinking import link_again

        with workplace.session() as connection:
            linked = link_again(connection, entity, model, threshold, difference)
    if linked is None:
        say(f"    all records are linked: {why or OTHER_BASIS}")
        return None
    there = pc.sum(difference.rows["is_there"]).as_py() or 0
    say(f"    {there:,} of {difference.parties:,} records are new or changed, {changed - there:,} are gone")
    return linked


def with_others(warehouse: Warehouse, entity: Entity, linked: Linked) -> pa.Table:
    """Return the clusters of the part that `read_part` has left, with those in it that stay as they are."""
    assert linked.touched is not None
    others = master.read_clusters_of_part(warehouse, entity)
    stay = pc.invert(pc.is_in(others["party_id"], linked.touched["party_id"].combine_chunks()))
    return pa.concat_tables([linked.clusters, others.filter(stay)])


def obstacle(entity: Entity, changed: int, parties: int) -> str:
    """Return why so many parties, new, changed or gone, cannot be linked alone; empty where they can.

    Args:
        entity: What they are parties of.
        changed: How many there are of these.
        parties: How many there are now, two at least.
    """
    if entity.parties.duplicate_free:
        return "records of a source without duplicates are joined with the best of others, which all of them decide"
    if changed > MOST_CHANGED * parties:
        return f"more than {MOST_CHANGED:.0%} of them are new, changed or gone"
    return ""

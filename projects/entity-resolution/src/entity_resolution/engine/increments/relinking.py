"""Links again what a difference touches, and nothing else: the result is that of linking all parties.

Two records are weighed by themselves and the model, so whoever neither is new nor has changed is together as before:
all pairs of the others are made anew, within them and with those that stay. The members of an entity that has lost one,
or of which one has changed, are decided anew together, as it may have held them together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from splink.clustering import cluster_pairwise_predictions_at_threshold

from entity_resolution.engine.blocking.basis import Basis
from entity_resolution.engine.blocking.bounds import PAIRS_OF_A_VALUE, count
from entity_resolution.engine.blocking.rules import Rule
from entity_resolution.engine.fillers import hold_out
from entity_resolution.engine.in_memory import session_in
from entity_resolution.engine.increments.difference import Difference
from entity_resolution.engine.linking.linking import Session, linker_by, weigh
from entity_resolution.engine.linking.pruning import JOIN_KEY, NUMBERED, PLACE
from entity_resolution.engine.linking.workplace import CLUSTER_COLUMNS, Linked
from entity_resolution.engine.model_store import Model
from entity_resolution.engine.tables import PARTIES
from entity_resolution.entity import Entity

if TYPE_CHECKING:
    import duckdb

# Those that are linked anew; the pairs that rules make of them, with each other and with those that stay; and the
# records of these pairs.
FRESH, MET, NEAR = "resolution_fresh", "resolution_met", "resolution_near"

SPLIT = f"""
create table fresh_party as
    select party_id from difference where is_there
    union
    select party_id from present
    where
        entity_id in (select entity_id from present semi join difference using (party_id))
        and party_id not in (select party_id from difference where not is_there);
create table {FRESH} as select * from {PARTIES} semi join fresh_party using (party_id);
"""
# Whatever rules find a pair, it is weighed once. Splink joins by these keys, and the left one is the smaller.
PAIRS = f"""
create table {MET} as
    select cast(min(rule) as varchar) as match_key, join_key_l, join_key_r from ({{found}}) as found
    group by join_key_l, join_key_r;
create table {NEAR} as
    select * from {PARTIES} as party
    where {{key}} in (select join_key_l from {MET} union select join_key_r from {MET});
"""
# As `found_by` returns them.
PLACED = f"""
    select cast(pair.match_key as integer) as rule, l.{PLACE} as place_l, r.{PLACE} as place_r
    from {MET} as pair
    inner join {NUMBERED} as l on l.{JOIN_KEY} = pair.join_key_l
    inner join {NUMBERED} as r on r.{JOIN_KEY} = pair.join_key_r
"""

# Entities that a fresh record joins stay whole, held together by their first record.
GRAPH = """
create table pair as {pairs};
create table joined_entity as
    select entity_id, min(party_id) as first_id
    from present
    where entity_id in (
        select entity_id from present semi join (select id_l as party_id from pair union select id_r from pair)
            using (party_id) anti join fresh_party using (party_id)
    )
    group by entity_id;
create table edge as
    select id_l, id_r from pair
    union
    select first_id, party_id from joined_entity inner join present using (entity_id) where party_id <> first_id;
create table node as
    select party_id from fresh_party union select party_id from present semi join joined_entity using (entity_id);
"""


def link_again(
    connection: duckdb.DuckDBPyConnection, entity: Entity, model: Model, threshold: float, difference: Difference
) -> Linked | None:
    """Return the clusters of the parties that a difference touches; None where all have to be linked.

    Args:
        connection: A DuckDB that holds all parties of now in the table `FORMED`.
        entity: What they are parties of.
        model: How they are compared.
        threshold: The match probability from which a pair is joined.
        difference: What has changed. Where its basis is another one by now, any pair may be another.
    """
    session, rules = session_in(connection, entity), difference.basis.rules
    fillers = hold_out(session.ask, entity, difference.basis.fillers, model.words)
    if Basis.of(fillers, rules) != difference.basis:
        return None
    connection.register("difference", difference.rows)
    connection.register("present", difference.before)
    connection.execute(SPLIT)
    if any(_has_common(session, rule) for rule in rules if not rule.is_off):
        return None
    found = " union all ".join(_found(place, rule) for place, rule in enumerate(rules))
    connection.execute(PAIRS.format(found=found, key=_key("party")))
    connection.execute(GRAPH.format(pairs=_pairs(session, model, rules, threshold)))
    clusters = cluster_pairwise_predictions_at_threshold(
        session.api.register("node"), session.api.register("edge"), session.api, "party_id", "id_l", "id_r"
    )
    rows = connection.sql(
        f"select {CLUSTER_COLUMNS} from {clusters.physical_name} inner join {PARTIES} using (party_id)"
    ).to_arrow_table()
    touched = connection.sql("select party_id from node union select party_id from difference").to_arrow_table()
    return Linked(rows, fillers, rules, touched=touched)


def _has_common(session: Session, rule: Rule) -> bool:
    """Tell whether a value that a fresh record has is too common for a rule by now, and was not before."""
    blocks = count(session.ask, rule, PAIRS_OF_A_VALUE, shared_with=FRESH)
    return bool(blocks.common.keys() - rule.skipped.keys())


def _found(place: int, rule: Rule) -> str:
    """Return the query for the pairs of fresh records that a rule finds: its place, and the keys of both."""
    one, other = _key("l"), _key("r")
    both = f"{one}, {other}"
    # A pair is weighed by which record is the left one, as values may have been swapped.
    ways = [(FRESH, PARTIES)] if rule.is_even else [(FRESH, PARTIES), (PARTIES, FRESH)]
    in_order = "<>" if rule.is_even else "<"
    return " union all ".join(
        f"select {place} as rule, least({both}) as join_key_l, greatest({both}) as join_key_r "
        f"from {left} as l inner join {right} as r on {rule.sql} where {one} {in_order} {other}"
        for left, right in ways
    )


def _key(record: str) -> str:
    """Return the key by which Splink knows a record."""
    return f"{record}.source_system || '-__-' || {record}.party_id"


def _pairs(session: Session, model: Model, rules: Sequence[Rule], threshold: float) -> str:
    """Weigh the pairs of fresh records, and return the query for those that are joined."""
    linker = linker_by(session, model, rules, NEAR)
    found = weigh(linker, PLACED, threshold, candidates=session.api.register(MET))
    return f"select party_id_l as id_l, party_id_r as id_r from {found.physical_name}"

"""Links again what a difference touches, and nothing else: the result is that of linking all parties.

Two records are weighed by themselves and the model, so whoever neither is new nor has changed is together as before:
all pairs of the others are made anew, within them and with those that stay. The members of an entity that has lost one,
or of which one has changed, are decided anew together, as it may have held them together.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from splink.clustering import cluster_pairwise_predictions_at_threshold

from entity_resolution.engine.blocking.basis import Basis
from entity_resolution.engine.blocking.bounds import PAIRS_OF_A_VALUE, block, count
from entity_resolution.engine.blocking.rules import Rule, hashed
from entity_resolution.engine.fillers import hold_out
from entity_resolution.engine.in_memory import session_in
from entity_resolution.engine.increments.difference import Difference
from entity_resolution.engine.linking.linking import Session, linker_by
from entity_resolution.engine.linking.workplace import CLUSTER_COLUMNS, Linked
from entity_resolution.engine.model_store import Model
from entity_resolution.engine.tables import PARTIES
from entity_resolution.entity import Entity
from shared.warehouse import literal

if TYPE_CHECKING:
    import duckdb

# Those that are linked anew, those of the others that a rule makes a pair of one of them with, and both.
FRESH, STAYING, BOTH = "resolution_fresh", "resolution_staying", "resolution_near"
# As Splink decides which record of a pair is the left one.
IN_ORDER = "l.source_system || '-__-' || l.party_id < r.source_system || '-__-' || r.party_id"

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
NEAR = f"""
create table {STAYING} as
    select * from {PARTIES} semi join ({{met}}) as met using (party_id) anti join fresh_party using (party_id);
create view {BOTH} as from {FRESH} union all from {STAYING};
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
    connection.execute(NEAR.format(met=" union all ".join(_met(rules))))
    if any(count(session.ask, rule, PAIRS_OF_A_VALUE, BOTH).common.keys() - rule.skipped.keys() for rule in rules):
        return None
    connection.execute(GRAPH.format(pairs=_pairs(session, model, rules, threshold)))
    clusters = cluster_pairwise_predictions_at_threshold(
        session.api.register("node"), session.api.register("edge"), session.api, "party_id", "id_l", "id_r"
    )
    rows = connection.sql(
        f"select {CLUSTER_COLUMNS} from {clusters.physical_name} inner join {PARTIES} using (party_id)"
    ).to_arrow_table()
    touched = connection.sql("select party_id from node union select party_id from difference").to_arrow_table()
    return Linked(rows, fillers, rules, touched=touched)


def _met(rules: Iterable[Rule]) -> Iterable[str]:
    """Return a query for each rule, and way round, for the records that it may make a pair of a fresh one with."""
    for rule in rules:
        ways = [(rule.left, rule.right)] if rule.is_even else [(rule.left, rule.right), (rule.right, rule.left)]
        for theirs, ours in [] if rule.is_off else ways:
            names = [f"key_{place}" for place in range(len(ours))]
            skipped = ", ".join(map(literal, sorted(rule.skipped)))
            without = f" where {hashed(names)} not in ({skipped})" if skipped else ""
            equal = " and ".join(f"{text} = {name}" for text, name in zip(theirs, names, strict=True))
            yield (
                f"select party_id from {PARTIES} as l semi join "
                f"(select * from ({block(FRESH, ours, names)}) as block{without}) as key on {equal}"
            )


def _pairs(session: Session, model: Model, rules: Iterable[Rule], threshold: float) -> str:
    """Weigh the pairs of fresh records, and return the query for those that are joined."""
    rules = [*rules]
    fresh, staying = session.api.register(FRESH), session.api.register(STAYING)
    infer = linker_by(session, model, rules, BOTH).inference
    # A pair is weighed by which record is the left one, as values may have been swapped.
    one_way: list[Any] = [f"({rule.sql}) and {IN_ORDER}" for rule in rules]
    found = [infer.predict_within(fresh, threshold_match_probability=threshold)]
    found += [
        infer.predict_between(
            left, right, blocking_rules_to_generate_predictions=one_way, threshold_match_probability=threshold
        )
        for left, right in ((fresh, staying), (staying, fresh))
    ]
    return " union all ".join(
        f"select party_id_l as id_l, party_id_r as id_r from {each.physical_name}" for each in found
    )

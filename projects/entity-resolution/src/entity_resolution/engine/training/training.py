"""Learn the weights of the comparisons from the parties themselves; nobody has to label pairs."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import duckdb
from splink import Linker
from splink.internals.exceptions import EMTrainingException

from entity_resolution.engine.blocking.bounds import bounded, count
from entity_resolution.engine.blocking.rules import Rule, rules_of
from entity_resolution.engine.fillers import hold_out
from entity_resolution.engine.in_memory import session_in
from entity_resolution.engine.linking import definition
from entity_resolution.engine.linking.linking import Session, make_linker
from entity_resolution.engine.model_store import Model
from entity_resolution.engine.tables import FORMED
from entity_resolution.entity import Entity

# Below these numbers what is learned would be noise: the session of expectation maximisation takes whatever pairs
# it finds for matches. Splink's own starting weights do well enough until then.
FEWEST_PARTIES = 200
FEWEST_SURE_MATCHES = 100

SEED = 1
PAIRS_OF_STRANGERS = 200_000
# What is learned from more pairs differs in the third digit; and how many Splink counts to know which sample to draw.
PAIRS_OF_A_SESSION, PAIRS_COUNTED = 1_000_000, 10_000
# Where all records are the same, so that nothing is ever certain or impossible.
MOST_LIKELY = 0.5
# Sums over several threads differ in their last digits; the same parties shall give the same file.
SIGNIFICANT_DIGITS = 8


def train(connection: duckdb.DuckDBPyConnection, entity: Entity) -> Model:
    """Train a model on the parties of a session in memory; the same parties always give the same model."""
    session = session_in(connection, entity)
    rows = session.ask(f"select source_system, count(*) from {FORMED} group by all order by all")
    trained_on = {source: int(count) for source, count in rows}
    fillers = hold_out(session.ask, entity, {})
    rules, sure, sessions = (
        bounded(session.ask, rules_of(entity, blocks))
        for blocks in (entity.block, entity.training.sure, entity.training.sessions)
    )
    linker, learned = make_linker(session.api, definition.settings(entity)), False
    if sum(trained_on.values()) >= FEWEST_PARTIES:
        linker.training.estimate_u_using_random_sampling(
            max_pairs=PAIRS_OF_STRANGERS,
            seed=SEED,
            # All of them at once: Splink would else stop with the first hundred of the rarest level.
            num_chunks=1,
        )
        learned = _learn_from_matches(session, linker, sure, sessions)
    return Model(
        settings=_rounded(definition.without_dialect(linker.misc.save_model_to_json())),
        definition=definition.definition(entity),
        learned=learned,
        trained_on=trained_on,
        fillers=fillers,
        rules=rules,
        sure=sure,
        sessions=sessions,
    )


def _learn_from_matches(session: Session, linker: Linker, sure: Sequence[Rule], sessions: Sequence[Rule]) -> bool:
    """Learn how matches agree, and tell whether there were enough of them."""
    counts = linker.blocking_analysis.count_comparisons_from_blocking_rules(
        definition.for_splink(rule.sql for rule in sure), record_sample_proportion=1.0
    )[-1]
    matches, of_all = counts["cumulative_comparison_count"], counts["total_possible_comparison_count"]
    if matches < FEWEST_SURE_MATCHES:
        return False
    # Splink has no way to be told what it would count once more.
    linker._settings_obj._probability_two_random_records_match = min(
        matches / session.entity.training.recall / of_all, MOST_LIKELY
    )
    for rule in sessions:
        _learn_among(session, linker, rule)
    return True


def _learn_among(session: Session, linker: Linker, rule: Rule) -> None:
    """Learn among the pairs of a rule, or a sample of them where there are many."""
    pairs = count(session.ask, rule).pairs
    sampled = (
        {"max_pairs": PAIRS_OF_A_SESSION, "record_sample_proportion": (PAIRS_COUNTED / pairs) ** 0.5}
        if pairs > PAIRS_OF_A_SESSION
        else {}
    )
    (by,) = definition.for_splink([rule.sql])
    before = deepcopy(linker._settings_obj.core_model_settings)
    try:
        linker.training.estimate_parameters_using_expectation_maximisation(by, **sampled)
    except (EMTrainingException, ValueError):
        # A rule that no two parties meet teaches nothing, nor does one whose matches differ in nothing, where weights
        # become too small for a number; what it would have taught keeps its starting weight. Splink has taken the
        # session's columns out of the model by then, and its prior is that of the session.
        linker._settings_obj.core_model_settings = before


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{SIGNIFICANT_DIGITS}g}")
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return value

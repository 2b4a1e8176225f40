"""Learn the weights of the comparisons from the parties themselves; nobody has to label pairs."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import duckdb
from splink import Linker
from splink.internals.exceptions import EMTrainingException
from splink.internals.settings import CoreModelSettings

from entity_resolution.engine.blocking.bounds import bounded, count
from entity_resolution.engine.blocking.rules import Rule, rules_of
from entity_resolution.engine.fillers import hold_out
from entity_resolution.engine.frequencies import learn
from entity_resolution.engine.in_memory import session_in
from entity_resolution.engine.linking import definition
from entity_resolution.engine.linking.linking import Session, affordable_rules, make_linker
from entity_resolution.engine.model_store import Model
from entity_resolution.engine.profile import profile
from entity_resolution.engine.tables import FORMED
from entity_resolution.engine.vocabularies import Vocabulary
from entity_resolution.entity import Entity

# Below these numbers what is learned would be noise: the session of expectation maximisation takes whatever pairs
# it finds for matches. Splink's own starting weights do well enough until then.
FEWEST_PARTIES = 200
FEWEST_SURE_MATCHES = 100

SEED = 1
PAIRS_OF_STRANGERS = 200_000
# What is learned from more pairs differs in the third digit; and how many Splink counts to know which sample to draw.
PAIRS_OF_A_SESSION, PAIRS_COUNTED = 1_000_000, 10_000
# Below that a share of the pairs cannot be told from none, and no such level may rule a match out by itself.
LEAST_SHARE = 1e-6
# What a session takes for impossible, since its own columns hold it equal, stays so whatever the next one sees.
LEAST_AT_FIRST = 0.01
# Where all records are the same, so that nothing is ever certain or impossible.
MOST_LIKELY = 0.5
# Sums over several threads differ in their last digits; the same parties shall give the same file.
SIGNIFICANT_DIGITS = 8


def train(connection: duckdb.DuckDBPyConnection, entity: Entity) -> Model:
    """Train a model on the parties of a session in memory; the same parties always give the same model."""
    session = session_in(connection, entity)
    rows = session.ask(f"select source_system, count(*) from {FORMED} group by all order by all")
    trained_on = {source: int(count) for source, count in rows}
    words = {column: Vocabulary.of(session.ask, column) for column in entity.worded}
    fillers = hold_out(session.ask, entity, {}, words)
    rules = affordable_rules(session)
    sure, sessions = (
        bounded(session.ask, rules_of(entity, blocks)) for blocks in (entity.training.sure, entity.training.sessions)
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
    settings = _rounded(_told_apart(definition.without_dialect(linker.misc.save_model_to_json())))
    return Model(
        settings=settings,
        definition=definition.definition(entity),
        learned=learned,
        trained_on=trained_on,
        fillers=fillers,
        profile=profile(session.ask, entity),
        rules=rules,
        sure=sure,
        sessions=sessions,
        frequencies=learn(session.ask, settings),
        words=words,
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
    untaught = deepcopy(linker._settings_obj.core_model_settings)
    for rule in sessions:
        _learn_among(session, linker, rule, untaught)
    return True


def _learn_among(session: Session, linker: Linker, rule: Rule, untaught: CoreModelSettings) -> None:
    """Learn among the pairs of a rule, or a sample of them where there are many.

    It begins with what the sessions before have taught, or where that leads to no end, with what none has.
    """
    pairs = count(session.ask, rule).pairs
    sampled = (
        {"max_pairs": PAIRS_OF_A_SESSION, "record_sample_proportion": (PAIRS_COUNTED / pairs) ** 0.5}
        if pairs > PAIRS_OF_A_SESSION
        else {}
    )
    (by,) = definition.for_splink([rule.sql])
    model = linker._settings_obj
    before = model.core_model_settings
    for start in (before, untaught):
        model.core_model_settings = _open(start)
        try:
            linker.training.estimate_parameters_using_expectation_maximisation(by, **sampled)
        except EMTrainingException:
            # No two parties meet the rule, and Splink has taken the session's columns out of the model by then.
            break
        except ValueError:
            # What matches never do has become too small for a number, by this session or by those before together.
            continue
        if start is untaught:
            _keep(model.core_model_settings, before)
        return
    model.core_model_settings = before


def _open(start: CoreModelSettings) -> CoreModelSettings:
    """Return what a session begins with, in which no level is impossible among matches."""
    begun = deepcopy(start)
    for comparison in begun.comparisons:
        for level in comparison.comparison_levels:
            if level._trained_m_probabilities:
                level.m_probability = max(level.m_probability or 0.0, LEAST_AT_FIRST)
    return begun


def _keep(taught: CoreModelSettings, before: CoreModelSettings) -> None:
    """Leave the comparisons as they were that other sessions have taught."""
    taught.comparisons = [
        was if any(level._trained_m_probabilities for level in was.comparison_levels) else now
        for was, now in zip(before.comparisons, taught.comparisons, strict=True)
    ]


def _told_apart(settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings in which no level is held to be rarer among matches than could have been seen."""
    for comparison in settings["comparisons"]:
        for level in comparison["comparison_levels"]:
            if "m_probability" in level:
                level["m_probability"] = max(level["m_probability"], LEAST_SHARE)
    return settings


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{SIGNIFICANT_DIGITS}g}")
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return value

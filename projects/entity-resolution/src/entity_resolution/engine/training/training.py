"""Learn the weights of the comparisons from the parties themselves; nobody has to label pairs."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import duckdb
from splink import DuckDBAPI, Linker
from splink.internals.exceptions import EMTrainingException

from entity_resolution.engine.linking import definition
from entity_resolution.engine.linking.linking import make_linker
from entity_resolution.engine.linking.workplace import PARTIES
from entity_resolution.engine.training.model_store import Model
from entity_resolution.entity import Entity

# Below these numbers what is learned would be noise: the session of expectation maximisation takes whatever pairs
# it finds for matches. Splink's own starting weights do well enough until then.
FEWEST_PARTIES = 200
FEWEST_SURE_MATCHES = 100

SEED = 1
PAIRS_OF_STRANGERS = 200_000
# Sums over several threads differ in their last digits; the same parties shall give the same file.
SIGNIFICANT_DIGITS = 8


def train(connection: duckdb.DuckDBPyConnection, entity: Entity) -> Model:
    """Train a model on the parties of a session in memory; the same parties always give the same model."""
    rows = connection.sql(f"select source_system, count(*) from {PARTIES} group by all order by all").fetchall()
    trained_on = {source: int(count) for source, count in rows}
    linker = make_linker(DuckDBAPI(connection), definition.settings(entity))
    learned = False
    if sum(trained_on.values()) >= FEWEST_PARTIES:
        linker.training.estimate_u_using_random_sampling(
            max_pairs=PAIRS_OF_STRANGERS,
            seed=SEED,
            # All of them at once: Splink would else stop with the first hundred of the rarest level.
            num_chunks=1,
        )
        learned = _count_sure_matches(linker, entity) >= FEWEST_SURE_MATCHES
        if learned:
            _learn_from_matches(linker, entity)
    return Model(
        settings=_rounded(definition.without_dialect(linker.misc.save_model_to_json())),
        definition=definition.definition(entity),
        learned=learned,
        trained_on=trained_on,
    )


def _count_sure_matches(linker: Linker, entity: Entity) -> int:
    counts = linker.blocking_analysis.count_comparisons_from_blocking_rules(
        definition.rules(entity, entity.training.sure), record_sample_proportion=1.0
    )
    return int(counts[-1]["cumulative_comparison_count"])


def _learn_from_matches(linker: Linker, entity: Entity) -> None:
    training = entity.training
    linker.training.estimate_probability_two_random_records_match(
        definition.rules(entity, training.sure), recall=training.recall
    )
    for rule in definition.rules(entity, training.sessions):
        # A rule that no two parties meet teaches nothing, nor does one whose matches differ in nothing, where weights
        # become too small for a number; what it would have taught keeps its starting weight.
        with suppress(EMTrainingException, ValueError):
            linker.training.estimate_parameters_using_expectation_maximisation(rule)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{SIGNIFICANT_DIGITS}g}")
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return value

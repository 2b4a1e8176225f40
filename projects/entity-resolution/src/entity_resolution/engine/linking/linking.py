"""Find which parties are the same entity, on whichever engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from splink import Linker
from splink.internals.database_api import DatabaseAPISubClass
from splink.internals.splink_dataframe import SplinkDataFrame

from entity_resolution.engine.linking.definition import for_dialect
from entity_resolution.engine.linking.workplace import PARTIES
from entity_resolution.entity import Entity


def make_linker(api: DatabaseAPISubClass, settings: dict[str, Any]) -> Linker:
    """Return a linker on the table `PARTIES` of a database.

    Args:
        api: Splink's way to the database.
        settings: Settings without a dialect, see `definition.settings`.
    """
    dialect = api.sql_dialect.sql_dialect_str
    return Linker(api.register(PARTIES), for_dialect(settings, dialect), log_level=None)


def cluster_parties(api: DatabaseAPISubClass, entity: Entity, settings: dict[str, Any], threshold: float) -> str:
    """Group the parties of a database into entities, and return the name of the table that says how.

    It has the columns of `PARTIES` and `cluster_id`; see `Workplace.cluster`.
    """
    ((_, clusters),) = cluster_at_each(api, entity, settings, [threshold])
    return clusters


def cluster_at_each(
    api: DatabaseAPISubClass, entity: Entity, settings: dict[str, Any], thresholds: Sequence[float]
) -> Iterator[tuple[float, str]]:
    """Group the parties at each threshold by pairs that are scored once; see `cluster_parties`."""
    linker = make_linker(api, settings)
    pairs = linker.inference.predict(threshold_match_probability=min(thresholds))
    for threshold in thresholds:
        yield threshold, str(_clusters(linker, pairs, threshold, entity.parties.duplicate_free).physical_name)


def _clusters(linker: Linker, pairs: SplinkDataFrame, threshold: float, free: Sequence[str]) -> SplinkDataFrame:
    if not free:
        return linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, threshold)
    return linker.clustering.cluster_using_single_best_links(
        pairs, [*free], threshold_match_probability=threshold, ties_method="drop"
    )

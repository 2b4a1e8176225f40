"""How good a resolution is: counts that need nothing else, and precision, recall and F1 where the truth is known."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from entity_resolution.entity import Entity
from shared import matching
from shared.errors import ConfigurationError
from shared.utils.calculator import calculator

Measures = dict[str, float]
JUDGED = ("recall", "f1", "precision", "pairs_right", "pairs_wrong", "pairs_missed")
SEVERAL = "entities_with_several_"
DESCRIPTIONS = {
    "parties": "Records that were resolved",
    "entities": "Entities that these records were found to be",
    "entities_joined": "Entities found to have several records",
    "largest_entity": "Records of the entity that has most",
    "precision": "Share of the pairs found that are the same entity",
    "recall": "Share of the pairs of the same entity that were found",
    "f1": "Harmonic mean of precision and recall",
    "pairs_right": "Pairs found that are the same entity",
    "pairs_wrong": "Pairs found that are not the same entity",
    "pairs_missed": "Pairs of the same entity that were not found",
}


def descriptions(entity: Entity) -> dict[str, str]:
    """Return what is measured, and what each measure is; sources that the entity does not name are measured too."""
    several = {f"{SEVERAL}{source}": f"Entities with several records of {source}" for source in entity.sources}
    return DESCRIPTIONS | several


def count_entities(xref: pa.Table) -> Measures:
    """Count entities, and those that hold several records of one source.

    Args:
        xref: Columns `party_id`, `entity_id`, `source_system`.
    """
    with calculator() as connection:
        parties, entities, joined, largest = connection.sql(
            "select coalesce(sum(n), 0), count(*), count(*) filter (n > 1), coalesce(max(n), 0) "
            "from (select count(*) as n from xref group by entity_id)"
        ).fetchall()[0]
        several = connection.sql(
            "select source_system, count(*) filter (n > 1) from "
            "(select source_system, count(*) as n from xref group by source_system, entity_id) "
            "group by source_system order by source_system"
        ).fetchall()
    measures = {"parties": parties, "entities": entities, "entities_joined": joined, "largest_entity": largest}
    measures |= {f"{SEVERAL}{source}": count for source, count in several}
    return {name: float(value) for name, value in measures.items()}


def entity_sizes(ids: pa.Table) -> dict[int, int]:
    """Return how many entities there are of how many records.

    Args:
        ids: A column `entity_id`, a row for each record.
    """
    with calculator() as connection:
        connection.register("ids", ids)
        sized = "select count(*) as n from ids group by entity_id"
        return dict(connection.sql(f"select n, count(*) from ({sized}) group by n order by n").fetchall())


def compare_with_truth(entity: Entity, xref: pa.Table, truth: Path) -> Measures:
    """Measure a resolution against the known pairs, by the definitions of `shared.matching.Measures`.

    A pair counts as found when both parties are in one entity, whether or not the two were ever compared directly.
    What the truth does not speak of is not judged: pairs with a party that core has not, or that it does not name,
    unless it is complete.

    Args:
        entity: Says which columns a truth has.
        xref: Columns `party_id`, `entity_id`.
        truth: A CSV file with the ids of two records of the same entity on each line.

    Returns:
        The measures `JUDGED`; empty where the truth names no pair of these parties.

    Raises:
        InputError: The file is no such CSV.
    """
    measures = vars(matching.compare(xref.select(["party_id", "entity_id"]), known_entities(entity, xref, truth)))
    if not measures["pairs_right"] + measures["pairs_missed"]:
        return {}
    return {name: measures[name] for name in JUDGED}


def known_entities(entity: Entity, parties: pa.Table, truth: Path) -> dict[str, str]:
    """Return the true entity of each party that the truth speaks of, by one of its parties.

    Args:
        entity: Says which columns a truth has, and whether it is complete.
        parties: Column `party_id`.
        truth: A CSV file.

    Raises:
        InputError: The file is no such CSV.
        ConfigurationError: The entity says of no columns that a truth has.
    """
    named = read_truth(entity, truth)
    alone = parties["party_id"].to_pylist() if entity.truth and entity.truth.complete else []
    return dict(zip(alone, alone, strict=True)) | named


def read_truth(entity: Entity, truth: Path) -> dict[str, str]:
    """Return the true entity of each party that the truth names, by one of its parties.

    Raises:
        InputError: The file is no such CSV.
        ConfigurationError: The entity says of no columns that a truth has.
    """
    if entity.truth is None:
        raise ConfigurationError(
            f"the entity `{entity.name}` does not say which columns a truth has: `{truth}`",
            hint="declare truth=Truth({column: source, column: source}) in its module",
        )
    return matching.connected(matching.read_pairs(truth, entity.truth.columns))

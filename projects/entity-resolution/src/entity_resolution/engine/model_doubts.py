"""What speaks against a model on the parties that it was used on, without any truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from entity_resolution.engine.linking.workplace import Linked
from entity_resolution.engine.model_store import Model
from entity_resolution.engine.profile import MISSING, index

RETRAIN = "`./pixiw run resolve --retrain` learns from the parties of now"
# By how many times what is found may differ from what was expected, and of how many pairs on it is worth a word.
TIMES, FEWEST_PAIRS = 5, 100
# Of a population stability index: the usual bound from which two populations are held to be different.
SHIFTED = 0.25


def model_doubts(model: Model, linked: Linked, sizes: Mapping[int, int]) -> list[str]:
    """Return a sentence for each reason to doubt a model. They name columns, never values.

    Args:
        model: What was used.
        linked: What it was used on.
        sizes: How many entities were found of how many records.
    """
    return [*_empty(linked), *_starting_weights(model), *_prior(model, sizes), *_drift(model, linked)]


def _empty(linked: Linked) -> Iterator[str]:
    for column, classes in linked.profile.items():
        if set(classes) == {MISSING}:
            yield f"`{column}` has no value in any record, so its comparison says nothing"


def _starting_weights(model: Model) -> Iterator[str]:
    if not model.learned:
        yield "the weights are Splink's starting ones: there were too few sure matches to learn from"
        return
    unlearned = [each["output_column_name"] for each in model.settings["comparisons"] if not _is_learned(each)]
    if unlearned:
        names = ", ".join(f"`{name}`" for name in unlearned)
        yield f"the weights of {names} are Splink's starting ones: no session of training could learn them"


def _is_learned(comparison: Mapping[str, Any]) -> bool:
    levels = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
    return any("m_probability" in level for level in levels)


def _prior(model: Model, sizes: Mapping[int, int]) -> Iterator[str]:
    parties = sum(records * entities for records, entities in sizes.items())
    expected = model.settings["probability_two_random_records_match"] * parties * (parties - 1) / 2
    found = sum(entities * records * (records - 1) / 2 for records, entities in sizes.items())
    if model.learned and max(expected, found) >= FEWEST_PAIRS and not found / TIMES <= expected <= found * TIMES:
        yield (
            f"the model expects {expected:,.0f} pairs of the same entity among so many records, and {found:,.0f} were "
            f"found: `sure` or `recall` of its training is wrong, or the records are others by now; {RETRAIN}"
        )


def _drift(model: Model, linked: Linked) -> Iterator[str]:
    indices = {
        column: index(model.profile[column], classes)
        for column, classes in linked.profile.items()
        if column in model.profile
    }
    shifted = [f"`{column}` {value:.2f}" for column, value in sorted(indices.items()) if value > SHIFTED]
    if shifted:
        yield (
            f"values are not what the model was trained on, by the population stability index: {', '.join(shifted)}; "
            f"{RETRAIN}"
        )

"""What is told of a model without any truth: empty columns, weights that nobody learned, a wrong prior, drift."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from conftest import PARTY_SCHEMA, Platform

from entity_resolution.engine.linking.workplace import Linked
from entity_resolution.engine.model_doubts import model_doubts
from entity_resolution.engine.model_store import Model
from entity_resolution.engine.profile import MISSING, index

AS_TRAINED = {f"hash {letter}": 50 for letter in "0123456789abcdef"} | {"length 3": 800}
LEARNED: dict[str, Any] = {"sql_condition": "x", "m_probability": 0.9, "u_probability": 0.1}
MODEL = Model(
    settings={
        "probability_two_random_records_match": 0.001,
        "comparisons": [{"output_column_name": "town", "comparison_levels": [{"is_null_level": True}, LEARNED]}],
    },
    definition="",
    learned=True,
    trained_on={"crm": 800},
    profile={"town": AS_TRAINED},
)
LINKED = Linked(pa.table({}), profile={"town": AS_TRAINED})
# 320 pairs of 800 records, as the model expects.
COUPLES = {1: 160, 2: 320}


def unlearned(model: Model) -> Model:
    """Return a model whose only comparison no session has learned."""
    town = model.settings["comparisons"][0] | {"comparison_levels": [{"sql_condition": "x", "u_probability": 0.1}]}
    return replace(model, settings=model.settings | {"comparisons": [town]})


def test_nothing_to_doubt() -> None:
    """A model that has learned from such records and finds what it expects gives no warning."""
    assert model_doubts(MODEL, LINKED, COUPLES) == []


@pytest.mark.parametrize(
    ("model", "classes", "sizes", "told"),
    [
        (MODEL, {MISSING: 800}, COUPLES, "`town` has no value in any record"),
        (replace(MODEL, learned=False), AS_TRAINED, COUPLES, "the weights are Splink's starting ones"),
        (unlearned(MODEL), AS_TRAINED, COUPLES, "the weights of `town` are Splink's starting ones"),
        (MODEL, AS_TRAINED, {1: 700, 2: 50}, "expects 320 pairs of the same entity among so many records, and 50"),
        (MODEL, AS_TRAINED, {1: 400, 100: 4}, "expects 320 pairs of the same entity among so many records, and 19,800"),
        (MODEL, AS_TRAINED | {MISSING: 500}, COUPLES, "by the population stability index: `town`"),
        (MODEL, AS_TRAINED | {"hash a": 800, "length 3": 1550}, COUPLES, "by the population stability index: `town`"),
        (MODEL, {"hash 0": 800, "length 9": 800}, COUPLES, "by the population stability index: `town`"),
    ],
    ids=["empty", "starting", "unlearned", "few-found", "many-found", "missing", "common", "others"],
)
def test_doubts_of_a_model(model: Model, classes: dict[str, int], sizes: dict[int, int], told: str) -> None:
    """Each reason to doubt a model is told."""
    assert any(told in doubt for doubt in model_doubts(model, replace(LINKED, profile={"town": classes}), sizes))


def test_chance_is_no_drift() -> None:
    """What a draw of few records makes of the same population is not taken for another one."""
    few = {f"hash {letter}": 1 + place % 3 for place, letter in enumerate("0123456789abcdef")}
    total = sum(few.values())
    assert index(AS_TRAINED, few | {"length 3": total}) < 0.25
    many = {name: 100 * n for name, n in few.items()}
    assert 0 < index(AS_TRAINED, many | {"length 3": 100 * total}) < 0.25


def test_run_tells_of_other_values(again: Platform, sample: pa.Table) -> None:
    """A source that lacks a column it had, and writes another otherwise, is told by a run with the model of before."""
    place, other = (sample.schema.get_field_index(name) for name in ("suburb", "postcode"))
    longer = pa.array([f"{code}-0000000" for code in sample["postcode"].to_pylist()])
    changed = sample.set_column(place, "suburb", pa.nulls(sample.num_rows, PARTY_SCHEMA.field("suburb").type))
    finished = again.put(changed.set_column(other, "postcode", longer)).resolve()
    assert "warning: `suburb` has no value in any record" in finished.err
    drift = next(line for line in finished.err.splitlines() if "population stability index" in line)
    assert "`postcode`" in drift
    assert "`suburb`" in drift
    assert "`surname`" not in drift

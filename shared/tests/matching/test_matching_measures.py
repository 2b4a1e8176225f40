"""Measures of matching, against their definitions worked out pair by pair."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path
from statistics import fmean

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import InputError
from shared.matching import compare, connected, read_pairs

SOURCES = {"left_id": "a", "right_id": "b"}
Labels = dict[str, str]
LABELS = st.dictionaries(st.sampled_from("abcdefghij"), st.sampled_from("123456"))


def by_definition(found: Labels, truth: Labels) -> dict[str, float]:
    """Return every measure by its definition: pair by pair, record by record."""
    records = sorted(found.keys() & truth.keys())

    def pairs(labels: Labels) -> set[tuple[str, str]]:
        return {(one, other) for one, other in combinations(records, 2) if labels[one] == labels[other]}

    def mates(labels: Labels, record: str) -> set[str]:
        return {other for other in records if labels[other] == labels[record]}

    def overlap(mine: Labels, other: Labels) -> float:
        shares = [len(mates(mine, record) & mates(other, record)) / len(mates(mine, record)) for record in records]
        return fmean(shares) if shares else 1.0

    right, claimed, there = pairs(found) & pairs(truth), pairs(found), pairs(truth)
    measures = {
        "records": len(records),
        "pairs_right": len(right),
        "pairs_wrong": len(claimed - there),
        "pairs_missed": len(there - claimed),
        "precision": len(right) / len(claimed) if claimed else 1.0,
        "recall": len(right) / len(there) if there else 1.0,
        "bcubed_precision": overlap(found, truth),
        "bcubed_recall": overlap(truth, found),
        "homogeneity": homogeneity([found[record] for record in records], [truth[record] for record in records]),
    }
    for name, precision, recall in (("f1", "precision", "recall"), ("bcubed_f1", "bcubed_precision", "bcubed_recall")):
        total = measures[precision] + measures[recall]
        measures[name] = 2 * measures[precision] * measures[recall] / total if total else 0.0
    return measures


def homogeneity(found: list[str], truth: list[str]) -> float:
    """Return 1 - H(truth | found) / H(truth), as H(truth, found) - H(found) is the first of these."""

    def entropy(values: Iterable[object]) -> float:
        values = list(values)
        return -sum(values.count(v) / len(values) * math.log(values.count(v) / len(values)) for v in set(values))

    return (
        1.0 if len(set(truth)) < 2 else 1 - (entropy(zip(truth, found, strict=True)) - entropy(found)) / entropy(truth)
    )


@settings(max_examples=100, deadline=None)
@given(found=LABELS, truth=LABELS)
def test_measures_are_what_their_definitions_say(found: Labels, truth: Labels) -> None:
    """Worked out from counts, each measure is what counting every pair and record gives, nothing found included."""
    assert vars(compare(found, truth)) == pytest.approx(by_definition(found, truth), abs=1e-12)


@pytest.mark.parametrize(
    ("found", "truth", "precision", "recall", "f1"),
    [
        ({"a": "1", "b": "2"}, {"a": "x", "b": "x"}, 1, 0, 0),
        ({"a": "1", "b": "1"}, {"a": "x", "b": "y"}, 0, 1, 0),
        ({"a": "1", "b": "2"}, {"a": "x", "b": "y"}, 1, 1, 1),
        ({"a": "1"}, {"b": "x"}, 1, 1, 1),
    ],
    ids=["nothing found", "nothing to find", "neither", "no record"],
)
def test_where_nothing_is_found(found: Labels, truth: Labels, precision: int, recall: int, f1: int) -> None:
    """What was never claimed is not wrong, and what is not there is not missed."""
    measures = compare(found, truth)
    assert (measures.precision, measures.recall, measures.f1) == (precision, recall, f1)


def test_tables_and_mappings_are_the_same() -> None:
    """Clusters come as a mapping or as a table, whose first two columns are record and cluster by whatever names."""
    found, truth = {"a": "1", "b": "1", "c": "2"}, {"c": "y", "a": "x", "b": "y"}
    table = pa.table({"party_id": ["a", "b", "c"], "entity_id": ["1", "1", "2"], "more": [1, 2, 3]})
    assert compare(table, truth) == compare(found, truth)


def test_cost_grows_with_the_records() -> None:
    """One cluster of 300,000 records has 45 thousand million pairs, and is counted as soon as any other."""
    truth = pa.table({"record": pa.array(range(300_000)), "cluster": pa.array(range(300_000))})
    found = truth.set_column(1, "cluster", pa.array([0] * 300_000))
    measures = vars(compare(found, truth))
    assert measures == pytest.approx(
        {
            "records": 300_000,
            "pairs_right": 0,
            "pairs_wrong": 300_000 * 299_999 // 2,
            "pairs_missed": 0,
            "precision": 0,
            "recall": 1,
            "f1": 0,
            "bcubed_precision": 1 / 300_000,
            "bcubed_recall": 1,
            "bcubed_f1": 2 / 300_001,
            "homogeneity": 0,
        }
    )


def test_pairs_make_clusters() -> None:
    """Who is paired with the same record is in one cluster, in whatever order the pairs come."""
    pairs = [("a", "b"), ("c", "d"), ("e", "f"), ("d", "b")]
    for ordered in (pairs, pairs[::-1]):
        clusters = connected(ordered)
        assert clusters.keys() == set("abcdef")
        assert len({clusters[record] for record in "abcd"}) == len({clusters[record] for record in "ef"}) == 1
        assert clusters["a"] != clusters["e"]


def test_truth_is_read(tmp_path: Path) -> None:
    """The two columns are found by name, a record is called after its source, and a mark of byte order is no name."""
    path = tmp_path / "truth.csv"
    path.write_text("\ufeffleft_id,note,right_id\n1,x,7\n2,,8\n", encoding="utf-8")
    assert read_pairs(path, SOURCES) == [("a:1", "b:7"), ("a:2", "b:8")]


@pytest.mark.parametrize(
    "content", [None, b"a,b\n1,2\n", b"left_id,right_id\n1,\xff\n", b"left_id,right_id\n1\n", b"left_id,right_id\n1,\n"]
)
def test_truth_that_cannot_be_read(content: bytes | None, tmp_path: Path) -> None:
    """No file, other columns, no text, or a line without an id, which would make strangers one: refused by name."""
    path = tmp_path / "truth.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"truth\.csv") as error:
        read_pairs(path, SOURCES)
    assert "left_id, right_id" in str(error.value.hint)

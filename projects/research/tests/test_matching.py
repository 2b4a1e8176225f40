"""Errors of entity resolution: which pairs are judged, and how their records differ."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from research import matching

from shared.errors import InputError


def frame(columns: list[str], *rows: tuple[object, ...]) -> pd.DataFrame:
    """Return rows as a frame."""
    return pd.DataFrame(rows, columns=columns)


PERSONS = {"crm:1": "a", "loyalty:1": "a", "crm:2": "b", "loyalty:2": "b", "crm:3": "c", "loyalty:9": "c"}
ENTITIES = frame(
    ["party_id", "entity_id"],
    ("crm:1", "a"),
    ("loyalty:1", "a"),
    ("loyalty:2", "a"),
    ("crm:2", "b"),
    ("crm:3", "b"),
    ("crm:7", "a"),
)


def test_found_missed_and_wrong_pairs_are_told_apart() -> None:
    """Each pair of a person or an entity is judged; a party that the truth or the warehouse does not know is not."""
    pairs = matching.judge(ENTITIES, PERSONS)
    assert {tuple(row) for row in pairs.itertuples(index=False)} == {
        ("crm:1", "loyalty:1", True, True),
        ("crm:2", "loyalty:2", True, False),
        ("crm:1", "loyalty:2", False, True),
        ("loyalty:1", "loyalty:2", False, True),
        ("crm:2", "crm:3", False, True),
    }


def test_quality_counts_the_pairs_that_are_judged() -> None:
    """The measures are those of the pairs that can be looked at."""
    pairs, measures = matching.judge(ENTITIES, PERSONS), matching.quality(ENTITIES, PERSONS)
    right, found, actual = (
        int(which.sum()) for which in (pairs.all(axis=1, bool_only=True), pairs["same_entity"], pairs["same_person"])
    )
    assert (measures.pairs_right, measures.pairs_wrong, measures.pairs_missed) == (right, found - right, actual - right)
    assert [measures.precision, measures.recall, measures.f1] == pytest.approx([1 / 4, 1 / 2, 1 / 3])


def test_fields_are_equal_missing_mistyped_or_different() -> None:
    """Each field of a pair has one kind: a swap of neighbours is one edit, and up to two edits are a typing error."""
    empty = dict.fromkeys(matching.FIELDS)
    left = {**empty, "given_name": "anna", "surname": "smith", "postcode": "2601", "suburb": "deer park"}
    right = {**empty, "given_name": "anna", "surname": "smiht", "postcode": "9999", "state": "vic"}
    parties = pd.DataFrame([{"party_id": "crm:1", **left}, {"party_id": "loyalty:1", **right}])
    pairs = matching.judge(ENTITIES, {"crm:1": "a", "loyalty:1": "a"})
    (row,) = matching.differences(pairs, parties).to_dict("records")
    kinds = {field: row[field] for field in ("given_name", "surname", "postcode", "suburb", "state", "address_1")}
    assert kinds == {
        "given_name": "equal",
        "surname": "typing error",
        "postcode": "different",
        "suburb": "missing",
        "state": "missing",
        "address_1": "missing",
    }


def test_two_edits_are_a_typing_error_and_three_are_not() -> None:
    """A value that was mistyped twice is still the same; beyond that it is another one."""
    left = {**dict.fromkeys(matching.FIELDS), "surname": "smith", "date_of_birth": "19800101"}
    right = {**dict.fromkeys(matching.FIELDS), "surname": "smtihe", "date_of_birth": "19810202"}
    parties = pd.DataFrame([{"party_id": "crm:1", **left}, {"party_id": "loyalty:1", **right}])
    pairs = matching.judge(ENTITIES, {"crm:1": "a", "loyalty:1": "a"})
    (row,) = matching.differences(pairs, parties).to_dict("records")
    assert (row["surname"], row["date_of_birth"]) == ("typing error", "different")


def test_missed_pairs_are_counted_by_how_their_records_differ() -> None:
    """Pairs of a person are grouped by equal fields and by kind of difference; pairs of two persons are left out."""
    equal = dict.fromkeys(matching.FIELDS, "equal")
    compared = pd.DataFrame(
        [
            {"same_person": True, "same_entity": True, **equal},
            {"same_person": True, "same_entity": False, **equal, "surname": "different"},
            {"same_person": False, "same_entity": True, **equal},
        ]
    )
    by_equal = matching.missed_by_fields_equal(compared)
    assert by_equal[["fields_equal", "pairs", "missed"]].to_numpy().tolist() == [[8, 1, 1], [9, 1, 0]]
    by_kind = matching.missed_by_kind(compared)
    assert by_kind[by_kind["field"] == "surname"][["kind", "missed"]].to_numpy().tolist() == [
        ["different", 1],
        ["equal", 0],
    ]


def test_truth_is_sampled_by_person(tmp_path: Path) -> None:
    """A share of the truth keeps about so many persons, always the same ones, and a larger one holds them."""
    path = tmp_path / "truth.csv"
    path.write_text("customer_id,member_id\n" + "".join(f"C-{i},L-{i}\n" for i in range(1000)))
    tenth, half = matching.read_truth(path, 0.1), matching.read_truth(path, 0.5)
    assert 70 < len(set(tenth.values())) < 130
    assert tenth.keys() < half.keys()
    assert len(set(matching.read_truth(path).values())) == 1000
    assert tenth == matching.read_truth(path, 0.1)


@pytest.mark.parametrize("content", [None, "a,b\n1,2\n", "customer_id,member_id\n", b"\xff\xfe\x00"])
def test_truth_that_cannot_be_read_is_refused(content: str | bytes | None, tmp_path: Path) -> None:
    """No file, other columns, nobody in it or bytes that are no text: the error names the file and says what to do."""
    path = tmp_path / "truth.csv"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match="truth") as refused:
        matching.read_truth(path)
    assert str(path) in refused.value.message
    assert refused.value.hint

"""What a run warns of without a truth, and what it says when Splink fails."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest
from conftest import Platform, party, table_of, training_alone

from entity_resolution.engine.doubts import doubts
from entity_resolution.engine.linking.splink_log import explained


def ids(entities: str) -> pa.Table:
    """Return a record for each letter, of the entity that the letter names."""
    return pa.table({"party_id": [f"crm:{n}" for n in range(len(entities))], "entity_id": list(entities)})


def told(previous: str, now: str) -> list[str]:
    """Return the doubts about a resolution after another one."""
    largest = [float(max(map(text.count, text), default=0)) for text in (previous, now)]
    former = {"largest_entity": largest[0]} if previous else {}
    return doubts({"largest_entity": largest[1]}, former, ids(previous), ids(now))


@pytest.mark.parametrize(
    ("previous", "now", "word"),
    [
        ("", "a" * 21, "1 entities have more than 20 records each, the largest of them: `a` 21"),
        ("aaaabbbb", "aaaaaaaabbbb", "the largest entity has 8 records, and had 4"),
        ("aabbcc", "aabbaa", "2 of 6 records changed their entity, while 0 came or went"),
    ],
    ids=["large", "doubled", "churn"],
)
def test_doubts(previous: str, now: str, word: str) -> None:
    """A large entity, one that has doubled, and records that change their entity while few come or go are told."""
    assert any(word in doubt for doubt in told(previous, now))


def test_nothing_to_doubt() -> None:
    """What grows as its records do gives no warning, nor does the first resolution."""
    assert told("", "aabbcc") == told("aabb", "aabbccdd") == told("aabbcc", "aabbcc") == []


def test_run_warns_of_a_large_entity(platform: Platform) -> None:
    """A run that joins many records names the largest entity, in a warning and in the summary."""
    guest = {"given_name": "walk", "surname": "in", "date_of_birth": date(1980, 4, 1), "state": "vic"}
    rows = [party(f"crm:C-{number}", **guest, postcode="3000", suburb="carlton") for number in range(25)]
    finished = platform.put(table_of(rows)).resolve()
    assert "largest customer entity: 25 records" in finished.out
    assert "warning: 1 entities have more than 20 records each" in finished.err
    assert "carlton" not in finished.err + finished.out


@training_alone
def test_splinks_error_is_told_with_its_cause(again: Platform) -> None:
    """Where a statement of Splink's fails, the user reads why, not the statement, and master stays as it was."""
    before = again.master()
    model = again.model_folder / "model-1.json"
    model.write_text(model.read_text().replace("edit_distance(", "no_such_function("))
    finished = again.run("predict", "--full")
    assert finished.code == 1
    assert "error: Splink cannot go on: Catalog Error" in finished.err
    assert "no_such_function" in finished.err
    assert "select" not in finished.err.lower()
    assert again.master() == before


def test_no_value_in_splinks_error() -> None:
    """What an engine quotes of a record's values is not told, however long the text."""
    error = RuntimeError("statement")
    error.__cause__ = ValueError(
        f"Conversion Error: Could not convert string 'Anna Keller' to INT32{'!' * 500}\nLINE 1"
    )
    told = explained(error)
    assert told.message.startswith("Splink cannot go on: Conversion Error: Could not convert string '…' to INT32!")
    assert len(told.message) < 400

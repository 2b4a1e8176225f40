"""How good a resolution is: counts that need nothing else, and precision, recall and F1 where the truth is known."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from pathlib import Path

import duckdb
import pyarrow as pa

from shared.errors import InputError

Measures = dict[str, float]
SEVERAL = "entities_with_several_"
DESCRIPTIONS = {
    "parties": "Records of customers and members",
    "entities": "Persons that these records were found to be",
    "entities_joined": "Persons found to have several records",
    "largest_entity": "Records of the person who has most",
    f"{SEVERAL}crm": "Persons with several records in the CRM",
    f"{SEVERAL}loyalty": "Persons with several records in the loyalty programme",
    "precision": "Share of the pairs found that are the same person",
    "recall": "Share of the pairs of the same person that were found",
    "f1": "Harmonic mean of precision and recall",
    "pairs_right": "Pairs found that are the same person",
    "pairs_wrong": "Pairs found that are not the same person",
    "pairs_missed": "Pairs of the same person that were not found",
}


def count_entities(xref: pa.Table) -> Measures:
    """Count entities, and those that hold several records of one source.

    Args:
        xref: Columns `party_id`, `entity_id`, `source_system`.
    """
    with duckdb.connect() as connection:
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


def compare_with_truth(xref: pa.Table, truth: Path) -> Measures:
    """Measure a resolution against the known pairs.

    A pair counts as found when both parties are in one entity, whether or not the two were ever compared directly.
    What the truth does not speak of is not judged: pairs with a party that it does not name, or that core has not.

    Args:
        xref: Columns `party_id`, `entity_id`.
        truth: A CSV file with `customer_id` and `member_id` of the same person on each line.

    Returns:
        `precision`, `recall`, `f1` and the counts behind them; empty where the truth names no pair of these parties.

    Raises:
        InputError: The file is no such CSV.
    """
    persons = _persons(_read_pairs(truth))
    known = pa.table({"party_id": pa.array(persons, pa.string()), "person": pa.array(persons.values(), pa.string())})
    found, actual, right = _count_pairs(xref, known)
    if not actual:
        return {}
    measures = {"recall": right / actual, "f1": 2 * right / (found + actual)}
    if found:
        measures["precision"] = right / found
    return measures | {"pairs_right": right, "pairs_wrong": found - right, "pairs_missed": actual - right}


def truth_hash(truth: Path | None) -> str:
    """Return a hash of the truth's content."""
    return hashlib.sha256(truth.read_bytes()).hexdigest() if truth else "no truth"


def _read_pairs(truth: Path) -> list[tuple[str, str]]:
    try:
        with truth.open(newline="", encoding="utf-8-sig") as file:
            return [(f"crm:{row['customer_id']}", f"loyalty:{row['member_id']}") for row in csv.DictReader(file)]
    except (KeyError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"cannot read the truth: `{truth}`",
            hint="it must be a CSV file in UTF-8 with the columns customer_id, member_id",
        ) from error


def _persons(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Name the person of each party: who is linked to the same party is the same person too."""
    leader: dict[str, str] = {}

    def find(party: str) -> str:
        leader.setdefault(party, party)
        while leader[party] != party:
            leader[party] = party = leader[leader[party]]
        return party

    for left, right in pairs:
        leader[find(left)] = find(right)
    return {party: find(party) for party in leader}


def _count_pairs(xref: pa.Table, known: pa.Table) -> tuple[int, int, int]:
    """Return how many pairs share an entity, a person, and both."""
    with duckdb.connect() as connection:
        connection.execute("create table judged as select entity_id, person from xref join known using (party_id)")
        counts = [
            connection.sql(
                f"select coalesce(sum(n * (n - 1) // 2), 0) from (select count(*) as n from judged group by {group})"
            ).fetchall()[0][0]
            for group in ("entity_id", "person", "entity_id, person")
        ]
    found, actual, right = map(int, counts)
    return found, actual, right

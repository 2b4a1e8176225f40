"""Errors of entity resolution: which persons it misses or mixes up, and what their records have to do with it."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa

from shared.errors import InputError
from shared.matching import Measures, compare, connected, read_pairs
from shared.utils.calculator import calculator

FIELDS = (
    "given_name",
    "surname",
    "street_number",
    "address_1",
    "address_2",
    "suburb",
    "postcode",
    "state",
    "date_of_birth",
)
KINDS = ("equal", "missing", "typing error", "different")
# Edits, a swap of neighbours being one, up to which two values are one that was mistyped.
TYPING_EDITS = 2
SHARES = 10_000
# The columns of a truth, and whose ids they hold.
TRUTH = {"customer_id": "crm", "member_id": "loyalty"}


def read_truth(path: Path, share: float = 1.0) -> dict[str, str]:
    """Return who is who: the person of each party.

    Args:
        path: A CSV file of `customer_id` and `member_id`.
        share: How many of its lines, always the same ones.

    Raises:
        InputError: The file is not there, or no such CSV, or the share leaves nobody.
    """
    pairs = read_pairs(path, TRUTH)
    kept = [pair for pair in pairs if zlib.crc32(pair[0].encode()) % SHARES < share * SHARES]
    if not kept:
        raise InputError(f"the truth names nobody: `{path}`", hint="take a larger sample")
    return connected(kept)


def quality(entities: pd.DataFrame, persons: Mapping[str, str]) -> Measures:
    """Measure entities, `party_id` and `entity_id`, against the person of each party."""
    return compare(pa.Table.from_pandas(entities[["party_id", "entity_id"]], preserve_index=False), persons)


def judge(entities: pd.DataFrame, persons: Mapping[str, str]) -> pd.DataFrame:
    """Return the pairs of parties that are the same person or were taken for it, to look at.

    Only parties that the truth names and entity resolution knows are judged.

    Args:
        entities: `party_id`, `entity_id`.
        persons: As `read_truth` gives it.

    Returns:
        `left`, `right`, `same_person`, `same_entity`.
    """
    with calculator() as session:
        session.register("entities", entities)
        session.register("truth", pd.DataFrame(persons.items(), columns=["party_id", "person"]))
        return session.execute(
            """
            with known as (select party_id, entity_id, person from entities join truth using (party_id)),
            together as (
                select one.party_id as "left", other.party_id as "right", one.person = other.person as same_person,
                    true as same_entity
                from known as one join known as other using (entity_id) where one.party_id < other.party_id
            ),
            apart as (
                select one.party_id as "left", other.party_id as "right", true as same_person, false as same_entity
                from known as one join known as other using (person)
                where one.party_id < other.party_id and one.entity_id <> other.entity_id
            )
            from together union all from apart order by 1, 2
            """
        ).df()


def differences(pairs: pd.DataFrame, parties: pd.DataFrame) -> pd.DataFrame:
    """Return how the two records of each pair differ, field by field.

    Args:
        pairs: As `judge` gives them.
        parties: `party_id` and the fields, as text.

    Returns:
        The pairs with a column for each field, which holds one of `KINDS`.
    """
    kind = """case when l."{0}" is null or r."{0}" is null then 'missing' when l."{0}" = r."{0}" then 'equal'
        when damerau_levenshtein(l."{0}", r."{0}") <= {1} then 'typing error' else 'different' end as "{0}" """
    kinds = ", ".join(kind.format(field, TYPING_EDITS) for field in FIELDS)
    with calculator() as session:
        session.register("pairs", pairs)
        session.register("parties", parties)
        return session.execute(
            f'select pairs.*, {kinds} from pairs join parties l on l.party_id = pairs."left" '
            'join parties r on r.party_id = pairs."right" order by 1, 2'
        ).df()


def missed_by_fields_equal(compared: pd.DataFrame) -> pd.DataFrame:
    """Return, by how many fields are equal in both records, how many pairs of a person there are and are missed."""
    persons = compared[compared["same_person"]]
    equal = (persons[list(FIELDS)] == "equal").sum(axis=1).rename("fields_equal")
    return _missed(persons, equal).reset_index()


def missed_by_kind(compared: pd.DataFrame) -> pd.DataFrame:
    """Return for each field and kind of difference how many pairs of a person have it and how many are missed."""
    persons = compared[compared["same_person"]]
    tables = [_missed(persons, persons[field].rename("kind")).reset_index().assign(field=field) for field in FIELDS]
    return pd.concat(tables, ignore_index=True)[["field", "kind", "pairs", "missed", "share_missed"]]


def _missed(persons: pd.DataFrame, by: pd.Series) -> pd.DataFrame:
    missed = (~persons["same_entity"]).groupby(by).agg(["size", "sum"])
    missed.columns = pd.Index(["pairs", "missed"])
    return missed.assign(share_missed=missed["missed"] / missed["pairs"])

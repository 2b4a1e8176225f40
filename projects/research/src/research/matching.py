"""Errors of entity resolution: which persons it misses or mixes up, and what their records have to do with it."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from shared.errors import InputError

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


def read_truth(path: Path, share: float = 1.0) -> pd.DataFrame:
    """Return who is who: `left` and `right`, the party ids of one person.

    Args:
        path: A CSV file of `customer_id` and `member_id`.
        share: How many of the persons, always the same ones.

    Raises:
        InputError: The file is not there, or no such CSV, or the share leaves nobody.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            pairs = [(f"crm:{row['customer_id']}", f"loyalty:{row['member_id']}") for row in csv.DictReader(file)]
    except (OSError, KeyError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"cannot read the truth: `{path}`",
            hint="`./pixiw run demo-data` makes the demo's; your own is a CSV of customer_id and member_id",
        ) from error
    kept = [pair for pair in pairs if zlib.crc32(pair[0].encode()) % SHARES < share * SHARES]
    if not kept:
        raise InputError(f"the truth names nobody: `{path}`", hint="take a larger sample")
    return pd.DataFrame(kept, columns=["left", "right"])


def judge(entities: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs of parties that are the same person or were taken for it.

    Only parties that the truth names and entity resolution knows are judged.

    Args:
        entities: `party_id`, `entity_id`.
        truth: As `read_truth` gives it.

    Returns:
        `left`, `right`, `same_person`, `same_entity`.
    """
    with duckdb.connect() as connection:
        connection.register("entities", entities)
        connection.register("truth", truth)
        return connection.execute(
            """
            with known as (
                select party_id, entity_id from entities
                where party_id in (select "left" from truth union select "right" from truth)
            ),
            together as (
                select one.party_id as "left", other.party_id as "right", true as same_entity
                from known as one join known as other using (entity_id)
                where one.party_id < other.party_id
            ),
            persons as (
                select least("left", "right") as "left", greatest("left", "right") as "right", true as same_person
                from truth semi join known on "left" = party_id
                where "right" in (select party_id from known)
            )
            select "left", "right", coalesce(same_person, false) as same_person,
                coalesce(same_entity, false) as same_entity
            from together full join persons using ("left", "right") order by 1, 2
            """
        ).df()


def quality(pairs: pd.DataFrame) -> dict[str, float]:
    """Return precision, recall and F1 over pairs; a precision without any pair found is 1."""
    right = int((pairs["same_person"] & pairs["same_entity"]).sum())
    found, actual = int(pairs["same_entity"].sum()), int(pairs["same_person"].sum())
    return {
        "precision": right / found if found else 1.0,
        "recall": right / actual if actual else 1.0,
        "f1": 2 * right / (found + actual) if found + actual else 1.0,
        "pairs_missed": float(actual - right),
        "pairs_wrong": float(found - right),
    }


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
    with duckdb.connect() as connection:
        connection.register("pairs", pairs)
        connection.register("parties", parties)
        return connection.execute(
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


def hide(parties: pd.DataFrame, fields: Sequence[str], share: float, *, seed: int) -> pd.DataFrame:
    """Return the parties, of which a share has lost these fields: what a source that asks for less would deliver."""
    hidden = parties.copy()
    hidden.loc[np.random.default_rng(seed).random(len(parties)) < share, list(fields)] = None
    return hidden

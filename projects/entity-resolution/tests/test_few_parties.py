"""Little or odd input: nothing to learn from must not mean nothing to do."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from conftest import PARTY_SCHEMA, Platform, party, table_of, training_alone

from entity_resolution.entities.customer import ADDRESS
from entity_resolution.entities.customer import ENTITY as CUSTOMER

ANNA: dict[str, Any] = {
    "given_name": "anna",
    "surname": "keller",
    "street_number": "12",
    "address_1": "rose street",
    "suburb": "carlton",
    "postcode": "3053",
    "state": "vic",
    "date_of_birth": date(1980, 4, 1),
}
BORIS: dict[str, Any] = {
    "given_name": "boris",
    "surname": "tan",
    "street_number": "7",
    "address_1": "mill lane",
    "suburb": "perth",
    "postcode": "6000",
    "state": "wa",
    "date_of_birth": date(1962, 11, 30),
}


def test_no_parties(platform: Platform) -> None:
    """An empty core gives an empty master and no error."""
    finished = platform.put(table_of([])).resolve()
    assert "customer entities: 0 of 0 parties" in finished.out
    assert platform.master()["golden"] == []


def test_one_party(platform: Platform) -> None:
    """A single party becomes an entity of its own with its own values."""
    platform.put(table_of([party("crm:C-1", **ANNA)])).resolve()
    assert platform.fetch("select given_name, party_count, crm_customer_id from master.golden_customer") == [
        ("anna", 1, "C-1")
    ]


def test_two_parties_that_are_one_person(platform: Platform) -> None:
    """Two records that agree in everything are joined, although nothing could be learned from them."""
    platform.put(table_of([party("crm:C-1", **ANNA), party("loyalty:L-1", **ANNA, household_id=5)])).resolve()
    golden = platform.fetch(
        "select party_count, crm_customer_id, loyalty_member_id, household_id from master.golden_customer"
    )
    assert golden == [(2, "C-1", "L-1", 5)]


def test_two_parties_that_are_two_persons(platform: Platform) -> None:
    """Two records that agree in nothing stay apart."""
    platform.put(table_of([party("crm:C-1", **ANNA), party("loyalty:L-1", **BORIS)])).resolve()
    assert platform.fetch("select count(*) from master.golden_customer") == [(2,)]


@pytest.mark.parametrize("nothing", [None, ""], ids=["null", "empty"])
def test_parties_without_any_value(platform: Platform, nothing: str | None) -> None:
    """Records of which nothing is known match nobody, not even each other, and an empty text is nothing."""
    blank = dict.fromkeys((*ADDRESS, "given_name", "surname"), nothing)
    platform.put(table_of(party(f"crm:C-{number}", **blank) for number in range(5))).resolve()
    assert platform.fetch("select count(*), count(given_name) from master.golden_customer") == [(5, 0)]


@pytest.mark.parametrize("column", ["date_of_birth", "given_name"])
@training_alone
def test_a_column_that_is_always_null(platform: Platform, sample: pa.Table, column: str) -> None:
    """A source that lacks a whole column is linked by the others."""
    place = sample.schema.get_field_index(column)
    blank = sample.set_column(place, column, pa.nulls(sample.num_rows, PARTY_SCHEMA.field(column).type))
    platform.put(blank).resolve()
    assert platform.measures()["entities"] == pytest.approx(200, abs=20)


@training_alone
def test_one_source_in_which_nobody_is_there_twice(platform: Platform, febrl: pa.Table) -> None:
    """Where no two records match, training does not take strangers for matches and every party stays alone."""
    crm = febrl.filter(pc.equal(febrl["source_system"], "crm"))
    platform.put(crm.slice(0, 500)).resolve()
    measures = platform.measures()
    assert measures["parties"] - measures["entities"] <= 2


@training_alone
def test_sources_that_agree_in_nearly_everything(platform: Platform, febrl: pa.Table) -> None:
    """Weights that Splink cannot hold, as no match ever differs in a field, end no run: every couple is joined."""
    crm = febrl.filter(pc.equal(febrl["source_system"], "crm")).slice(0, 500).to_pylist()
    loyalty = [row | {"party_id": f"loyalty:{row['source_id']}", "source_system": "loyalty"} for row in crm]
    for row in loyalty[::2]:
        row["given_name"] = f"{row['given_name']}x"
    finished = platform.put(table_of(crm + loyalty)).resolve()
    assert "learned from the parties" in finished.err
    assert platform.measures()["entities"] == 500


def test_duplicates_within_one_source_are_joined_and_counted(platform: Platform) -> None:
    """A CRM that holds a customer twice gets one entity, keeps the smaller id, and is told so."""
    twice = table_of([party("crm:C-2", **ANNA), party("crm:C-1", **ANNA), party("crm:C-3", **BORIS)])
    finished = platform.put(twice).resolve()
    assert platform.fetch("select crm_customer_id, party_count from master.golden_customer order by 1") == [
        ("C-1", 2),
        ("C-3", 1),
    ]
    assert "customer entities with several records of crm: 1" in finished.out


def test_former_versions_are_no_parties(platform: Platform) -> None:
    """Only the current version of a customer is resolved."""
    platform.put(table_of([party("crm:C-1", **BORIS, is_current=False), party("crm:C-1", **ANNA)])).resolve()
    assert platform.fetch("select given_name from master.golden_customer") == [("anna",)]


@training_alone
def test_starting_weights_give_way_to_learned_ones(platform: Platform, sample: pa.Table) -> None:
    """A model made of too few parties is replaced by itself when there are enough to learn from."""
    first = platform.put(sample.slice(0, 40)).resolve()
    assert "too few sure matches" in first.err
    second = platform.put(sample).resolve()
    assert "learned from the parties" in second.err


@training_alone
def test_session_that_fails_leaves_the_model_whole(platform: Platform, febrl: pa.Table) -> None:
    """Where matches never differ in a field, every comparison and the prior of all pairs are still in the model."""
    crm = febrl.filter(pc.equal(febrl["source_system"], "crm")).slice(0, 300).to_pylist()
    loyalty = [row | {"party_id": f"loyalty:{row['source_id']}", "source_system": "loyalty"} for row in crm]
    assert platform.put(table_of(crm + loyalty)).run("train").code == 0
    settings = json.loads((platform.model_folder / "model-1.json").read_text())["settings"]
    assert len(settings["comparisons"]) == len(CUSTOMER.compare)
    assert settings["probability_two_random_records_match"] < 0.01
    shares = [
        level["m_probability"]
        for each in settings["comparisons"]
        for level in each["comparison_levels"][1:]
        if "m_probability" in level
    ]
    assert min(shares) >= 1e-6

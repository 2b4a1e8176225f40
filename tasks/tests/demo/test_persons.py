"""The CRM's and the loyalty programme's view of FEBRL's persons."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

from tasks.demo.persons import CRM_COLUMNS, customers_csv, ids, members_json, truth_csv


def customers(unpacked: Path) -> dict[str, dict[str, str]]:
    """Return the customers by street, which in the small data tells persons apart."""
    rows = csv.DictReader(io.StringIO(customers_csv(unpacked).decode()))
    return {row["address_1"]: row for row in rows}


def members(unpacked: Path) -> dict[str, dict[str, Any]]:
    """Return the members by street."""
    return {one["street"]: one for one in json.loads(members_json(unpacked))}


def test_customers_are_febrl_rows(unpacked: Path) -> None:
    """A customer has FEBRL's values without the blanks around them, empty where FEBRL has nothing, all as text."""
    row = customers(unpacked)["third street"]
    assert tuple(row) == CRM_COLUMNS
    assert (row["given_name"], row["surname"], row["state"], row["date_of_birth"]) == ("", "", "", "")
    assert (row["postcode"], row["suburb"]) == ("6149", "nickol")
    assert customers(unpacked)["fourth street"]["postcode"] == "0822"


def test_members_use_the_names_of_their_api(unpacked: Path) -> None:
    """A member has other field names, dates with dashes, also impossible ones, and null for nothing."""
    otto = members(unpacked)["fuorth street"]
    assert list(otto) == [
        "member_id", "first_name", "last_name", "street_no", "street", "building", "city", "post_code", "region",
        "birth_date", "household_id",
    ]  # fmt: skip
    assert (otto["first_name"], otto["building"], otto["birth_date"]) == ("ohara", None, "1999-02-31")
    assert members(unpacked)["third street"]["birth_date"] is None


def test_household_rule(unpacked: Path) -> None:
    """FEBRL persons 1 to 2500 hold the card of the household of their number, the others none."""
    households = {street: one["household_id"] for street, one in members(unpacked).items()}
    assert households == {"first street": None, "second street": 1, "third street": 2500, "fuorth street": None}


def test_truth_pairs_the_same_person(unpacked: Path) -> None:
    """The truth file pairs the ids of the records that have the same FEBRL number, and each once."""
    pairs = {row["customer_id"]: row["member_id"] for row in csv.DictReader(io.StringIO(truth_csv(unpacked).decode()))}
    streets = {"fourth street": "fuorth street"}
    expected = {
        row["customer_id"]: members(unpacked)[streets.get(street, street)]["member_id"]
        for street, row in customers(unpacked).items()
    }
    assert pairs == expected
    assert len(pairs) == 4


def test_ids_are_the_same_for_ever_and_say_nothing() -> None:
    """Ids are a fixed shuffle: complete, not in FEBRL's order, and different in the two systems."""
    persons: dict[int, dict[str, str]] = {number: {} for number in range(100)}
    crm, loyalty = ids("C", persons), ids("L", persons)
    assert sorted(crm.values()) == [f"C-{n:05d}" for n in range(1, 101)]
    assert [crm[number] for number in (0, 1, 2)] == ["C-00097", "C-00004", "C-00060"]
    assert sum(crm[number][1:] == loyalty[number][1:] for number in persons) < 10


def test_no_social_security_number(unpacked: Path) -> None:
    """Nothing that is made holds a social security number."""
    made = customers_csv(unpacked) + members_json(unpacked) + truth_csv(unpacked)
    assert not any(number in made for number in (b"1111111", b"2222222", b"3333333", b"4444444", b"soc_sec"))

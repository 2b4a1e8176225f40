"""Which value of several survives in the golden record."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from conftest import party, table_of

from entity_resolution.golden import golden_records
from entity_resolution.parties import COLUMNS

FULL_ADDRESS = {
    "street_number": "12",
    "address_1": "rose street",
    "address_2": "unit 3",
    "suburb": "carlton",
    "postcode": "3053",
    "state": "vic",
}


def golden_of(*parties: dict[str, Any]) -> dict[str, Any]:
    """Return the golden record of parties that are one entity, which must not depend on their order."""
    results = []
    for order in (parties, parties[::-1]):
        table = table_of(order).select(COLUMNS)
        entities = pa.table({"party_id": table["party_id"], "entity_id": ["E-1"] * table.num_rows})
        results.append(golden_records(table, entities).to_pylist())
    assert all(result == results[0] for result in results)
    golden: list[dict[str, Any]] = results[0]
    assert len(golden) == 1
    return golden[0]


@pytest.mark.parametrize("field", ["given_name", "surname"])
def test_name_comes_from_the_preferred_source(field: str) -> None:
    """Of two names that one record each holds, the CRM's survives."""
    assert golden_of(party("loyalty:L-1", **{field: "ana"}), party("crm:C-1", **{field: "anna"}))[field] == "anna"


def test_majority_goes_before_the_preferred_source() -> None:
    """A value that two records agree on survives against the CRM's."""
    golden = golden_of(
        party("crm:C-1", date_of_birth=date(1980, 1, 4)),
        party("loyalty:L-1", date_of_birth=date(1980, 4, 1)),
        party("loyalty:L-2", date_of_birth=date(1980, 4, 1)),
    )
    assert golden["date_of_birth"] == date(1980, 4, 1)


def test_missing_value_never_survives() -> None:
    """A null loses against any value."""
    assert golden_of(party("crm:C-1"), party("crm:C-2"), party("loyalty:L-1", surname="keller"))["surname"] == "keller"


def test_equal_candidates_of_one_source() -> None:
    """With nothing else to decide, the record with the smallest party id wins."""
    assert golden_of(party("crm:C-2", surname="kellar"), party("crm:C-1", surname="keller"))["surname"] == "keller"


def test_unknown_source_comes_last() -> None:
    """A source system that has no place in the order is believed least."""
    assert golden_of(party("aaa:1", surname="kellar"), party("loyalty:L-1", surname="keller"))["surname"] == "keller"


def test_address_is_taken_from_one_record() -> None:
    """The fullest address survives as a whole; fields of two addresses are not mixed."""
    golden = golden_of(party("crm:C-1", suburb="perth", postcode="6000"), party("loyalty:L-1", **FULL_ADDRESS))
    assert {name: golden[name] for name in FULL_ADDRESS} == FULL_ADDRESS


def test_equally_full_addresses() -> None:
    """Of two addresses with as many fields the preferred source's survives."""
    golden = golden_of(party("loyalty:L-1", **FULL_ADDRESS), party("crm:C-1", **FULL_ADDRESS | {"suburb": "fitzroy"}))
    assert golden["suburb"] == "fitzroy"


def test_ids_of_the_sources_are_carried() -> None:
    """The golden record names its sources, a CRM id, and the loyalty member who holds the household's card."""
    golden = golden_of(
        party("crm:C-2"),
        party("crm:C-1"),
        party("loyalty:L-1"),
        party("loyalty:L-3", household_id=9),
        party("loyalty:L-2", household_id=7),
    )
    assert golden["source_systems"] == "crm,loyalty"
    assert golden["party_count"] == 5
    assert (golden["crm_customer_id"], golden["loyalty_member_id"], golden["household_id"]) == ("C-1", "L-2", 7)


def test_ids_of_a_source_that_is_not_there() -> None:
    """Without a loyalty record there is neither member nor household."""
    golden = golden_of(party("crm:C-1"))
    assert (golden["crm_customer_id"], golden["loyalty_member_id"], golden["household_id"]) == ("C-1", None, None)

"""Which value of several survives in the golden record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import pytest
from conftest import Platform, party, table_of

from entity_resolution.engine.golden.query import golden_columns, golden_query
from entity_resolution.engine.parties import current_parties
from entity_resolution.entities.customer import ENTITY as CUSTOMER
from shared.warehouse import open_warehouse

FULL_ADDRESS = {
    "street_number": "12",
    "address_1": "rose street",
    "address_2": "unit 3",
    "suburb": "carlton",
    "postcode": "3053",
    "state": "vic",
}


GoldenOf = Callable[..., dict[str, Any]]


@pytest.fixture
def golden_of(platform: Platform) -> GoldenOf:
    """Return the golden record of parties that are one entity, which must not depend on their order."""

    def golden(*parties: dict[str, Any]) -> dict[str, Any]:
        first, second = (golden_record(platform, order) for order in (parties, parties[::-1]))
        assert first == second
        return first

    return golden


def golden_record(platform: Platform, parties: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the one golden record of parties that core holds in this order."""
    platform.put(table_of(parties))
    with open_warehouse(platform.settings, holder="test", role="entity_resolution", mode="write") as warehouse:
        warehouse.execute("create temporary table entity (party_id varchar, entity_id varchar)")
        warehouse.execute("insert into entity select party_id, 'E-1' from core.dim_customer")
        rows = warehouse.fetch(golden_query(CUSTOMER, current_parties(warehouse, CUSTOMER), "entity"))
    assert len(rows) == 1
    return dict(zip(golden_columns(CUSTOMER), rows[0], strict=True))


@pytest.mark.parametrize("field", ["given_name", "surname"])
def test_name_comes_from_the_preferred_source(golden_of: GoldenOf, field: str) -> None:
    """Of two names that one record each holds, the CRM's survives."""
    assert golden_of(party("loyalty:L-1", **{field: "ana"}), party("crm:C-1", **{field: "anna"}))[field] == "anna"


def test_majority_goes_before_the_preferred_source(golden_of: GoldenOf) -> None:
    """A value that two records agree on survives against the CRM's."""
    golden = golden_of(
        party("crm:C-1", date_of_birth=date(1980, 1, 4)),
        party("loyalty:L-1", date_of_birth=date(1980, 4, 1)),
        party("loyalty:L-2", date_of_birth=date(1980, 4, 1)),
    )
    assert golden["date_of_birth"] == date(1980, 4, 1)


def test_missing_value_never_survives(golden_of: GoldenOf) -> None:
    """A null loses against any value."""
    assert golden_of(party("crm:C-1"), party("crm:C-2"), party("loyalty:L-1", surname="keller"))["surname"] == "keller"


def test_equal_candidates_of_one_source(golden_of: GoldenOf) -> None:
    """With nothing else to decide, the record with the smallest party id wins."""
    assert golden_of(party("crm:C-2", surname="kellar"), party("crm:C-1", surname="keller"))["surname"] == "keller"


def test_unknown_source_comes_last(golden_of: GoldenOf) -> None:
    """A source system that has no place in the order is believed least."""
    assert golden_of(party("aaa:1", surname="kellar"), party("loyalty:L-1", surname="keller"))["surname"] == "keller"


def test_address_is_taken_from_one_record(golden_of: GoldenOf) -> None:
    """The fullest address survives as a whole; fields of two addresses are not mixed."""
    golden = golden_of(party("crm:C-1", suburb="perth", postcode="6000"), party("loyalty:L-1", **FULL_ADDRESS))
    assert {name: golden[name] for name in FULL_ADDRESS} == FULL_ADDRESS


def test_equally_full_addresses(golden_of: GoldenOf) -> None:
    """Of two addresses with as many fields the preferred source's survives."""
    golden = golden_of(party("loyalty:L-1", **FULL_ADDRESS), party("crm:C-1", **FULL_ADDRESS | {"suburb": "fitzroy"}))
    assert golden["suburb"] == "fitzroy"


def test_ids_of_the_sources_are_carried(golden_of: GoldenOf) -> None:
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


def test_ids_of_a_source_that_is_not_there(golden_of: GoldenOf) -> None:
    """Without a loyalty record there is neither member nor household."""
    golden = golden_of(party("crm:C-1"))
    assert (golden["crm_customer_id"], golden["loyalty_member_id"], golden["household_id"]) == ("C-1", None, None)

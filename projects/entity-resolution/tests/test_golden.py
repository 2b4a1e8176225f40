"""Which value of several survives in the golden record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import Finished, Platform, party, table_of

from entity_resolution.engine.golden import records
from entity_resolution.engine.golden.query import golden_columns, golden_query, provenance_query
from entity_resolution.engine.parties import current_parties
from entity_resolution.entities.customer import ENTITY as CUSTOMER
from entity_resolution.entity import Entity
from entity_resolution.kinds import FirstSource, Longest, MostFrequent, MostRecent, OneRecord, Valid
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
Provenance = dict[str, tuple[str, str, str]]


@pytest.fixture
def golden_of(platform: Platform) -> GoldenOf:
    """Return the golden record of parties that are one entity, which must not depend on their order."""
    return lambda *parties: chosen_of(platform, parties)[0]


@pytest.fixture
def provenance_of(platform: Platform) -> Callable[..., Provenance]:
    """Return where the values of the golden record come from, by field: source, id and rule."""
    return lambda *parties: chosen_of(platform, parties)[1]


def chosen_of(
    platform: Platform, parties: Sequence[dict[str, Any]], entity: Entity = CUSTOMER
) -> tuple[dict[str, Any], Provenance]:
    """Return the golden record and its provenance, once it is sure that they do not depend on the parties' order."""
    first, second = (_chosen(platform, order, entity) for order in (parties, parties[::-1]))
    assert first == second
    return first


def _chosen(platform: Platform, parties: Sequence[dict[str, Any]], entity: Entity) -> tuple[dict[str, Any], Provenance]:
    platform.put(table_of(parties))
    with open_warehouse(platform.settings, holder="test", role="entity_resolution", mode="write") as warehouse:
        key = "party_id, source_system, source_id"
        warehouse.execute(
            "create temporary table entities as select *, 'E-1' as entity_id from "
            f"(select {key} from core.dim_customer) as party"
        )
        records.choose(warehouse, entity, current_parties(warehouse, entity), "entities")
        (row,) = warehouse.fetch(f"select {', '.join(golden_columns(entity))} from {records.NEW}")
        warehouse.execute("create temporary table decided (entity_id varchar, field varchar)")
        comes_from = warehouse.fetch(provenance_query(entity, records.NEW, "decided"))
    assert {entity_id for entity_id, *_ in comes_from} <= {"E-1"}
    golden = dict(zip(golden_columns(entity), row, strict=True))
    provenance = {field: (source, source_id, rule) for _, field, source, source_id, rule in comes_from}
    # Each value that is there has a source, and nothing else has.
    assert len(comes_from) == len(provenance)
    assert provenance.keys() == {field for field in entity.fields if golden[field] is not None}
    return golden, provenance


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


def test_each_value_names_its_record_and_rule(provenance_of: Callable[..., Provenance]) -> None:
    """Provenance says of each value which record of which source it is of, and by which rule; of none for no value."""
    provenance = provenance_of(
        party("crm:C-1", surname="keller", date_of_birth=date(1980, 1, 4), suburb="perth"),
        party("loyalty:L-1", date_of_birth=date(1980, 4, 1), household_id=9, **FULL_ADDRESS),
        party("loyalty:L-2", date_of_birth=date(1980, 4, 1)),
    )
    assert provenance == {
        "surname": ("crm", "C-1", "MostFrequent"),
        "date_of_birth": ("loyalty", "L-1", "MostFrequent"),
        **dict.fromkeys(FULL_ADDRESS, ("loyalty", "L-1", "OneRecord")),
        "crm_customer_id": ("crm", "C-1", "OneRecord"),
        "loyalty_member_id": ("loyalty", "L-1", "OneRecord"),
        "household_id": ("loyalty", "L-1", "OneRecord"),
    }


def test_record_that_is_named_has_the_value(resolved: tuple[Platform, Finished]) -> None:
    """On all of the demo data each value of a golden record stands in that of its records which provenance names."""
    platform, _ = resolved
    values = 0
    for field, column in CUSTOMER.fields.items():
        (filled,) = platform.fetch(f"select count({field}) from master.golden_customer")[0]
        (found,) = platform.fetch(
            "select count(*) from master.customer_provenance as value "
            "inner join master.golden_customer as golden using (entity_id) "
            "inner join core.dim_customer as party using (source_system, source_id) "
            "inner join master.customer_xref as xref "
            "on xref.party_id = party.party_id and xref.entity_id = golden.entity_id "
            f"where value.field = '{field}' and party.{column} = golden.{field}"
        )[0]
        assert found == filled > 0
        values += filled
    assert platform.fetch("select count(*) from master.customer_provenance") == [(values,)]


VALID = Valid(MostFrequent("postcode"), matches="[0-9]{4}|[A-Z]+ [.-]")


@pytest.mark.parametrize(
    ("rule", "values", "expected"),
    [
        (VALID, ["305", "305", "3053"], ("3053", "Valid MostFrequent")),
        (VALID, ["3053\n", "x3053", "30533", "AB"], None),
        (VALID, ["AB .", "ab ."], ("AB .", "Valid MostFrequent")),
        (Valid(Longest("postcode"), matches="30.53|ä.?"), ["30\n53", "äxy", "äx"], ("äx", "Valid Longest")),
        (replace(VALID, only=False), ["305", "305", "3053"], ("3053", "Valid MostFrequent")),
        (replace(VALID, only=False), ["306", "305", "305", None], ("305", "MostFrequent")),
        (Valid(Longest("postcode"), where="surname = '100%'", columns=("surname",)), ["12345", "1"], None),
        (Valid(Longest("postcode"), where="length(postcode) < 5"), ["12345", "1"], ("1", "Valid Longest")),
    ],
)
def test_only_valid_values_survive(
    platform: Platform, rule: Valid, values: list[str | None], expected: tuple[str, str] | None
) -> None:
    """A value that cannot be right loses against one that can, and survives only where the declaration lets it."""
    parties = [party(f"crm:C-{number}", postcode=value) for number, value in enumerate(values)]
    golden, provenance = chosen_of(platform, parties, replace(CUSTOMER, golden=(rule,)))
    assert golden["postcode"] == (expected and expected[0])
    assert (provenance["postcode"][2] if provenance else None) == (expected and expected[1])


@pytest.mark.parametrize("postcode", ["3053", "305", None])
def test_one_record_alone_gives_what_two_equal_ones_do(platform: Platform, postcode: str | None) -> None:
    """By every rule: where nothing has to be chosen a condition holds all the same, and the rule is called the same."""
    rules = (
        replace(VALID, only=False),
        Valid(Longest("suburb"), where="length(suburb) > 5", columns=("postcode",)),
        MostRecent("state", by="date_of_birth"),
        FirstSource("surname"),
        OneRecord(called={"crm_customer_id": "source_id"}, source="crm"),
        OneRecord(("household_id",), called={"loyalty_member_id": "source_id"}, source="loyalty"),
    )
    entity = replace(CUSTOMER, golden=rules)
    alone, twin = (
        party(f"crm:C-{number}", postcode=postcode, suburb="perth", state="wa", surname="keller") for number in (1, 2)
    )
    golden, provenance = chosen_of(platform, [alone], entity)
    assert golden["party_count"] == 1
    assert chosen_of(platform, [alone, twin], entity) == ({**golden, "party_count": 2}, provenance)
    assert golden["suburb"] is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"matches": r"\d+"}, r"means something else on each engine: `.d`"),
        ({"matches": "(?i)a"}, "means something else on each engine"),
        ({"matches": "[a[:digit:]]"}, "means something else on each engine"),
        ({"matches": "("}, "not a regular expression"),
        ({}, "said neither by `matches` nor by `where`"),
        ({"among": OneRecord(("suburb", "state")), "matches": "a"}, "a pattern is for a rule of one column"),
    ],
)
def test_what_is_valid_is_declared_wrongly(arguments: dict[str, Any], message: str) -> None:
    """A pattern that engines would read each in its own way, none at all, or one of several columns is refused."""
    with pytest.raises(ValueError, match=message):
        Valid(**{"among": MostFrequent("suburb"), **arguments})


def test_fields_may_be_called_as_provenance_calls_its_columns() -> None:
    """A party's `place`, `field`, `value` or `rule` is a field as any other."""
    names = ("place", "field", "value", "rule", "record", "named", "decided")
    entity = replace(CUSTOMER, golden=(MostFrequent("place"), OneRecord(names[1:])))
    with duckdb.connect() as connection:
        columns = ", ".join(f"'{name} 1' as {name}" for name in names)
        connection.execute(
            f"create table party as select 'crm:1' as party_id, 'crm' as source_system, '1' as source_id, {columns}"
        )
        connection.execute("create table entity as select party_id, 'E-1' as entity_id from party")
        connection.execute("create table decided (entity_id varchar, field varchar)")
        connection.execute(f"create table golden as {golden_query(entity, 'party', 'entity')}")
        found = connection.execute(provenance_query(entity, "golden", "decided")).fetchall()
    rules = {"place": "MostFrequent", **dict.fromkeys(names[1:], "OneRecord")}
    assert {row[1]: row for row in found} == {name: ("E-1", name, "crm", "1", rule) for name, rule in rules.items()}


def test_many_entities_wait_on_the_disk(tmp_path: Path) -> None:
    """Golden records of more entities than memory holds the records of are chosen all the same."""
    texts = ", ".join(
        f"cast(null as {'date' if column == 'date_of_birth' else 'bigint'}) as {column}"
        if column in ("date_of_birth", "household_id")
        else f"'{column} ' || hash(i, '{column}') as {column}"
        for column in CUSTOMER.columns
    )
    with duckdb.connect(str(tmp_path / "many.duckdb")) as connection:
        connection.execute("set memory_limit = '100MB'; set threads = 2")
        connection.execute(
            "create table party as select 'crm:' || i as party_id, 'crm' as source_system, 'C-' || i as source_id, "
            f"{texts} from range(36_000) as t(i)"
        )
        connection.execute(
            "create table entity as select party_id, 'E-' || cast(rowid % 30_000 as varchar) as entity_id from party"
        )
        connection.execute(f"create table golden as {golden_query(CUSTOMER, 'party', 'entity')}")
        assert connection.execute("select count(*), sum(party_count) from golden").fetchall() == [(30_000, 36_000)]

"""Customers: which records of the CRM and the loyalty programme are the same person."""

from entity_resolution.entity import Entity, Parties, Training, Truth
from entity_resolution.kinds import Address, Category, Date, Identifier, MostFrequent, Name, OneRecord, same, swapped

ADDRESS = ("street_number", "address_1", "address_2", "suburb", "postcode", "state")

ENTITY = Entity(
    name="customer",
    parties=Parties("core.dim_customer", id="source_id", source="source_system", where="is_current"),
    # Staff keep the CRM, members fill in the loyalty form on their phones.
    sources=("crm", "loyalty"),
    compare=(
        Name("given_name", swapped="surname"),
        Name("surname", swapped="given_name"),
        Address("address_1", swapped="address_2", frequencies=True),
        Address("address_2", swapped="address_1", frequencies=True),
        Identifier("street_number"),
        Address("suburb"),
        Identifier("postcode", edits=(1, 2)),
        Category("state"),
        Date("date_of_birth"),
    ),
    # Each holds two fields or a date of birth, so that blocks stay small as the tables grow; together they find a
    # pair that has errors in any two of name, date and address.
    block=(
        same("date_of_birth"),
        *(same("given_name", other) for other in ("surname", "postcode", "suburb")),
        *(same("surname", other) for other in ("postcode", "suburb")),
        *(same("street_number", other) for other in ("address_1", "postcode", "suburb")),
        *(same(line, "postcode") for line in ("address_1", "address_2")),
        *swapped("given_name", "surname", within="postcode"),
        *swapped("address_1", "address_2", within="postcode"),
    ),
    # Each typing error in a date or name takes a pair out of the sure ones.
    training=Training(
        sure=(same("given_name", "surname", "date_of_birth"), same("postcode", "date_of_birth")),
        recall=0.7,
        sessions=(same("date_of_birth"), same("given_name", "surname")),
    ),
    golden=(
        MostFrequent("given_name"),
        MostFrequent("surname"),
        # A street of one and a postcode of another are no address.
        OneRecord(ADDRESS),
        MostFrequent("date_of_birth"),
        OneRecord(called={"crm_customer_id": "source_id"}, source="crm"),
        OneRecord(("household_id",), called={"loyalty_member_id": "source_id"}, source="loyalty"),
    ),
    truth=Truth({"customer_id": "crm", "member_id": "loyalty"}, file="demo/truth.csv"),
    hidden=("date_of_birth", "street_number", "address_1"),
)

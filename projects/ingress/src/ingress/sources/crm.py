"""The CRM: exports of its customers as CSV files in a drop folder."""

from __future__ import annotations

from pydantic import Field

from ingress.readers.files.reader import Files
from ingress.source import Resource, Source
from shared.data_quality import RowModel


class Customer(RowModel):
    """A customer as the CRM exports them: everything is text, dates of birth are `YYYYMMDD` and may be impossible."""

    customer_id: str = Field(pattern=r"^C-[0-9]{5,}$")
    given_name: str | None
    surname: str | None
    street_number: str | None
    address_1: str | None
    address_2: str | None
    suburb: str | None
    postcode: str | None = Field(pattern=r"^[0-9]{4}$")
    state: str | None
    date_of_birth: str | None = Field(pattern=r"^[0-9]{8}$")


# The CRM's users add columns as they like: a new one becomes a column of text and is reported.
CUSTOMERS = Resource(
    "customers", "crm_customers", Customer, ("customer_id",), Files("crm"), contract="evolve", required=True
)
SOURCE = Source("crm", (CUSTOMERS,))

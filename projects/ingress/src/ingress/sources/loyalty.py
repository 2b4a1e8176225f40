"""The loyalty programme: its members over a paged REST API at LOYALTY_API_URL."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from ingress.deletions import Snapshot
from ingress.readers.rest.reader import Rest
from ingress.source import Resource, Source
from shared.data_quality import RowModel
from shared.monitoring.polling import Poll


class Member(RowModel):
    """A member as the API tells of them; `birth_date` is text and may be an impossible date."""

    member_id: str = Field(pattern=r"^L-[0-9]{5,}$")
    first_name: str | None
    last_name: str | None
    street_no: str | None
    street: str | None
    building: str | None
    city: str | None
    post_code: str | None = Field(pattern=r"^[0-9]{4}$")
    region: str | None
    birth_date: str | None = Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
    household_id: int | None = Field(ge=1)


# An API may add fields at any time without breaking its users: a new one becomes a column of text and is reported.
LIST = Rest(
    "LOYALTY_API_URL",
    "/members",
    paginator={"type": "json_link", "next_url_path": "next"},
    rows="data",
    total="total",
    parameters={"page": 1, "page_size": 500},
)
SOURCE = Source(
    "loyalty",
    # The list has all members, so who is not on it has left.
    (Resource("members", "loyalty_members", Member, ("member_id",), LIST, contract="evolve", deletions=Snapshot()),),
    poll=Poll(every=timedelta(minutes=15), back_off=2, jitter=0.1, longest=timedelta(hours=6)),
)

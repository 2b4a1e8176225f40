"""Copies the contacts into a folder of the lake."""

from egress.engine.models import Model
from egress.kinds.dlt.target import Dlt
from shared.config.named import Setting

TARGET = Dlt(
    "lake",
    Model("egress.contacts", key="contact_id"),
    settings="LAKE",
    destination="filesystem",
    dataset="crm",
    arguments={"bucket_url": Setting("LAKE_URL")},
)

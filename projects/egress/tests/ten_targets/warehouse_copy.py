"""Copies the contacts into a DuckDB file of the analysts'."""

from egress.engine.models import Model
from egress.kinds.dlt.target import Dlt
from shared.config.named import Setting

TARGET = Dlt(
    "warehouse_copy",
    Model("egress.contacts", key="contact_id"),
    settings="COPY",
    destination="duckdb",
    dataset="crm",
    arguments={"credentials": Setting("COPY_FILE")},
)

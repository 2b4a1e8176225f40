"""The columns that a table of raw has."""

from __future__ import annotations

import pyarrow as pa

from ingress.source import Resource
from shared.warehouse import Warehouse, quote


def columns_of(warehouse: Warehouse, resource: Resource) -> dict[str, pa.DataType]:
    """Return the types of the columns that raw has, as those of a row model."""
    schema = warehouse.fetch_arrow(f"select * from {quote(resource.relation)} limit 0").schema
    return {field.name: field.type for field in schema}

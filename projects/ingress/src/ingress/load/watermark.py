"""Up to where a table that is read by a cursor is loaded: raw itself says it, nothing else is remembered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone

import pyarrow as pa

from ingress.raw_names import raw_name
from ingress.source import Resource, Watermark
from shared.warehouse import Warehouse, quote


def newest(warehouse: Warehouse, resource: Resource) -> Watermark | None:
    """Return the newest value of the cursor that is loaded, where the reader has a cursor.

    Times in the future are passed over: a clock that once was wrong would hide all changes until then.
    """
    if resource.reader.cursor is None or not warehouse.table_exists(resource.relation):
        return None
    cursor, kind = quote(raw_name(resource.reader.cursor, resource.name)), resource.cursor_type
    query = f"select max({cursor}) as newest from {quote(resource.relation)}"
    if pa.types.is_temporal(kind):
        now = pa.scalar(datetime.now(timezone.utc), pa.timestamp("us", "UTC")).cast(kind)
        found = warehouse.fetch_arrow(f"{query} where {cursor} <= $1", [now.as_py()])
    else:
        found = warehouse.fetch_arrow(query)
    value: Watermark | None = found["newest"][0].as_py()
    return value.astimezone(timezone.utc) if isinstance(value, datetime) and value.tzinfo else value


def newest_of_all(warehouse: Warehouse, resources: Sequence[Resource]) -> Watermark | None:
    """Return the value of the cursor from which on rows and those within them are loaded together.

    Who is killed may have loaded some of the tables only, so the one that is furthest behind says it.
    """
    found = [newest(warehouse, resource) for resource in resources]
    # All are of one type: the rows within have the cursor of those around.
    return None if None in found else min(found)  # type: ignore[type-var]

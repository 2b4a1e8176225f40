"""What a load has changed in a table, told by what the table holds after it."""

from __future__ import annotations

from collections import Counter

from ingress.load.merge import LOAD
from ingress.source import Resource
from shared.warehouse import Warehouse, quote


def rows_of(warehouse: Warehouse, resource: Resource) -> int:
    """Count the rows of a table that may not be there yet."""
    return warehouse.row_count(resource.relation) if warehouse.table_exists(resource.relation) else 0


def counted(
    warehouse: Warehouse, resource: Resource, load: str, *, before: int, after: int, loaded: int
) -> Counter[str]:
    """Return how many of the rows that a load has brought are `new`, `changed` and `unchanged`.

    Rows that are written carry the load's id, and none is taken away: so two counts tell it. Rows within others are
    taken away, `deleted`, when their parents come without them, and one that has changed is one deleted and one new.

    Args:
        load: The id of the load.
        before: How many rows the table had.
        after: How many it has.
        loaded: How many rows the load has brought, each key once.
    """
    more = after - before
    written = max(more, 0)
    if before and loaded:
        query = f"select count(*) from {quote(resource.relation)} where {LOAD} = $1"
        written = int(warehouse.fetch(query, [load])[0][0])
    unchanged = max(loaded - written, 0)
    if resource.reader.whose:
        return Counter(new=written, unchanged=unchanged, deleted=max(written - more, 0))
    return Counter(new=more, changed=written - more, unchanged=unchanged)

"""How old the rows of a table are."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Literal

from shared.errors import InputError
from shared.inspector.results import Freshness, TableProfile
from shared.inspector.values import as_seconds
from shared.utils.names import suggestion
from shared.warehouse import Warehouse
from shared.warehouse.sql.catalog import Relation
from shared.warehouse.sql.types import TIMES

# What a column's name says of when a row came, the clearest first.
SAYS_WHEN = (re.compile("load|ingest|insert|import|extract|sync"), re.compile("updat|modif|chang"), re.compile("creat"))
# Dates of something else than the row's coming: a birth, or what is still ahead.
SAYS_ELSE = re.compile("birth|dob|expir|until|valid_to|due|deadline")


def freshness(
    warehouse: Warehouse, relation: Relation, table: TableProfile, *, named: str | None, now: datetime
) -> Freshness | None:
    """Return the newest value of the column that says when rows came, None where no column does.

    That is the one named. Else it is one of the dates and timestamps whose newest value is not ahead of `now` and whose
    name does not speak of birth, expiry or the like: the one whose name speaks of loading, else of updating, else of
    creating; among equals, and where no name speaks, the one with the newest value.

    Raises:
        InputError: The one named is no date or timestamp.
    """
    times = [field.name for field in relation.fields if field.kind in TIMES]
    if named is not None and named not in times:
        raise InputError(f"no date or timestamp: `{named}` of `{table.full_name}`", hint=suggestion(named, times))
    newest = newest_values(warehouse, relation, table)
    if named is not None:
        return Freshness(named, newest[named], "named") if named in newest else None
    known = {name: seconds for name, text in newest.items() if (seconds := as_seconds(text)) is not None}
    limit = now.replace(tzinfo=timezone.utc).timestamp()
    plausible = [name for name, seconds in known.items() if seconds <= limit and not SAYS_ELSE.search(name.lower())]
    if not plausible:
        return None
    best = min(plausible, key=lambda name: (rank(name), -known[name]))
    chosen: Literal["by name", "by newest value"] = "by name" if rank(best) < len(SAYS_WHEN) else "by newest value"
    return Freshness(best, newest[best], chosen)


def rank(name: str) -> int:
    """Return how clearly a name says when a row came: 0 is clearest, the count of patterns means not at all."""
    matching = (place for place, pattern in enumerate(SAYS_WHEN) if pattern.search(name.lower()))
    return next(matching, len(SAYS_WHEN))


def newest_values(warehouse: Warehouse, relation: Relation, table: TableProfile) -> dict[str, str]:
    """Return the newest value of each date or timestamp that has any, of all rows also where a sample was measured."""
    fields = [field for field in relation.fields if field.kind in TIMES]
    if table.sampled is None:
        return {
            field.name: str(column.maximum)
            for field, column in zip(relation.fields, table.columns, strict=True)
            if field in fields and column.maximum is not None
        }
    values = [warehouse.dialect.value(field) for field in fields]
    parts = [f"cast(max({value}) filter (where isfinite({value})) as varchar)" for value in values]
    row = warehouse.fetch(f"select {', '.join(parts)} from {relation.sql}")[0] if parts else ()
    return {field.name: text for field, text in zip(fields, row, strict=True) if text is not None}

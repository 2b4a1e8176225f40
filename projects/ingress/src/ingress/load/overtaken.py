"""Rows that must not be loaded from quarantine any more: raw has something newer of their key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timezone
from typing import Any

import pyarrow as pa

from ingress.deletions import DELETED_AT
from ingress.load.merge import LOAD
from ingress.load.watermark import newest
from ingress.raw_names import raw_names
from ingress.source import Resource
from shared.data_quality import POSITION
from shared.data_quality.held_rows import HeldRow
from shared.monitoring import history
from shared.warehouse import Warehouse, quote

NEWER = "raw has a row of its key that was loaded with it or later; `--force` replaces that"
DELETED = "raw has a row of its key that is marked as deleted; `--force` replaces that"
UNREAD = "its load has failed, and the next one reads it again"


def overtaken(
    warehouse: Warehouse, resource: Resource, good: pa.RecordBatch, held: Sequence[HeldRow], *, force: bool
) -> dict[str, str]:
    """Return why rows stay in quarantine, by their ids; one that raw has just so does not.

    Args:
        good: The rows as they were checked.
        held: The same rows as they are in quarantine.
        force: Whether they replace whatever raw has.
    """
    found: dict[str, str] = {}
    runs = history.runs_by_id(warehouse, (row.run_id for row in held))
    late = newest(warehouse, resource)
    stored = {} if force else stored_rows(warehouse, resource, good)
    for row, of in zip(good.drop_columns([POSITION]).to_pylist(), held, strict=True):
        seen_by = runs.get(of.run_id, {})
        # Raw says up to where a source with a cursor is loaded: nothing may get ahead of what a failed load left out.
        cursor = resource.reader.cursor
        if cursor and seen_by.get("status") != "succeeded" and (late is None or row[cursor] > late):
            found[of.quarantine_id] = UNREAD
            continue
        there = stored.get(key_of(row, resource))
        if there is None or all(repr(there.get(name)) == repr(value) for name, value in row.items()):
            continue
        if there.get(DELETED_AT) is not None:
            found[of.quarantine_id] = DELETED
        elif not seen_by or there[LOAD] is None or float(there[LOAD]) >= begun(seen_by):
            found[of.quarantine_id] = NEWER
    return found


def begun(run: Mapping[str, Any]) -> float:
    """Return when a run began as loads are named: in seconds since 1970."""
    return float(run["started_at"].replace(tzinfo=timezone.utc).timestamp())


def stored_rows(warehouse: Warehouse, resource: Resource, good: pa.RecordBatch) -> dict[Any, dict[str, Any]]:
    """Return the rows that raw has of the same keys, by their keys, in the types of those."""
    if not good.num_rows:
        return {}
    keys = [key_of(row, resource) for row in good.select(list(resource.key)).to_pylist()]
    width = len(resource.key)
    places = ", ".join(
        f"({', '.join(f'${at * width + number}' for number in range(1, width + 1))})" for at in range(len(keys))
    )
    there = warehouse.fetch_arrow(
        f"select * from {quote(resource.relation)} "
        f"where ({', '.join(quote(name) for name in raw_names(resource.key, resource.name))}) in ({places})",
        [value for key in keys for value in key],
    )
    names = good.drop_columns([POSITION]).schema.names
    known = dict(zip(raw_names(names, resource.name), names, strict=True))
    there = there.rename_columns([known.get(name, name) for name in there.schema.names])
    for at, name in enumerate(there.schema.names):
        if name in good.schema.names:
            there = there.set_column(at, name, there[name].cast(good.schema.field(name).type))
    return {key_of(row, resource): row for row in there.to_pylist()}


def key_of(row: dict[str, Any], resource: Resource) -> tuple[Any, ...]:
    """Return the key of a row."""
    return tuple(row[name] for name in resource.key)

"""Rows in quarantine on a screen, what came from outside cut and masked; in full only in a file of their owner's."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from shared.data_quality.held_rows import HeldRow
from shared.errors import UserError
from shared.http.redaction import shortened
from shared.utils.clock import shown
from shared.utils.console import output, say

LONGEST_REASON = 200
LONGEST_ORIGIN = 100
LONGEST_PAYLOAD = 2_000
SHOWN_ID = 12


def show_counts(groups: Sequence[Mapping[str, Any]], there: int, state: str, *, as_json: bool) -> None:
    """Print how many rows there are for each reason."""
    groups = [{**group, "reason": shortened(group["reason"], LONGEST_REASON)} for group in groups]
    if as_json:
        print(json.dumps({"rows": there, "reasons": groups}, default=str, indent=2))
        return
    table = new_table("from", "rows", "reason", "first seen (UTC)", "last seen (UTC)")
    for group in groups:
        seen = (shown(group[name]) for name in ("first_seen_at", "last_seen_at"))
        table.add_row(f"{group['source']}.{group['resource']}", f"{group['row_count']:,}", group["reason"], *seen)
    end(table, sum(group["row_count"] for group in groups), there, state)


def show_rows(rows: Sequence[HeldRow], there: int, *, as_json: bool) -> None:
    """Print rows, without what they hold."""
    if as_json:
        print(json.dumps({"rows": there, "shown": [record(row) for row in rows]}, default=str, indent=2))
        return
    table = new_table("id", "from", "origin", "position", "reason", "last seen (UTC)")
    for row in rows:
        said = record(row)
        where = (f"{row.source}.{row.resource}", said["origin"], str(row.position))
        table.add_row(row.quarantine_id[:SHOWN_ID], *where, said["reason"], shown(row.last_seen_at))
    end(table, len(rows), there, "such")


def new_table(*columns: str) -> Table:
    """Return a table in the form of the others."""
    table = Table(box=None, pad_edge=False, padding=(0, 2))
    for name in columns:
        table.add_column(name, overflow="fold", justify="right" if name == "rows" else "left")
    return table


def end(table: Table, listed: int, there: int, kind: str) -> None:
    """Print a table, and how many rows it leaves out."""
    if table.row_count:
        output().print(table, markup=False)
    left = f", {there - listed:,} of them not shown: see `--limit`" if there > listed else ""
    say(f"{there:,} {kind} rows in quarantine{left}")


def record(row: HeldRow) -> dict[str, Any]:
    """Return what may be shown of a row, without its payload."""
    return {
        "id": row.quarantine_id,
        "state": row.state,
        "source": row.source,
        "resource": row.resource,
        "origin": shortened(row.origin, LONGEST_ORIGIN),
        "position": row.position,
        "reason": shortened(row.reason, LONGEST_REASON),
        "run": row.run_id,
        "first seen (UTC)": row.first_seen_at,
        "last seen (UTC)": row.last_seen_at,
        **({"closed (UTC)": row.resolved_at} if row.resolved_at else {}),
        **({"discarded by run": row.discarded_by} if row.discarded_by else {}),
        **({"because": shortened(row.discarded_because, LONGEST_REASON)} if row.discarded_because else {}),
    }


def show_row(row: HeldRow) -> None:
    """Print all that is known of a row."""
    for name, value in {**record(row), "payload": shortened(row.payload, LONGEST_PAYLOAD)}.items():
        output().print(f"{name}: {value}", markup=False, soft_wrap=True)


def write_payload(row: HeldRow, path: Path) -> None:
    """Write a row as it came into a new file that nobody else may read.

    Raises:
        UserError: It cannot be written, or is there.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(row.payload + "\n")
    except OSError as error:
        raise UserError(f"cannot write: `{path}`: {error.strerror}", hint="name a new file") from error
    say(
        f"the row as it came: `{path}`, for `./pixiw run quarantine replay {row.quarantine_id[:SHOWN_ID]} --row {path}`"
    )

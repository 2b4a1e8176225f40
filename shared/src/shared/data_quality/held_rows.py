"""Rows in quarantine as people look for them, over all sources: counted, read, discarded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal

from shared.data_quality.quarantine import TABLE
from shared.errors import UserError
from shared.utils.clock import utc_now
from shared.utils.console import say
from shared.warehouse import Warehouse

State = Literal["open", "resolved", "discarded"]
STATES: dict[State, str] = {
    "open": "held.resolved_at is null",
    "resolved": "held.resolved_at is not null and held.discarded_at is null",
    "discarded": "held.discarded_at is not null",
}
MOST = 1_000
"""How many rows one call replays or discards: their ids are handed on as arguments."""
SHORTEST_ID = 8
"""As many signs of an id are enough where no other row begins so."""


@dataclass(frozen=True)
class HeldRow:
    """A row of the quarantine."""

    quarantine_id: str
    run_id: str
    source: str
    resource: str
    origin: str
    position: int
    reason: str
    payload: str
    first_seen_at: datetime
    last_seen_at: datetime
    resolved_at: datetime | None
    discarded_at: datetime | None
    discarded_by: str | None
    discarded_because: str | None

    @property
    def state(self) -> State:
        """What has become of it."""
        return "discarded" if self.discarded_at else "resolved" if self.resolved_at else "open"


COLUMNS = ", ".join(f'held."{each.name}"' for each in fields(HeldRow))


@dataclass(frozen=True)
class Selection:
    """Which rows are meant: those that fit all that is given.

    Attributes:
        ids: Whole ids.
        reason: The whole reason, or its beginning and `…`.
        since: Seen at this time or later, UTC without a zone.
    """

    ids: Sequence[str] = ()
    source: str | None = None
    resource: str | None = None
    reason: str | None = None
    since: datetime | None = None
    state: State | None = None

    def condition(self) -> tuple[str, list[Any]]:
        """Return it as SQL, and its parameters."""
        cut = self.reason is not None and self.reason.endswith("…")
        given: dict[str, Any] = {
            "held.source = ${}": self.source,
            "held.resource = ${}": self.resource,
            "starts_with(held.reason, ${})" if cut else "held.reason = ${}": self.reason and self.reason.rstrip("…"),
            "held.last_seen_at >= ${}": self.since,
            "held.quarantine_id = any(${})": list(self.ids) or None,
        }
        found = [(text, value) for text, value in given.items() if value is not None]
        clauses = [text.format(number) for number, (text, _) in enumerate(found, start=1)]
        clauses += [STATES[self.state]] if self.state else []
        return " and ".join(clauses) or "true", [value for _, value in found]


def counted(warehouse: Warehouse, selection: Selection, most: int) -> list[dict[str, Any]]:
    """Return how many rows there are by source, resource and reason, the most first, and when they were seen."""
    where, parameters = selection.condition()
    names = ("source", "resource", "reason", "row_count", "first_seen_at", "last_seen_at")
    rows = warehouse.fetch(
        f"select source, resource, reason, count(*) as row_count, min(first_seen_at), max(last_seen_at) "
        f"from {TABLE} as held where {where} group by source, resource, reason "
        f"order by row_count desc, source, resource, reason limit {most:d}",
        parameters,
    )
    return [dict(zip(names, row, strict=True)) for row in rows]


def count(warehouse: Warehouse, selection: Selection) -> int:
    """Count the rows."""
    where, parameters = selection.condition()
    return int(warehouse.fetch(f"select count(*) from {TABLE} as held where {where}", parameters)[0][0])


def held_rows(warehouse: Warehouse, selection: Selection, most: int) -> list[HeldRow]:
    """Return the rows, the first seen first."""
    where, parameters = selection.condition()
    rows = warehouse.fetch(
        f"select {COLUMNS} from {TABLE} as held where {where} "
        f"order by held.first_seen_at, held.origin, held.position, held.quarantine_id limit {most:d}",
        parameters,
    )
    return [HeldRow(*row) for row in rows]


def whole_ids(warehouse: Warehouse, given: Sequence[str]) -> list[str]:
    """Return the ids that begin as these do, each once.

    Raises:
        UserError: One is too short, of no row, or of more than one.
    """
    found: dict[str, None] = {}
    for start in given:
        if len(start) < SHORTEST_ID or not start.isalnum():
            raise UserError(f"no id: `{start[:80]}`", hint=f"give {SHORTEST_ID} letters and digits of it, or all")
        ids = warehouse.fetch(f"select quarantine_id from {TABLE} where quarantine_id like $1 limit 2", [f"{start}%"])
        if len(ids) != 1:
            problem = "more than one row" if ids else "no row"
            raise UserError(
                f"{problem} of the quarantine has this id: `{start}`", hint="see `./pixiw run quarantine list --rows`"
            )
        found[ids[0][0]] = None
    return list(found)


def discard(warehouse: Warehouse, ids: Sequence[str], run_id: str, because: str) -> int:
    """Mark open rows as done without, and return how many were."""
    where = "quarantine_id = any($1) and resolved_at is null"
    with warehouse.transaction():
        ((rows,),) = warehouse.fetch(f"select count(*) from {TABLE} where {where}", [list(ids)])
        warehouse.execute(
            f"update {TABLE} set resolved_at = $2, discarded_at = $2, discarded_by = $3, discarded_because = $4 "
            f"where {where}",
            [list(ids), utc_now(), run_id, because],
        )
    return int(rows)


def still_open(rows: Sequence[HeldRow]) -> list[HeldRow]:
    """Return the rows that can be tried again; of one that is put right already it is said.

    Raises:
        UserError: A row was discarded.
    """
    for row in rows:
        if row.state == "discarded":
            raise UserError(
                f"the row is discarded: `{row.quarantine_id}`", hint="it stays so until it comes with other content"
            )
        if row.state == "resolved":
            say(f"  {row.quarantine_id[:12]}: is put right already")
    return [row for row in rows if row.state == "open"]


def say_reasons(warehouse: Warehouse, reasons: dict[str, str]) -> None:
    """Give rows, by their ids, the reasons why they are bad by now."""
    for identifier, reason in reasons.items():
        warehouse.execute(f"update {TABLE} set reason = $2 where quarantine_id = $1", [identifier, reason])

"""Rows that were refused, kept with their reason until they arrive in order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from shared.data_quality.rows import BadRow
from shared.redaction import redacted
from shared.utils.clock import utc_now
from shared.warehouse import Warehouse

TABLE = "ops.quarantine"
TEXTS = ("quarantine_id", "run_id", "source", "resource", "origin", "reason", "payload")
SCHEMA = pa.schema(
    [(name, pa.string()) for name in TEXTS]
    + [("position", pa.int64())]
    + [(name, pa.timestamp("us")) for name in ("first_seen_at", "last_seen_at", "resolved_at")]
)


@dataclass(frozen=True)
class Quarantine:
    """The quarantine of one resource, as one run sees it.

    A bad row's id is made of where it was found and what it held, so adding it again, after a kill or in a later run,
    updates it. The order that survives a kill anywhere: `add` whenever bad rows are found, then commit the good rows,
    then `resolve`; whoever is killed in between does all three again.
    """

    warehouse: Warehouse
    run_id: str
    source: str
    resource: str

    def add(self, origin: str, rows: Iterable[BadRow]) -> int:
        """Keep bad rows of one origin, a file or page by a name that stays the same, and return how many.

        One that was discarded and comes again as it was stays discarded.
        """
        now, origin = utc_now(), redacted(origin)
        records = {identifier: row for row in rows for identifier in [self._identify(origin, row)]}
        if not records:
            return 0
        constants = {
            "run_id": self.run_id,
            "source": self.source,
            "resource": self.resource,
            "origin": origin,
            "first_seen_at": now,
            "last_seen_at": now,
            "resolved_at": None,
        }
        columns = {
            name: pa.repeat(pa.scalar(value, SCHEMA.field(name).type), len(records))
            for name, value in constants.items()
        }
        columns["quarantine_id"] = pa.array(records)
        for name in ("position", "reason", "payload"):
            columns[name] = pa.array([getattr(row, name) for row in records.values()], SCHEMA.field(name).type)
        table = pa.table({name: columns[name] for name in SCHEMA.names}, SCHEMA)
        with self.warehouse.transaction():
            kept = self.warehouse.merge_arrow(TABLE, table, key=("quarantine_id",), keep=("first_seen_at",))
            self.warehouse.execute(
                f"update {TABLE} set resolved_at = discarded_at where source = $1 and resource = $2 "
                "and discarded_at is not null and resolved_at is null",
                [self.source, self.resource],
            )
        return kept

    def resolve(self, origins: Sequence[str] | None = None) -> int:
        """Mark the rows of these origins (None: of all) that this run has read and not found bad any more.

        Call it once the good rows of the origins are committed. Returns how many rows were resolved.
        """
        where = "source = $1 and resource = $2 and run_id <> $3 and resolved_at is null"
        parameters: list[object] = [self.source, self.resource, self.run_id]
        if origins is not None:
            where += " and origin = any($4)"
            parameters.append([redacted(origin) for origin in origins])
        return self._mark_resolved(where, parameters)

    def resolve_ids(self, identifiers: Sequence[str]) -> int:
        """Mark these rows as resolved, and return how many were."""
        return self._mark_resolved("quarantine_id = any($1) and resolved_at is null", [list(identifiers)])

    def _mark_resolved(self, where: str, parameters: Sequence[object]) -> int:
        # Counted first: what DuckDB 1.5 returns from a large `update … returning` is short of some rows.
        with self.warehouse.transaction():
            ((count,),) = self.warehouse.fetch(f"select count(*) from {TABLE} where {where}", parameters)
            now = f"${len(parameters) + 1}"
            self.warehouse.execute(f"update {TABLE} set resolved_at = {now} where {where}", [*parameters, utc_now()])
        return int(count)

    def unresolved(self, *, own: bool | None = None) -> list[tuple[str, str, str]]:
        """Return id, origin and payload of the rows that are still open.

        Args:
            own: Only those that this run has found bad, or only those that it has not.
        """
        rows = self.warehouse.fetch(
            f"select quarantine_id, origin, payload from {TABLE} "
            "where source = $1 and resource = $2 and resolved_at is null "
            "and (run_id = $3) = coalesce(cast($4 as boolean), run_id = $3) order by 1",
            [self.source, self.resource, self.run_id, own],
        )
        return [(str(identifier), str(origin), str(payload)) for identifier, origin, payload in rows]

    def _identify(self, origin: str, row: BadRow) -> str:
        parts = (self.source, self.resource, origin, str(row.position), row.payload)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

"""Keeps what a target says to rows: in the send state, and in the quarantine for those that it rejects."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pyarrow as pa

from egress.engine.plan import Plan
from egress.engine.state import SendState
from shared.data_quality import BadRow, Quarantine
from shared.monitoring import Run


def key_in(payload: str, key: str) -> str | None:
    """Return what a row that a target has rejected had as its key, None where its model had another key then."""
    row = json.loads(payload)
    return str(row[key]) if key in row else None


def keyed(payload: str, key: str, row_key: str) -> str:
    """Return a rejected row's JSON with its key as the send state writes it, by which its entry is found again."""
    if key_in(payload, key) == row_key:
        return payload
    # JSON writes times and truth values otherwise than SQL.
    return json.dumps({**json.loads(payload), key: row_key}, ensure_ascii=False)


class Confirmations:
    """What one run writes down of one target's answers."""

    def __init__(self, plan: Plan, run: Run) -> None:
        self.origin = plan.model.table
        self.warehouse = run.warehouse
        self.state = SendState(run.warehouse, plan.target, run.id)
        self.quarantine = Quarantine(run.warehouse, run.id, "egress", plan.target)
        self.quarantined: dict[str | None, list[str]] = {}
        for identifier, _, payload in self.quarantine.unresolved():
            self.quarantined.setdefault(key_in(payload, plan.model.key), []).append(identifier)

    def keep(self, said: pa.Table, bad: Iterable[BadRow]) -> None:
        """Note what the target said to rows (see `state.answers`), in one transaction.

        Those that were in the quarantine leave it, and the bad ones come into it.
        """
        with self.warehouse.transaction():
            if self.quarantined:
                self.quarantine.resolve_ids(self.entries_of(said["row_key"].to_pylist()))
            self.quarantine.add(self.origin, bad)
            if said.num_rows:
                self.state.mark(said)

    def entries_of(self, row_keys: Iterable[str]) -> list[str]:
        """Return the ids of the open entries of rows."""
        return [entry for key in row_keys for entry in self.quarantined.get(key, ())]

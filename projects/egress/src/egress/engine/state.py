"""The send state: what each target has been given, and said to it, row by row, in `ops.delivery`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import pyarrow as pa

from shared.utils.clock import utc_now
from shared.warehouse import Warehouse

TABLE = "ops.delivery"
# A row that was `deleted` at the target is new when the model has it again.
Status: TypeAlias = Literal["delivered", "rejected", "deleted"]


def answers(
    row_keys: Any, hashes: Any, statuses: Status | Sequence[Status], receipts: Any, marks: Any = None, ids: Any = None
) -> pa.Table:
    """Return what a target said to rows, as `mark` takes it; a status or receipt may be one for all of them.

    A receipt is what leads back to the answer, or null; marks (see `fields`) and the
    target's own id are of what it has of a row now.
    """
    columns = {"row_key": row_keys, "payload_hash": hashes, "status": statuses, "receipt": receipts}
    columns |= {"field_marks": marks, "target_id": ids}
    for name, values in columns.items():
        if values is None or isinstance(values, str):
            columns[name] = pa.repeat(pa.scalar(values, pa.string()), len(row_keys))
        elif not isinstance(values, pa.Array | pa.ChunkedArray):
            columns[name] = pa.array(values, pa.string())
    return pa.table(columns)


@dataclass(frozen=True)
class SendState:
    """The send state of one target, as one run writes it.

    A row is marked only after the target has answered for it. What failed is not marked at all, so that the next
    run sends it again.
    """

    warehouse: Warehouse
    target: str
    run_id: str

    def mark(self, said: pa.Table) -> None:
        """Note what the target said to these rows (see `answers`)."""
        columns = {name: said[name] for name in said.column_names}
        for name, value in {"target": self.target, "run_id": self.run_id, "delivered_at": utc_now()}.items():
            columns[name] = pa.repeat(value, said.num_rows)
        self.warehouse.merge_arrow(TABLE, pa.table(columns), key=("target", "row_key"))

"""The send state: what each target has been given, and said to it, row by row, in `ops.delivery`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from shared.utils.clock import utc_now
from shared.warehouse import Warehouse

TABLE = "ops.delivery"
Status = Literal["delivered", "rejected"]


@dataclass(frozen=True)
class SendState:
    """The send state of one target, as one run writes it.

    A row is marked only after the target has answered for it. What failed is not marked at all, so that the next
    run sends it again.
    """

    warehouse: Warehouse
    target: str
    run_id: str

    def mark(self, row_keys: Sequence[str], hashes: Sequence[str], statuses: Sequence[Status], receipt: str) -> None:
        """Note what the target said to these rows; `receipt` is what leads back to its answer."""
        constants = {"target": self.target, "receipt": receipt, "run_id": self.run_id, "delivered_at": utc_now()}
        columns = {name: [value] * len(row_keys) for name, value in constants.items()}
        columns |= {"row_key": list(row_keys), "payload_hash": list(hashes), "status": list(statuses)}
        self.warehouse.merge_arrow(TABLE, pa.table(columns), key=("target", "row_key"))

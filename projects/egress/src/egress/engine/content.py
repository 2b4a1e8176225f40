"""What a model holds as a whole, for targets that take all of it at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from typing_extensions import Self, override

from egress.engine.guard import Counts
from egress.engine.models import Model
from egress.engine.plan import Options, Plan, Target
from shared.monitoring.history import rows_delivered
from shared.warehouse import Warehouse, quote


def content_of(warehouse: Warehouse, model: Model) -> tuple[int, str]:
    """Return how many rows a model has, and a hash of all of them in order.

    Raises:
        InputError: There is no such model, or its keys are not unique.
    """
    hashed = warehouse.dialect.row_hash(model.schema(warehouse))
    # Hashed in a query of its own, which `offset 0` keeps apart, so that PostgreSQL does it with several processes.
    rows, filled, distinct, content = warehouse.fetch(
        "select count(*), count(row_key), count(distinct row_key), "
        "md5(coalesce(string_agg(row_hash, '' order by row_key), '')) from "
        f"(select {model.sorted_key} as row_key, {hashed} as row_hash from {quote(model.table)} offset 0) as hashed"
    )[0]
    model.check_key(rows, filled, distinct)
    return rows, content


@contextmanager
def reading(
    warehouse: Warehouse, model: Model, times: int, *, order: Sequence[str] = ()
) -> Iterator[tuple[int, str, list[pa.RecordBatchReader]]]:
    """Read a model as it is now, which may be another one than when a plan was made.

    Args:
        warehouse: Where it is.
        model: What is read.
        times: How often.
        order: The columns that its rows are sorted by, before their key.

    Yields:
        How many rows it has, a hash of them as `content_of` has it, and the rows, in order, so many times; none where
        it is empty.
    """
    with model.held_still(warehouse):
        rows, content = content_of(warehouse, model)
        query = model.rows_in_order(model.schema(warehouse), order)
        streams = [warehouse.stream_arrow(query) for _ in range(times) if rows]
    with ExitStack() as using:
        # What is left unread of one would keep this process from opening the warehouse again.
        for stream in streams:
            using.enter_context(stream)
        yield rows, content, streams


@dataclass(frozen=True)
class WholePlan(Plan):
    """A plan that writes all of a model anew: what it had before and has no more is gone at the target."""

    @classmethod
    def of(cls, target: Target, warehouse: Warehouse, options: Options, rows: int, *, anew: bool, **own: Any) -> Self:
        """Return a target's plan.

        Args:
            target: What the model is delivered to.
            warehouse: Where the model is.
            options: What the caller wants.
            rows: How many rows the model has.
            anew: Whether they are written.
            own: What else the kind's plan has.
        """
        return cls(
            target=target.name,
            model=target.model,
            rows=rows,
            to_send=rows if anew else 0,
            held=rows_delivered(warehouse, target.name),
            guard=target.guard(warehouse, options),
            **own,
        )

    @property
    @override
    def changes(self) -> Counts:
        # A row that has changed cannot be told from the others: the send state has one hash of all of them.
        more = self.rows - self.held if self.to_send else 0
        return {"create": max(more, 0), "delete": max(-more, 0)}

"""What a model holds as a whole, for targets that take all of it at once."""

from __future__ import annotations

from dataclasses import dataclass

from typing_extensions import override

from egress.engine.guard import Counts
from egress.engine.models import Model
from egress.engine.plan import Plan
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


@dataclass(frozen=True)
class WholePlan(Plan):
    """A plan that writes all of a model anew: what it had before and has no more is gone at the target."""

    @property
    @override
    def by_row(self) -> bool:
        return False

    @property
    @override
    def changes(self) -> Counts:
        # A row that has changed cannot be told from the others: the send state has one hash of all of them.
        more = self.rows - self.held if self.to_send else 0
        return {"create": max(more, 0), "delete": max(-more, 0)}

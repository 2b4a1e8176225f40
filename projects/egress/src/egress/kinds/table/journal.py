"""Which transactions at a target were ours: `ops.delivery_transaction` names each one before it is committed."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from egress.engine.plan import Target
from shared.errors import ConfigurationError
from shared.monitoring import Run
from shared.monitoring.history import RUN_ORDER
from shared.warehouse import Warehouse

JOURNAL = "ops.delivery_transaction"
# The last one, and those that the send state does not know of.
OPEN = f"""
    select transaction_number, target_table, target_database, marked
    from (
        select *, row_number() over (order by place desc) as age
        from {JOURNAL} inner join {RUN_ORDER} as runs using (run_id)
        where target = $1
    ) as entries
    where age = 1 or not marked
    order by place
"""


@dataclass(frozen=True)
class Transaction:
    """A transaction at a target.

    Attributes:
        number: The target's own.
        table: The table that it wrote to, `schema.table`.
        database: Where that is, without a login.
    """

    number: int
    table: str
    database: str


def open_transactions(warehouse: Warehouse, to: Target, table: str) -> list[Transaction]:
    """Return the transactions that may have been committed and are not in the send state: their runs were killed.

    Raises:
        ConfigurationError: The send state is that of another table: it would say of rows there that they are here.
    """
    name = to.name
    entries = [(Transaction(*columns), marked) for *columns, marked in warehouse.fetch(OPEN, [name])]
    if entries and entries[-1][0].table != table:
        raise ConfigurationError(
            f"the send state of `{name}` is that of another table than `{table}`: `{entries[-1][0].table}`",
            hint=f"set {to.name_setting} to a new name for a new table, or {to.setting('table')} back",
        )
    return [transaction for transaction, marked in entries if not marked]


def announce(transaction: Transaction, target: str, run: Run) -> None:
    """Write down that a transaction is about to be committed."""
    record = {
        "run_id": run.id,
        "target": target,
        "transaction_number": transaction.number,
        "target_table": transaction.table,
        "target_database": transaction.database,
        "marked": False,
    }
    run.warehouse.merge_arrow(JOURNAL, pa.Table.from_pylist([record]), key=("run_id", "target"))


def mark(target: str, run: Run) -> None:
    """Write down that the send state has what the run's transaction has done, which has settled all that were open."""
    run.warehouse.execute(f"update {JOURNAL} set marked = true where target = $1 and not marked", [target])

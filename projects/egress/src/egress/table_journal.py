"""Which transactions at a target were ours: the run ledger names each one before it is committed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from egress.plan import Tally
from shared.errors import ConfigurationError
from shared.monitoring import Run
from shared.warehouse import Warehouse

# In a run's entry once the send state has all that its transaction has done.
MARKED = "marked"
Entry: TypeAlias = "dict[str, Any]"


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


def open_transactions(warehouse: Warehouse, target: str, table: str) -> list[Transaction]:
    """Return the transactions that may have been committed and are not in the send state: their runs were killed.

    Raises:
        ConfigurationError: The send state is that of another table: it would say of rows there that they are here.
    """
    rows = warehouse.fetch(
        "select output.detail from ops.run_output as output join ops.run as run using (run_id) "
        "where output.relation = $1 and position('\"transaction\"' in output.detail) > 0 order by run.sequence",
        [target],
    )
    entries = [json.loads(detail) for (detail,) in rows]
    if entries and entries[-1]["table"] != table:
        raise ConfigurationError(
            f"the send state of `{target}` is that of another table than `{table}`: `{entries[-1]['table']}`",
            hint="set TABLE_TARGET_NAME to a new name for a new table, or TABLE_TARGET_TABLE back",
        )
    return [Transaction(entry["transaction"], entry["table"], entry["database"]) for entry in since_marked(entries)]


def since_marked(entries: Sequence[Entry]) -> Sequence[Entry]:
    """Return the entries after the last one that was marked: it has settled what was open before."""
    marked = [at for at, entry in enumerate(entries) if entry.get(MARKED)]
    return entries[marked[-1] + 1 :] if marked else entries


def announce(transaction: Transaction, target: str, run: Run, tally: Tally) -> None:
    """Write down that a transaction is about to be committed; the tally keeps it for the run's last word."""
    tally.detail |= {
        "transaction": transaction.number,
        "table": transaction.table,
        "database": transaction.database,
    }
    run.output(target, rows=0, detail=tally.detail)

"""Which transactions at a target were ours, in the run ledger: written down before each is committed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from egress.plan import Tally
from shared.errors import ConfigurationError
from shared.monitoring import Run
from shared.postgres import PostgresTarget


@dataclass(frozen=True)
class Journal:
    """The ledger's entries about one target.

    Attributes:
        run: The run that is under way.
        name: The target's name.
        table: Its table, `schema.table`.
        database: Where that is.
    """

    run: Run
    name: str
    table: str
    database: PostgresTarget

    @cached_property
    def entries(self) -> list[tuple[str, dict[str, Any]]]:
        """How earlier runs ended, and the details of their deliveries that reached the target, the first one first."""
        rows = self.run.warehouse.fetch(
            "select run.status, output.detail from ops.run_output as output join ops.run as run using (run_id) "
            "where output.relation = $1 and position('\"transaction\"' in output.detail) > 0 order by run.started_at",
            [self.name],
        )
        return [(status, json.loads(detail)) for status, detail in rows]

    def open_transactions(self) -> set[int]:
        """Return the transactions at this database of runs that did not succeed, so may not have marked their rows.

        Raises:
            ConfigurationError: The send state is that of another table: it would say of rows there that they are here.
        """
        last = self.entries[-1][1]["table"] if self.entries else self.table
        if last != self.table:
            raise ConfigurationError(
                f"the send state of `{self.name}` is that of another table than `{self.table}`: `{last}`",
                hint="set TABLE_TARGET_NAME to a new name for a new table, or TABLE_TARGET_TABLE back",
            )
        return {
            detail["transaction"]
            for status, detail in self.entries
            if status != "succeeded" and detail["database"] == self.database.location
        }

    def announce(self, transaction: int, tally: Tally) -> None:
        """Write down that a transaction is about to be committed; the tally keeps it for the run's last word."""
        tally.detail |= {"transaction": transaction, "table": self.table, "database": self.database.location}
        self.run.output(self.name, rows=0, detail=tally.detail)

"""The kind `table`: a model as a table of another database, kept in line by one transaction a run."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import pyarrow as pa
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from typing_extensions import override

from egress.engine.comparison import ComparedPlan, Comparison, Deletions, rows_held
from egress.engine.confirmations import Confirmations, keyed
from egress.engine.fields import marks_of
from egress.engine.payload import as_quarantined
from egress.engine.pending import ADDED, LAST_MARKS, LAST_RECEIPT, ROW_HASH, ROW_KEY, model_columns
from egress.engine.plan import Options, Tally, Target
from egress.engine.state import answers
from egress.kinds.table.database import Database, Destination, Terms
from egress.kinds.table.journal import Transaction, announce, mark, open_transactions
from egress.kinds.table.shipment import Shipment, within
from shared.config import read_settings
from shared.data_quality import BadRow
from shared.errors import InputError, UserError
from shared.monitoring import Run
from shared.monitoring.lineage import Dataset
from shared.utils.console import say
from shared.warehouse import Warehouse


class TableSettings(BaseSettings):
    """How to reach a table. Each field is set by the variable of its name behind the target's prefix, in capitals.

    A target's name, not its address, is what the send state is filed under: the database may move.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    # No pattern: what an error says of a value would show the password.
    url: SecretStr | None = None
    name: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]*$")
    table: str | None = Field(default=None, pattern=r"^[^.]+(\.[^.]+)?$", description="as written")
    timeout: float = Field(default=30.0, ge=1, description="seconds to wait for a server or for a lock")


@dataclass(frozen=True, eq=False)
class Table(Target):
    """Writes the rows whose content differs from what was written last, and deletes those that have left the model.

    Attributes:
        table: `schema.table`, or `table` in the database's own schema, as written, where no setting says another.
    """

    reads_back = True
    table: str = field(kw_only=True)

    @property
    def values(self) -> TableSettings:
        """What its settings say."""
        return read_settings(TableSettings, prefix=self.setting(""))

    @property
    @override
    def name(self) -> str:
        return self.values.name or self.declared

    @property
    @override
    def name_setting(self) -> str:
        return self.setting("name")

    @property
    def table_name(self) -> str:
        """The table, with its schema where one is declared."""
        return self.values.table or self.table

    @property
    def form(self) -> str:
        """The table and its database, and what is filled alone."""
        filled = f", where empty alone `{', '.join(self.fill_empty)}`" if self.fill_empty else ""
        return f"table `{self.table_name}` of the database at `${self.setting('url')}`{filled}"

    @property
    @override
    def required_settings(self) -> tuple[str, ...]:
        return (self.setting("url"),)

    @property
    @override
    def missing_setting(self) -> str | None:
        return next((name for name in self.required_settings if not os.environ.get(name)), None)

    @property
    def database(self) -> Database:
        """The database that the table is in.

        Raises:
            ConfigurationError: The URL cannot be used; the message does not repeat it, it may hold a password.
        """
        url = self.values.url
        assert url, "a target that lacks a setting is not run"
        return database_of(url.get_secret_value(), self.settings)

    def datasets(self) -> tuple[Dataset, ...]:
        """Return the table."""
        return (self.database.dataset(self.table_name),)

    def plan(self, warehouse: Warehouse, options: Options) -> TablePlan:
        """Compare each row's hash with the one that was written last; the target itself is not asked.

        Raises:
            InputError: The model lacks a column.
            UserError: Some rows are to be replayed, and a delivery was cut off.
        """
        values, name = self.values, self.name
        unsettled = open_transactions(warehouse, self, values.table or self.table)
        if unsettled and options.only is not None:
            raise UserError(
                f"a delivery was cut off, and what came of it has to be found out first: `{name}`",
                hint=f"run `./pixiw run deliver --target {name}`",
            )
        if unsettled:
            # What the target has now the send state does not know: all rows are sent, and what differs is written.
            options = replace(options, full=True)
        with self.model.held_still(warehouse):
            found = Comparison.of(warehouse, self.model, name, options)
            deletions = Deletions.of(warehouse, self.model, name, found, options)
            held = rows_held(warehouse, name)
        lacking = [name for name in self.fill_empty if name not in found.pending.column_names]
        if lacking:
            raise InputError(
                f"`{self.model.table}` lacks columns that `{self.declared}` fills: `{', '.join(lacking)}`",
                hint="correct the model, or `fill_empty` in the target's module",
            )
        if not (found.rows or options.allow_empty):
            unsettled = []
        return TablePlan(
            target=name,
            model=self.model,
            rows=found.rows,
            to_send=found.to_send,
            held=held,
            guard=self.guard(warehouse, options),
            comparison=found,
            deletions=deletions,
            mode="mirror",
            unsettled=tuple(unsettled),
            take_over=options.take_over,
            to=self,
        )


@dataclass(frozen=True)
class TablePlan(ComparedPlan):
    """Which rows to write and which to delete.

    Attributes:
        unsettled: Transactions whose outcome it does not know.
        take_over: Whether rows of others that have our keys are overwritten.
    """

    unsettled: tuple[Transaction, ...]
    take_over: bool
    to: Table

    @property
    @override
    def idle(self) -> bool:
        return super().idle and not self.unsettled

    @override
    def details(self) -> list[str]:
        lines = super().details()
        if self.unsettled:
            lines.append("settle     a delivery that was cut off: all rows are compared at the target")
        return lines

    def apply(self, run: Run, tally: Tally) -> None:
        """Write and delete in one transaction at the target; once that is committed, mark what has become of each row.

        Who is killed in between leaves rows that the next run does not know of: the journal names the transaction
        beforehand, so that it is found out whose they are.
        """
        if self.to_send or self.removes or self.unsettled:
            shipment = Shipment(self.comparison.pending, self.deletions.rows)
            self.ship(shipment, run, tally)
            self.confirm(shipment, run, tally)
        self.forget(run)

    def ship(self, shipment: Shipment, run: Run, tally: Tally) -> None:
        """Let the target do its part."""
        pending, database = self.comparison.pending, self.to.database
        known = len(pending) - pending[LAST_RECEIPT].null_count + self.removes
        columns = model_columns(pending)
        table = Destination(self.to.table_name, self.model.key, columns, self.to.settings, self.to.fill_empty)
        terms = Terms(
            make=known == self.held,
            own=[one.number for one in self.unsettled if one.database == database.location],
            take_over=self.take_over,
            owner=f"{run.warehouse.identity.id} {self.target}",
            run_id=run.id,
            timeout=self.to.values.timeout,
        )
        with database.writer(table, terms) as writer:
            strays = writer.find_strays(shipment)
            self.guard.check(self.target, {"delete": shipment.deletes.num_rows}, self.held + strays)
            writer.ship(
                shipment, lambda number: announce(Transaction(number, table.name, database.location), self.target, run)
            )
        tally.detail |= {
            "transaction": shipment.transaction,
            "table": table.name,
            "database": database.location,
        }

    def confirm(self, shipment: Shipment, run: Run, tally: Tally) -> None:
        """Mark what the target has taken, and put what it has not into the quarantine."""
        receipt = f"{run.id} {shipment.transaction}"
        sent, rejected = shipment.upserts, within(self.comparison.pending, shipment.refused)
        said = [
            answers(sent[ROW_KEY], sent[ROW_HASH], "delivered", receipt, marks_of(sent)),
            # The receipt of what the target still has of the row, if anything, and its marks.
            answers(rejected[ROW_KEY], rejected[ROW_HASH], "rejected", rejected[LAST_RECEIPT], rejected[LAST_MARKS]),
            answers(shipment.deletes[ROW_KEY], shipment.deletes[ROW_HASH], "deleted", receipt),
        ]
        with run.warehouse.transaction():
            Confirmations(self, run).keep(pa.concat_tables(said), self.bad_rows(rejected, shipment))
            mark(self.target, run)
        tally.sent = shipment.upserts.num_rows
        tally.rejected = len(shipment.refused) + len(shipment.kept)
        tally.detail |= {"deleted": shipment.deletes.num_rows}
        say(f"{self.target}: {tally.sent:,} rows written, {shipment.deletes.num_rows:,} deleted")
        if shipment.taken_over:
            tally.detail["taken_over"] = shipment.taken_over
            say(f"{self.target}: {shipment.taken_over:,} rows of others with our keys were taken over")

    def bad_rows(self, rejected: pa.Table, shipment: Shipment) -> Iterable[BadRow]:
        """Return what was refused, with the reasons."""
        rows = as_quarantined(rejected.drop_columns([*ADDED]))
        for row_key, row in zip(rejected[ROW_KEY].to_pylist(), rows, strict=True):
            yield BadRow(0, shipment.refused[row_key], keyed(row, self.model.key, row_key))
        for row_key, reason in shipment.kept.items():
            yield BadRow(0, f"not deleted: {reason}", json.dumps({self.model.key: row_key}))


def database_of(url: str, settings: str) -> Database:
    """Return the database that a URL leads to.

    Args:
        settings: What the names of the target's settings begin with.

    Raises:
        ConfigurationError: It cannot be used; the message does not repeat it, it may hold a password.
    """
    # The drivers take a while to import, and most runs send nothing.
    scheme, separator, _ = url.partition("://")
    if not separator or scheme.partition("+")[0] in ("postgres", "postgresql"):
        from egress.kinds.table.postgres.database import PostgresDatabase

        return PostgresDatabase.of(url, settings)
    from egress.kinds.table.alchemy.database import AlchemyDatabase

    return AlchemyDatabase.of(url, settings)

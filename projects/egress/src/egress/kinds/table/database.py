"""What a delivery to a table needs of a database: whoever knows one says it in these terms."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from egress.engine.errors import TargetRefused
from egress.kinds.table.shipment import Shipment
from shared.monitoring.lineage import Dataset

FOREIGN = (
    "the target has a row with this key that it did not get from here; `--take-over --retry-rejected` overwrites it"
)
NOT_KEPT = "the target did not keep the row, and gave no reason (a trigger or policy of theirs?)"


@dataclass(frozen=True)
class Destination:
    """The table that a model goes to.

    Attributes:
        name: `schema.table`, or `table` in the database's own schema, as written: upper case stays upper case.
        key: The column that identifies a row.
        columns: The model's columns.
        settings: What the names of the target's settings begin with, for hints.
        fill_empty: Columns that are written where nothing is there alone.
    """

    name: str
    key: str
    columns: pa.Schema
    settings: str
    fill_empty: tuple[str, ...] = ()

    def differences(
        self, there: Collection[str], *, filled: Collection[str], computed: Collection[str]
    ) -> Iterator[str]:
        """Yield how the columns of a table that is there differ from the model's.

        Args:
            filled: Those to which it gives a value by itself, so that nobody else has to.
            computed: Those to which nobody else may.
        """
        names = self.columns.names
        yield from (f"column `{name}` is missing" for name in names if name not in there)
        yield from (f"column `{name}` is computed by the table" for name in names if name in computed)
        yield from (f"the model has no column `{name}`" for name in there if name not in (*names, *filled))

    def unfit(self, wrong: Collection[str]) -> TargetRefused:
        """Return the error for a table that differs from the model."""
        return TargetRefused(
            f"the target's `{self.name}` does not fit the model: {'; '.join(wrong)}",
            hint="nothing was sent; alter the table so that it does, or name another one with "
            f"{self.settings}_TABLE and a new {self.settings}_NAME: one that is not there is made",
        )

    def dropped(self) -> TargetRefused:
        """Return the error for a table that is not there and may not be made."""
        return TargetRefused(
            f"the target has no table `{self.name}` any more, though rows were delivered to it",
            hint="`--full` makes it again and sends every row; for another database or table set "
            f"{self.settings}_NAME to a new name",
        )


@dataclass(frozen=True)
class Terms:
    """On which terms a delivery is carried out.

    Attributes:
        make: Whether a table that is not there is made.
        own: Transactions that were ours though the send state does not know whether they were committed.
        take_over: Whether rows of others that have our keys are overwritten.
        owner: Whose delivery it is: the warehouse and the target's name in it.
        run_id: The run's.
        timeout: Seconds to wait for the server, and for locks of others.
    """

    make: bool
    own: Collection[int]
    take_over: bool
    owner: str
    run_id: str
    timeout: float


class Writer(Protocol):
    """Carries out shipments in a session."""

    def ship(self, shipment: Shipment, announce: Callable[[int], None]) -> None:
        """Write and delete in one transaction, without the rows that the target refuses.

        Args:
            shipment: What to do; what became of it is noted in it.
            announce: Called with the transaction's number before it is committed.

        Raises:
            TargetRefused: The table does not fit, or something that is not about a row is wrong.
        """

    def find_strays(self, shipment: Shipment) -> int:
        """Add rows to the deletes that only an own transaction knows of: written, not marked, and gone from the model.

        The shipment has all rows of the model then. Returns how many there are.
        """


class Database(ABC):
    """A database that gets a table."""

    @property
    @abstractmethod
    def location(self) -> str:
        """Where it is, without a login."""

    @abstractmethod
    def dataset(self, table: str) -> Dataset:
        """Return a table of it as collectors of lineage know it."""

    @abstractmethod
    def writer(self, destination: Destination, terms: Terms) -> AbstractContextManager[Writer]:
        """Open a session.

        Raises:
            TargetUnavailable: The server does not answer, or goes away.
            TargetRefused: It does not let us in, or does not do what it is told.
        """

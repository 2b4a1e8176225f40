"""What a target is and what a delivery to it will do: a plan is made, may be printed, and is then applied."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pyarrow as pa

from egress.engine.guard import Counts, Guard, approval
from egress.engine.models import Model
from shared.config.named import Setting
from shared.errors import ConfigurationError
from shared.monitoring import Run, history
from shared.monitoring.lineage import Dataset
from shared.warehouse import Warehouse


@dataclass(frozen=True)
class Options:
    """What the caller wants beyond the changed rows.

    Attributes:
        full: Send everything, whatever was delivered before.
        retry_rejected: Send also what the target has rejected before, though its content is the same.
        take_over: Overwrite rows that the target has not got from here but that have the keys of ours.
        allow_empty: Delete what was delivered where the model has become empty.
        only: The keys of the rows that are looked at, None for all.
        approved: How many rows may be created, updated or deleted at a target, whatever its guard says.
    """

    full: bool = False
    retry_rejected: bool = False
    take_over: bool = False
    allow_empty: bool = False
    only: tuple[str, ...] | None = None
    approved: Counts = field(default_factory=dict)


@dataclass
class Tally:
    """What has come of a delivery so far; true also after one that failed half way.

    Attributes:
        sent: Rows that the target has taken.
        rejected: Rows that it has rejected.
        detail: What else the ledger shall say of the delivery.
    """

    sent: int = 0
    rejected: int = 0
    detail: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan(ABC):
    """What would be sent. It does not change; it holds as long as the warehouse stays open in the same mode.

    Attributes:
        rows: How many rows the model has.
        to_send: How many of them would be sent.
        held: How many rows the target has of us, as far as is known here.
        guard: How much may be changed there.
    """

    target: str
    model: Model
    rows: int
    to_send: int
    held: int
    guard: Guard

    @property
    @abstractmethod
    def changes(self) -> Counts:
        """How many rows the target would have more, otherwise and no more, as far as is known here."""

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do because the model is empty."""
        return not self.rows

    @property
    def unchanged(self) -> int:
        """How many rows stay unsent because the target's answer to them stands."""
        return self.rows - self.to_send

    def describe(self) -> list[str]:
        """Return the plan in lines for a person."""
        if self.idle:
            return [f"{self.target}: `{self.model.table}` is empty: nothing is sent, nothing is deleted at the target"]
        title = f"{self.target}: `{self.model.table}`, {self.rows:,} rows"
        lines = [title, *(f"  {line}" for line in self.details())]
        changes = self.changes
        for change, why in self.guard.objections(changes, self.held).items():
            rows = changes[change]
            lines.append(f"  stopped    {change} {rows:,} is {why}: `{approval(change)} {rows}`")
        return lines

    def check(self) -> None:
        """Refuse to be applied where that would change more than the guard lets pass.

        Raises:
            TooManyChanges: It would.
        """
        self.guard.check(self.target, self.changes, self.held)

    @abstractmethod
    def details(self) -> list[str]:
        """Return what there is to say of the rows."""

    @abstractmethod
    def steps(self) -> pa.Table:
        """Return what would be done, as `steps_of` has it."""

    def fields(self, keys: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        """Return which fields of these rows an update changes, by key, as far as is known here."""
        return {}

    @abstractmethod
    def apply(self, run: Run, tally: Tally) -> None:
        """Do what the plan says, counting in `tally` what the target has confirmed."""


def steps_of(action: str | pa.ChunkedArray, keys: Any, versions: Any, last: Any) -> pa.Table:
    """Return steps of a plan: what is done, to which row, with which content, and what the target said of it last."""
    actions = pa.repeat(pa.scalar(action), len(keys)) if isinstance(action, str) else action
    columns = {"action": actions, "key": keys, "version": versions, "last": last}
    return pa.table(columns).cast(pa.schema([(name, pa.string()) for name in columns]))


@dataclass(frozen=True, eq=False)
class Target(ABC):
    """An outside system that gets a model of the egress layer, as its module declares it.

    Attributes:
        declared: The identity that the send state is filed under, where no setting says another.
        model: What is delivered.
        settings: What the names of its environment variables begin with.
        by_row: Whether it is given row by row, and answers for each; otherwise all rows at once: then no row is refused
            or replayed, no update counted, and no plan may drift.
        reads_back: Whether what is there is read before it is written.
        fill_empty: Columns that are written where nothing (null) is there, and left as they are otherwise.
    """

    by_row: ClassVar[bool] = True
    reads_back: ClassVar[bool] = False
    declared: str
    model: Model
    settings: str = field(kw_only=True)
    fill_empty: tuple[str, ...] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        if self.fill_empty and not self.reads_back:
            raise ConfigurationError(
                f"the target `{self.declared}` cannot fill what is empty alone: its kind does not read what is there",
                hint="leave `fill_empty` out; let the other side keep what it has, or deliver to a table",
            )
        if self.model.key in self.fill_empty:
            raise ConfigurationError(
                f"the target `{self.declared}` cannot fill its key: `{self.model.key}`",
                hint="leave it out of `fill_empty`: a row without a key is none of ours",
            )

    def setting(self, name: str) -> str:
        """Return the environment variable with a setting of this target."""
        return f"{self.settings}_{name.upper()}"

    @property
    def name(self) -> str:
        """The identity that the send state is filed under."""
        return self.declared

    @property
    def name_setting(self) -> str:
        """What says the name."""
        return f"`{self.declared}` in its module"

    @property
    @abstractmethod
    def form(self) -> str:
        """How and where to it is delivered, for a person."""

    @property
    def named_settings(self) -> tuple[Setting, ...]:
        """The settings that its declaration names, each of which needs a value."""
        return ()

    @property
    def required_settings(self) -> tuple[str, ...]:
        """The environment variables without which nothing can be sent."""
        return tuple(setting.name for setting in self.named_settings)

    @property
    def missing_setting(self) -> str | None:
        """The environment variable that is not set, nor by a file, and without which nothing can be sent."""
        return next((setting.name for setting in self.named_settings if not setting.is_set), None)

    def guard(self, warehouse: Warehouse, options: Options) -> Guard:
        """Return how much a delivery may change."""
        first = not history.has_been_delivered(warehouse, self.name)
        return Guard.of(self.setting(""), options.approved, first=first)

    @property
    def writes(self) -> tuple[str, ...]:
        """What it overwrites whatever is in it, so that no other target may: its files, or its table."""
        return ()

    @abstractmethod
    def datasets(self) -> tuple[Dataset, ...]:
        """Return what the model is delivered to, as collectors of lineage know it; what is required is set."""

    @abstractmethod
    def plan(self, warehouse: Warehouse, options: Options) -> Plan:
        """Compare the model with the send state; nothing is sent or written."""

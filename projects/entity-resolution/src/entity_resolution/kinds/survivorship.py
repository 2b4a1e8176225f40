"""Which value of several survives in the golden record: each rule chooses, for each entity, one of its records.

What a rule leaves undecided is decided by the order of sources, then by the smallest party id.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Literal, TypeAlias

from pydantic import Field
from typing_extensions import override

from entity_resolution.kinds.base import DECLARED, Column, dataclass
from shared.warehouse import literal, quote

# An expression over the columns of the records of an entity, and whether its smallest or its largest value goes first.
Order: TypeAlias = tuple[str, Literal["asc", "desc"]]


class Survivor(ABC):
    """Chooses the record that some fields of the golden record come from."""

    @property
    @abstractmethod
    def fields(self) -> Mapping[str, str]:
        """The fields of the golden record, and the columns of the parties that they come from."""

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns of the parties that it looks at."""
        return tuple(self.fields.values())

    @property
    def condition(self) -> str:
        """Which of the records may be chosen, in the SQL of both engines."""
        return "true"

    @property
    @abstractmethod
    def order(self) -> tuple[Order, ...]:
        """By what the records are ordered, in the SQL of both engines."""


@dataclass(frozen=True, config=DECLARED)
class _OfOneColumn(Survivor):
    column: Column

    @property
    @override
    def fields(self) -> Mapping[str, str]:
        return {self.column: self.column}

    @property
    @override
    def condition(self) -> str:
        return f"{quote(self.column)} is not null"


@dataclass(frozen=True, config=DECLARED)
class MostFrequent(_OfOneColumn):
    """The value that most of the records have."""

    @property
    @override
    def order(self) -> tuple[Order, ...]:
        return ((f"count(*) over (partition by entity_id, {quote(self.column)})", "desc"),)


@dataclass(frozen=True, config=DECLARED)
class Longest(_OfOneColumn):
    """The longest value, in characters."""

    @property
    @override
    def order(self) -> tuple[Order, ...]:
        return ((f"length(cast({quote(self.column)} as varchar))", "desc"),)


@dataclass(frozen=True, config=DECLARED)
class FirstSource(_OfOneColumn):
    """The value of the source that is believed first, of those that have one."""

    @property
    @override
    def order(self) -> tuple[Order, ...]:
        return ()


@dataclass(frozen=True, config=DECLARED)
class MostRecent(_OfOneColumn):
    """The value that was written last.

    Attributes:
        by: The column that says when.
    """

    by: Column

    @property
    @override
    def reads(self) -> tuple[str, ...]:
        return self.column, self.by

    @property
    @override
    def order(self) -> tuple[Order, ...]:
        return (f"{quote(self.by)} is null", "asc"), (quote(self.by), "desc")


@dataclass(frozen=True, config=DECLARED)
class OneRecord(Survivor):
    """Fields that mean something only together, from the record that fills most of them.

    Attributes:
        columns: The columns, as the fields are called.
        called: Fields that are called otherwise than their column.
        source: The only source that they may come from.
    """

    columns: tuple[Column, ...] = ()
    called: Mapping[Column, Column] = Field(default_factory=dict)
    source: str | None = None

    @property
    @override
    def fields(self) -> Mapping[str, str]:
        return {**self.called, **{column: column for column in self.columns}}

    @property
    @override
    def condition(self) -> str:
        return f"source_system = {literal(self.source)}" if self.source else "true"

    @property
    @override
    def order(self) -> tuple[Order, ...]:
        filled = " + ".join(f"cast({quote(column)} is not null as integer)" for column in self.fields.values())
        return ((filled, "desc"),)

"""Which value of several survives in the golden record: each rule chooses, for each entity, one of its records.

What a rule leaves undecided is decided by the order of sources, then by the smallest party id.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Literal, TypeAlias

from pydantic import Field, model_validator
from typing_extensions import Self, override

from entity_resolution.kinds.base import DECLARED, Column, dataclass
from shared.warehouse import literal, quote

# An expression over the columns of the records of an entity, and whether its smallest or its largest value goes first.
Order: TypeAlias = tuple[str, Literal["asc", "desc"]]
# What a pattern may not hold, to have one meaning on both engines: classes such as `\d`, which are of ASCII or of all
# scripts, and `(?`, of which each engine knows other ones.
FOREIGN = re.compile(r"\\[A-Za-z0-9]|\(\?|\[[^\]]*\[[:.=]")


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

    @property
    def rule(self) -> str:
        """What it is called in provenance where it has chosen a record: an expression over the record's columns."""
        return literal(type(self).__name__)


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


@dataclass(frozen=True, config=DECLARED)
class Valid(Survivor):
    """What another rule takes of the records whose value can be right.

    Attributes:
        among: The other rule.
        matches: A regular expression that the whole value meets; `among` is of one column then. It means the same on
            both engines: literal characters, `.`, `[a-z]`, `( )`, `|`, `* + ? {2,5}`, and `\\` before a sign. A value
            of several lines meets none.
        where: A condition on the record's columns, in the SQL of both engines.
        columns: The columns that `where` names beside those of the other rule.
        only: Whether no other value survives; otherwise one does where no value of the entity is valid.
    """

    among: Survivor
    matches: str = ""
    where: str = ""
    columns: tuple[Column, ...] = ()
    only: bool = True

    @model_validator(mode="after")
    def _can_be_told(self) -> Self:
        if not (self.matches or self.where):
            raise ValueError("what is valid is said neither by `matches` nor by `where`")
        if self.matches and len(self.fields) != 1:
            raise ValueError("a pattern is for a rule of one column; say `where` of several")
        try:
            re.compile(self.matches)
        except re.error as error:
            raise ValueError(f"not a regular expression, {error}") from error
        if found := FOREIGN.search(self.matches):
            raise ValueError(f"a pattern holds what means something else on each engine: `{found[0]}`")
        return self

    @property
    @override
    def fields(self) -> Mapping[str, str]:
        return self.among.fields

    @property
    @override
    def reads(self) -> tuple[str, ...]:
        return (*self.among.reads, *self.columns)

    @property
    @override
    def condition(self) -> str:
        return f"{self.among.condition} and {self._valid}" if self.only else self.among.condition

    @property
    @override
    def order(self) -> tuple[Order, ...]:
        first: tuple[Order, ...] = () if self.only else ((f"case when {self._valid} then 0 else 1 end", "asc"),)
        return (*first, *self.among.order)

    @property
    @override
    def rule(self) -> str:
        valid = f"'Valid ' || {self.among.rule}"
        return valid if self.only else f"case when {self._valid} then {valid} else {self.among.rule} end"

    @property
    def _valid(self) -> str:
        """The condition in brackets, null or false where a record has no valid value."""
        said = [f"({self.where})"] if self.where else []
        if self.matches:
            (column,) = self.fields.values()
            text = f"cast({quote(column)} as varchar)"
            # `~` matches the whole text on one engine and a part on the other, and `.` a line break on one alone.
            said += [f"{text} ~ {literal(f'^(?:{self.matches})$')}", f"position(chr(10) in {text}) = 0"]
        return f"({' and '.join(said)})"

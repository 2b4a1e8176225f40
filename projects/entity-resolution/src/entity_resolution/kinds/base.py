"""What every kind is made from: how a value is brought into the form that it is compared in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass
from typing_extensions import override

from entity_resolution.kinds.functions import SEPARATOR
from entity_resolution.kinds.names import Forms
from shared.warehouse import literal, quote

if TYPE_CHECKING:
    from splink.internals.comparison_creator import ComparisonCreator

# A field that a kind does not know is a mistake, and so is a number for a text.
DECLARED = ConfigDict(extra="forbid", strict=True, arbitrary_types_allowed=True)
COLUMN = r"[A-Za-z_][A-Za-z0-9_]*"
Column = Annotated[str, Field(pattern=f"^{COLUMN}$")]
Share = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1)]


class Form(Enum):
    """What a value becomes before it is compared; the original stays where it was."""

    AS_IS = "{}"
    TEXT = "nullif(cast({} as varchar), '')"
    """As it is written; a date as `YYYY-MM-DD`."""
    PLAIN = "plain_text(cast({} as varchar))"
    """In lower case and one Unicode form, Latin letters without accents."""
    CODE = "code_text(cast({} as varchar))"
    """As `PLAIN`, without blanks and the signs between parts of a number."""
    WORDS = "words_text(plain_text(cast({} as varchar)))"
    """As `PLAIN`, with one blank between words and none of the signs that stand there."""
    QUANTITIES = "quantities_text(plain_text(cast({} as varchar)))"
    """Each number with its unit, brought to one unit of its dimension; as `PLAIN` where there is none."""
    NUMBER = "case when cast({0} as double precision) between -1e31 and 1e31 then cast({0} as double precision) end"
    """As it is; what is infinite or no number is missing."""
    LIST = "nullif(array_to_string({}, {separator}), '')"
    """The items of an array, in a text."""

    def of(self, column: str) -> str:
        """Return the expression for a column in this form, in the SQL of both engines."""
        return self.value.format(quote(column), separator=literal(SEPARATOR))

    def as_text(self, value: str) -> str:
        """Return the expression for a value in this form as a text, which is the same on both engines."""
        return f"cast({f'cast({value} as decimal(38, 6))' if self is Form.NUMBER else value} as varchar)"


class Comparison(ABC):
    """A way to compare two records by one or several of their columns.

    Attributes:
        few_values: Whether a value that most records have is what it says, as a class or state is, and no filler.
    """

    few_values: ClassVar[bool] = False

    @property
    @abstractmethod
    def forms(self) -> Mapping[str, Form]:
        """The columns that it looks at, and the form that it needs each in."""

    @property
    def known(self) -> Mapping[str, Forms]:
        """The columns of which it needs the formal names, in `formal(column)`, and the short forms of these."""
        return {}

    @property
    def worded(self) -> tuple[str, ...]:
        """The columns of whose words it needs what is derived, see `vocabulary`."""
        return ()

    @abstractmethod
    def for_splink(self) -> ComparisonCreator:
        """Return it as Splink takes it, in words that mean the same on every engine."""


@dataclass(frozen=True, config=DECLARED)
class OfOneColumn(Comparison):
    """A way to compare two records by one column alone.

    Attributes:
        form: What the column is brought into.
    """

    column: Column
    form: ClassVar[Form]

    @property
    @override
    def forms(self) -> Mapping[str, Form]:
        return {self.column: self.form}


class Block(ABC):
    """A rule by which pairs are found that are worth comparing."""

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """The columns that it looks at."""

    @property
    def equal(self) -> tuple[str, ...]:
        """The columns that a pair agrees in as a whole."""
        return self.columns

    @property
    def worded(self) -> tuple[str, ...]:
        """The columns of whose words it needs what is derived, see `vocabulary`."""
        return ()

    @abstractmethod
    def keys(self, left: str, right: str) -> list[tuple[str, str]]:
        """Return what must be equal, in the SQL of both engines.

        Args:
            left, right: What the two records are called by; a pair may be equal either way round.

        Returns:
            Expressions on the left record, each with that on the right one.
        """

    @property
    def condition(self) -> str:
        """The condition on the two records `l` and `r`, in the SQL of both engines."""
        return " and ".join(f"{left} = {right}" for left, right in self.keys("l", "r"))


__all__ = ["DECLARED", "Block", "Column", "Comparison", "Count", "Form", "OfOneColumn", "Share", "dataclass"]

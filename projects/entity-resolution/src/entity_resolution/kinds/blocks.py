"""The rules of which a pair must meet one to be compared at all."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator
from typing_extensions import Self, override

from entity_resolution.kinds.base import DECLARED, Block, Column, Count, dataclass
from entity_resolution.kinds.vocabulary import MOST_RARE, rare
from shared.warehouse import quote

# How many of a text's rarest words are looked at, where nobody says.
RAREST = 3
Rank = Annotated[int, Field(ge=1, le=MOST_RARE)]


@dataclass(frozen=True, config=DECLARED)
class Same(Block):
    """The two agree in all of some columns.

    Attributes:
        all_of: The columns.
        start: Compare this many first characters of the last column; None for all of it.
    """

    all_of: Annotated[tuple[Column, ...], Field(min_length=1)]
    start: Count | None = None

    @property
    @override
    def columns(self) -> tuple[str, ...]:
        return self.all_of

    @override
    def keys(self, left: str, right: str) -> list[tuple[str, str]]:
        *whole, last = [(f"{left}.{quote(name)}", f"{right}.{quote(name)}") for name in self.all_of]
        if self.start:
            last = (f"left({last[0]}, {self.start})", f"left({last[1]}, {self.start})")
        return [*whole, last]


@dataclass(frozen=True, config=DECLARED)
class Swapped(Block):
    """The value of one column stands in the other record's other column, and the two agree in a third.

    Attributes:
        column: The left record's.
        other: The right record's.
        within: The column that both agree in.
    """

    column: Column
    other: Column
    within: Column

    @property
    @override
    def columns(self) -> tuple[str, ...]:
        return self.column, self.other, self.within

    @override
    def keys(self, left: str, right: str) -> list[tuple[str, str]]:
        column, other, within = (quote(name) for name in self.columns)
        return [(f"{left}.{column}", f"{right}.{other}"), (f"{left}.{within}", f"{right}.{within}")]


@dataclass(frozen=True, config=DECLARED)
class RareWords(Block):
    """Words that are the rarest ones of one record's text are those of the other's.

    How rare words are is what the model has learned: one that it does not know finds nothing until it is trained anew,
    and so does one that more than `vocabulary.MOST_RECORDS` records have.

    Attributes:
        column: The column of the text.
        left, right: Which ones of either record, the rarest being 1; each on the left is the one on the right.
    """

    column: Column
    left: Annotated[tuple[Rank, ...], Field(min_length=1)]
    right: Annotated[tuple[Rank, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _is_of_pairs(self) -> Self:
        if len(self.left) != len(self.right):
            raise ValueError(f"the two records have not as many rare words: `{self.column}`")
        return self

    @property
    @override
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    @property
    @override
    def equal(self) -> tuple[str, ...]:
        return ()

    @property
    @override
    def worded(self) -> tuple[str, ...]:
        return (self.column,)

    @override
    def keys(self, left: str, right: str) -> list[tuple[str, str]]:
        return [
            (f"{left}.{quote(rare(self.column, ours))}", f"{right}.{quote(rare(self.column, theirs))}")
            for ours, theirs in zip(self.left, self.right, strict=True)
        ]


def same(*columns: str, start: int | None = None) -> Same:
    """Return the rule that two records agree in all of some columns."""
    return Same(columns, start)


def swapped(column: str, other: str, within: str) -> tuple[Swapped, Swapped]:
    """Return the rules that two records have the values of two columns changed round."""
    return Swapped(column, other, within), Swapped(other, column, within)


def rare_words(column: str, words: int = RAREST) -> tuple[RareWords, ...]:
    """Return the rules that one of so many rarest words of a text is one of the other record's; 5 at most."""
    places = range(1, words + 1)
    return tuple(RareWords(column, (left,), (right,)) for left in places for right in places)


def same_rare_words(column: str, words: int = RAREST) -> RareWords:
    """Return the rule that so many rarest words of a text are all the other record's; 5 at most."""
    places = tuple(range(1, words + 1))
    return RareWords(column, places, places)

"""The rules of which a pair must meet one to be compared at all."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from typing_extensions import override

from entity_resolution.kinds.base import DECLARED, Block, Column, Count, dataclass
from shared.warehouse import quote


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


def same(*columns: str, start: int | None = None) -> Same:
    """Return the rule that two records agree in all of some columns."""
    return Same(columns, start)


def swapped(column: str, other: str, within: str) -> tuple[Swapped, Swapped]:
    """Return the rules that two records have the values of two columns changed round."""
    return Swapped(column, other, within), Swapped(other, column, within)

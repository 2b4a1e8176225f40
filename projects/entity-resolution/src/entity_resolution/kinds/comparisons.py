"""The ways to compare that an entity is declared by; those of free texts are in `texts`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from pydantic import model_validator
from typing_extensions import Self, override

from entity_resolution.kinds.base import DECLARED, Column, Comparison, Count, Form, OfOneColumn, Share, dataclass
from entity_resolution.kinds.functions import SEPARATOR
from entity_resolution.kinds.names import Forms
from shared.warehouse import literal

if TYPE_CHECKING:
    from splink.internals.comparison_creator import ComparisonCreator


@dataclass(frozen=True, config=DECLARED)
class Name(OfOneColumn):
    """A name of a person, place or thing, which people spell in several ways.

    Attributes:
        swapped: The column that people also write it into.
        nicknames: Names and the short forms of each, as `english()` or one's own: two that may stand for one name are
            a level of their own. The whole value is looked up.
        alike: From which shares of the longer text on two are spellings of one name; the largest first.
        frequencies: Whether agreeing on a rare name says more than agreeing on a common one.
    """

    form = Form.PLAIN
    swapped: Column | None = None
    nicknames: Forms = field(default_factory=dict)
    alike: tuple[Share, ...] = (0.75, 0.5)
    frequencies: bool = True

    @property
    @override
    def forms(self) -> Mapping[str, Form]:
        return {**super().forms, **({self.swapped: self.form} if self.swapped else {})}

    @property
    @override
    def known(self) -> Mapping[str, Forms]:
        return {self.column: self.nicknames} if self.nicknames else {}

    @override
    def for_splink(self) -> ComparisonCreator:
        from entity_resolution.kinds import levels

        known = [levels.known(self.column)] if self.nicknames else []
        between = [levels.similar(self.column, least) for least in self.alike]
        swaps = [levels.swapped(self.column, self.swapped)] if self.swapped else []
        return levels.by_levels(self.column, *known, *between[:1], *swaps, *between[1:], frequencies=self.frequencies)


@dataclass(frozen=True, config=DECLARED)
class Address(Name):
    """A line of an address, a town: as a `Name`, but half the country living in one town says less of each."""

    frequencies: bool = False


@dataclass(frozen=True, config=DECLARED)
class Identifier(OfOneColumn):
    """A number or code that is right or mistyped: postcode, telephone, article number.

    Blanks, dots, dashes, slashes and brackets do not count.

    Attributes:
        edits: How many edits of single characters are levels of their own; two digits changed round are two edits.
    """

    form = Form.CODE
    edits: tuple[Count, ...] = (1,)
    frequencies: bool = False

    @override
    def for_splink(self) -> ComparisonCreator:
        from entity_resolution.kinds import levels

        between = [levels.edits(self.column, most) for most in self.edits]
        return levels.by_levels(self.column, *between, frequencies=self.frequencies)


@dataclass(frozen=True, config=DECLARED)
class Category(OfOneColumn):
    """One of a few values, equal or not: a state, a class."""

    form = Form.PLAIN
    few_values = True
    frequencies: bool = False

    @override
    def for_splink(self) -> ComparisonCreator:
        from entity_resolution.kinds import levels

        return levels.by_levels(self.column, frequencies=self.frequencies)


@dataclass(frozen=True, config=DECLARED)
class Date(OfOneColumn):
    """A date, by the digits that people type: a transposition is two edits.

    A difference in days would call 1931 and 1913 far apart.
    """

    form = Form.TEXT
    edits: tuple[Count, ...] = (1, 2)

    @override
    def for_splink(self) -> ComparisonCreator:
        from entity_resolution.kinds import levels

        return levels.by_levels(self.column, *(levels.edits(self.column, most) for most in self.edits))


@dataclass(frozen=True, config=DECLARED)
class Number(OfOneColumn):
    """A number that may be off by something: a year of birth, a size.

    Attributes:
        within: By how much two may differ, in the column's unit, the smallest first.
    """

    form = Form.NUMBER
    within: tuple[float, ...] = (1.0,)

    @override
    def for_splink(self) -> ComparisonCreator:
        from entity_resolution.kinds import levels

        left, right = f'"{self.column}_l"', f'"{self.column}_r"'
        conditions = [(f"abs({left} - {right}) <= {most!r}", f"{self.column} within {most:g}") for most in self.within]
        return levels.by_levels(self.column, *(levels.when(*each) for each in conditions))


@dataclass(frozen=True, config=DECLARED)
class Quantity(OfOneColumn):
    """A size with its unit, as `12 OZ`, `340g` or `6 x 0.33 l`: equal where it is the same in another unit or spelling.

    Masses, volumes, lengths and areas are compared to three digits. What stands beside numbers and units does not
    count.

    Attributes:
        within: By which shares of the larger one two single quantities of one dimension may differ, as levels; the
            smallest first.
        frequencies: Whether agreeing on a rare size says more than agreeing on a common one.
    """

    form = Form.QUANTITIES
    within: tuple[Share, ...] = (0.02,)
    frequencies: bool = False

    @override
    def for_splink(self) -> ComparisonCreator:
        from entity_resolution.kinds import levels

        both = f'"{self.column}_l", "{self.column}_r"'
        return levels.by_levels(
            self.column,
            *(levels.when(f"quantities_near({both}, {most})", f"{self.column} within {most}") for most in self.within),
            frequencies=self.frequencies,
        )


@dataclass(frozen=True, config=DECLARED)
class Items(OfOneColumn):
    """An array of values: telephone numbers, tags.

    Attributes:
        shared: How many items two have in common, as levels; the largest first.
    """

    form = Form.LIST
    shared: tuple[Count, ...] = (2, 1)

    @override
    def for_splink(self) -> ComparisonCreator:
        from entity_resolution.kinds import levels

        common = f'shared_parts("{self.column}_l", "{self.column}_r", {literal(SEPARATOR)})'
        return levels.by_levels(
            self.column,
            *(levels.when(f"{common} >= {least}", f"{self.column} shares {least}") for least in self.shared),
        )


@dataclass(frozen=True, config=DECLARED)
class Place(Comparison):
    """A place on the earth, by its distance.

    Attributes:
        latitude, longitude: Columns in degrees.
        kilometres: Distances that are levels, the smallest first.
    """

    latitude: Column
    longitude: Column
    kilometres: tuple[float, ...] = (1.0, 10.0, 100.0)

    @property
    @override
    def forms(self) -> Mapping[str, Form]:
        return {self.latitude: Form.NUMBER, self.longitude: Form.NUMBER}

    @override
    def for_splink(self) -> ComparisonCreator:
        from splink.comparison_library import DistanceInKMAtThresholds

        return DistanceInKMAtThresholds(self.latitude, self.longitude, list(self.kilometres))


@dataclass(frozen=True, config=DECLARED)
class Own(Comparison):
    """A comparison of Splink's own library, or of somebody's own.

    Attributes:
        make: Returns it; Splink is imported in there, as whoever lists entities does without.
        columns: The columns that it looks at, and the form that it needs each in.
    """

    make: Callable[[], object]
    columns: Mapping[Column, Form] = field(default_factory=dict)

    @model_validator(mode="after")
    def _looks_at_something(self) -> Self:
        if not self.columns:
            raise ValueError("a comparison of Splink's own looks at no column")
        return self

    @property
    @override
    def forms(self) -> Mapping[str, Form]:
        return self.columns

    @override
    def for_splink(self) -> ComparisonCreator:
        made: ComparisonCreator = self.make()  # type: ignore[assignment]
        return made

"""The ways to compare free texts, by their words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import model_validator
from typing_extensions import Self, override

from entity_resolution.kinds.base import DECLARED, Form, OfOneColumn, Share, dataclass
from entity_resolution.kinds.vocabulary import share

if TYPE_CHECKING:
    from splink.internals.comparison_creator import ComparisonCreator


@dataclass(frozen=True, config=DECLARED)
class Words(OfOneColumn):
    """A free text, by the words that two have in common, in whatever order.

    Attributes:
        shared: From which shares of the longer one's words on two texts are alike; the largest first.
        alike: The same by edits of single letters, for words that are written otherwise; looked at after `shared`.
        abbreviated: Whether people write words in short, as in names of articles: then a word counts as shared that is
            the other one cut, without its vowels or with one letter wrong, and `alike` is not looked at.
        idf: Whether a word counts the more the fewer records have it (inverse document frequency), as in titles of
            products: then `shared` are shares of both texts together, and `alike` is not looked at.
        frequencies: Whether agreeing on a rare text says more than agreeing on a common one.
    """

    form = Form.WORDS
    shared: tuple[Share, ...] = (0.75, 0.5)
    alike: tuple[Share, ...] = (0.5,)
    abbreviated: bool = False
    idf: bool = False
    frequencies: bool = False

    @model_validator(mode="after")
    def _counts_words_in_one_way(self) -> Self:
        if self.abbreviated and self.idf:
            raise ValueError(f"words written in short have no frequency of their own: `{self.column}`")
        return self

    @property
    @override
    def worded(self) -> tuple[str, ...]:
        return (self.column,) if self.idf else ()

    @override
    def for_splink(self) -> ComparisonCreator:
        from entity_resolution.kinds import levels

        both = f'"{self.column}_l", "{self.column}_r"'
        agree = f"words_agree({both}, {{}})" if self.abbreviated else f"share_of_parts({both}, ' ') >= {{}}"
        if self.idf:
            agree = share(self.column, '"{}_l"', '"{}_r"') + " >= {}"
        same = levels.when(agree.format(1), f"{self.column} of the same words")
        between = [levels.when(agree.format(least), f"{self.column} shares {least}") for least in self.shared]
        spelled = [] if self.abbreviated or self.idf else [levels.similar(self.column, least) for least in self.alike]
        return levels.by_levels(self.column, same, *between, *spelled, frequencies=self.frequencies)


@dataclass(frozen=True, config=DECLARED)
class Codes(OfOneColumn):
    """The codes within a text, as the model number in the title of a product: `DSC-W120`, `KX TG6512B`.

    A code is a word with a digit that few records have, alone or with the word beside it. Two texts with codes of which
    they share none are of two things more often than those of which one has no code: that says nothing.
    """

    form = Form.WORDS

    @property
    @override
    def worded(self) -> tuple[str, ...]:
        return (self.column,)

    @override
    def for_splink(self) -> ComparisonCreator:
        from entity_resolution.kinds import levels

        return levels.by_codes(self.column)

"""Levels of agreement as Splink takes them, by functions that mean the same on every engine."""

from __future__ import annotations

import splink.comparison_level_library as levels
import splink.comparison_library as comparisons
from splink.comparison_level_library import CustomLevel
from splink.internals.comparison_level_creator import ComparisonLevelCreator

from entity_resolution.kinds.functions import SEPARATOR
from entity_resolution.kinds.names import formal
from entity_resolution.kinds.vocabulary import codes, same_codes
from shared.warehouse import literal


def by_levels(column: str, *between: ComparisonLevelCreator, frequencies: bool = False) -> comparisons.CustomComparison:
    """Compare a column by whether it is equal, and if not by the levels between that and being another one.

    Args:
        column: Its name; it is what the comparison is called by, too.
        between: The levels, those that say most first.
        frequencies: Whether agreeing on a rare value says more than agreeing on a common one.
    """
    exact = levels.ExactMatchLevel(column, term_frequency_adjustments=frequencies)
    return comparisons.CustomComparison(
        output_column_name=column,
        comparison_levels=[levels.NullLevel(column), exact, *between, levels.ElseLevel()],
    )


def by_codes(column: str) -> comparisons.CustomComparison:
    """Compare a text by whether the codes in it are the same; one without any says nothing."""
    return comparisons.CustomComparison(
        output_column_name=codes(column),
        comparison_levels=[
            levels.NullLevel(codes(column)),
            when(same_codes(column, '"{}_l"', '"{}_r"'), f"{column} of the same codes"),
            levels.ElseLevel(),
        ],
    )


def similar(column: str, least: float) -> CustomLevel:
    """Return the level of texts of which at least this share agrees, by edits of single letters."""
    return CustomLevel(f'edit_similarity("{column}_l", "{column}_r") >= {least}', f"{column} similar by {least}")


def edits(column: str, most: int) -> CustomLevel:
    """Return the level of texts that at most so many edits of single letters make equal."""
    return CustomLevel(f'edit_distance("{column}_l", "{column}_r") <= {most}', f"{column} within {most} edits")


def known(column: str) -> CustomLevel:
    """Return the level of names that may stand for one formal name."""
    both = f'"{formal(column)}_l", "{formal(column)}_r"'
    return CustomLevel(f"shared_parts({both}, {literal(SEPARATOR)}) >= 1", f"{column} in short")


def swapped(column: str, other: str) -> ComparisonLevelCreator:
    """Return the level of values that stand in each other's columns."""
    return levels.ColumnsReversedLevel(column, other)


def when(condition: str, label: str) -> CustomLevel:
    """Return the level of a condition on the columns of the two, which end in `_l` and `_r`."""
    return CustomLevel(condition, label)

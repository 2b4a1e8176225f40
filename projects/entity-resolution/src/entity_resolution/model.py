"""What is compared, and which pairs are compared at all. Weights are not written here: training learns them.

There is one definition for all engines: it names only columns, and functions that mean the same on each of them.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import splink
import splink.comparison_level_library as levels
import splink.comparison_library as comparisons
from splink import SettingsCreator, block_on
from splink.blocking_rule_library import CustomRule
from splink.comparison_level_library import CustomLevel

from entity_resolution import text_functions

# Splink wants to know whose SQL it writes. What it writes here reads the same on every engine, see `for_dialect`.
DIALECT = "duckdb"
DIALECT_KEY, BLOCKING = "sql_dialect", "blocking_rules_to_generate_predictions"

# Shares of the longer text that agree, from which two are spellings of one name, and from which they are alike.
SAME_NAME, ALIKE = 0.75, 0.5

# A pair that agrees in all of one of these is the same person but for rare accidents; they find about SURE_RECALL
# of all matches, since each typing error in a date or name takes a pair out.
SURE_RULES: list[Any] = [block_on("given_name", "surname", "date_of_birth"), block_on("postcode", "date_of_birth")]
SURE_RECALL = 0.7

# What is blocked on cannot be learned in that session, so the two have no column in common.
TRAINING_RULES = [block_on("date_of_birth"), block_on("given_name", "surname")]


def settings() -> dict[str, Any]:
    """Return the untrained Splink settings, without a dialect."""
    creator = SettingsCreator(
        # Both across the sources and within each, since a CRM has its own duplicates.
        link_type="link_and_dedupe",
        unique_id_column_name="party_id",
        source_dataset_column_name="source_system",
        comparisons=[
            _with_swaps("given_name", "surname"),
            _with_swaps("surname", "given_name"),
            _with_swaps("address_1", "address_2"),
            _with_swaps("address_2", "address_1"),
            _by_levels("street_number", _edits("street_number", 1)),
            _by_levels("suburb", _similar("suburb", SAME_NAME), _similar("suburb", ALIKE)),
            # Digits are mistyped and transposed, and a transposition is two edits; a difference in days would call
            # 1931 and 1913 far apart.
            _by_levels("postcode", _edits("postcode", 1), _edits("postcode", 2)),
            comparisons.ExactMatch("state"),
            _by_levels("date_of_birth", _edits("date_of_birth", 1), _edits("date_of_birth", 2)),
        ],
        blocking_rules_to_generate_predictions=_blocking_rules(),
        retain_matching_columns=False,
        # Splink would draw one at random, and the same training would not give the same model.
        linker_uid="entity_resolution",
    )
    return without_dialect(creator.create_settings_dict(DIALECT))


def definition() -> str:
    """Return a hash of the untrained settings and of Splink's version, to tell models of another making."""
    text = json.dumps([splink.__version__, settings(), text_functions.DUCKDB], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def for_dialect(settings: dict[str, Any], dialect: str) -> dict[str, Any]:
    """Return settings, trained or not, as Splink takes them for an engine: `duckdb`, `postgres`."""
    rules = [{**rule, DIALECT_KEY: dialect} for rule in settings[BLOCKING]]
    return {**settings, BLOCKING: rules, DIALECT_KEY: dialect}


def without_dialect(settings: dict[str, Any]) -> dict[str, Any]:
    """Return Splink's settings without what says for which engine they are."""
    rules = [{key: value for key, value in rule.items() if key != DIALECT_KEY} for rule in settings[BLOCKING]]
    return {key: value for key, value in settings.items() if key != DIALECT_KEY} | {BLOCKING: rules}


def _with_swaps(column: str, other: str) -> comparisons.CustomComparison:
    """Compare a text that people also write into the `other` field: names, and the two lines of an address.

    Agreeing on a rare value says more than agreeing on a common one, hence the term frequencies.
    """
    return comparisons.CustomComparison(
        output_column_name=column,
        comparison_levels=[
            levels.NullLevel(column),
            levels.ExactMatchLevel(column, term_frequency_adjustments=True),
            _similar(column, SAME_NAME),
            levels.ColumnsReversedLevel(column, other),
            _similar(column, ALIKE),
            levels.ElseLevel(),
        ],
    )


def _by_levels(column: str, *between: CustomLevel) -> comparisons.CustomComparison:
    """Compare a text by whether it is equal, and if not by the levels between that and being another one."""
    return comparisons.CustomComparison(
        output_column_name=column,
        comparison_levels=[levels.NullLevel(column), levels.ExactMatchLevel(column), *between, levels.ElseLevel()],
    )


def _similar(column: str, least: float) -> CustomLevel:
    return CustomLevel(f'edit_similarity("{column}_l", "{column}_r") >= {least}', f"{column} similar by {least}")


def _edits(column: str, most: int) -> CustomLevel:
    return CustomLevel(f'edit_distance("{column}_l", "{column}_r") <= {most}', f"{column} within {most} edits")


def _blocking_rules() -> list[Any]:
    """Return the rules of which a pair must meet one to be compared.

    Each holds two fields or a date of birth, so that blocks stay small as the tables grow; together they find a
    pair that has errors in any two of name, date and address.
    """
    pairs = [
        ("given_name", "surname"),
        ("given_name", "postcode"),
        ("given_name", "suburb"),
        ("surname", "postcode"),
        ("surname", "suburb"),
        ("street_number", "address_1"),
        ("street_number", "postcode"),
        ("street_number", "suburb"),
        ("address_1", "postcode"),
        ("address_2", "postcode"),
    ]
    swaps = [("given_name", "surname"), ("address_1", "address_2")]
    return [
        block_on("date_of_birth"),
        *(block_on(*pair) for pair in pairs),
        *(_swapped(left, right) for swap in swaps for left, right in (swap, swap[::-1])),
    ]


def _swapped(left: str, right: str) -> CustomRule:
    return CustomRule(f"l.{left} = r.{right} and l.postcode = r.postcode", sql_dialect=DIALECT)

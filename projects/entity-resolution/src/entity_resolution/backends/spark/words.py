"""A model in Spark's words: models are written in SQL that DuckDB and PostgreSQL share, Spark quotes otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlglot

from entity_resolution.engine.linking.definition import BLOCKING, DIALECT
from entity_resolution.kinds import Comparison, Own

SPARK = "spark"
ELSE = "ELSE"
NAME, LEVELS, CONDITION = "output_column_name", "comparison_levels", "sql_condition"


def in_sparks_words(settings: dict[str, Any], compare: Sequence[Comparison]) -> dict[str, Any]:
    """Return a model's settings with every condition as Spark reads it.

    Args:
        settings: See `Model.settings`.
        compare: The entity's comparisons: those of Splink's own are taken as Splink writes them for Spark.
    """
    made = [each.for_splink().create_comparison_dict(SPARK) for each in compare if isinstance(each, Own)]
    own = {each[NAME]: [level[CONDITION] for level in each[LEVELS]] for each in made}
    rules = [{**rule, "blocking_rule": _translated(rule["blocking_rule"])} for rule in settings[BLOCKING]]
    comparisons = [_spoken(each, own.get(each[NAME], ())) for each in settings["comparisons"]]
    return {**settings, BLOCKING: rules, "comparisons": comparisons}


def _spoken(comparison: dict[str, Any], own: Sequence[str]) -> dict[str, Any]:
    levels = comparison[LEVELS]
    conditions = own if len(own) == len(levels) else [_translated(level[CONDITION]) for level in levels]
    spoken = [{**level, CONDITION: condition} for level, condition in zip(levels, conditions, strict=True)]
    return {**comparison, LEVELS: spoken}


def _translated(condition: str) -> str:
    return condition if condition == ELSE else sqlglot.transpile(condition, read=DIALECT, write=SPARK)[0]

"""Pairs that no comparison of texts could lift to the threshold are dropped before any text is compared.

Most pairs of a block are strangers. What a pair's weight can be at most is known from which of its values are there and
equal; comparison by comparison the most becomes what it is, and a pair that can no longer reach the threshold is not
looked at any further. Splink weighs the pairs that are left, so that weights are Splink's and the same as without this.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile

from splink import Linker
from splink.internals.comparison import Comparison
from splink.internals.comparison_level import ComparisonLevel
from splink.internals.comparison_vector_values import compute_comparison_vector_values_from_id_pairs_sqls
from splink.internals.misc import prob_to_match_weight
from splink.internals.pipeline import CTEPipeline
from splink.internals.splink_dataframe import SplinkDataFrame
from splink.internals.unique_id_concat import CONCAT_SEPARATOR
from splink.internals.vertically_concatenate import enqueue_df_concat_with_tf

# What keeps each stage by itself: PostgreSQL would put a stage into the next one wherever that names it.
FENCES = {"duckdb": "", "postgres": "offset 0"}
# Weights are added up in another order than Splink does, so the last digits differ.
SLACK = 1e-6
PAIRS = ("match_key", "join_key_l", "join_key_r")


@dataclass(frozen=True)
class Weight:
    """What a comparison adds to the weight of a pair.

    Attributes:
        quick: SQL for the most that it can add, by values that are there or not and equal or not.
        exact: SQL for what it adds; the same where `quick` tells all.
        gap: How much `quick` may be too high, for a pair that has nothing in common there.
    """

    quick: str
    exact: str
    gap: float


def can_prune(linker: Linker, threshold: float) -> bool:
    """Tell whether there is a most for a pair: not with weights that were not learned, nor on engines beside these."""
    levels = [level for each in linker._settings_obj.comparisons for level in each.comparison_levels]
    weighs = all(level._match_weight is not None for level in levels)
    return weighs and linker._sql_dialect_str in FENCES and 0 < threshold < 1


def possible_pairs(linker: Linker, pairs: SplinkDataFrame, threshold: float) -> SplinkDataFrame:
    """Return those pairs of which the match probability can reach a threshold, columns `PAIRS`.

    Args:
        linker: Whose rules have found the pairs; it can prune them.
        pairs: All of them, as `compute_blocked_pairs_for_predict` returns them.
        threshold: The match probability.
    """
    pipeline = CTEPipeline([pairs])
    enqueue_df_concat_with_tf(linker, pipeline)
    weights = [_weight(each) for each in linker._settings_obj.comparisons]
    for sql, name in _stages(linker, weights, prob_to_match_weight(threshold) - SLACK):
        pipeline.enqueue_sql(sql, name)
    return linker._db_api.sql_pipeline_to_splink_dataframe(pipeline)


def _weight(comparison: Comparison) -> Weight:
    levels = comparison.comparison_levels
    known = [*takewhile(lambda level: level.is_null_level or level._is_exact_match, levels)]
    rest = levels[len(known) :]
    exact = _case(levels, levels)
    # What frequencies add has no most.
    if len(rest) == 1 or any(level._has_tf_adjustments for level in rest):
        return Weight(exact, exact, 0)
    weights = [level._match_weight for level in rest]
    return Weight(_case(known, levels, max(weights)), exact, max(weights) - weights[-1])


def _case(levels: list[ComparisonLevel], of: list[ComparisonLevel], other: float | None = None) -> str:
    """Return SQL for the weight at the first level that a pair is at, and for a pair that is at none of them."""

    def adds(level: ComparisonLevel) -> str:
        frequency = level._tf_adjustment_sql(str(level.comparison_vector_value), of)
        return f"cast({level._match_weight} as float8) + case {frequency} end"

    told = [f"when {each.sql_condition} then {adds(each)}" for each in levels if not each._is_else_level]
    last = adds(levels[-1]) if other is None else f"cast({other} as float8)"
    return f"case {' '.join(told)} else {last} end" if told else last


def _stages(linker: Linker, weights: list[Weight], least: float) -> list[tuple[str, str]]:
    """Return the queries, with their names, that end in the pairs whose weight can be at least so much."""
    settings = linker._settings_obj
    fence = FENCES[str(linker._sql_dialect_str)]
    ids = settings.column_info_settings.unique_id_input_columns
    apart = f" || '{CONCAT_SEPARATOR}' || "
    keys = [
        f"{apart.join(each.name_l for each in ids)} as join_key_l",
        f"{apart.join(each.name_r for each in ids)} as join_key_r",
    ]
    joined = compute_comparison_vector_values_from_id_pairs_sqls(
        settings._columns_to_select_for_blocking,
        settings._columns_to_select_for_comparison_vector_values,
        input_tablename_l="__splink__df_concat_with_tf",
        input_tablename_r="__splink__df_concat_with_tf",
        source_dataset_input_column=settings.column_info_settings.source_dataset_input_column,
        unique_id_input_column=settings.column_info_settings.unique_id_input_column,
        link_type=settings._link_type,
        sql_dialect_str=linker._sql_dialect_str,
    )[:-1]
    stages = [(each["sql"], each["output_table_name"]) for each in joined]
    quick = ", ".join(f"{weight.quick} as quick_{place}" for place, weight in enumerate(weights))
    prior = prob_to_match_weight(settings._probability_two_random_records_match)
    stages.append((f"select *, {', '.join(keys)}, {quick} from {stages[-1][1]} {fence}", "looked_at"))
    most = " + ".join([f"cast({prior} as float8)", *(f"quick_{place}" for place in range(len(weights)))])
    stages.append((f"select *, {most} as most from looked_at {fence}", "bounded"))
    before = "most"
    # First what drops most pairs.
    for place in sorted(range(len(weights)), key=lambda place: -weights[place].gap):
        if weights[place].gap > 0:
            exactly = f"{before} - quick_{place} + {weights[place].exact}"
            narrowed = f"case when {before} < {least} then {before} else {exactly} end"
            stages.append((f"select *, {narrowed} as most_{place} from {stages[-1][1]} {fence}", f"bounded_{place}"))
            before = f"most_{place}"
    found = f"select {', '.join(PAIRS)} from {stages[-1][1]} where {before} >= {least}"
    return [*stages, (found, "__splink__possible_pairs")]

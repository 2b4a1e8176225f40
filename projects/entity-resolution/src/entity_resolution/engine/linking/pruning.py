"""Finds the pairs of the rules, and drops those that no comparison of texts could lift to the threshold.

Each rule finds its pairs, and a pair that several have found counts once where it is left: few are found twice, and to
look for each whether a former rule makes it takes longer. Most pairs of a block are strangers. What a pair's weight can
be at most is known from which of its values are there and equal; comparison by comparison the most becomes what it is,
and a pair that can no longer reach the threshold is not looked at any further. Splink weighs the pairs that are left,
so that weights are Splink's and the same as without this.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from splink import Linker
from splink.internals.comparison import Comparison
from splink.internals.comparison_level import ComparisonLevel
from splink.internals.misc import prob_to_match_weight
from splink.internals.pipeline import CTEPipeline
from splink.internals.splink_dataframe import SplinkDataFrame
from splink.internals.unique_id_concat import _composite_unique_id_from_nodes_sql
from splink.internals.vertically_concatenate import enqueue_df_concat_with_tf

from entity_resolution.engine.blocking.rules import Rule
from shared.warehouse import quote

# What keeps each stage by itself: PostgreSQL would put a stage into the next one wherever that names it.
FENCES = {"duckdb": "", "postgres": "offset 0"}
# Weights are added up in another order than Splink does, so the last digits differ.
SLACK = 1e-6
# Of each party: its key, by which Splink joins and says which of two is the left one, and its place in their order.
# To join and to compare by numbers takes half as long. No column of an entity has a blank in its name.
JOIN_KEY, PLACE = quote("join key"), quote("key place")
NUMBERED, FOUND = "__splink__numbered_parties", "__splink__found_pairs"


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


def possible_pairs(linker: Linker, found: str, threshold: float) -> SplinkDataFrame:
    """Return the pairs of which the match probability can reach a threshold.

    Args:
        linker: Whose parties they are of; it can prune pairs.
        found: A query for the pairs, as `found_by` returns one.
        threshold: The match probability.

    Returns:
        Columns `match_key`, the place of the first rule that finds a pair, `join_key_l`, `join_key_r`.
    """

    def table(pipeline: CTEPipeline, *steps: tuple[str, str]) -> SplinkDataFrame:
        for sql, name in steps:
            pipeline.enqueue_sql(sql, name)
        return linker._db_api.sql_pipeline_to_splink_dataframe(pipeline)

    numbered = table(enqueue_df_concat_with_tf(linker, CTEPipeline()), (_numbered(linker), NUMBERED))
    pairs = table(CTEPipeline([numbered]), (found, FOUND))
    stages = _stages(linker, prob_to_match_weight(threshold) - SLACK)
    possible = table(CTEPipeline([numbered, pairs]), *stages)
    for each in (numbered, pairs):
        each.drop_table_from_database_and_remove_from_cache()
    return possible


def _numbered(linker: Linker) -> str:
    """Return the query for the parties with `JOIN_KEY` and `PLACE`."""
    key = _composite_unique_id_from_nodes_sql(linker._settings_obj.column_info_settings.unique_id_input_columns)
    numbered = f"{key} as {JOIN_KEY}, row_number() over (order by {key}) as {PLACE}"
    return f"select *, {numbered} from __splink__df_concat_with_tf"


def found_by(rules: Sequence[Rule]) -> str:
    """Return the query for the pairs that rules, one at least, find: once for each rule.

    Returns:
        Columns `rule`, its place among them; `place_l`, `place_r`, the places of the records.
    """
    return " union all ".join(f"select * from ({_found(rule, number)}) as found" for number, rule in enumerate(rules))


def _found(rule: Rule, number: int) -> str:
    # In `union` a pair of several joins is one.
    return " union ".join(
        f"select {number} as rule, l.{PLACE} as place_l, r.{PLACE} as place_r "
        f"from {NUMBERED} as l inner join {NUMBERED} as r on {join} where l.{PLACE} < r.{PLACE}"
        for join in rule.joins
    )


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


def _stages(linker: Linker, least: float) -> list[tuple[str, str]]:
    """Return the queries, with their names, that end in the pairs whose weight can be at least so much."""
    settings = linker._settings_obj
    fence = FENCES[str(linker._sql_dialect_str)]
    weights = [_weight(each) for each in settings.comparisons]
    quick = ", ".join(f"{weight.quick} as quick_{place}" for place, weight in enumerate(weights))
    prior = prob_to_match_weight(settings._probability_two_random_records_match)
    most = " + ".join([f"cast({prior} as float8)", *(f"quick_{place}" for place in range(len(weights)))])
    stages = [
        (
            f"select {', '.join(settings._columns_to_select_for_blocking)}, "
            f"pair.rule, l.{JOIN_KEY} as join_key_l, r.{JOIN_KEY} as join_key_r "
            f"from {FOUND} as pair inner join {NUMBERED} as l on l.{PLACE} = pair.place_l "
            f"inner join {NUMBERED} as r on r.{PLACE} = pair.place_r",
            "looked_up",
        ),
        (f"select *, {quick} from looked_up {fence}", "looked_at"),
        (f"select *, {most} as most from looked_at {fence}", "bounded"),
    ]
    before = "most"
    # First what drops most pairs.
    for place in sorted(range(len(weights)), key=lambda place: -weights[place].gap):
        if weights[place].gap > 0:
            exactly = f"{before} - quick_{place} + {weights[place].exact}"
            narrowed = f"case when {before} < {least} then {before} else {exactly} end"
            stages.append((f"select *, {narrowed} as most_{place} from {stages[-1][1]} {fence}", f"bounded_{place}"))
            before = f"most_{place}"
    possible = (
        "select cast(min(rule) as varchar) as match_key, join_key_l, join_key_r "
        f"from {stages[-1][1]} where {before} >= {least} group by join_key_l, join_key_r"
    )
    return [*stages, (possible, "__splink__possible_pairs")]

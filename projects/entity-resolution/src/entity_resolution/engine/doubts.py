"""What speaks against a resolution without any truth: told as warnings, and never a reason to stop."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from entity_resolution.engine.quality import Measures
from shared.utils.calculator import calculator

# More records of one entity than a person or thing has in a few systems.
LARGE = 20
NAMED = 3
# A share of the records that may change their entity without a word.
MOVED = 0.01


def doubts(measures: Measures, former: Measures, previous: pa.Table, present: pa.Table) -> list[str]:
    """Return a sentence for each reason to look at a resolution before it is believed. They name ids, never values.

    Args:
        measures: What it was measured to be.
        former: The measures of the resolution before; empty where there was none.
        previous: Columns `party_id`, `entity_id` of that one.
        present: The same columns of this one.
    """
    before, now = former.get("largest_entity", 0), measures["largest_entity"]
    doubled = (
        [f"the largest entity has {now:,.0f} records, and had {before:,.0f}"]
        if now > LARGE / 4 and before and now >= 2 * before
        else []
    )
    with calculator() as connection:
        connection.register("present", present)
        connection.register("former", previous)
        return [*_large(connection), *doubled, *_churn(connection)]


def _large(connection: duckdb.DuckDBPyConnection) -> list[str]:
    found = connection.execute(
        "select entity_id, count(*) as n from present group by entity_id having n > $1 order by n desc, entity_id",
        [LARGE],
    ).fetchall()
    if not found:
        return []
    named = ", ".join(f"`{entity}` {records:,}" for entity, records in found[:NAMED])
    return [
        f"{len(found):,} entities have more than {LARGE} records each, the largest of them: {named}; "
        "values that stand for nothing, as `unknown`, may hold them together"
    ]


def _churn(connection: duckdb.DuckDBPyConnection) -> list[str]:
    moved, stayed, came_or_went = connection.sql(
        "select count(*) filter (present.entity_id <> former.entity_id), "
        "count(*) filter (present.entity_id = former.entity_id), "
        "count(*) filter (present.entity_id is null or former.entity_id is null) "
        "from present full outer join former using (party_id)"
    ).fetchall()[0]
    if not stayed + moved or moved <= MOVED * (stayed + moved) or moved <= came_or_went:
        return []
    return [
        f"{moved:,} of {stayed + moved:,} records changed their entity, while {came_or_went:,} came or went: "
        "the model, the threshold or the values of many records must be others"
    ]

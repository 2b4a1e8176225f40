"""The checks that compare rows with other rows, and so need a pass of their own."""

from __future__ import annotations

from collections.abc import Sequence

from shared.data_quality.expectations.checks import ForeignKey, Unique
from shared.data_quality.expectations.outcomes import FailingRow, Verdict, failing_rows, of_rows
from shared.data_quality.expectations.sql import CheckedRelation, order_by
from shared.data_quality.expectations.suite import Expectation

Found = tuple[Verdict, tuple[FailingRow, ...]]


def unique(relation: CheckedRelation, expectation: Expectation, check: Unique, most: int) -> Found:
    """Count the rows that share their values with another row; the sample is of the values that they share."""
    columns = [relation.column(name) for name in check.columns]
    values = ", ".join(column.sql for column in columns)
    complete = " and ".join(f"{column.sql} is not null" for column in columns)
    groups = (
        f"select {values}, count(*) as occurrences from {relation.source(expectation.where)} "
        f"where {complete} group by {', '.join(str(place + 1) for place in range(len(columns)))}"
    )
    ((checked, failed),) = relation.fetch(
        "select cast(coalesce(sum(occurrences), 0) as bigint), "
        "cast(coalesce(sum(occurrences) filter (where occurrences > 1), 0) as bigint) "
        f"from ({groups}) as grouped({', '.join(f'v{place}' for place in range(len(columns)))}, occurrences)"
    )
    if not failed or not most:
        return of_rows(checked, failed), ()
    rows = relation.fetch(f"{groups} having count(*) > 1{order_by(len(columns))} limit {most}")
    return of_rows(checked, failed), failing_rows(rows, check.columns, ["occurrences"])


def foreign_key(
    relation: CheckedRelation, expectation: Expectation, check: ForeignKey, key: Sequence[str], most: int
) -> Found:
    """Count the rows whose values are not in the other table."""
    columns = [relation.column(name) for name in check.columns]
    other = CheckedRelation(relation.warehouse, check.references.table)
    targets = [other.column(name) for name in check.references.columns]
    for column, target in zip(columns, targets, strict=True):
        column.must_be(target.kind)
    there = ", ".join(f"{target.sql} as v{place}" for place, target in enumerate(targets))
    values = [column.of("counted") for column in columns]
    equal = " and ".join(f"{value} = other.v{place}" for place, value in enumerate(values))
    # A join and not `exists`, which PostgreSQL may try row by row once the other table is large.
    rows = (
        f"from {relation.source(expectation.where)} "
        f"left join (select distinct {there}, 1 as found from {other.sql}) as other "
        f"on {equal} where {' and '.join(f'{value} is not null' for value in values)}"
    )
    ((checked, failed),) = relation.fetch(f"select count(*), count(*) filter (where other.found is null) {rows}")
    if not failed or not most:
        return of_rows(checked, failed), ()
    names = [*key, *(name for name in check.columns if name not in key)]
    shown = ", ".join(relation.column(name).of("counted") for name in names)
    sample = relation.fetch(f"select {shown} {rows} and other.found is null{order_by(len(key))} limit {most}")
    return of_rows(checked, failed), failing_rows(sample, key, names[len(key) :])

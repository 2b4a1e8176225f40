"""The checks that one pass over a table can make together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.data_quality.expectations.checks import Check, Freshness, InRange, InSet, Matches, NotNull, RowCount, Source
from shared.data_quality.expectations.outcomes import FailingRow, Verdict, failing_rows, of_rows
from shared.data_quality.expectations.regex import portable
from shared.data_quality.expectations.sql import (
    CheckedColumn,
    CheckedRelation,
    CheckError,
    Parameters,
    column_of,
    condition,
    order_by,
)
from shared.data_quality.expectations.suite import Expectation
from shared.data_quality.expectations.values import as_moment, kind_of_value, shown
from shared.utils.clock import CLOCK_TOLERANCE, utc_now


@dataclass(frozen=True)
class RowTest:
    """SQL that tells of a row whether the check looks at it, and whether it fails."""

    counted: str
    fails: str


@dataclass(frozen=True)
class Aggregate:
    """What a check asks of the pass over its table.

    Attributes:
        expressions: Makes the SQL of the aggregates, with the values that it binds.
        judge: Makes the verdict of what they came to.
        test: Makes the test of a row, where it is rows that fail.
    """

    expressions: Callable[[Parameters], list[str]]
    judge: Callable[[Sequence[Any]], Verdict]
    test: Callable[[Parameters], RowTest] | None = None


def aggregate_of(relation: CheckedRelation, expectation: Expectation) -> Aggregate | None:
    """Return what a check asks of the pass over its table, None where it needs a pass of its own.

    Raises:
        CheckError: It cannot be made.
    """
    check, where = expectation.check, condition(expectation.where)
    if isinstance(check, RowCount):
        return Aggregate(lambda _: [f"count(*) filter (where {where})"], lambda found: judge_count(check, *found))
    if isinstance(check, Freshness):
        return freshness(relation, check, where)
    maker = row_test(relation, check)
    if maker is None:
        return None

    def expressions(parameters: Parameters) -> list[str]:
        test = maker(parameters)
        counted = f"{where} and {test.counted}"
        return [
            f"count(*) filter (where {counted})",
            f"count(*) filter (where {counted} and ({test.fails}))",
        ]

    return Aggregate(expressions, lambda found: of_rows(*found), maker)


def row_test(relation: CheckedRelation, check: Check) -> Callable[[Parameters], RowTest] | None:
    """Return what makes the test of a row, None where the check is not about single rows."""
    if isinstance(check, NotNull):
        columns = [relation.column(name) for name in check.columns]
        missing = " or ".join(f"{column.sql} is null" for column in columns)
        return lambda _: RowTest("true", missing)
    if not isinstance(check, (InSet, InRange, Matches)):
        return None
    column = relation.column(check.column)
    if isinstance(check, InSet):
        fails = not_in_set(column, check)
    elif isinstance(check, InRange):
        fails = not_in_range(column, check)
    else:
        fails = not_matching(column, check)
    return lambda parameters: RowTest(f"{column.sql} is not null", fails(parameters))


def not_in_set(column: CheckedColumn, check: InSet) -> Callable[[Parameters], str]:
    """Return what makes the SQL of a value that is none of a set."""
    column.must_be(kind_of_value(check.values[0]))
    return lambda parameters: f"{column.sql} not in ({', '.join(map(parameters.bind, check.values))})"


def not_in_range(column: CheckedColumn, check: InRange) -> Callable[[Parameters], str]:
    """Return what makes the SQL of a value that lies outside two bounds."""
    column.must_be(kind_of_value(check.minimum if check.minimum is not None else check.maximum))
    bounds = [(sign, value) for sign, value in (("<", check.minimum), (">", check.maximum)) if value is not None]
    return lambda parameters: " or ".join(
        [*(f"{column.sql} {sign} {parameters.bind(value)}" for sign, value in bounds), column.is_nan]
    )


def not_matching(column: CheckedColumn, check: Matches) -> Callable[[Parameters], str]:
    """Return what makes the SQL of a text that an expression is not found in."""
    column.must_be("text")
    return lambda parameters: f"not ({column.matches(parameters.bind(portable(check.regex)))})"


def judge_count(check: RowCount, count: int) -> Verdict:
    """Compare the number of rows with the bounds."""
    passed = (check.minimum or 0) <= count and (check.maximum is None or count <= check.maximum)
    return Verdict(passed, count, None, f"{count} row{'' if count == 1 else 's'}")


def freshness(relation: CheckedRelation, check: Freshness, where: str) -> Aggregate:
    """Return what asks for a column's newest value."""
    column = relation.column(check.column)
    column.must_be("moment")
    since = reference_moment(relation, check)
    # A date is some zone's, where it may be tomorrow already.
    ahead = timedelta(days=1) if column.field.kind == "date" else CLOCK_TOLERANCE
    value = f"cast({column.sql} as timestamp)"
    return Aggregate(
        lambda _: [f"count({value}) filter (where {where})", f"max({value}) filter (where {where})"],
        lambda found: judge_age(check, since, ahead, *found),
    )


def reference_moment(relation: CheckedRelation, check: Freshness) -> datetime:
    """Return the moment that the age is counted from.

    Raises:
        CheckError: It is another column's newest value, and there is none.
    """
    if check.since == "now":
        return utc_now()
    if not isinstance(check.since, Source):
        moment = as_moment(check.since)
        assert isinstance(moment, datetime)
        return moment
    other, column = column_of(relation.warehouse, check.since)
    column.must_be("moment")
    ((newest,),) = other.fetch(f"select max(cast({column.sql} as timestamp)) from {other.sql}")
    if newest is None:
        raise CheckError(
            f"no value to count the age from: `{other.table}`.`{column.name}`", hint="fill that table first"
        )
    return within_calendar(newest)


def within_calendar(moment: object) -> datetime:
    """Return a moment of a database's.

    Raises:
        CheckError: It lies before the year 1 or after 9999, where Python has no dates.
    """
    if isinstance(moment, datetime):
        return moment
    raise CheckError(f"the newest is beyond the calendar: {moment}", hint="leave such rows out with `where`")


def judge_age(check: Freshness, since: datetime, ahead: timedelta, count: int, newest: object) -> Verdict:
    """Compare a newest value's age with what it may be; where there is no value, nothing is fresh.

    Nor is what is further ahead of now than `ahead`: a clock that was wrong would make it fresh until then.
    """
    if newest is None:
        return Verdict(False, 0, None, "no value at all")
    age = since - within_calendar(newest)
    said = f"{shown(age)} before" if age.total_seconds() >= 0 else f"{shown(-age)} after"
    observed = f"newest is {newest}, {said} {since:%Y-%m-%d %H:%M:%S}"
    if check.since == "now" and -age > ahead:
        return Verdict(False, count, None, f"{observed}: a clock is or was wrong")
    return Verdict(age <= check.within, count, None, observed)


def sample_of_rows(
    relation: CheckedRelation, expectation: Expectation, aggregate: Aggregate, key: Sequence[str], most: int
) -> tuple[FailingRow, ...]:
    """Return some of the rows that fail, in the order of the key."""
    if not aggregate.test:
        return ()
    parameters = Parameters()
    test = aggregate.test(parameters)
    names = [*key, *(name for name in expectation.check.looked_at if name not in key)]
    selected = ", ".join(relation.column(name).sql for name in names)
    rows = relation.fetch(
        f"select {selected} from {relation.sql} "
        f"where {condition(expectation.where)} and {test.counted} and ({test.fails}){order_by(len(key))} limit {most}",
        parameters,
    )
    return failing_rows(rows, key, [name for name in names if name not in key])

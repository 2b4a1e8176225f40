"""The SQL that filters come to, valid on both engines; values are bound parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from reporting.filters import COMPARISONS, OPERATORS, PATTERNS, RELATIVE, FilterGroup, FilterRule, typed
from shared.errors import InputError
from shared.utils.clock import utc_now

# Takes a value, returns the placeholder that stands for it.
Binder = Callable[[Any], str]


def group_sql(group: FilterGroup, sql_of: Callable[[str], tuple[str, str]], bind: Binder) -> str:
    """Return the condition of a group.

    Args:
        group: The filters.
        sql_of: Returns a field's SQL and type.
        bind: Binds a value.
    """
    parts = [
        rule_sql(item, *sql_of(item.field), bind) if isinstance(item, FilterRule) else group_sql(item, sql_of, bind)
        for item in group.items
    ]
    return "(" + f" {group.joiner} ".join(parts) + ")" if parts else "true"


def rule_sql(rule: FilterRule, sql: str, kind: str, bind: Binder) -> str:
    """Return the condition of one filter on a field of SQL `sql` and type `kind`.

    Raises:
        InputError: The type does not have the operator.
    """
    if rule.operator not in OPERATORS[kind]:
        raise InputError(
            f"a field of type {kind} has no filter operator: `{rule.operator}` on `{rule.field}`",
            hint=f"use one of: {', '.join(OPERATORS[kind])}",
        )
    if rule.asks_nothing:
        return "true"
    if rule.operator in ("isNull", "notNull"):
        return f"({sql}) is {'not ' if rule.operator == 'notNull' else ''}null"
    if rule.operator in PATTERNS:
        return pattern_sql(rule, sql, bind)
    if rule.operator == "inPeriodToDate":
        return period_to_date_sql(rule.unit, sql, bind)
    if rule.operator in RELATIVE:
        begin, end = relative_period(rule, utc_now())
        inside = f"(({sql}) >= {bind(begin)} and ({sql}) < {bind(end)})"
        return f"not {inside}" if rule.operator.startswith("not") else inside
    values = [typed(value, kind) for value in rule.values]
    if rule.operator in COMPARISONS:
        return f"({sql}) {COMPARISONS[rule.operator]} {bind(values[0])}"
    if rule.operator in ("inBetween", "notInBetween"):
        if len(values) < 2:
            return "true"
        inside = f"(({sql}) >= {bind(values[0])} and ({sql}) <= {bind(values[1])})"
        return f"not {inside}" if rule.operator == "notInBetween" else inside
    return equality_sql(rule, sql, values, bind)


def equality_sql(rule: FilterRule, sql: str, values: Sequence[Any], bind: Binder) -> str:
    """Return the condition of `equals` and `notEquals`; the latter takes rows without a value too."""
    among = f"({sql}) in ({', '.join(bind(value) for value in values)})" if values else "false"
    if rule.operator == "equals":
        return f"({among} or ({sql}) is null)" if rule.include_null else among
    return f"(not {among} or ({sql}) is null)"


def pattern_sql(rule: FilterRule, sql: str, bind: Binder) -> str:
    """Return the condition of an operator on a part of a text."""
    texts = [str(value) for value in rule.values if value != ""]
    if not texts:
        return "true"
    escaped = [re.sub(r"([\\%_])", r"\\\1", text) for text in texts]
    found = [f"({sql}) like {bind(PATTERNS[rule.operator].format(text))} escape '\\'" for text in escaped]
    any_of = f"({' or '.join(found)})"
    return f"(not {any_of} or ({sql}) is null)" if rule.operator == "doesNotInclude" else any_of


def period_to_date_sql(unit: str, sql: str, bind: Binder) -> str:
    """Return the condition that a date lies as far into its year, quarter, month or week as today, or less."""
    part = {"years": "year", "quarters": "quarter", "months": "month", "weeks": "week"}[unit]
    today = utc_now().date()
    into = (today - start_of(unit, datetime(today.year, today.month, today.day)).date()).days
    return f"cast({sql} as date) - cast(date_trunc('{part}', {sql}) as date) <= {bind(into)}"


def relative_period(rule: FilterRule, now: datetime) -> tuple[datetime, datetime]:
    """Return the period that an operator means which counts from now: its begin, and the moment after its end."""
    if rule.operator in ("inTheCurrent", "notInTheCurrent"):
        begin = start_of(rule.unit, now)
        return begin, shifted(begin, 1, rule.unit)
    count = int(rule.values[0])
    if rule.operator == "inTheNext":
        begin = shifted(start_of(rule.unit, now), 1, rule.unit) if rule.completed else now
        return begin, shifted(begin, count, rule.unit)
    end = start_of(rule.unit, now) if rule.completed else now
    return shifted(end, -count, rule.unit), end


def start_of(unit: str, moment: datetime) -> datetime:
    """Return the begin of the hour, day, week, … that a moment is in; weeks begin on Mondays."""
    if unit == "hours":
        return moment.replace(minute=0, second=0, microsecond=0)
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "weeks":
        return day - timedelta(days=day.weekday())
    months = {"months": day.month, "quarters": (day.month - 1) // 3 * 3 + 1, "years": 1}
    return day.replace(month=months[unit], day=1) if unit in months else day


def shifted(moment: datetime, count: int, unit: str) -> datetime:
    """Return a moment some units of time later; the last day of a month stands for those that it lacks."""
    if unit in ("hours", "days", "weeks"):
        return moment + count * timedelta(**{unit: 1})
    month = moment.year * 12 + moment.month - 1 + count * {"months": 1, "quarters": 3, "years": 12}[unit]
    first = moment.replace(year=month // 12, month=month % 12 + 1, day=1)
    last_day = (shifted(first, 1, "months") - timedelta(days=1)).day if moment.day > 28 else moment.day
    return first.replace(day=min(moment.day, last_day))

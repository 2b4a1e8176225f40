"""Filters of metrics, charts and dashboards: what they say."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from shared.errors import InputError

Joiner = Literal["and", "or"]

EVERY_TYPE = ("isNull", "notNull", "equals", "notEquals")
COMPARISONS = {"lessThan": "<", "lessThanOrEqual": "<=", "greaterThan": ">", "greaterThanOrEqual": ">="}
# Counted from now: how many units back from the end of the period, and ahead from its beginning.
RELATIVE = ("inThePast", "notInThePast", "inTheNext", "inTheCurrent", "notInTheCurrent")
PATTERNS = {"startsWith": "{}%", "endsWith": "%{}", "include": "%{}%", "doesNotInclude": "%{}%"}
DATE_OPERATORS = (*EVERY_TYPE, *COMPARISONS, *RELATIVE, "inBetween", "inPeriodToDate")
OPERATORS: Mapping[str, tuple[str, ...]] = {
    "string": (*EVERY_TYPE, *PATTERNS),
    "number": (*EVERY_TYPE, *COMPARISONS, "inBetween", "notInBetween"),
    "date": DATE_OPERATORS,
    "timestamp": DATE_OPERATORS,
    "boolean": EVERY_TYPE,
}
UNITS = ("hours", "days", "weeks", "months", "quarters", "years")


@dataclass(frozen=True)
class FilterRule:
    """One condition on a field.

    Attributes:
        field: The field's id.
        operator: Lightdash's word: `equals`, `inBetween`, …
        values: What to compare with; empty means that nothing is asked for.
        include_null: Whether `equals` takes rows without a value too.
        unit: The unit of time of an operator that counts from now.
        completed: Whether such an operator counts whole units only.
    """

    field: str
    operator: str
    values: tuple[Any, ...] = ()
    include_null: bool = False
    unit: str = "days"
    completed: bool = False

    @property
    def asks_nothing(self) -> bool:
        """Whether every row passes, as no value was given to compare with."""
        needs_none = ("isNull", "notNull", "inTheCurrent", "notInTheCurrent", "inPeriodToDate")
        return not self.values and not self.include_null and self.operator not in needs_none


@dataclass(frozen=True)
class FilterGroup:
    """Conditions of which all (`and`) or any (`or`) must hold; without one every row passes."""

    joiner: Joiner = "and"
    items: tuple[FilterRule | FilterGroup, ...] = ()

    def rules(self) -> list[FilterRule]:
        """Return all conditions, those of groups within included."""
        return [rule for item in self.items for rule in ([item] if isinstance(item, FilterRule) else item.rules())]


def group_of(document: Mapping[str, Any] | None) -> FilterGroup:
    """Read a group of filters from a chart's file."""
    if not document:
        return FilterGroup()
    joiner: Joiner = "or" if "or" in document else "and"
    items = [item for item in document.get(joiner, []) if not item.get("disabled")]
    return FilterGroup(joiner, tuple(rule_of(item) if "target" in item else group_of(item) for item in items))


def rule_of(document: Mapping[str, Any]) -> FilterRule:
    """Read a filter from a chart's or dashboard's file."""
    settings = document.get("settings") or {}
    return FilterRule(
        document["target"]["fieldId"],
        document["operator"],
        tuple(document.get("values") or ()),
        bool(document.get("includeNull")),
        settings.get("unitOfTime", "days"),
        bool(settings.get("completed")),
    )


def metric_rule(field: str, text: Any) -> FilterRule:
    """Read a filter of a metric, which is written as short text: `coupon`, `!open`, `> 5`, `%x%`, `!null`."""
    if text is None:
        return FilterRule(field, "isNull")
    if not isinstance(text, str):
        return FilterRule(field, "equals", tuple(text) if isinstance(text, list) else (text,))
    if compared := re.fullmatch(r" *(>=|<=|>|<) *(-?\d+(?:\.\d*)?)", text):
        return FilterRule(field, next(n for n, s in COMPARISONS.items() if s == compared[1]), (number(compared[2]),))
    if between := re.fullmatch(r" *between +(\S+) +and +(\S+)", text, re.IGNORECASE):
        values = tuple(number(value) if re.fullmatch(r"-?\d+(\.\d*)?", value) else value for value in between.groups())
        return FilterRule(field, "inBetween", values)
    if relative := re.fullmatch(r" *(inThePast|inTheNext) *(\d+) *(\w+)", text):
        return FilterRule(field, relative[1], (int(relative[2]),), unit=relative[3])
    if current := re.fullmatch(r" *(inTheCurrent|notInTheCurrent) +(\w+?)s?", text):
        return FilterRule(field, current[1], (1,), unit=current[2] + "s")
    negated, text = text.startswith("!"), text.removeprefix("!")
    if text.lower() == "null":
        return FilterRule(field, "notNull" if negated else "isNull")
    if text.startswith("%") and text.endswith("%") and len(text) > 2:
        return FilterRule(field, "doesNotInclude" if negated else "include", (text[1:-1],))
    if text.endswith("%") or text.startswith("%"):
        return FilterRule(field, "startsWith" if text.endswith("%") else "endsWith", (text.strip("%"),))
    return FilterRule(field, "notEquals" if negated else "equals", (text.strip('"'),))


def number(text: str) -> int | float:
    """Return the number that a text holds."""
    return float(text) if "." in text else int(text)


def typed(value: Any, kind: str) -> Any:
    """Return a filter's value as one of the field's type.

    Raises:
        InputError: It is none.
    """
    try:
        return CONVERSIONS[kind](value)
    except (KeyError, TypeError, ValueError) as error:
        article = {
            "number": "a number",
            "date": "a date",
            "timestamp": "a date or timestamp",
            "boolean": "true or false",
        }
        raise InputError(f"not {article.get(kind, 'a text')}: `{value}`", hint="correct the filter's value") from error


def as_number(value: Any) -> int | float:
    """Return a number, or what a text holds of one."""
    if isinstance(value, bool):
        raise ValueError(value)
    return number(value) if isinstance(value, str) else value + 0


def as_boolean(value: Any) -> bool:
    """Return a boolean, or the one that a text names."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}[str(value).lower()]


def as_date(value: Any) -> date:
    """Return a date, or what a text in ISO's form holds."""
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else date.fromisoformat(value)


def as_timestamp(value: Any) -> datetime:
    """Return a timestamp of UTC without a zone, or what a text in ISO's form holds; a date is its first moment."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return moment if moment.tzinfo is None else (moment - (moment.utcoffset() or timedelta())).replace(tzinfo=None)


CONVERSIONS: Mapping[str, Callable[[Any], Any]] = {
    "string": str,
    "number": as_number,
    "boolean": as_boolean,
    "date": as_date,
    "timestamp": as_timestamp,
}

"""The values that a suite may hold, and how they are said."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from shared.data_quality.expectations.regex import NotPortable, portable

UNITS = {"minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
DURATION = re.compile(rf"([0-9]+)\s*({'|'.join(UNITS)})s?")


def storable(text: str) -> str:
    """Refuse text that no engine can store.

    Raises:
        PydanticCustomError: It holds a NUL character or half a surrogate pair.
    """
    if "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise PydanticCustomError("storable", "text with a NUL character or half a character")
    return text


def table_name(name: str) -> str:
    """Refuse a name that is not `schema.table`.

    Raises:
        PydanticCustomError: It is not.
    """
    parts = name.split(".")
    if len(parts) != 2 or not all(parts):
        raise PydanticCustomError("table", "not a table's name: write `schema.table`")
    return name


def distinct(names: list[str]) -> list[str]:
    """Refuse a column that is named twice.

    Raises:
        PydanticCustomError: One is.
    """
    if len(set(names)) < len(names):
        raise PydanticCustomError("distinct", "a column is named twice")
    return names


def is_expression(pattern: str) -> str:
    """Refuse a regular expression that does not mean the same on both engines.

    Raises:
        PydanticCustomError: It does not; the message says which part.
    """
    try:
        portable(pattern)
    except NotPortable as error:
        raise PydanticCustomError("regex", f"not a regular expression that both engines read alike: {error}") from error
    return pattern


def scalar(value: object) -> object:
    """Return a value that columns are compared with; a timestamp with a zone in UTC without one.

    Raises:
        PydanticCustomError: It is null, nested or not finite.
    """
    if value is None:
        raise PydanticCustomError("scalar", "null is never equal to anything: use `not_null`, which looks at nulls")
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(timezone.utc).replace(tzinfo=None)
    if not isinstance(value, (bool, int, float, date)):
        raise PydanticCustomError("scalar", "not a text, number, boolean, date or timestamp")
    if isinstance(value, float) and not math.isfinite(value):
        raise PydanticCustomError("scalar", "not a finite number")
    return value


Scalar: TypeAlias = Annotated[object, BeforeValidator(scalar)]


def ordered(minimum: object, maximum: object) -> None:
    """Refuse a range without bounds, with bounds that are no numbers, dates or timestamps, or that holds nothing.

    Raises:
        PydanticCustomError: It is such a range.
    """
    given = [bound for bound in (minimum, maximum) if bound is not None]
    if not given:
        raise PydanticCustomError("range", "give a `minimum`, a `maximum` or both")
    kinds = {kind_of_value(bound) for bound in given}
    if len(kinds) > 1 or not kinds <= {"number", "moment"}:
        raise PydanticCustomError("range", "`minimum` and `maximum` are numbers, or dates and timestamps")
    low, high = (as_moment(bound) for bound in (given[0], given[-1]))
    if low > high:  # type: ignore[operator]
        raise PydanticCustomError("range", "`minimum` is greater than `maximum`")


def of_one_kind(values: list[object]) -> list[object]:
    """Refuse values that no one column can hold.

    Raises:
        PydanticCustomError: Some are text and some numbers, or the like; in YAML, `no` and `1` are no texts.
    """
    kinds = sorted({kind_of_value(value) for value in values})
    if len(kinds) > 1:
        raise PydanticCustomError("kinds", f"values of different kinds: {in_words(kinds)}; put texts in quotes")
    return values


def kind_of_value(value: object) -> str:
    """Tell which kind of column a value can be compared with."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return "text" if isinstance(value, str) else "moment"


def as_moment(value: object) -> object:
    """Return a date as the timestamp at which it begins, one with a zone in UTC, anything else as it is."""
    if isinstance(value, datetime):
        return scalar(value)
    return datetime(value.year, value.month, value.day) if isinstance(value, date) else value


def duration(value: object) -> object:
    """Read `7 days` and the like.

    Raises:
        PydanticCustomError: It is not of that form.
    """
    if isinstance(value, timedelta):
        return value
    found = DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found:
        raise PydanticCustomError("duration", f"not a duration: write a number of {'s, '.join(UNITS)}s, as `7 days`")
    try:
        return timedelta(seconds=int(found[1]) * UNITS[found[2]])
    except OverflowError as error:
        raise PydanticCustomError("duration", "a duration longer than there is time") from error


def shown(value: object) -> str:
    """Return a value as a sentence has it."""
    if isinstance(value, timedelta):
        return _in_units(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (str, bool)) else str(value)


def _in_units(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    unit = next((unit for unit in ("day", "hour") if abs(seconds) >= 2 * UNITS[unit]), "minute")
    count = seconds // UNITS[unit] if seconds % UNITS[unit] == 0 else round(seconds / UNITS[unit], 1)
    return f"{count} {unit}{'' if count == 1 else 's'}"


def in_words(names: Iterable[object]) -> str:
    """List names in a sentence."""
    return ", ".join(f"`{name}`" for name in names)

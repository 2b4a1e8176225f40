"""Turn a value as it comes, from a file, an API or a database, into the type that a field has."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timezone
from decimal import Decimal
from typing import Any

from pydantic import AwareDatetime

from shared.data_quality.fields import Field
from shared.data_quality.written import BEYOND_DOUBLE, BEYOND_INT, Unfit, double, reader

SMALLEST_INT, LARGEST_INT = -(2**63), 2**63 - 1


def converter(field: Field) -> Callable[[Any], Any]:
    """Return what brings a value into the field's type, or leaves it where only pydantic can say what is wrong with it.

    It raises `Unfit` where a value cannot be converted without a change to what it says.
    """
    if field.kind is str:
        return lambda value: value
    read, adapt = reader(field.kind, field.written, no_numbers=may_be_no_number(field)), ADAPTERS.get(field.kind)
    may_be_truth = field.kind is bool

    def converted(value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, str):
            value = read(value)
        elif isinstance(value, bool) and not may_be_truth:
            # Or it would pass for a `Literal[1]`.
            raise Unfit("input should be a number, not true or false")
        return adapt(value) if adapt else value

    return converted


def may_be_no_number(field: Field) -> bool:
    """Tell whether a field says that it takes NaN and infinity."""
    return any(getattr(constraint, "allow_inf_nan", False) for constraint in field.constraints)


def _int(value: Any) -> Any:
    whole = isinstance(value, float) and value.is_integer()
    if whole or (isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value()):
        value = int(value) if abs(value) < 2.0**64 else LARGEST_INT + 1
    if isinstance(value, int) and not SMALLEST_INT <= value <= LARGEST_INT:
        raise Unfit(BEYOND_INT)
    return value


def _float(value: Any) -> Any:
    if isinstance(value, Decimal):
        return double(str(value))
    if isinstance(value, int) and (abs(value) > LARGEST_INT or int(float(value)) != value):
        raise Unfit(BEYOND_DOUBLE)
    return value


def _decimal(value: Any) -> Any:
    if isinstance(value, int):
        return Decimal(value)
    # As it was written: no other number of so few digits is this double. That of numpy calls itself by its type.
    return Decimal(float.__repr__(value)) if isinstance(value, float) else value


def _naive(value: Any) -> Any:
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            raise Unfit("a time with an offset, which would be lost")
        return value
    return datetime.combine(value, time()) if isinstance(value, date) else value


def _aware(value: Any) -> Any:
    if not isinstance(value, datetime) or value.tzinfo is None:
        return value
    try:
        return value.astimezone(timezone.utc)
    except OverflowError as error:
        raise Unfit("a time outside the years 1 to 9999") from error


ADAPTERS: dict[type, Callable[[Any], Any]] = {
    int: _int,
    float: _float,
    Decimal: _decimal,
    datetime: _naive,
    AwareDatetime: _aware,
}

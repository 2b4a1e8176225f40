"""Rows as JSON, without a loss: what is exact in the warehouse is exact in the payload."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from shared.errors import InputError


def to_json(row: Mapping[str, object]) -> str:
    """Return a row as a JSON object.

    Decimals become strings with all their digits (`"12.30"`), because most readers would take a JSON number for a
    binary fraction; dates and times become ISO 8601, times without a zone being UTC.

    Raises:
        InputError: A value has no form in JSON; the message names its column.
    """
    try:
        return written(row)
    except (TypeError, ValueError):
        # The values may be a person's.
        name, why = without_form(row)[0]
        raise InputError(
            f"column `{name}` has a value that cannot be written as JSON: {why}",
            hint="correct the model, so that it has numbers, texts, dates and nulls only",
        ) from None


def told_as_json(row: Mapping[str, object]) -> tuple[str, str | None]:
    """Return a row as `to_json` does, and why it cannot be sent: then what is no number in JSON is a text.

    Raises:
        InputError: A column is of a type that has no form in JSON.
    """
    try:
        return written(row), None
    except ValueError:
        wrong = dict(without_form(row))
        shown = {name: str(value) if name in wrong else value for name, value in row.items()}
        return to_json(shown), f"JSON has no such number: `{next(iter(wrong))}`"
    except TypeError:
        return to_json(row), None


def written(value: object) -> str:
    """Return a value as JSON.

    Raises:
        ValueError: A number is infinite or none.
        TypeError: A value is of a type that JSON has nothing for.
    """
    return WRITER.encode(value)


def without_form(row: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return the columns whose values have no form in JSON, and why."""
    found = []
    for name, value in row.items():
        try:
            written(value)
        except (TypeError, ValueError) as error:
            found.append((name, str(error)))
    return found


def as_json(value: object) -> str:
    """Return the text for a value that JSON has no type for."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat() + ("" if value.tzinfo else "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


WRITER = json.JSONEncoder(default=as_json, ensure_ascii=False, allow_nan=False, separators=(",", ":"))

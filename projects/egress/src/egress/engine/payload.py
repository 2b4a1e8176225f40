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
        return json.dumps(row, default=as_json, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise InputError(
            f"a row cannot be written as JSON: {error}: `{row}`",
            hint="correct the model, so that it has numbers, texts, dates and nulls only",
        ) from error


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

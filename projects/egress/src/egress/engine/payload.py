"""Rows as JSON, without a loss: what is exact in the warehouse is exact in the payload."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa

from egress.engine.unfit import is_time
from shared.errors import InputError


def to_json(row: Mapping[str, object]) -> str:
    """Return a row as a JSON object.

    Decimals become strings with all their digits (`"12.30"`), because most readers would take a JSON number for a
    binary fraction; dates and times become ISO 8601, times without a zone being UTC.

    Raises:
        InputError: A value has no form in JSON; the message names its column.
    """
    try:
        return _dumped(row)
    except (TypeError, ValueError) as error:
        # Not the row: it may be about a person.
        name = next(filter(lambda name: not _has_json(row[name]), row), "")
        raise no_json(f"`{name}`: {error}") from None


def as_python(rows: pa.Table | pa.RecordBatch) -> list[dict[str, Any]]:
    """Return rows as Python has them; a map is an object in JSON, no list of pairs.

    Raises:
        InputError: A map has a key twice, or Python has no value for what is nested.
    """
    try:
        return list(rows.to_pylist(maps_as_pydicts="strict"))
    except (KeyError, OverflowError, ValueError) as error:
        # What a KeyError says is the row's.
        raise no_json("a map has a key twice" if isinstance(error, KeyError) else str(error)) from error


def no_json(why: str) -> InputError:
    """Return the error for a row that has no form in JSON."""
    return InputError(
        f"a row cannot be written as JSON: {why}",
        hint="correct the model, so that it has numbers, texts, dates and nulls only",
    )


def as_quarantined(rows: pa.Table) -> list[str]:
    """Return rows as JSON for the quarantine, whatever they hold: what JSON or Python has no value for is a text."""
    for at, column in enumerate(rows.schema):
        if is_time(column.type):
            rows = rows.set_column(at, column.name, rows[column.name].cast(pa.string()))
    texts = ({name: _finite(value) for name, value in row.items()} for row in as_python(rows))
    return [json.dumps(row, default=as_json, ensure_ascii=False) for row in texts]


def _finite(value: object) -> object:
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _dumped(value: object) -> str:
    return json.dumps(value, default=as_json, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _has_json(value: object) -> bool:
    try:
        _dumped(value)
    except (TypeError, ValueError):
        return False
    return True


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

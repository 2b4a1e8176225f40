"""Values as the engines write them, and as an inspection holds them."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone

from shared.inspector.results import Value
from shared.warehouse.sql.types import Kind

SHOWN = 200
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def parsed(kind: Kind, text: str | None) -> Value | None:
    """Return what an engine has written as a value of its kind; texts cut off where they are long."""
    if text is None:
        return None
    if kind == "boolean":
        return text in ("true", "t")
    if kind == "integer":
        return int(text)
    if kind in ("decimal", "float"):
        number = float(text)
        # JSON has no sign for these.
        return number if math.isfinite(number) else str(number)
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def finite(text: str | None) -> float | None:
    """Return a number, None where there is none or JSON could not hold it."""
    number = float(text) if text is not None else math.nan
    return number if math.isfinite(number) else None


def numbers(text: str | None) -> list[float]:
    """Return a list of numbers, `[1.0, 2.0]` or `{1,2}`."""
    return [float(part) for part in text.strip("[]{}").split(",")] if text else []


def seconds_as(kind: Kind, seconds: float, *, zoned: bool = False) -> Value:
    """Return seconds since 1970 as the engines write a date or timestamp; outside the calendar as the number."""
    try:
        moment = EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return seconds
    if kind == "date":
        return moment.date().isoformat()
    # To the microsecond at most, as the engines keep it.
    text = moment.replace(tzinfo=None).isoformat(sep=" ")
    return (text.rstrip("0") if "." in text else text) + ("+00" if zoned else "")


def as_seconds(text: Value | None) -> float | None:
    """Return a date or timestamp as seconds since 1970, None where Python's calendar does not have it."""
    try:
        moment = datetime.fromisoformat(normal(str(text)))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def normal(text: str) -> str:
    """Return a timestamp as every Python from 3.10 reads it: six digits of a second, a zone with minutes."""
    moment, zone, _ = text.partition("+")
    head, point, fraction = moment.partition(".")
    return head + (f".{fraction[:6]:<06}" if point else "") + (f"{zone}00:00" if zone else "")

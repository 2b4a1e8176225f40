"""Time as the platform writes it down."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

# How far clocks of several machines may be apart; what is dated later than that was dated by a wrong one.
CLOCK_TOLERANCE = timedelta(minutes=5)


def utc_now() -> datetime:
    """Return the present time in UTC, without a zone: the form of every timestamp in `ops`."""
    return datetime.now(timezone.utc).replace(tzinfo=None)


def shown(moment: datetime, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """Write a moment (UTC, without a zone) for people, and say so where it is in the future."""
    return f"{moment:{form}}{' (in the future)' if is_ahead(moment) else ''}"


def is_ahead(moment: datetime) -> bool:
    """Tell a moment (UTC, without a zone) that is yet to come: whatever it dates, a clock was wrong then or is now."""
    return moment - utc_now() > CLOCK_TOLERANCE

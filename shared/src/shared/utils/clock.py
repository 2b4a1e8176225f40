"""Time as the platform writes it down."""

from __future__ import annotations

from datetime import datetime, timezone


def utc_now() -> datetime:
    """Return the present time in UTC, without a zone: the form of every timestamp in `ops`."""
    return datetime.now(timezone.utc).replace(tzinfo=None)

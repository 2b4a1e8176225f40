"""How long a server asks to be left alone."""

from __future__ import annotations

import math
import time
from email.utils import mktime_tz, parsedate_tz

from urllib3 import BaseHTTPResponse
from urllib3.util.retry import Retry


def seconds_of(retry_after: str | None, longest: float) -> float | None:
    """Return the seconds that a Retry-After header asks for, at most `longest`; None where it names no time to come.

    A fraction counts, although HTTP has none. What is negative, a date that is over, infinite or no time at all is
    not heeded: the client's own wait goes before a server's mistake.
    """
    try:
        seconds = float(retry_after or "")
    except ValueError:
        try:
            date = parsedate_tz(retry_after or "")
            seconds = mktime_tz(date) - time.time() if date else math.nan
        except (ValueError, OverflowError, TypeError):
            return None
    return min(seconds, longest) if math.isfinite(seconds) and seconds >= 0 else None


class Patience(Retry):
    """Counts the tries of a request and waits between them: as long as Retry-After says, else the back-off."""

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """Return the wait that the server asks for, or None where that cannot be used."""
        return seconds_of(response.headers.get("Retry-After"), self.retry_after_max)

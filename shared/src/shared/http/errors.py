"""Why a request has no answer that can be used. What these say may be shown: it is short, printable and redacted."""

from __future__ import annotations

import re

import requests

from shared.http.redaction import shortened

LONGEST_REASON = 200
# The object that urllib3 puts before what it has to say: `HTTPConnectionPool(host='h', port=80): `.
SPEAKER = re.compile(r"^<?[\w.]+(?:\([^)]*\)| object at 0x[0-9a-f]+>): ")


class NoAnswer(Exception):
    """A request got no answer.

    Attributes:
        kind: One word for it.
        reason: What was wrong, without the address.
        passing: Whether the same request may be answered later.
        hint: What to do about it, where that is known.
    """

    def __init__(self, kind: str, reason: str, *, passing: bool = True, hint: str | None = None) -> None:
        self.kind = kind
        self.reason = shortened(reason, LONGEST_REASON)
        self.passing = passing
        self.hint = hint
        super().__init__(f"{self.kind}: {self.reason}")


class BoundExceeded(NoAnswer):
    """An answer takes more than it may; a repetition would as well."""

    def __init__(self, reason: str, setting: str) -> None:
        hint = f"where the other side is right to take that much, raise {setting}"
        super().__init__("BoundExceeded", reason, passing=False, hint=hint)


def no_answer(error: Exception) -> NoAnswer:
    """Return what an error of requests or of what it is built on says."""
    if isinstance(error, NoAnswer):
        return error
    lasting = isinstance(error, (requests.exceptions.SSLError, requests.exceptions.InvalidURL, UnicodeError))
    return NoAnswer(type(error).__name__, reason_of(error), passing=not lasting)


def reason_of(error: Exception) -> str:
    """Return what is behind an error of the connection, without the layers around it and without the address."""
    inner = error.args[0] if error.args else error
    reason = getattr(inner, "reason", None) or inner
    parts = reason.args if isinstance(reason, Exception) else ()
    if len(parts) == 2 and isinstance(parts[1], Exception):
        # What the other side has sent instead of an answer is in the text of all but the system's errors.
        cause = parts[1]
        return f"{parts[0]} {cause.strerror if isinstance(cause, OSError) and cause.strerror else type(cause).__name__}"
    return SPEAKER.sub("", str(reason)) or type(error).__name__

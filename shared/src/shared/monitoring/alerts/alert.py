"""What is told about a subject, as text that is safe to hand on: no secrets, no control characters, not too long."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from shared.redaction import redacted, without

Kind = Literal["failed", "still failed", "recovered", "test"]

LONGEST_SUBJECT = 120
# Slack refuses a section of more than 3000 characters.
LONGEST_TEXT = 2_900
# What moves a terminal's cursor, turns the direction of writing or ends a line unseen.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Alert:
    """One thing to tell.

    Attributes:
        kind: What has become of the subject.
        subject: What has a state: `step ingest`.
        details: Further facts, by name.
        at: When it came about, in UTC.
    """

    kind: Kind
    subject: str
    message: str
    at: datetime
    hint: str = ""
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The alert in one line."""
        return f"{self.kind}: {cut(self.subject, LONGEST_SUBJECT)}"

    @property
    def paragraphs(self) -> list[str]:
        """What follows the title, none of it empty."""
        details = cut("\n".join(f"{name}: {value}" for name, value in self.details.items()), LONGEST_TEXT)
        hint = f"hint: {self.hint}" if self.hint else ""
        origin = f"{self.at:%Y-%m-%d %H:%M:%S} UTC on {socket.gethostname()}"
        return [text for text in (self.message, hint, details, origin) if text]


def cleaned(text: object, secrets: Iterable[str] = ()) -> str:
    """Return a text without secrets and control characters, as UTF-8 can hold it, cut where it is too long."""
    try:
        plain = str(text).encode("utf-8", "replace").decode("utf-8")
    except Exception:
        # A failure must not go untold because one of its details has no text.
        plain = f"({type(text).__name__})"
    plain = redacted(without(plain, secrets)).replace("\r\n", "\n").replace("\t", " ")
    return cut(CONTROL.sub("", plain).strip(), LONGEST_TEXT)


def one_line(text: str) -> str:
    """Return a text with every run of white space as one blank."""
    return " ".join(text.split())


def cut(text: str, longest: int) -> str:
    """Return a text of at most `longest` characters that says how many are missing."""
    if len(text) <= longest:
        return text
    note = f" … ({len(text) - longest + 40} more characters)"
    return text[: longest - 40] + note


def duration(length: timedelta) -> str:
    """Return a length of time in its two largest units: `2 h 5 min`."""
    seconds = max(0, int(length.total_seconds()))
    units = (("d", seconds // 86_400), ("h", seconds // 3_600 % 24), ("min", seconds // 60 % 60), ("s", seconds % 60))
    largest = next((place for place, (_, count) in enumerate(units) if count), len(units) - 1)
    return " ".join(f"{count} {unit}" for unit, count in units[largest : largest + 2] if count or unit == "s")

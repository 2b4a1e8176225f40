"""What servers say, as it may be shown: redacted, short and printable."""

from __future__ import annotations

from shared.redaction import redacted
from shared.utils.excerpts import excerpt

LONGEST_ERROR = 500
# What is shown is far shorter, so a secret that this cuts in two is not in it.
LONGEST_READ = 10_000


def masked(error: str) -> str:
    """Return the first line of an error's text as it may be shown: redacted, short and printable."""
    return shortened(error.strip().partition("\n")[0], LONGEST_ERROR)


def shortened(text: str, longest: int) -> str:
    """Return the beginning of a text from outside as it may be shown: redacted, printable, so many characters."""
    return excerpt(redacted(text[:LONGEST_READ]), longest)

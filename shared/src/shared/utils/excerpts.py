"""What came from outside as a line of a message can hold it: short, and nothing that a terminal would obey."""

from __future__ import annotations

from collections.abc import Sequence

MOST_NAMES = 20


def excerpt(text: str, longest: int) -> str:
    """Return the first `longest` characters of a text; what a terminal would obey or not show is a blank."""
    shown = "".join(sign if sign.isprintable() else " " for sign in text[:longest])
    return f"{shown}…" if len(text) > longest else shown


def listed(names: Sequence[str], most: int = MOST_NAMES) -> str:
    """Return the first `most` names as code, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(f"`{name}`" for name in names[:most]) + more

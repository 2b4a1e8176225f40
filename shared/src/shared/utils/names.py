"""Names that a user may have mistyped."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return a hint for a name that does not exist: the nearest one, and what there is."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, 1)
    guess = f"did you mean `{near[0]}`? " if near else ""
    return f"{guess}there is: {', '.join(names) or 'none'}"

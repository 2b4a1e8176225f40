"""Names that a user may have mistyped, or that have signs beyond ASCII."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable

# As German writes them where there are no umlauts; a millionth is no thousandth, which transliteration makes of it.
SPELLED_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "\N{MICRO SIGN}": "u"})


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return a hint for a name that does not exist: the nearest one, and what there is."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, 1)
    guess = f"did you mean `{near[0]}`? " if near else ""
    return f"{guess}there is: {', '.join(names) or 'none'}"


def spelled_out(name: str) -> str:
    """Return a name in which umlauts are spelled out, whichever way they are written, for transliteration."""
    return unicodedata.normalize("NFC", name).translate(SPELLED_OUT)

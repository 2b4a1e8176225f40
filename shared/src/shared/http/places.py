"""Paths with places, as in `/contacts/{id}`, and the values that may stand there."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

PLACE = re.compile(r"\{([^{}]+)\}")


class Unfit(Exception):
    """There is no value that can stand in an address."""


def places(path: str) -> tuple[str, ...]:
    """Return what the places of a path are called."""
    return tuple(PLACE.findall(path))


def filled(path: str, value_of: Callable[[str], object]) -> str:
    """Return a path with values in its places; none can lead elsewhere.

    Args:
        value_of: Gives the value of a place.

    Raises:
        Unfit: There is no such value.
    """

    def value(place: re.Match[str]) -> str:
        found = value_of(place[1])
        if isinstance(found, bool) or not isinstance(found, (str, int)) or found == "":
            raise Unfit(f"`{place[1]}`: not a text or a whole number, as the path `{path}` wants one")
        try:
            return quote(str(found), safe="")
        except UnicodeError:
            raise Unfit(f"`{place[1]}`: cannot be written into the path `{path}`") from None

    found = PLACE.sub(value, path)
    # They are the same percent-encoded, and would lead upwards.
    if any(part in (".", "..") for part in found.partition("?")[0].split("/")):
        raise Unfit(f"its values would lead elsewhere than to the path `{path}`")
    return found

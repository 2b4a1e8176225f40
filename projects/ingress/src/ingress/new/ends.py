"""By which status an API answers a request for a page after the last one, where it does so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

from ingress.new.paging import Guess
from ingress.readers.rest.pages import GONE, Gone, NotGiven, said_by
from shared.errors import PlatformError
from shared.http.answers import Answer

# A bound on pages, as of searches, is answered by the same status: only what speaks of the last page is an end.
PAST = re.compile(
    r"invalid.?page|number of pages|out.?of.?range|no (more|such) page|(after|beyond|past) the (last|end)",
    re.IGNORECASE,
)
REFUSED, FAR = 400, 1_000_000
PAGED = {"page_number": "page_param", "offset": "offset_param"}


class Asks(Protocol):
    """Asks for a list."""

    def ask(self, path: str, parameters: dict[str, object]) -> Answer:
        """Return whatever is answered."""


def ends_there(error: NotGiven, pages: Sequence[Sequence[Any]]) -> bool:
    """Tell whether a page that could not be had is one after the last: it is said so, or that had fewer rows."""
    short = len(pages) > 1 and 0 < len(pages[-1]) < len(pages[-2])
    refused = error.status == REFUSED and (short or PAST.search(str(error)) is not None)
    return refused or isinstance(error, Gone)


def told(guess: Guess, status: int) -> Guess:
    """Return a guess that a status ends its list."""
    return replace(guess, ends=(status,), said=f"{guess.said}, {status} ends the list")


def asked_beyond(api: Asks, path: str, guess: Guess) -> Guess:
    """Return a guess with how its list ends, of which more pages come than are looked at: a far one is asked for."""
    kind = str(guess.paginator.get("type"))
    if kind not in PAGED or guess.ends or guess.total or guess.body is not None or "has_more_path" in guess.paginator:
        return guess
    name = str(guess.paginator.get(PAGED[kind], kind.partition("_")[0]))
    sized = {}
    if kind == "offset":
        sized = {str(guess.paginator.get("limit_param", "limit")): guess.paginator["limit"]}
    try:
        answer = api.ask(path, {**guess.parameters, **sized, name: FAR})
    except PlatformError:
        return guess
    refused = answer.status == REFUSED and PAST.search(said_by(answer))
    return told(guess, answer.status) if refused or answer.status in GONE else guess

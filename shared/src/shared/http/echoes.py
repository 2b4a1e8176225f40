"""What a server says of rows that were sent to it, as far as it may be kept and shown."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property, partial
from typing import Any
from urllib.parse import quote, quote_plus

from shared.http.answers import Answer, NotText
from shared.http.redaction import LONGEST_READ, shortened
from shared.redaction import HIDDEN

LONGEST_REASON = 500
# A single character says nothing of a person.
SHORTEST_VALUE = 2
# A text that repeats as many values is what was sent, whatever it calls itself.
ECHO_VALUES = 4


class Echoes:
    """Covers values that were sent where an answer repeats them.

    Args:
        sent: JSON documents, each of a row or of many.
        shown: The names of fields whose values may be shown, as the key of a row.
    """

    def __init__(self, sent: Iterable[str | bytes], shown: Collection[str] = ()) -> None:
        self._sent, self._shown = sent, shown

    @cached_property
    def _forms(self) -> list[str]:
        """The values that were sent, as text and as JSON, forms and addresses have it, the longest first."""
        values = {value for text in self._sent for value in leaves(json.loads(text), self._shown)}
        written = (str.lower, lambda value: json.dumps(value.lower())[1:-1], quote_plus, partial(quote, safe=""), quote)
        forms = {form(value).lower() for value in values for form in written}
        return sorted((form for form in forms if len(form) >= SHORTEST_VALUE), key=len, reverse=True)

    def _pattern(self, text: str) -> re.Pattern[str] | None:
        """Return what finds the values in a text, if there may be any."""
        lowered = text.lower()
        forms = [re.escape(form) for form in self._forms if form in lowered]
        # A value that stands within a word is no value.
        return re.compile(rf"(?<!\w)(?:{'|'.join(forms)})(?!\w)", re.IGNORECASE) if forms else None

    def reason(self, text: str) -> str:
        """Return what a server gives as a reason: printable, at most 500 characters, without what was sent."""
        text = text[:LONGEST_READ]
        pattern = self._pattern(text)
        return shortened(pattern.sub(HIDDEN, text) if pattern else text, LONGEST_REASON - 1)

    def told(self, answer: Answer) -> str:
        """Return what may be shown of an answer: the text of a short message, else only its kind and length."""
        if answer.kind() in ("HTML", "XML", "data") or not answer.body:
            return answer.described()
        try:
            text = answer.text()
        except NotText:
            return answer.described()
        pattern = self._pattern(text)
        repeated = {found.lower() for found in pattern.findall(text)} if pattern else set()
        if len(repeated) >= ECHO_VALUES:
            return f"an echo of the request, {answer.described()}"
        return f"`{self.reason(text.strip())}`"


def leaves(value: Any, shown: Collection[str]) -> Iterator[str]:
    """Yield the values in a JSON document that say something, as text."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in shown:
                yield from leaves(inner, shown)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, shown)
    elif value is not None and not isinstance(value, bool):
        yield str(value)

"""What a server answers: read by the letter, and shown only as far as it may be."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any

from shared.utils.excerpts import excerpt
from shared.utils.strict_json import strict_json

# Python's own, which are no encodings of text on the web; some take time that grows with the square of the length.
NO_CHARSETS = frozenset({"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "mbcs", "oem"})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
LONGEST_CHARSET = 40
BLANKS = str.maketrans("\r\n\t", "   ")


class NotText(ValueError):
    """An answer is not in the encoding that its server declares, or in none and not in UTF-8."""


@dataclass(frozen=True)
class Answer:
    """An answer, read to its end.

    Attributes:
        url: Where it is from, without a login.
        headers: By lower-case name.
        body: As it unpacks.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        """Whether the server says that it has done what was asked."""
        return 200 <= self.status < 300

    @property
    def redirect(self) -> str | None:
        """The address that the server sends on to."""
        return self.headers.get("location") if self.status in REDIRECTS else None

    @property
    def media_type(self) -> str:
        """What the server calls the body."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def text(self) -> str:
        """Return the body as text; JSON without a charset is UTF-8, or UTF-16 or 32 by its zeros.

        Raises:
            NotText: It is not in its encoding.
        """
        header = Message()
        header["Content-Type"] = self.headers.get("content-type", "")
        encoding = str(header.get_param("charset") or json.detect_encoding(self.body))
        try:
            if codecs.lookup(encoding).name in NO_CHARSETS:
                raise LookupError
            return self.body.decode(encoding).removeprefix("\ufeff")
        except UnicodeError as error:
            raise NotText(f"not {excerpt(encoding, LONGEST_CHARSET)}") from error
        except (LookupError, ValueError) as error:
            raise NotText(f"an encoding that nobody knows: {excerpt(encoding, LONGEST_CHARSET)}") from error

    def json(self, number: Callable[[str], Any] = float) -> Any:
        """Return the body's JSON.

        Args:
            number: Reads a number that is not whole.

        Raises:
            NotText: It is not in its encoding.
            NotJson: It is no JSON, has a name twice in one object, or what Python cannot hold.
        """
        return strict_json(self.text(), number)

    def described(self) -> str:
        """Say of which kind the body is and how long: nothing of what it holds."""
        return f"{self.kind()} of {len(self.body):,} bytes" if self.body else "nothing"

    def kind(self) -> str:
        """Return what the body looks like, whatever the server calls it."""
        start = self.body[:1_000].lstrip(b"\xef\xbb\xbf\r\n\t ").lower()
        if start.startswith(b"<") or "html" in self.media_type or "xml" in self.media_type:
            return "XML" if start.startswith(b"<?xml") or "html" not in f"{start!r}{self.media_type}" else "HTML"
        if start.startswith((b"{", b"[")):
            return "JSON"
        try:
            return "text" if self.text()[:1_000].translate(BLANKS).isprintable() else "data"
        except NotText:
            return "data"

"""Addresses: which host they name, and whether one leads where the other does."""

from __future__ import annotations

import re
from urllib.parse import urljoin

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from shared.http.redaction import shortened

PORTS = {"http": 80, "https": 443}
LONGEST_ADDRESS = 8_000
LONGEST_SHOWN = 200
# Programs differ in what a backslash or a blank in an address means.
UNCLEAR = re.compile(r"[^\x21-\x7e]|\\")


class LeadsAway(Exception):
    """A link leads to another host, or nowhere; the text is the address as it may be shown."""


def shown(url: str) -> str:
    """Return an address as a message may hold it."""
    return shortened(url, LONGEST_SHOWN)


def without_login(url: str) -> str:
    """Return an address without user and password.

    Raises:
        LeadsAway: It is no address.
    """
    return parsed(url)._replace(auth=None).url


def parsed(url: str) -> Url:
    """Return the parts of an address, read as the client reads it that connects to it.

    Raises:
        LeadsAway: It is no address.
    """
    try:
        parts = parse_url(url)
    except (LocationParseError, ValueError) as error:
        raise LeadsAway(shown(url)) from error
    if parts.scheme not in PORTS or not parts.host:
        raise LeadsAway(shown(url))
    return parts


def origin_of(url: str) -> tuple[str | None, str | None, int | None]:
    """Return scheme, host and port of an address.

    Raises:
        LeadsAway: It is no address.
    """
    parts = parsed(url)
    return parts.scheme, parts.host, parts.port or PORTS[str(parts.scheme)]


def followed(url: str, link: str) -> str:
    """Return where a link leads that stands in the answer of an address: the same host, by the same scheme.

    Raises:
        LeadsAway: It leads to another host, in the clear instead of encrypted, or nowhere.
    """
    try:
        target = urljoin(url, link)
    except ValueError as error:
        raise LeadsAway(shown(link)) from error
    if len(target) > LONGEST_ADDRESS or UNCLEAR.search(target) or origin_of(target) != origin_of(url):
        raise LeadsAway(shown(target))
    return without_login(target)

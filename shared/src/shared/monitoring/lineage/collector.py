"""Where events go, from the settings."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from urllib.request import getproxies

from shared.config import Settings
from shared.errors import ConfigurationError
from shared.http.hosts import is_loopback
from shared.monitoring.alerts.webhook import split


class NotTaken(Exception):
    """The collector did not take an event; the text says why, and holds nothing secret."""


@dataclass(frozen=True)
class Collector:
    """A collector's address and the key that it asks for, both may be secret, and how long it is waited for."""

    url: str = field(repr=False)
    endpoint: str
    api_key: str | None = field(repr=False)
    seconds: float

    @property
    def is_here(self) -> bool:
        """Whether it is on this machine."""
        return is_loopback(urlsplit(self.url).hostname or "")

    def knock(self) -> None:
        """Find out whether anybody listens, before the client is imported, which takes most of a second.

        Raises:
            NotTaken: Nobody does.
        """
        # Where there is a proxy, only that need be in reach.
        if not self.is_here and getproxies():
            return
        parts = urlsplit(self.url)
        address = parts.hostname or "", parts.port or {"http": 80, "https": 443}[parts.scheme]
        try:
            socket.create_connection(address, self.seconds).close()
        except OSError as error:
            raise NotTaken(f"the collector cannot be reached: {type(error).__name__}") from None


def collector_of(settings: Settings) -> Collector | None:
    """Return the collector of the settings, or None where nobody is told.

    Raises:
        ConfigurationError: The address is none, or the key would go over a network in the clear.
    """
    if settings.openlineage_url is None:
        return None
    url, key = settings.openlineage_url.get_secret_value(), settings.openlineage_api_key
    parts = split(url)
    if parts is None or parts.scheme not in ("https", "http"):
        raise ConfigurationError(
            "OPENLINEAGE_URL is not a web address",
            hint="set it to the collector's http(s)://host:port, without a login; no lineage is told until then",
        )
    secret = key.get_secret_value() if key else None
    found = Collector(url, settings.openlineage_endpoint, secret, settings.openlineage_seconds)
    if found.api_key and parts.scheme == "http" and not found.is_here:
        raise ConfigurationError(
            "OPENLINEAGE_URL would send OPENLINEAGE_API_KEY unencrypted",
            hint="use https, or unset the key; no lineage is told until then",
        )
    return found

"""Who may use a web application that listens on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from shared.errors import UserError

HOST = "127.0.0.1"
LOCAL_NAMES = (HOST, "localhost")


@dataclass(frozen=True)
class Access:
    """What a request must show to be let in.

    Attributes:
        port: Where the application listens. Browsers send cookies to every port of a host, so ours is named by it.
        token: None lets everybody in who can reach the port: for a trusted proxy that knows who asks.
        public: The origins by which a proxy is asked: `https://dagster.example`.
        printed: Says to who is refused where the address with the token stands.
    """

    port: int
    token: str | None = field(repr=False)
    public: Sequence[str] = ()
    printed: str = "The address that lets you in is printed in the terminal where the server was started."

    @property
    def names(self) -> list[str]:
        """The host names that a request may ask for."""
        return [*LOCAL_NAMES, *(str(urlsplit(origin).hostname) for origin in self.public)]

    @property
    def cookie(self) -> str:
        """The name of the cookie that holds the token."""
        return f"token-{self.port}"


def public_origin(url: str) -> str:
    """Return the origin of an address by which a proxy is asked, as browsers write it.

    Raises:
        UserError: It is no address of a web server, or more than that.
    """
    try:
        parts = urlsplit(url.lower())
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not host or "*" in host or "@" in parts.netloc or parts.path.strip("/"):
        raise UserError(f"no address of a web server: `{url}`", hint="give it as https://dagster.example")
    given = None if port == {"http": 80, "https": 443}[parts.scheme] else port
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}" + (f":{given}" if given else "")

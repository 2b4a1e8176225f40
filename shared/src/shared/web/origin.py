"""Whether a page of somebody else's makes the browser ask."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

# By these nothing changes, in applications that keep to HTTP.
READING = ("GET", "HEAD", "OPTIONS")
OWN_SITES = ("same-origin", "none")
REFUSAL = PlainTextResponse("asked by a page of another origin", status_code=403)
HTTP_SCHEMES = {"ws": "http", "wss": "https"}


class SameOrigin:
    """Refuses what a page of another origin makes the browser send; only a link to a page of ours may be followed.

    The Host header has to be checked before: a page of its origin counts as ours. Another port of this machine is
    another origin, though browsers send it the same cookies.

    Args:
        app: What is guarded.
        public: The origins by which a proxy is asked.
        reading: Whether requests that only read are refused too.
    """

    def __init__(self, app: ASGIApp, *, public: Collection[str] = (), reading: bool = True) -> None:
        self.app = app
        self.public = public
        self.reading = reading

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with 403, or let the application answer."""
        app = REFUSAL if self._refuses(scope) else self.app
        await app(scope, receive, send)

    def _refuses(self, scope: Scope) -> bool:
        if scope["type"] not in ("http", "websocket") or (not self.reading and scope.get("method") in READING):
            return False
        return is_foreign(scope, self.public)


def is_foreign(scope: Scope, public: Collection[str]) -> bool:
    """Tell whether a request comes from a page of another origin, by what no page can change in its headers.

    A program is not a browser: it sends neither header.
    """
    headers = Headers(scope=scope)
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None and site not in OWN_SITES:
        return not is_link(scope, headers)
    if origin is None:
        return False
    if origin == "null":
        # A form's, on a page that sends no referrer.
        return site != "same-origin"
    scheme = HTTP_SCHEMES.get(scope["scheme"], scope["scheme"])
    return origin not in {f"{scheme}://{headers.get('host', '')}", *public}


def is_link(scope: Scope, headers: Headers) -> bool:
    """Tell whether a link to a whole page is followed, which then is the reader's and not the other page's."""
    wanted = headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")
    return scope["type"] == "http" and scope["method"] in READING and wanted == ("navigate", "document")

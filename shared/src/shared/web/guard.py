"""A web application behind all that keeps other people's pages out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders
from starlette.middleware.trustedhost import TrustedHostMiddleware

from shared.web.access import LOCAL_NAMES, Access
from shared.web.graphql import GraphQLByPost
from shared.web.origin import SameOrigin
from shared.web.token import TokenGate

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


def guarded(app: ASGIApp, access: Access) -> ASGIApp:
    """Return an application that answers those alone who may use it, whatever page makes their browser ask.

    A request has to name a host that is ours, to come from no page of another origin, and to show the token: in that
    order, so that a page learns nothing of the token. GraphQL is taken as JSON by POST and over WebSockets.
    """
    app = GraphQLByPost(app)
    if access.token is not None:
        app = TokenGate(app, access)
    return Isolated(from_here(app, names=access.names, public=access.public))


def from_here(
    app: ASGIApp, *, names: Sequence[str] = LOCAL_NAMES, public: Collection[str] = (), reading: bool = True
) -> ASGIApp:
    """Return an application that answers only under some host names, and no page of another origin.

    Args:
        app: What is guarded.
        names: The host names that are ours.
        public: The origins by which a proxy is asked.
        reading: Whether requests that only read are refused too.
    """
    app = SameOrigin(app, public=public, reading=reading)
    # Against a name of somebody else's that leads to this machine.
    return TrustedHostMiddleware(app, allowed_hosts=names, www_redirect=False)


class Isolated:
    """Has each answer say that no other page may frame or show it, and that its address is nobody's business."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer, and add the headers."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Referrer-Policy"] = "no-referrer"
                headers["X-Frame-Options"] = "DENY"
                # From the browser's cache too, which ports of a host share.
                headers["Cross-Origin-Resource-Policy"] = "same-origin"
                # Beside a policy of the application's: both hold.
                headers.append("Content-Security-Policy", "frame-ancestors 'none'")
            await send(message)

        await self.app(scope, receive, with_headers)
